"""Where a bound lies after it was moved: month ends are where days get lost."""

from datetime import datetime

import pytest

from engine.compiling.periods import first_reaching, moved
from engine.modifier import is_whole
from engine.parts import Span, nests

MONTH, YEAR = Span(months=1), Span(months=12)


def test_what_reaches_the_last_of_march_a_month_later_begins_with_march() -> None:
    assert moved(datetime(2024, 3, 31), Span(months=-1)) == datetime(2024, 2, 29)
    assert first_reaching(datetime(2024, 3, 31), MONTH) == datetime(2024, 3, 1)


def test_where_no_day_is_clamped_the_bound_only_moves() -> None:
    assert first_reaching(datetime(2024, 3, 29), MONTH) == datetime(2024, 2, 29)
    assert first_reaching(datetime(2025, 3, 1), YEAR) == datetime(2024, 3, 1)  # so that February 2024 keeps its leap day
    assert first_reaching(datetime(2024, 3, 5, 12), Span(seconds=86400)) == datetime(2024, 3, 4, 12)


def test_the_leap_day_is_reached_from_the_first_of_march_a_year_before() -> None:
    assert first_reaching(datetime(2024, 2, 29), YEAR) == datetime(2023, 3, 1)


@pytest.mark.parametrize(
    ("by", "grain", "is_right"),
    [
        (MONTH, "day", True), (MONTH, "ten_day", True), (MONTH, "week", True), (MONTH, "quarter", False), (YEAR, "quarter", True),
        (Span(seconds=7 * 86400), "day", True), (Span(seconds=7 * 86400), "week", True), (Span(seconds=7 * 86400), "month", False),
        (Span(seconds=7 * 86400), "ten_day", False), (MONTH, "P10D", False), (MONTH, "PT15M", True),
    ],
)  # fmt: skip
def test_a_step_back_is_a_whole_number_of_periods_or_none(by: Span, grain: str, is_right: bool) -> None:
    assert is_whole(by, grain) is is_right


@pytest.mark.parametrize(
    ("fine", "coarse", "is_right"),
    [
        ("day", "month", True), ("week", "month", False), ("ten_day", "month", True), ("ten_day", "week", False), ("month", "quarter", True),
        ("quarter", "month", False), ("quarter", "year", True), ("PT15M", "hour", True), ("hour", "PT15M", False), ("day", "ten_day", True),
    ],
)  # fmt: skip
def test_a_grain_nests_in_another_when_no_period_straddles(fine: str, coarse: str, is_right: bool) -> None:
    assert nests(fine, coarse) is is_right
