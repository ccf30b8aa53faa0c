"""Which two periods are compared, and what people call them."""

from datetime import datetime

import pytest

from engine.compiling.refuse import Refused
from engine.kinds.project import Project
from engine.question import Period
from engine.running.compared_periods import Against, compared_periods

PROJECT = Project(title="城")
TUESDAY = datetime(2026, 1, 6, 9, 30)


def spans(period: Period | None, against: Against | Period, grain: str = "day", as_of: datetime = TUESDAY) -> tuple[str, ...]:
    """Begin and end of both periods and their names."""
    found = compared_periods(PROJECT, period, grain, against, as_of, as_of)
    now, then = found.now, found.then
    return (*(f"{one:%Y-%m-%dT%H:%M}".removesuffix("T00:00") for one in (now.start, now.end, then.start, then.end)), now.label, then.label)


def between(start: str, end: str) -> Period:
    """A period with both ends."""
    return Period(start=start, end=end)


@pytest.mark.parametrize(
    ("period", "against", "wanted"),
    [
        (between("2025-12-29", "2026-01-05"), "prev", ("2025-12-29", "2026-01-05", "2025-12-22", "2025-12-29", "上周", "前一周")),
        (between("2025-12-29", "2026-01-05"), "yoy", ("2025-12-29", "2026-01-05", "2024-12-30", "2025-01-06", "上周", "去年同期")),
        (between("2025-12-29", "2026-01-05"), "wow", ("2025-12-29", "2026-01-05", "2025-12-22", "2025-12-29", "上周", "上周同期")),
        (between("2025-12-01", "2026-01-01"), "prev", ("2025-12-01", "2026-01-01", "2025-11-01", "2025-12-01", "上月", "前一月")),
        (between("2025-03-01", "2025-04-01"), "prev", ("2025-03-01", "2025-04-01", "2025-02-01", "2025-03-01", "2025年3月", "前一月")),
        (between("2025-03-01", "2025-04-01"), "yoy", ("2025-03-01", "2025-04-01", "2024-03-01", "2024-04-01", "2025年3月", "去年同期")),
        (between("2025-10-01", "2026-01-01"), "prev", ("2025-10-01", "2026-01-01", "2025-07-01", "2025-10-01", "上季度", "前一季度")),
        (between("2026-01-05", "2026-01-06"), "prev", ("2026-01-05", "2026-01-06", "2026-01-04", "2026-01-05", "昨日", "前一日")),
        (between("2025-12-21", "2026-01-01"), "prev", ("2025-12-21", "2026-01-01", "2025-12-11", "2025-12-21", "上旬", "前一旬")),
        (
            between("2026-01-02", "2026-01-04"),
            "prev",
            ("2026-01-02", "2026-01-04", "2025-12-31", "2026-01-02", "1月2日至1月3日", "前一时段"),
        ),
        (
            between("2025-01-01", "2025-03-01"),
            "prev",
            ("2025-01-01", "2025-03-01", "2024-11-01", "2025-01-01", "2025年1月1日至2月28日", "前一时段"),
        ),
    ],
)
def test_a_whole_period_meets_a_whole_one(period: Period, against: Against, wanted: tuple[str, ...]) -> None:
    assert spans(period, against) == wanted


@pytest.mark.parametrize(
    ("grain", "wanted"),
    [
        ("day", ("2026-01-05", "2026-01-06", "2026-01-04", "2026-01-05", "昨日", "前一日")),
        ("week", ("2025-12-29", "2026-01-05", "2025-12-22", "2025-12-29", "上周", "前一周")),
        ("month", ("2025-12-01", "2026-01-01", "2025-11-01", "2025-12-01", "上月", "前一月")),
        ("year", ("2025-01-01", "2026-01-01", "2024-01-01", "2025-01-01", "去年", "前一年")),
    ],
)
def test_without_a_period_the_latest_that_is_over_is_meant(grain: str, wanted: tuple[str, ...]) -> None:
    assert spans(None, "prev", grain) == wanted


def test_a_period_that_is_not_over_is_cut_and_so_is_the_one_before() -> None:
    found = compared_periods(PROJECT, between("2026-01-05", "2026-01-12"), "week", "prev", TUESDAY, TUESDAY)
    assert (found.now.end, found.then.start, found.then.end) == (TUESDAY, datetime(2025, 12, 29), datetime(2025, 12, 30, 9, 30))
    assert (found.now.label, found.then.label, found.now.is_whole) == ("本周", "上周", False)


def test_one_may_choose_the_other_period() -> None:
    assert spans(between("2026-01-05", "2026-01-06"), between("2025-12-25", "2025-12-26"))[2:] == (
        "2025-12-25", "2025-12-26", "昨日", "2025年12月25日",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("period", "against", "code"),
    [
        (Period(start="2026-01-01"), "prev", "open-period"),
        (between("2026-01-01", "2026-01-02"), Period(start="2025-01-01"), "open-period"),
        (between("2027-01-01", "2027-01-02"), "prev", "period-to-come"),
        (between("2025-03-29", "2025-03-31"), "mom", "empty-period"),
    ],
)
def test_periods_that_cannot_be_compared_are_refused(period: Period, against: Against | Period, code: str) -> None:
    with pytest.raises(Refused) as refused:
        spans(period, against)
    assert refused.value.finding.code == code


def test_an_unknown_grain_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        spans(None, "prev", "fortnight")
    assert refused.value.finding.code == "unknown-grain"
