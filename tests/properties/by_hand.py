"""Modified values worked out by a few plain lines: what the tests of modifiers compare the engine with."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from engine.question import Asked, Period, Question
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.running import Table, answered, catalog_of, differences, load, table
from tests.properties.series import ID, Fact, Series, calculated, files, following, month_moved, rows_of, spine

CATALOGS = {time_type: catalog_of(files(time_type)) for time_type in ("date", "timestamp")}
Modifier = dict[str, Any] | list[dict[str, Any] | str]
Value = Any
MODIFIERS: dict[str, Any] = {
    "yoy": "yoy", "ytd": "ytd", "rolling": {"rolling": {"over": "P7D"}}, "month": {"rolling": {"over": "P1M"}}, "running": {"cumulative": {"since": "quarter"}},
    "mean": {"rolling": {"over": "P1Y", "take": "mean_of_values", "min_periods": 2}}, "share": {"share": {}}, "rank": {"rank": {}},
    "percent": {"rank": {"give": "percent"}}, "streak": {"streak": {"at_or_above": 1}}, "prev": {"prev": {"n": 2}}, "moved": {"shift": {"by": "P1M"}},
    "both": ["ytd", "yoy"], "placed": ["yoy", {"rank": {}}],
}  # fmt: skip
ABSENT = object()  # nothing was counted: no row by this alone


@cache
def warehouse_of(time_type: str) -> Warehouse:
    """One DuckDB for all examples: its rows are replaced."""
    return DuckDbWarehouse(None)


def ask(one: Series, modifier: Modifier | str, **more: Any) -> Table:
    """The engine's answer in a DuckDB of its own."""
    asked = Asked(of=f"s.{one.kind}", modifier=tuple(modifier) if isinstance(modifier, list) else modifier, name="v")
    question = Question(
        indicators=(asked,), by=("g",) if one.by_group else (), grain=one.grain, as_of=one.until.isoformat(),
        period=Period(start=one.period[0].isoformat(), end=one.period[1].isoformat()), **more,
    )  # fmt: skip
    catalog = CATALOGS[one.time_type]
    warehouse = warehouse_of(one.time_type)
    load(warehouse, catalog, ID, rows_of(one.facts, one.time_type))
    found = answered(catalog, warehouse, question)
    print(found.sql)
    return table(found)


def assert_same(found: Table, expected: Table) -> None:
    """Fails with what differs; the SQL was printed before."""
    wrong = differences(found, expected)
    assert not wrong, "\n".join(sorted(wrong)[:12])


def groups(one: Series) -> dict[tuple[str | None, ...], list[Fact]]:
    """Rows by the key that is asked."""
    found: dict[tuple[str | None, ...], list[Fact]] = {}
    for fact in one.facts:
        found.setdefault((fact.g,) if one.by_group else (), []).append(fact)
    return found


def between(facts: Iterable[Fact], start: datetime, *ends: datetime) -> list[Fact]:
    """Rows with start <= at < the earliest end."""
    return [fact for fact in facts if start <= fact.at < min(ends)]


def in_period(one: Series, facts: Iterable[Fact], t: datetime) -> list[Fact]:
    """Rows of the period that begins at `t`, within the span asked and before as_of."""
    return between(facts, max(t, one.period[0]), following(t, one.grain), one.period[1], one.until)


def before_it(one: Series, facts: Iterable[Fact], t: datetime, back: Callable[[datetime], datetime]) -> list[Fact]:
    """Rows of the earlier period: all of it when this one is over, else up to the day that corresponds to the last elapsed one."""
    end = min(following(t, one.grain), one.period[1], one.until)
    until = following(back(t), one.grain) if end == following(t, one.grain) else back(end - timedelta(days=1)) + timedelta(days=1)
    return between(facts, max(back(t), back(one.period[0])), until) if t < end else []


def rows(one: Series, value: Callable[[list[Fact], datetime], Value]) -> Table:
    """The answer: for every group and period the value, unless nothing was counted."""
    found: Table = {}
    for key, facts in groups(one).items():
        for t in spine(one.period, one.grain, datetime(2100, 1, 1)):
            given = value(facts, t)
            if given is not ABSENT:
                found[(*key, t.date())] = {"v": given}
    return found


def earlier(one: Series, facts: list[Fact], t: datetime, move: Callable[[datetime], datetime], forward: bool) -> tuple[Value, Value] | None:
    """The value now and the value then; no row when nothing was counted now, nor then where then has a now of its own."""
    now, then = in_period(one, facts, t), before_it(one, facts, t, move)
    return (calculated(one.kind, now), calculated(one.kind, then)) if now or (then and forward) else None


def rate(pair: tuple[Value, Value] | None) -> Value:
    """Change in %; nothing when there is nothing to compare with."""
    if pair is None:
        return ABSENT
    return None if pair[0] is None or not pair[1] else (pair[0] - pair[1]) / abs(pair[1]) * 100


def months_back(one: Series, months: int) -> Callable[[datetime], datetime]:
    """A year is 52 weeks on weeks, and a month 4: weeks never split."""
    if one.grain == "week":
        return lambda moment: moment - timedelta(days=months // 12 * 364 + months % 12 * 28)
    return lambda moment: month_moved(moment, -months)


SPANS: dict[str, Callable[[datetime], datetime]] = {
    "P7D": lambda moment: moment - timedelta(days=7), "P3D": lambda moment: moment - timedelta(days=3), "P1M": lambda moment: month_moved(moment, -1),
    "P1Y": lambda moment: month_moved(moment, -12),
}  # fmt: skip
