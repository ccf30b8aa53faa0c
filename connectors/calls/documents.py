"""An answer is a document; its rows stand somewhere inside, and their fields somewhere inside them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from connectors.formats.piece import column_of
from connectors.outside.http import Answer
from connectors.outside.signing import fingerprint
from engine.connector import RefusedRow, SourceFailed

_NOTHING = object()


def document_of(answer: Answer) -> Any:
    """The JSON of an answer. Raises SourceFailed when it is a page for people, or no whole JSON."""
    kind, _, rest = answer.headers.get("content-type", "application/json").partition(";")
    kind = kind.strip().lower()
    if kind not in ("application/json", "text/json", "text/plain", "") and not kind.endswith("+json"):
        raise SourceFailed(
            f"应答的类型是 {kind}，不是 JSON：多半是登录页或网关的错误页",
            f"the answer is {kind}, not JSON: a page for people, perhaps to log in",
        )
    body = answer.body
    _, named, charset = rest.lower().partition("charset=")
    try:
        if named and (name := charset.split(";")[0].strip(' "')) not in ("utf-8", "utf8"):
            body = body.decode(name).encode()
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeError, LookupError, RecursionError):
        raise SourceFailed("应答不是完整的 JSON", "the answer is no whole JSON") from None


def at(document: Any, pointer: str) -> Any:
    """What stands at a JSON pointer (RFC 6901); `MISSING` when nothing does."""
    found = document
    for step in pointer.split("/")[1:] if pointer else ():
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return _NOTHING
    return found


def is_missing(found: Any) -> bool:
    """Whether nothing stood there."""
    return found is _NOTHING


def rows_in(document: Any, pointer: str) -> list[Any]:
    """The list at a pointer; null is an empty one, as many servers say «nothing found». Raises SourceFailed."""
    found = at(document, pointer)
    if found is _NOTHING:
        raise SourceFailed(f"应答里没有「{pointer}」", f"the answer has nothing at '{pointer}'")
    if found is None:
        return []
    if not isinstance(found, list):
        raise SourceFailed(
            f"应答的「{pointer or '/'}」不是一列行，用 rows_at 指明", f"what stands at '{pointer}' is no list: say `rows_at`"
        )
    return found


def mark_of(items: list[Any]) -> str:
    """What two pages with the same rows are known by."""
    return fingerprint(msgspec.json.encode(items))


def table_of_items(items: Sequence[Any], fields: Mapping[str, str], first: int) -> tuple[pa.Table, list[int], tuple[RefusedRow, ...]]:
    """The objects as rows with their numbers from `first` on, and what is no object. `fields`: column to pointer inside a row."""
    kept = [(number, item) for number, item in enumerate(items, first) if isinstance(item, dict)]
    refused = tuple(
        RefusedRow(number, msgspec.json.encode(item).decode()[:2000], "不是一个 JSON 对象", "it is not a JSON object")
        for number, item in enumerate(items, first)
        if not isinstance(item, dict)
    )
    rows = [_chosen(item, fields) if fields else _flat(item) for _, item in kept]
    names = dict.fromkeys(name for row in rows for name in row)
    table = pa.table({name: column_of([row.get(name) for row in rows]) for name in names})
    return table, [number for number, _ in kept], refused


def _chosen(item: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """The declared columns; one that is not there is empty."""
    found = {name: at(item, pointer) for name, pointer in fields.items()}
    return {name: None if value is _NOTHING else value for name, value in found.items()}


def _flat(item: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Objects inside an object become columns a.b; lists stay as they are."""
    flat: dict[str, Any] = {}
    for name, value in item.items():
        flat.update(_flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value})
    return flat
