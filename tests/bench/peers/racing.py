"""Four statements for one question, run in turns on one database; whoever does not answer as the hand-written one does is not timed."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from math import isclose
from threading import Timer
from time import perf_counter

import duckdb
import pyarrow as pa
from msgspec import Struct

from engine.warehouse import Value
from engine.warehouses.duckdb import DuckDbWarehouse

PATIENCE, SLOW_SECONDS = 60.0, 10.0


class Runner(Struct):
    """One way to answer a question, and how that went (选手)."""

    name: str
    sql: str = ""
    columns: tuple[str, ...] = ()  # in our order; empty: as they come
    parameters: dict[str, Value] = {}
    compile_ms: float | None = None
    said: str = ""
    trouble: str = ""
    times: list[float] = []

    @property
    def milliseconds(self) -> float | None:
        """Its least time."""
        return min(self.times) * 1000 if self.times else None


def race(warehouse: DuckDbWarehouse, by_hand: Runner, others: list[Runner], rounds: int) -> None:
    """Compares every runner's rows with the hand-written ones, then times those that are alike, turn by turn; the hand-written twice."""
    expected = rows_of(answer(warehouse, by_hand), by_hand.columns)
    for runner in others:
        if runner.sql:
            runner.trouble = difference(expected, lambda runner=runner: rows_of(answer(warehouse, runner), runner.columns))  # type: ignore[misc]
    running = [by_hand, *(runner for runner in others if runner.sql and not runner.trouble)]
    for _ in range(rounds):
        for runner in running:
            if runner.times and min(runner.times) > SLOW_SECONDS:
                continue  # so slow that no noise changes what it says
            begun = perf_counter()
            answer(warehouse, runner)
            runner.times.append(perf_counter() - begun)


def difference(expected: list[tuple[object, ...]], given: Callable[[], list[tuple[object, ...]]]) -> str:
    """How the rows differ; nothing when they are alike."""
    try:
        rows = given()
    except duckdb.InterruptException:
        return f"no answer within {PATIENCE:g} s"
    except duckdb.Error as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
    if len(rows) != len(expected):
        return f"{len(rows):,} rows instead of {len(expected):,}"
    for one, other in zip(rows, expected, strict=True):
        if not all(map(_is_same, one, other)):
            return f"{one} instead of {other}"
    return ""


def answer(warehouse: DuckDbWarehouse, runner: Runner) -> pa.Table:
    """The rows, on a connection with the same settings for all. Raises duckdb.InterruptException after PATIENCE seconds."""
    with warehouse._root.cursor() as cursor:
        timer = Timer(PATIENCE, cursor.interrupt)
        timer.start()
        try:
            return cursor.sql(runner.sql, params=runner.parameters or None).to_arrow_table()
        finally:
            timer.cancel()


def rows_of(table: pa.Table, columns: tuple[str, ...]) -> list[tuple[object, ...]]:
    """Rows in an order of their own keys, times and numbers as one type each."""
    chosen = table.select(list(columns)) if columns else table
    rows = [tuple(map(_plain, row)) for row in zip(*(column.to_pylist() for column in chosen.columns), strict=True)]
    return sorted(rows, key=lambda row: tuple(str(value) for value in row if not isinstance(value, float)))


def _plain(value: object) -> object:
    if isinstance(value, bool | int | Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return datetime(value.year, value.month, value.day).isoformat() if isinstance(value, date) else value


def _is_same(one: object, other: object) -> bool:
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) if isinstance(one, float) and isinstance(other, float) else one == other
