"""Modifiers that look at other rows of the same answer agree with a few plain lines of Python."""

import operator
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.question import Asked, Period, Question
from tests.properties.by_hand import (
    ABSENT,
    CATALOGS,
    MODIFIERS,
    SPANS,
    Value,
    ask,
    assert_same,
    between,
    groups,
    in_period,
    months_back,
    rate,
    rows,
    warehouse_of,
)
from tests.properties.running import Table, a_part, answered, differences, load, table
from tests.properties.series import ID, Fact, Series, begin, calculated, following, rows_of, series, spine


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
