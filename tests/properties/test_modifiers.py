"""Each modifier against a few lines of plain Python, over random rows with gaps, at month ends, on leap days and across the turn of a year."""

import operator
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.question import Asked, Period, Question
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.running import Table, a_part, answered, catalog_of, differences, load, table
from tests.properties.series import ID, Fact, Series, begin, calculated, files, following, month_moved, rows_of, series, spine

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


def ask(one: Series, modifier: Modifier, **more: Any) -> Table:
    """The engine's answer in a DuckDB of its own."""
    asked = Asked(of=f"s.{one.kind}", modifier=modifier if isinstance(modifier, dict) else tuple(modifier), name="v")
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


@pytest.mark.fuzz
@given(series(), st.sampled_from((("yoy", 12), ("mom", 1))))
def test_yoy_and_mom_compare_with_the_same_period_recomputed(one: Series, how: tuple[str, int]) -> None:
    back = months_back(one, how[1])
    assume(one.grain != "quarter" or how[0] == "yoy")  # a month is no number of quarters
    assert_same(ask(one, {how[0]: {}}), rows(one, lambda facts, t: rate(earlier(one, facts, t, back, one.grain != "day"))))


@pytest.mark.fuzz
@given(series(grains=("day", "week", "month", "quarter")), st.integers(1, 3), st.sampled_from(("value", "change", "rate")))
def test_prev_is_the_value_of_the_nth_period_before(one: Series, n: int, give: str) -> None:
    def back(moment: datetime) -> datetime:
        months = {"month": 1, "quarter": 3}.get(one.grain, 0)
        return month_moved(moment, -n * months) if months else moment - timedelta(days=n * (7 if one.grain == "week" else 1))

    def value(facts: list[Fact], t: datetime) -> Value:
        pair = earlier(one, facts, t, back, True)
        if give == "rate" or pair is None:
            return rate(pair)
        return pair[1] if give == "value" else None if None in pair else pair[0] - pair[1]

    assert_same(ask(one, {"prev": {"n": n, "give": give}}), rows(one, value) if give != "value" else only_then(one, back))


def only_then(one: Series, back: Callable[[datetime], datetime]) -> Table:
    """The earlier value alone: its rows are those of the earlier period, moved forward."""

    def value(facts: list[Fact], t: datetime) -> Value:
        then = before_it(one, facts, t, back)
        return calculated(one.kind, then) if then else ABSENT

    return rows(one, value)


@pytest.mark.fuzz
@given(series(grains=("day", "week")))
def test_wow_compares_with_the_same_weekday_a_week_before(one: Series) -> None:
    def back(moment: datetime) -> datetime:
        return moment - timedelta(days=7)

    assert_same(ask(one, {"wow": {}}), rows(one, lambda facts, t: rate(earlier(one, facts, t, back, True))))


@pytest.mark.fuzz
@given(series(grains=("day", "week", "month")), st.sampled_from((("P14D", 0, 14), ("P1M", 1, 0), ("P1Y", 12, 0))))
def test_shift_moves_rows_and_then_groups(one: Series, by: tuple[str, int, int]) -> None:
    moved = one._replace(facts=tuple(fact._replace(at=month_moved(fact.at, by[1]) + timedelta(days=by[2])) for fact in one.facts))

    def value(facts: list[Fact], t: datetime) -> Value:
        counted = in_period(moved, facts, t)
        return calculated(one.kind, counted) if counted else ABSENT

    assert_same(ask(one, {"shift": {"by": by[0]}}), rows(moved, value))


SPANS: dict[str, Callable[[datetime], datetime]] = {
    "P7D": lambda moment: moment - timedelta(days=7), "P3D": lambda moment: moment - timedelta(days=3), "P1M": lambda moment: month_moved(moment, -1),
    "P1Y": lambda moment: month_moved(moment, -12),
}  # fmt: skip


def windowed(one: Series, begins: Callable[[datetime], datetime]) -> Table:
    """Rows from the window's begin to the end of each period or as_of; a period whose window holds no row has none."""

    def value(facts: list[Fact], t: datetime) -> Value:
        end = min(following(t, one.grain), one.until, one.period[1])
        counted = between(facts, begins(end), end)
        return calculated(one.kind, counted) if counted and t < end else ABSENT

    return rows(one, value)


@pytest.mark.fuzz
@given(series(), st.sampled_from(sorted(SPANS)))
def test_rolling_recomputes_from_the_rows_of_the_window(one: Series, over: str) -> None:
    assert_same(ask(one, {"rolling": {"over": over}}), windowed(one, SPANS[over]))


@pytest.mark.fuzz
@given(series(grains=("day", "month")), st.sampled_from((None, "month", "quarter", "year")))
def test_cumulative_runs_from_the_beginning_or_from_the_start_of_a_grain(one: Series, since: str | None) -> None:
    def begins(end: datetime) -> datetime:
        return begin(end - timedelta(seconds=1), since) if since else datetime(1, 1, 1)

    assert_same(ask(one, {"cumulative": {"since": since} if since else {}}), windowed(one, begins))


@pytest.mark.fuzz
@given(series(), st.sampled_from((("ytd", "year"), ("qtd", "quarter"), ("mtd", "month"))))
def test_to_date_is_the_value_at_the_last_instant_of_each_period(one: Series, how: tuple[str, str]) -> None:
    expected = windowed(one, lambda end: begin(end - timedelta(seconds=1), how[1]))
    assert_same(ask(one, {how[0]: {}}), expected)


def plain_rows(one: Series) -> Table:
    """The indicator itself, unmodified, over all data before as_of or within the span asked."""

    def value(facts: list[Fact], t: datetime) -> Value:
        counted = in_period(one, facts, t)
        return calculated(one.kind, counted) if counted else ABSENT

    return rows(one, value)


@pytest.mark.fuzz
@given(series())
def test_share_is_the_part_of_the_indicator_recomputed_over_all_groups(one: Series) -> None:
    one = one._replace(by_group=True)

    def whole(t: date) -> Value:
        return calculated(one.kind, in_period(one, one.facts, datetime(t.year, t.month, t.day)))

    expected = {
        key: {"v": None if row["v"] is None or not whole(key[-1]) else row["v"] / whole(key[-1]) * 100}
        for key, row in plain_rows(one).items()
    }
    assert_same(ask(one, {"share": {}}), expected)


PLACES: dict[str, Callable[[Any, list[Any]], float]] = {
    "min": lambda mine, all_: 1 + sum(other > mine for other in all_),
    "dense": lambda mine, all_: 1 + len({other for other in all_ if other > mine}),
}


@pytest.mark.fuzz
@given(series(), st.sampled_from(sorted(PLACES)), st.sampled_from(("asc", "desc")))
def test_rank_counts_who_is_better_in_the_same_period(one: Series, ties: str, order: str) -> None:
    one = one._replace(by_group=True)
    values = plain_rows(one)
    sign = 1 if order == "desc" else -1

    def place(key: tuple[Any, ...]) -> Value:
        rivals = [sign * row["v"] for other, row in values.items() if other[-1] == key[-1] and row["v"] is not None]
        mine = values[key]["v"]
        return None if mine is None else PLACES[ties](sign * mine, rivals)

    assert_same(ask(one, {"rank": {"ties": ties, "order": order}}), {key: {"v": place(key)} for key in values})


@pytest.mark.fuzz
@given(series(), st.sampled_from((("above", 2), ("at_or_above", 2), ("below", 3))))
def test_streak_counts_periods_in_a_row_and_a_missing_one_breaks_it(one: Series, limit: tuple[str, int]) -> None:
    holds = {"above": operator.gt, "at_or_above": operator.ge, "below": operator.lt}[limit[0]]
    everything = one._replace(period=(datetime(2022, 1, 1), one.period[1]))  # a streak may have begun before the span asked
    values = plain_rows(everything)

    def length(key: tuple[Any, ...]) -> Value:
        here, found = datetime(key[-1].year, key[-1].month, key[-1].day), 0
        if values[key]["v"] is None:
            return None
        while (row := values.get((*key[:-1], here.date()))) is not None and row["v"] is not None and holds(row["v"], limit[1]):
            here, found = begin(here - timedelta(days=1), one.grain), found + 1
        return found

    first = begin(one.period[0], one.grain).date()
    assert_same(ask(one, {"streak": {limit[0]: limit[1]}}), {key: {"v": length(key)} for key in values if key[-1] >= first})


@pytest.mark.fuzz
@given(series(grains=("day", "week")), st.sampled_from(("P7D", "P1M", "P1Y")), st.integers(1, 3))
def test_mean_of_values_averages_the_periods_in_the_window(one: Series, over: str, least: int) -> None:
    values = plain_rows(one._replace(period=(datetime(2022, 1, 1), one.period[1])))
    expected: Table = {}
    for key in groups(one):
        for t in spine(one.period, one.grain, one.until):
            end = min(following(t, one.grain), one.until, one.period[1])
            window = [row["v"] for other, row in values.items() if other[:-1] == key and SPANS[over](end).date() <= other[-1] < end.date()]
            known = [value for value in window if value is not None]
            if window:
                expected[(*key, t.date())] = {"v": sum(known) / len(known) if len(known) >= least else None}
    assert_same(ask(one, {"rolling": {"over": over, "take": "mean_of_values", "min_periods": least}}), expected)


@pytest.mark.fuzz
@given(series(grains=("day", "month")), st.sampled_from((("yoy", 12), ("mom", 1))))
def test_a_comparison_of_a_running_value_compares_running_values(one: Series, how: tuple[str, int]) -> None:
    back = months_back(one, how[1])

    def value(facts: list[Fact], t: datetime) -> Value:
        end = min(following(t, one.grain), one.until, one.period[1])
        if t >= end:
            return ABSENT
        now = between(facts, begin(t, "year"), end)
        last = following(back(t), one.grain) if end == following(t, one.grain) else back(end - timedelta(days=1)) + timedelta(days=1)
        then = between(facts, begin(back(t), "year"), last)
        return rate((calculated(one.kind, now), calculated(one.kind, then))) if now or (then and one.grain != "day") else ABSENT

    assert_same(ask(one, [{"ytd": {}}, {how[0]: {}}]), rows(one, value))


@pytest.mark.fuzz
@given(series(grains=("day",)), st.sampled_from(("week", "ten_day", "month", "quarter")))
def test_at_start_of_is_the_value_of_the_first_day(one: Series, grain: str) -> None:
    wide = one._replace(period=(begin(one.period[0], grain), one.period[1]))
    values = plain_rows(wide)

    def first(key: tuple[Any, ...]) -> Value:
        start = begin(datetime(key[-1].year, key[-1].month, key[-1].day), grain).date()
        row = values.get((*key[:-1], start))
        return row["v"] if row else calculated(one.kind, [])

    expected = {key: {"v": first(key)} for key in values if key[-1] >= one.period[0].date()}
    assert_same(ask(one, {"at_start_of": {"grain": grain}}), expected)


@pytest.mark.fuzz
@a_part(4)
@given(series(grains=("day", "week", "month")))
def test_modified_columns_asked_together_are_those_asked_alone(one: Series) -> None:
    warehouse, catalog = warehouse_of(one.time_type), CATALOGS[one.time_type]
    load(warehouse, catalog, ID, rows_of(one.facts, one.time_type))
    asked = tuple(Asked(of=f"s.{one.kind}", modifier=modifier, name=name) for name, modifier in MODIFIERS.items())
    period = Period(start=one.period[0].isoformat(), end=one.period[1].isoformat())
    together = Question(indicators=asked, by=("g",), grain=one.grain, period=period, as_of=one.until.isoformat())
    every = table(answered(catalog, warehouse, together))
    for column in asked:
        alone = table(answered(catalog, warehouse, replace(together, indicators=(column,))))
        beside = {key: {str(column.name): row[str(column.name)]} for key, row in every.items() if key in alone}
        wrong = differences(alone, beside)
        assert not wrong, (column.name, sorted(wrong)[:12])
