"""Row 1: each shape's answer against SQL written by hand, turn by turn on one database, so that a noisy machine disturbs both alike."""

from collections.abc import Callable, Iterator
from datetime import datetime
from statistics import median
from time import perf_counter, thread_time
from typing import Any, Self

import pyarrow as pa
from msgspec import Struct

from engine.compiling.modifying import Modifiers
from engine.loading.catalog import Catalog
from engine.running.ask import Answer, ask
from engine.warehouse import normalised
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.bench.measure import Figure, Stopwatch
from tests.bench.shape import Shape, difference
from tests.bench.town import AS_OF

MEDIAN_BAR, WORST_BAR, OVERHEAD_BAR = 1.05, 1.25, 5.0
SLOW_SECONDS, SLOW_ROUNDS = 2.0, 5


class WrongRowsError(Exception):
    """The two statements of a shape do not answer alike; then their times mean nothing."""


class Times(Struct):
    """Seconds of one shape's rounds (各轮用时)."""

    ours: list[float] = []
    by_hand: list[float] = []
    by_hand_again: list[float] = []
    ours_cpu: list[float] = []
    by_hand_cpu: list[float] = []
    overhead: list[float] = []
    overhead_cpu: list[float] = []


def time_answers(
    catalog: Catalog, warehouse: DuckDbWarehouse, modifiers: Modifiers, shapes: list[Shape], rounds: int, tell: Callable[[Figure], None]
) -> list[Figure]:
    """A figure for each shape, then their median, the worst, and what asking costs beyond the database."""
    watch = Stopwatch()
    warehouse._root = TimedConnection(warehouse._root, watch)  # type: ignore[assignment]
    figures = []
    for shape in shapes:
        try:
            figures.append(_figure(shape, *_time(catalog, warehouse, modifiers, shape, rounds, watch)))
        except WrongRowsError as wrong:
            figures.append(Figure(f"answer.{shape.name}", None, "×", WORST_BAR, note=str(wrong)))
        tell(figures[-1])
    for figure in list(_overall(figures)):
        figures.append(figure)
        tell(figure)
    return figures


def _time(
    catalog: Catalog, warehouse: DuckDbWarehouse, modifiers: Modifiers, shape: Shape, rounds: int, watch: Stopwatch
) -> tuple[Times, int]:
    def ours() -> Answer:
        return next(ask(catalog, warehouse, [shape.ask], shape.viewer, datetime.fromisoformat(AS_OF), modifiers=modifiers, seconds=600))

    rows = check_rows(shape, ours(), by_hand(warehouse, shape.sql))
    times = Times()
    while len(times.ours) < rounds and not (len(times.ours) >= SLOW_ROUNDS and times.ours[0] > SLOW_SECONDS):
        wall, cpu, *_ = _timed(watch, lambda: by_hand(warehouse, shape.sql))
        times.by_hand.append(wall)
        times.by_hand_cpu.append(cpu)
        wall, cpu, overhead, overhead_cpu = _timed(watch, ours)
        times.ours.append(wall)
        times.ours_cpu.append(cpu)
        times.overhead.append(overhead)
        times.overhead_cpu.append(overhead_cpu)
        times.by_hand_again.append(_timed(watch, lambda: by_hand(warehouse, shape.sql))[0])
    return times, rows


def _timed(watch: Stopwatch, work: Callable[[], object]) -> tuple[float, float, float, float]:
    """Wall and processor seconds in the database; wall and this thread's processor seconds outside it."""
    wall, cpu, own, start, thread = watch.wall, watch.cpu, watch.own, perf_counter(), thread_time()
    work()
    inside = watch.wall - wall
    return inside, watch.cpu - cpu, perf_counter() - start - inside, thread_time() - thread - (watch.own - own)


def by_hand(warehouse: DuckDbWarehouse, sql: str) -> pa.Table:
    """The hand-written statement, on a connection with the same settings."""
    with warehouse._root.cursor() as cursor:
        return cursor.sql(sql).to_arrow_table()


def check_rows(shape: Shape, answer: Answer, hand: pa.Table) -> int:
    """Number of rows, when both are the same. Raises WrongRowsError."""
    if answer.frame is None:
        raise WrongRowsError(f"{shape.name}: {'; '.join(finding.text('en') for finding in answer.findings)}")
    named = [column.name for column in answer.frame.of_role("dimension", "time", "value")]
    ours = answer.frame.table.select(named)
    hand = normalised(hand)
    said = difference(ours, hand.slice(0, shape.ask.limit) if shape.ask.limit else hand)
    if said is not None:
        raise WrongRowsError(f"{shape.name}: {said}")
    return int(ours.num_rows)


def _figure(shape: Shape, times: Times, rows: int) -> Figure:
    ours, hand = min(times.ours), min(times.by_hand)
    detail = {
        "hand_by_hand": min(times.by_hand_again) / hand,
        "cpu_ratio": min(times.ours_cpu) / min(times.by_hand_cpu),
        "ours_ms": ours * 1000, "hand_ms": hand * 1000, "overhead_ms": min(times.overhead) * 1000,
        "overhead_cpu_ms": min(times.overhead_cpu) * 1000, "rows": rows, "rounds": len(times.ours),
    }  # fmt: skip
    return Figure(f"answer.{shape.name}", ours / hand, "×", WORST_BAR, detail=detail)


def _overall(every: list[Figure]) -> Iterator[Figure]:
    figures = [figure for figure in every if figure.value is not None]
    if not figures:
        return
    ratios = [figure.value or 0.0 for figure in figures]
    worst = max(figures, key=lambda figure: figure.value or 0.0)
    same = median(figure.detail["hand_by_hand"] for figure in figures)
    cpu = median(figure.detail["cpu_ratio"] for figure in figures)
    yield Figure("answers.median", median(ratios), "×", MEDIAN_BAR, detail={"shapes": len(figures), "hand_by_hand": same, "cpu_ratio": cpu})
    missed = [figure.name.partition(".")[2] for figure in every if not figure.is_met]
    yield Figure("answers.worst", worst.value, "×", WORST_BAR, detail={"shape": worst.name.partition(".")[2], "missed": missed})
    slow = max(figures, key=lambda figure: figure.detail["overhead_ms"])
    middle = median(figure.detail["overhead_ms"] for figure in figures)
    detail = {
        "shape": slow.name.partition(".")[2],
        "rows": slow.detail["rows"],
        "median": middle,
        "most_cpu_ms": max(figure.detail["overhead_cpu_ms"] for figure in figures),
    }
    yield Figure("answers.overhead", slow.detail["overhead_ms"], "ms", OVERHEAD_BAR, detail=detail)


class TimedConnection:
    """A DuckDB connection whose answers are timed; everything else passes through."""

    def __init__(self, inner: Any, watch: Stopwatch) -> None:
        self.inner, self.watch = inner, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.inner.close()

    def cursor(self) -> "TimedConnection":
        """A cursor that is timed too."""
        return TimedConnection(self.inner.cursor(), self.watch)

    def sql(self, text: str, params: Any = None) -> "TimedRelation":
        """A statement bound, timed."""
        return TimedRelation(self.watch.during(lambda: self.inner.sql(text, params=params)), self.watch)


class TimedRelation:
    """A bound statement; running it is timed."""

    def __init__(self, inner: Any, watch: Stopwatch) -> None:
        self.inner, self.watch = inner, watch

    def to_arrow_table(self) -> pa.Table:
        """The rows."""
        return self.watch.during(self.inner.to_arrow_table)
