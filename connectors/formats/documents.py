"""JSON, whole documents and one object a line: objects become rows, objects inside them columns named a.b."""

import codecs
from collections.abc import Iterator
from typing import IO, Any

import msgspec
import pyarrow as pa

from connectors.formats.limits import LINE, read_whole
from connectors.formats.piece import BATCH, Opener, Piece, column_of
from connectors.formats.separated import as_utf8
from engine.connector import RefusedRow, SourceFailed

_NO_OBJECT = (f"不是一个 JSON 对象，或超过 {LINE >> 20} MB", f"it is not a JSON object, or larger than {LINE >> 20} MB")


def read_document(opened: Opener, encoding: str, rows_at: str | None) -> Iterator[Piece]:
    """The objects of the list that stands at `rows_at` (a.b), or of the document itself. Raises SourceFailed when there is no list."""
    with opened() as file:
        content = read_whole(as_utf8(file, encoding)).removeprefix(codecs.BOM_UTF8)
    try:
        found: Any = msgspec.json.decode(content)
    except RecursionError:
        raise SourceFailed("嵌套太深", "it is nested too deeply") from None
    for step in (rows_at or "").split(".") if rows_at else ():
        if not isinstance(found, dict) or step not in found:
            raise SourceFailed(f"文件里没有「{rows_at}」", f"the file has nothing at '{rows_at}'")
        found = found[step]
    if not isinstance(found, list):
        raise SourceFailed("该位置不是一列行，用 rows_at 指明", "what stands there is no list of rows: say `rows_at`")
    yield from _pieces(enumerate(found, 1))


def read_lines(opened: Opener, encoding: str) -> Iterator[Piece]:
    """One object a line; a line that is no object is refused."""

    def decoded() -> Iterator[tuple[int, Any]]:
        for number, line in enumerate(_lines(as_utf8(file, encoding)), 1):
            text = line.removeprefix(codecs.BOM_UTF8).strip()
            if len(line) > LINE:
                yield number, text.decode("utf-8", "backslashreplace")
            elif text:
                try:
                    yield number, msgspec.json.decode(text)
                except (msgspec.DecodeError, UnicodeError, RecursionError):
                    yield number, text.decode("utf-8", "backslashreplace")

    with opened() as file:
        yield from _pieces(decoded())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines; of one that is too long only its begin, so that it cannot fill the memory."""
    while line := file.readline(LINE + 1):
        rest = line
        while rest and not rest.endswith(b"\n") and len(rest) > LINE:
            rest = file.readline(LINE + 1)
        yield line


def _pieces(items: Iterator[tuple[int, Any]]) -> Iterator[Piece]:
    """Objects as rows, in batches; what is no object is refused."""
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    refused: list[RefusedRow] = []
    for number, item in items:
        try:
            row = flat(item) if isinstance(item, dict) else None
        except RecursionError:
            row = None
        if row is not None:
            rows.append(row)
            numbers.append(number)
        else:
            refused.append(RefusedRow(number, str(item)[:2000], *_NO_OBJECT))
        if len(rows) == BATCH:
            yield Piece(table_of(rows), numbers, tuple(refused))
            rows, numbers, refused = [], [], []
    if rows or refused:
        yield Piece(table_of(rows), numbers, tuple(refused))


def flat(item: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Objects inside an object become columns a.b; lists stay as they are."""
    found: dict[str, Any] = {}
    for name, value in item.items():
        found.update(flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value})
    return found


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of any fields as columns; a field that a row lacks is null there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: column_of([row.get(name) for row in rows]) for name in names})
