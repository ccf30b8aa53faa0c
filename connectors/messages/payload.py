"""Messages come from anybody: what is in one becomes rows, and what cannot is refused alone, so that no message stops the others."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from connectors.formats.documents import flat, table_of
from connectors.formats.piece import Piece
from engine.connector import RefusedRow
from engine.parts import AtLeastOne, Part

SHOWN = 2000  # letters of a refused message that are kept for who looks at it
MOST_COLUMNS = 1000  # different fields in one batch; an author of messages who invents names would fill the memory
LONGEST_NAME = 300  # a.b.c of nested objects
MOST_ROWS = 50_000  # in one message
Reason = tuple[str, str]
_EMPTY: Reason = ("消息是空的", "the message is empty")
_NO_OBJECT: Reason = ("不是一个 JSON 对象", "it is not a JSON object")


class MessageShape(Part, frozen=True):
    """What stands in a message (消息内容)."""

    format: Annotated[
        Literal["json", "csv"],
        Meta(title="格式", description="json: an object is a row, an array of objects several; csv: each line is one"),
    ] = "json"
    rows_at: Annotated[
        str | None,
        Meta(title="行的位置", description="Where in the JSON the object or array stands; unsaid: all of it", examples=["data.list"]),
    ] = None
    columns: Annotated[
        tuple[str, ...], Meta(title="列名", description="Names of the cells of a csv line", examples=[["device", "at", "value"]])
    ] = ()
    delimiter: Annotated[str, Meta(title="分隔符", description="Between the cells of a csv line", min_length=1, max_length=1)] = ","
    largest: Annotated[AtLeastOne, Meta(title="最大字节", description="A message of more bytes is refused")] = 1_000_000

    def __post_init__(self) -> None:
        if self.format == "csv" and not self.columns:
            raise ValueError("csv messages have no header: say `columns`")


class Message(Struct, frozen=True):
    """A message as it came: where from, its bytes, and the columns that the connector itself knows, which win over those inside (消息).

    `size` is what it had; of one that is too large only the beginning needs to be kept. `refusal` is said where the connector refuses
    it. A payload of None has nothing to read: the columns are the row. `id` is its name for ever: the first row has it in the column
    `id_column`, the next ones have `id.1`, `id.2` ...
    """

    place: str
    payload: bytes | None
    id_column: str
    id: str
    columns: dict[str, Any] = {}
    size: int = 0
    refusal: Reason | None = None


class _Refused(Exception):
    """A message, or a part of one, that is no row (拒收)."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason[1])


def rows_of(messages: Iterable[Message], shape: MessageShape, encoding: str, first: int) -> Piece:
    """The rows of the messages, numbered from `first` on together with what is refused of them."""
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    refused: list[RefusedRow] = []
    names: set[str] = set()
    number = first
    for message in messages:
        for position, item in enumerate(_items(message, shape, encoding)):
            try:
                row = _row(item, message, names)
                row[message.id_column] = f"{message.id}.{position}" if position else message.id
            except _Refused as refusal:
                raw = _shown(message) if isinstance(item, dict | _Refused) else msgspec.json.encode(item).decode()
                refused.append(RefusedRow(number, f"{message.place} {raw}"[:SHOWN], *refusal.reason))
            else:
                rows.append(row)
                numbers.append(number)
            number += 1
    return Piece(table_of(rows), numbers, tuple(refused))


def _row(item: object, message: Message, names: set[str]) -> dict[str, Any]:
    """Raises _Refused."""
    if isinstance(item, _Refused):
        raise item
    if not isinstance(item, dict):
        raise _Refused(_NO_OBJECT)
    if not item and message.payload is not None:
        raise _Refused(("对象里没有字段", "the object has no fields"))
    try:
        row = flat(item)
    except RecursionError:
        raise _Refused(("嵌套太深", "it is nested too deeply")) from None
    row.update(message.columns)
    if not names.issuperset(row):
        if max(map(len, row)) > LONGEST_NAME:
            raise _Refused((f"字段名超过 {LONGEST_NAME} 个字", f"a field has a name of more than {LONGEST_NAME} letters"))
        if len(names | row.keys()) > MOST_COLUMNS:
            raise _Refused(
                (f"同一批里的不同字段超过 {MOST_COLUMNS} 个", f"it brings the different fields of one batch above {MOST_COLUMNS}")
            )
        names.update(row)
    return row


def _items(message: Message, shape: MessageShape, encoding: str) -> Iterator[object]:
    """What may be a row each; a _Refused for what is none."""
    try:
        if message.refusal is not None:
            raise _Refused(message.refusal)
        if message.payload is None:
            yield {}
            return
        if (size := max(message.size, len(message.payload))) > shape.largest:
            raise _Refused((f"消息有 {size} 字节，超过 {shape.largest}", f"the message has {size} bytes, more than {shape.largest}"))
        if not message.payload.strip():
            raise _Refused(_EMPTY)
        yield from _objects(message.payload, shape, encoding) if shape.format == "json" else _lines(message.payload, shape, encoding)
    except _Refused as refusal:
        yield refusal


def _objects(payload: bytes, shape: MessageShape, encoding: str) -> Iterator[object]:
    plain = payload.removeprefix(codecs.BOM_UTF8) if encoding in ("utf-8", "utf-8-sig") else _text(payload, encoding).encode()
    try:
        found: Any = msgspec.json.decode(plain)
    except RecursionError:
        raise _Refused(("嵌套太深", "it is nested too deeply")) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        _text(plain, "utf-8")  # says it when the bytes are the trouble
        raise _Refused((f"不是 JSON：{error}", f"it is not JSON: {error}")) from None
    for step in shape.rows_at.split(".") if shape.rows_at else ():
        if not isinstance(found, dict) or step not in found:
            raise _Refused((f"消息里没有「{shape.rows_at}」", f"the message has nothing at '{shape.rows_at}'"))
        found = found[step]
    if isinstance(found, list) and len(found) > MOST_ROWS:
        raise _Refused((f"一条消息有 {len(found)} 行，超过 {MOST_ROWS}", f"one message has {len(found)} rows, more than {MOST_ROWS}"))
    yield from found if isinstance(found, list) else [found]


def _lines(payload: bytes, shape: MessageShape, encoding: str) -> Iterator[object]:
    lines = _text(payload, encoding).removeprefix("\ufeff").splitlines(keepends=True)
    try:
        for cells in csv.reader(lines, delimiter=shape.delimiter, strict=True):
            if not cells:
                continue
            if len(cells) == len(shape.columns):
                yield dict(zip(shape.columns, cells, strict=True))
            else:
                yield _Refused((f"列数不是 {len(shape.columns)}", f"it does not have {len(shape.columns)} columns"))
    except csv.Error as error:
        raise _Refused((f"不是 CSV：{error}", f"it is not CSV: {error}")) from None


def _text(payload: bytes, encoding: str) -> str:
    try:
        return payload.decode(encoding)
    except UnicodeDecodeError:
        raise _Refused((f"不是 {encoding} 编码的文字", f"it is not text in {encoding}")) from None
    except LookupError:
        raise _Refused((f"没有编码「{encoding}」", f"there is no encoding '{encoding}'")) from None


def _shown(message: Message) -> str:
    return (message.payload or b"")[: SHOWN * 4].decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
