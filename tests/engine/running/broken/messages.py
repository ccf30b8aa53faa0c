"""Messages as devices and people send them: cut, doubled, of another sort, of ten megabytes."""

import json
from typing import Any

from msgspec import Struct

from connectors.messages.payload import MessageShape
from tests.engine.running.broken.case import row


class Sent(Struct, frozen=True):
    """A broken message, and what has to become of its rows."""

    name: str
    payload: bytes
    rows_in: int = 1
    loaded: int = 0
    rules: tuple[str, ...] = ("unreadable",)
    shape: MessageShape = MessageShape()
    encoding: str = "utf-8"


def body(*rows: Any) -> bytes:
    """One object, or an array of several."""
    return json.dumps(rows[0] if len(rows) == 1 else list(rows)).encode()


CASES = (
    Sent("message: right", body(row()), loaded=1, rules=()),
    Sent("message: empty", b""),
    Sent("message: blanks", b"  \n"),
    Sent("message: of 10 MB", body(row(note="x" * 10_000_000))),
    Sent("message: cut", body(row())[:-10]),
    Sent("message: two in one", body(row()) + body(row())),
    Sent("message: no object", b"42"),
    Sent("message: an empty object", b"{}"),
    Sent("message: an empty array", b"[]", rows_in=0, rules=()),
    Sent("message: an array with a stranger", body(row("m1"), 7, row("m3")), rows_in=3, loaded=2),
    Sent("message: no text", b"\xff\xfe\x00\x01"),
    Sent("message: GB 18030 unsaid", json.dumps(row(note="厨余"), ensure_ascii=False).encode("gb18030")),
    Sent("message: GB 18030 as said", json.dumps(row(note="厨余"), ensure_ascii=False).encode("gb18030"), loaded=1, rules=(), encoding="gb18030"),
    Sent("message: with a mark at its begin", b"\xef\xbb\xbf" + body(row()), loaded=1, rules=()),
    Sent("message: nested too deeply", b'{"a":' * 5000 + b"1" + b"}" * 5000),
    Sent("message: with NaN", b'{"id": "m1", "ton": NaN}'),
    Sent("message: two thousand fields", json.dumps({f"f{n}": n for n in range(2000)}).encode()),
    Sent("message: a field of a long name", json.dumps({"n" * 400: 1}).encode()),
    Sent("message: another schema", body({"deviceId": "d1", "payload": {"v": 1}}), rules=("not_null",)),
    Sent("message: without its time", body({"id": "m1", "ton": 3}), rules=("not_null",)),
    Sent("message: a clock a day ahead", body(row(at="2026-01-07 09:00")), rules=("clock",)),
    Sent("message: a clock at its first day", body(row(at="1970-01-01 08:00:00")), rules=("condition",)),
    Sent("message: swapped longitude and latitude", body(row(lon=39.9, lat=116.4)), rules=("geometry",)),
    Sent("message: a value that is an object", body(row(ton={"v": 1}, trips=None)), loaded=1, rules=()),
    Sent("message: infinity as text", body(row(temp="Infinity")), rules=("type",)),
    Sent("message: rows that went elsewhere", body(row()), shape=MessageShape(rows_at="data.list")),
    Sent("message: a line with a cell too few", b"m1,2026-01-05\n", shape=MessageShape(format="csv", columns=("id", "at", "ton"))),
    Sent("message: a line whose quote never ends", b'm1,"2026-01-05,1\n', shape=MessageShape(format="csv", columns=("id", "at", "ton"))),
)  # fmt: skip
