"""Month ends, worked out by hand: what is clamped loses no day, and a step that lands on no period is refused."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.properties.by_hand import Modifier, ask
from tests.properties.series import Fact, Series


def facts(*given: tuple[date, int]) -> tuple[Fact, ...]:
    """Rows of one group at midnight."""
    return tuple(Fact(datetime(day.year, day.month, day.day), "a", Decimal(x)) for day, x in given)


MARCH = (datetime(2024, 3, 1), datetime(2024, 3, 31))
CLAMPED = Series(
    facts((date(2024, 2, 29), 5), (date(2024, 3, 29), 10), (date(2024, 3, 30), 15)),
    "timestamp",
    "total",
    False,
    "day",
    MARCH,
    datetime(2100, 1, 1),
)


def test_days_after_the_last_of_february_compare_with_it() -> None:
    assert ask(CLAMPED, "mom") == {(date(2024, 3, 29),): {"v": 100.0}, (date(2024, 3, 30),): {"v": 200.0}}


def test_thirty_days_of_march_compare_with_the_whole_of_february() -> None:
    unfinished = CLAMPED._replace(grain="month", period=(datetime(2024, 3, 1), datetime(2024, 4, 1)), until=datetime(2024, 3, 31))
    assert ask(unfinished, "mom") == {(date(2024, 3, 1),): {"v": 400.0}}


def test_the_last_of_february_moves_into_march_and_not_past_its_last_day() -> None:
    assert ask(CLAMPED, {"shift": {"by": "P1M"}}) == {(date(2024, 3, 29),): {"v": 5}}
    assert ask(CLAMPED._replace(period=(datetime(2024, 3, 31), datetime(2024, 4, 5))), {"shift": {"by": "P1M"}}) == {}


def test_an_earlier_value_may_be_asked_alone() -> None:
    assert ask(CLAMPED, {"mom": {"give": "value"}}) == {(date(2024, 3, 29),): {"v": 5}}


def test_the_week_across_a_months_end_is_to_date_from_the_month_of_its_sunday() -> None:
    span = (datetime(2024, 2, 26), datetime(2024, 3, 4))
    week = Series(facts((date(2024, 2, 26), 1), (date(2024, 3, 2), 2)), "date", "total", False, "week", span, datetime(2100, 1, 1))
    assert ask(week, "mtd") == {(date(2024, 2, 26),): {"v": 2}}
    assert ask(week._replace(grain="quarter", period=(datetime(2024, 1, 1), datetime(2024, 4, 1))), "mtd") == {
        (date(2024, 1, 1),): {"v": 2}
    }


@pytest.mark.parametrize(("modifier", "grain"), [("mom", "quarter"), ("wow", "month"), ("wow", "ten_day"), ({"prev": {"n": 1}}, "ten_day")])
def test_a_step_that_is_no_whole_number_of_periods_is_refused(modifier: Modifier | str, grain: str) -> None:
    with pytest.raises(AssertionError, match="modifier-does-not-fit"):
        ask(CLAMPED._replace(grain=grain), modifier)
