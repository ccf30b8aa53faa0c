"""How the tests read an interface: with a clock that only moves when somebody sleeps."""

from datetime import datetime
from typing import Any

import msgspec

from connectors.outside.http import Clock
from connectors.rest import Rest, RestStream
from engine.connector import RowBatch, Surroundings, open_connector, stream_of
from tests.connectors.interface import Interface

NOW = datetime(2026, 1, 5, 12)
AROUND = Surroundings(now=NOW, hosts=frozenset({"127.0.0.1"}))


class Slept:
    """A clock, and how long it was slept by (假时钟)."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.now = 1_767_585_600.0

    def clock(self) -> Clock:
        """As connections take it."""

        def sleep(seconds: float) -> None:
            self.times.append(seconds)
            self.now += seconds

        return Clock(lambda: self.now, lambda: self.now, sleep, lambda: "0f" * 16)


def read(
    server: Interface,
    stream: dict[str, Any],
    *,
    since: str | None = None,
    slept: Slept | None = None,
    around: Surroundings = AROUND,
    **settings: Any,
) -> list[RowBatch]:
    """All batches of a stream."""
    rest = open_connector(Rest, {"url": server.url, **settings}, {"KEY": "s3cret"})
    assert isinstance(rest, Rest)
    shape: RestStream = stream_of(rest, msgspec.to_builtins(stream))
    return list(rest.reading(shape, around, since, (slept or Slept()).clock()))


def rows(batches: list[RowBatch]) -> list[dict[str, Any]]:
    """All their rows."""
    return [row for batch in batches for row in batch.rows.to_pylist()]
