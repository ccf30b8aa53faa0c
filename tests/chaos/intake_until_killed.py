"""A process that reads a source without end, to be killed in the midst of it: `python -m tests.chaos.intake_until_killed WAREHOUSE SEED`.

It says `began` once, then after each reading that was stored how far it came. WAREHOUSE is a DuckDB file, or a PostgreSQL address.
"""

import random
import sys
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import pyarrow as pa
from msgspec import Meta, Struct

from engine.connector import Connector, RefusedRow, RowBatch, Surroundings
from engine.loading.project import load_texts
from engine.parts import Part
from engine.running.intake import intake
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse

FIRST = datetime(2026, 1, 1)
NOW = datetime(2026, 6, 1)
CITY = load_texts(
    {
        "project.yaml": "title: 试验\n",
        "sources/log.source.yaml": "title: 日志\nconnector: ledger\nstreams:\n  - {name: lines, read: {}}\n",
        "c/lines.dataset.yaml": (
            "title: 行\nfrom: sources.log/lines\none_row_is: 一行\nregion: public\ntimes: [{name: at, column: at, default: true}]\ncolumns:\n"
            "  - {name: n, title: 序号, type: integer}\n  - {name: at, title: 时间, type: timestamp}\n"
            "  - {name: amount, title: 量, type: decimal}\nquality: [{rule: range, column: amount, max: 90}]\n"
        ),
    }
).catalog


class LedgerStream(Part, frozen=True):
    """All of it."""


class Ledger(Connector, frozen=True):
    """Rows 1, 2, 3 … without end, each written once; every seventh is bad, every eleventh can't be read. The cursor is the last number."""

    tag: ClassVar[str] = "ledger"
    stream: ClassVar[type[Struct]] = LedgerStream
    seed: Annotated[int, Meta(ge=0)] = 0

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """A few batches of a few rows after the cursor."""
        last, drawn = int(since or 0), random.Random(f"{self.seed} {since}")
        for _ in range(drawn.randint(1, 6)):
            numbers = range(last + 1, last + 1 + drawn.randint(1, 60))
            last = numbers[-1]
            yield RowBatch(
                pa.table({"n": list(filter(is_readable, numbers)), "at": list(map(time_of, filter(is_readable, numbers))),
                          "amount": list(map(amount_of, filter(is_readable, numbers)))}),
                pa.array(filter(is_readable, numbers), pa.int64()), "ledger", str(last) if drawn.random() < 0.7 else None,
                tuple(RefusedRow(n, str(n), "读不出", "not to be read") for n in numbers if not is_readable(n)),
            )  # fmt: skip
        yield RowBatch(pa.table({}), pa.array([], pa.int64()), "ledger", str(last))

    def check(self, around: Surroundings) -> None:
        """It is always there."""


def is_readable(n: int) -> bool:
    """Whether a row can be read at all."""
    return n % 11 != 0


def amount_of(n: int) -> int:
    """The amount of a row; more than 90 is bad."""
    return 99 if n % 7 == 0 else n % 50


def time_of(n: int) -> datetime:
    """When a row was written."""
    return FIRST + timedelta(minutes=n)


def opened(place: str) -> Warehouse:
    """The warehouse that a place names."""
    return PostgresWarehouse(place) if "=" in place else DuckDbWarehouse(place)


def main(place: str, seed: int) -> None:
    """Reading after reading; a number of rows in one transaction that differs from process to process."""
    warehouse, most = opened(place), random.Random(seed).randint(1, 120)
    print("began", flush=True)
    while True:
        result = intake(CITY, "c.lines", warehouse, {"ledger": Ledger}, Surroundings(now=NOW), {}, most=most)
        print(result.cursor, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
