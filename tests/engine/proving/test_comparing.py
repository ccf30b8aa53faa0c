"""What counts as the same answer, and how a difference is shown."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.proving.comparing import Row, difference, same_value


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1, 1), (2, 2.0), (0.1 + 0.2, 0.3), (33.333333333333336, 33.33333333333333), (166.5, Decimal("166.500000")), (None, None),
        ("2026-01-01", date(2026, 1, 1)), ("2026-01-01T08:15:00", datetime(2026, 1, 1, 8, 15)), ("井", "井"), (True, True),
    ],
)  # fmt: skip
def test_these_are_the_same(expected: Any, got: Any) -> None:
    assert same_value(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1, 1.00001), (0, None), (None, 0), (1, True), (True, 1), (166.5, Decimal("166.500001")), ("1", 1), ("a", "A"),
        ("2026-01-01", date(2026, 1, 2)), (1.0, float("nan")), ("never", date(2026, 1, 1)),
    ],
)  # fmt: skip
def test_these_are_not(expected: Any, got: Any) -> None:
    assert not same_value(expected, got)


def test_the_order_of_rows_does_not_matter_unless_it_was_asked_for() -> None:
    expected: list[Row] = [{"g": "a", "v": 1}, {"g": None, "v": 2}]
    got: list[Row] = [{"g": None, "v": 2}, {"g": "a", "v": 1}]

    assert difference(expected, got, ["g"], is_ordered=False) is None
    assert difference(expected, got, ["g"], is_ordered=True) is not None


def test_a_difference_names_missing_unexpected_and_unequal_rows() -> None:
    expected: list[Row] = [{"g": "a", "v": 1}, {"g": "b", "v": 2}]
    got: list[Row] = [{"g": "a", "v": 3}, {"g": None, "v": 2}]

    assert difference(expected, got, ["g"], is_ordered=False) == (
        "            g     v\n"
        "-           b     2\n"
        "+           null  2\n"
        "! expected  a     1\n"
        "! got       a     3"
    )  # fmt: skip


def test_a_row_that_comes_twice_is_not_a_row_that_comes_once() -> None:
    once: list[Row] = [{"g": "a", "v": 1}]

    assert difference(once, once * 2, ["g"], is_ordered=False) is not None
    assert difference(once * 2, once, ["g"], is_ordered=False) is not None


def test_a_value_nobody_expected_is_a_difference() -> None:
    assert difference([{"g": "a"}], [{"g": "a", "v": 1}], ["g"], is_ordered=False) is not None
