"""The line chart draws what the numbers say: gaps stay gaps, scales are round, words stand beside."""

from datetime import date

import pytest

from renderers.axis import every_nth, round_axis
from renderers.line import Point, line, points_of, spark
from renderers.sentence import summary


def days(*values: float | None) -> tuple[Point, ...]:
    return tuple(Point(date(2026, 11, n), value) for n, value in enumerate(values, 1))


def test_a_missing_day_breaks_the_line_and_is_never_drawn_as_zero() -> None:
    spec = line(days(10, 12, None, 11, 13), "day", "t")
    assert len(spec.lines) == 2
    assert len(spec.dots) == 4


def test_an_unfinished_period_is_dashed_and_says_so() -> None:
    points = (*days(10, 12), Point(date(2026, 11, 3), 4, complete=False))
    spec = line(points, "day", "t")
    assert len(spec.lines) == 1
    assert len(spec.tails) == 1
    assert spec.dots[-1].said == "2026年11月3日：4 t（本期未完）"


def test_a_series_without_values_is_empty_instead_of_a_flat_line() -> None:
    assert line(days(None, None), "day", "t").empty
    assert line((), "day", "t").empty
    assert spark(()).last is None


def test_one_value_is_a_dot_inside_the_frame() -> None:
    spec = line(days(7), "day", "t")
    assert spec.lines == ()
    assert spec.left < spec.dots[0].x < spec.width - spec.right


@pytest.mark.parametrize(("low", "high"), [(0, 0), (5, 5), (-3, 7), (1_000_000, 1_000_001), (0.001, 0.0019), (98.2, 99.9)])
def test_an_axis_holds_its_values_between_round_ticks(low: float, high: float) -> None:
    axis = round_axis(low, high)
    assert axis.low <= low
    assert axis.high >= high
    assert 2 <= len(axis.ticks) <= 8


def test_labels_are_few_and_the_newest_period_has_one() -> None:
    assert every_nth(90, 10)[-1] == 89
    assert len(every_nth(90, 10)) <= 10
    assert every_nth(0, 10) == []


def test_points_come_in_order_of_time_and_rows_without_a_time_are_left_out() -> None:
    points = points_of([date(2026, 1, 2), None, date(2026, 1, 1)], [2.0, 9.0, float("nan")])
    assert [point.value for point in points] == [None, 2.0]


def test_a_sentence_tells_latest_change_highest_and_lowest() -> None:
    assert summary("清运量", days(10, 20, 15), "day", "t") == (
        "清运量：2026年11月3日为 15 t，比上期减 25.0%；3 期中最高 20 t（2026年11月2日），最低 10 t（2026年11月1日）。"
    )
    assert summary("清运量", (), "day") == "清运量：所选时段没有数据。"
