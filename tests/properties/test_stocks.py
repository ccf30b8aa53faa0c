"""Stocks and two-step values against brute force: at each last instant ask every row whether it holds, then aggregate."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache, partial
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy

from engine.question import Period, Question
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.questions import seeded
from tests.properties.running import Table, answered, catalog_of, differences, load, table
from tests.properties.series import PERIODS, following, spine

Row = Mapping[str, Any]
DATASET = """title: 行
one_row_is: 一行
key: [id]
times: [{{name: at, column: at, default: true}}]
region: public
columns:
  - {{name: id, title: 号, type: text}}
  - {{name: at, title: 起, type: {time}}}
  - {{name: till, title: 止, type: {time}}}
  - {{name: thing, title: 物, type: text}}
  - {{name: g, title: 组, type: text}}
  - {{name: x, title: 数, type: integer}}
"""
STOCKS = {
    "events": "stock: {opens: at, closes: till}", "validity": "stock: {valid: [at, till]}", "last": "stock: {per: [thing], take: last}",
    "first": "stock: {per: [thing], take: first}", "instant": "stock: {per: [], take: last}", "carried": "stock: {per: [thing], take: last, carry: P3D}",
    "steps": "step: day",
}  # fmt: skip
MEASURES = {"count": "{agg: count}", "sum": "{agg: sum, of: x}", "max": "{agg: max, of: x}", "avg": "{agg: avg, of: x}"}
OVER = ("last", "first", "avg", "min", "max", "sum", "many", "share")
FOLDS = {"many": '{count: "value >= 3"}', "share": '{share: "value >= 3"}'}


def files(time: str) -> dict[str, str]:
    """Every stock with every measure and every way over time."""
    found = {"project.yaml": "title: 存\nzone: Asia/Shanghai\n", "t/rows.dataset.yaml": DATASET.format(time=time)}
    for stock, said in STOCKS.items():
        for agg, measure in MEASURES.items():
            for over in OVER:
                text = f'title: 存\nunit: ""\ndataset: t.rows\nmeasure: {measure}\n{said}\nover_time: {FOLDS.get(over, over)}\n'
                found[f"t/{stock}_{agg}_{over}.indicator.yaml"] = text
    return found


CATALOGS = {time: catalog_of(files(time)) for time in ("date", "timestamp")}


@cache
def warehouse_of(time: str) -> Warehouse:
    """One DuckDB for all examples: its rows are replaced."""
    return DuckDbWarehouse(None)


class Asked(NamedTuple):
    """Rows and a question."""

    time: str
    rows: tuple[Row, ...]
    stock: str
    agg: str
    over: str
    by_group: bool
    where: str | None
    grain: str | None
    period: tuple[datetime, datetime]
    until: datetime


def askings(stocks: Sequence[str], over: Sequence[str]) -> SearchStrategy[Asked]:
    """Up to twenty rows in and around a period of a few weeks to a year."""
    return seeded(lambda rng: asked_one(rng, stocks, over))


def asked_one(rng: Random, stocks: Sequence[str], over: Sequence[str]) -> Asked:
    """One of them."""
    time = rng.choice(("date", "timestamp"))
    hours = (0,) if time == "date" else (0, 7, 23)
    start, end = rng.choice(PERIODS[1:])
    span = (end - start).days + 30
    numbers = [(rng.randint(-20, span), rng.randint(0, 45), rng.randint(0, 10_000)) for _ in range(rng.randint(1, 20))]
    rows = tuple(_row(n, start, number, hours, time) for n, number in enumerate(numbers))
    until = rng.choice((datetime(2100, 1, 1), datetime(2100, 1, 1), datetime(2024, 2, 29), datetime(2024, 3, 1)))
    return Asked(
        time, rows, rng.choice(stocks), rng.choice(tuple(MEASURES)), rng.choice(over),
        rng.random() < 0.5, rng.choice((None, None, "a")), rng.choice((None, "day", "week", "month")), (start, end), until,
    )  # fmt: skip


def _row(n: int, start: datetime, number: tuple[int, int, int], hours: tuple[int, ...], time: str) -> Row:
    day, length, rest = number
    at = start + timedelta(days=day, hours=hours[rest % 3 % len(hours)])
    till = at + timedelta(days=length, hours=0 if time == "date" else rest % 5)

    def stored(moment: datetime) -> date:
        return moment.date() if time == "date" else moment

    return {
        "id": str(n), "at": stored(at) if rest % 13 else None, "till": stored(till) if rest % 4 else None,
        "thing": f"t{rest // 7 % 3}", "g": (None, "a", "b")[rest // 21 % 3], "x": rest // 63 % 6 if rest % 11 else None,
    }  # fmt: skip


def question_of(one: Asked) -> Question:
    """What is asked, as the engine takes it."""
    return Question(
        indicators=(f"t.{one.stock}_{one.agg}_{one.over}",), by=("g",) if one.by_group else (), grain=one.grain, as_of=one.until.isoformat(),
        period=Period(start=one.period[0].isoformat(), end=one.period[1].isoformat()), where=f"g = '{one.where}'" if one.where else None,
    )  # fmt: skip


def ask(one: Asked) -> Table:
    """The engine's answer."""
    warehouse, catalog = warehouse_of(one.time), CATALOGS[one.time]
    load(warehouse, catalog, "t.rows", one.rows)
    found = answered(catalog, warehouse, question_of(one))
    print(found.sql)
    return {key: {"v": next(iter(row.values()))} for key, row in table(found).items()}


# -- brute force ---------------------------------------------------------------------------------


def moment(value: Any) -> datetime | None:
    return None if value is None else datetime(value.year, value.month, value.day, getattr(value, "hour", 0))


def open_at(row: Row, end: datetime, may_begin_empty: bool) -> bool:
    """Open at the last instant before `end`: begun before it, and not closed before it."""
    begun, closed = moment(row["at"]), moment(row["till"])
    return (may_begin_empty if begun is None else begun < end) and (closed is None or closed >= end)


def read(rows: Iterable[Row], stock: str, start: datetime, end: datetime) -> list[Row]:
    """The readings that count from start to end: those at the newest (or first) time of each thing, all of them when they tie."""
    things: dict[Any, list[Row]] = {}
    for row in rows:
        at = moment(row["at"])
        if at is not None and start <= at < end:
            things.setdefault(None if stock == "instant" else row["thing"], []).append(row)
    chosen: Callable[..., Any] = min if stock == "first" else max
    return [row for met in things.values() for row in met if row["at"] == chosen(other["at"] for other in met)]


def counted(one: Asked, start: datetime, end: datetime) -> list[Row]:
    """Rows that count in the period [start, end)."""
    match one.stock:
        case "events" | "validity":
            rows = [row for row in one.rows if open_at(row, end, one.stock == "validity")]
        case "steps":
            rows = [row for row in one.rows if row["at"] is not None and start <= (moment(row["at"]) or end) < end]
        case "carried":
            rows = read(one.rows, one.stock, end - timedelta(days=3), end)
        case _:
            rows = read(one.rows, one.stock, start, end)
    return [row for row in rows if one.where is None or row["g"] == one.where]


def of_group(one: Asked, g: str | None, start: datetime, end: datetime) -> list[Row]:
    """Rows that count in the period, of one group when groups are asked."""
    return [row for row in counted(one, start, end) if not one.by_group or row["g"] == g]


def aggregated(agg: str, rows: Iterable[Row]) -> Any:
    rows = list(rows)
    known = [Fraction(row["x"]) for row in rows if row["x"] is not None]
    if agg == "count":
        return len(rows)
    return None if not known else {"sum": sum(known), "max": max(known), "avg": sum(known) / len(known)}[agg]


def folded(over: str, values: list[Any]) -> Any:
    """Values of the steps that have one, in order, as one value."""
    known = [value for value in values if value is not None]
    if over == "many":
        return sum(value >= 3 for value in known)
    if not known:
        return None
    return {
        "last": known[-1], "first": known[0], "avg": sum(map(Fraction, known)) / len(known), "min": min(known), "max": max(known), "sum": sum(known),
        "share": Fraction(sum(value >= 3 for value in known), len(known)),
    }[over]  # fmt: skip


def expected(one: Asked) -> Table:
    """Every period asked, cut at both ends of the span and at as_of; a group in which nothing counted has no row there."""
    start, stop = one.period[0], min(one.period[1], one.until)
    spans = (
        [(start, stop, None)]
        if one.grain is None
        else [(max(t, start), min(following(t, one.grain), stop), t.date()) for t in spine((start, stop), one.grain, stop)]
    )
    groups = {row["g"] for row in one.rows} if one.by_group else {None}
    found: Table = {}
    for begins, ends, t in spans:
        for g in groups:
            key = (*((g,) if one.by_group else ()), *((t,) if one.grain else ()))
            rows = partial(of_group, one, g)
            if one.over == "last" and one.stock != "steps":
                met, value = bool(rows(begins, ends)), aggregated(one.agg, rows(begins, ends))
            else:
                days = [rows(day, day + timedelta(days=1)) for day in spine((begins, ends), "day", ends)]
                met = any(days)
                # A day on which nothing is counted is a zero among the days; other aggregates have no value there.
                value = folded(one.over, [aggregated(one.agg, day) for day in days if day or one.agg == "count"])
            if met or not key:
                found[key] = {"v": value}
    return found


def assert_same(one: Asked) -> None:
    wrong = differences(ask(one), expected(one))
    assert not wrong, "\n".join(sorted(wrong)[:12])


@pytest.mark.fuzz
@given(askings(("events", "validity"), ("last",)))
def test_what_is_open_at_the_last_instant_counts(one: Asked) -> None:
    assert_same(one)


@pytest.mark.fuzz
@given(askings(("last", "first", "instant", "carried"), ("last",)))
def test_the_newest_reading_of_each_thing_counts(one: Asked) -> None:
    assert_same(one)


@pytest.mark.fuzz
@given(askings(("events", "validity", "last", "carried"), OVER[1:]))
def test_a_stock_over_time_is_folded_from_its_days(one: Asked) -> None:
    assert_same(one)


@pytest.mark.fuzz
@given(askings(("steps",), OVER))
def test_a_two_step_value_is_folded_from_its_steps(one: Asked) -> None:
    assert_same(one)
