"""Each modifier against a few lines of plain Python, over random rows with gaps, at month ends, on leap days and across the turn of a year."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.properties.by_hand import ABSENT, SPANS, Value, ask, assert_same, before_it, between, earlier, in_period, months_back, rate, rows
from tests.properties.running import Table
from tests.properties.series import Fact, Series, begin, calculated, following, month_moved, series


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
