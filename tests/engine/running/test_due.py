"""Due times: the same instants whoever asks and whenever, in zones with and without summer time."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.running.due import RuleIsUnreadable, due_times

BEIJING, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
RULES = ["PT5M", "PT7M", "PT1H", "P1D", "P7D", "P1M", "*/5 * * * *", "30 2 * * *", "0 4 1 * *", "0 9 * * 1-5", "15 6 13 * fri"]


def local(rule: str, zone: ZoneInfo, after: str, count: int) -> list[str]:
    times = islice(due_times(rule, zone, datetime.fromisoformat(after).replace(tzinfo=zone)), count)
    return [time.astimezone(zone).strftime("%m-%d %H:%M") for time in times]


def test_five_minutes_are_cut_at_the_clock_s_own_fives() -> None:
    assert local("PT5M", BEIJING, "2026-05-01T08:02", 3) == ["05-01 08:05", "05-01 08:10", "05-01 08:15"]


def test_an_instant_itself_is_not_after_itself() -> None:
    assert local("PT5M", BEIJING, "2026-05-01T08:05", 1) == ["05-01 08:10"]
    assert local("P1D", BEIJING, "2026-05-01T00:00", 1) == ["05-02 00:00"]


def test_days_weeks_and_months_begin_at_local_midnight() -> None:
    assert local("P1D", BEIJING, "2026-05-01T08:02", 2) == ["05-02 00:00", "05-03 00:00"]
    assert local("P7D", BEIJING, "2026-05-01T08:02", 2) == ["05-04 00:00", "05-11 00:00"]  # Mondays
    assert local("P1M", BEIJING, "2026-11-20T08:02", 3) == ["12-01 00:00", "01-01 00:00", "02-01 00:00"]


def test_cron_counts_sunday_as_0_and_7_and_takes_names_lists_and_steps() -> None:
    sundays = ["05-03 06:30", "05-10 06:30"]
    assert local("30 6 * * 0", BEIJING, "2026-05-01T00:00", 2) == sundays
    assert local("30 6 * * 7", BEIJING, "2026-05-01T00:00", 2) == sundays
    assert local("30 6 * * sun", BEIJING, "2026-05-01T00:00", 2) == sundays
    assert local("0,20-40/10 8 1 may *", BEIJING, "2026-05-01T00:00", 4) == ["05-01 08:00", "05-01 08:20", "05-01 08:30", "05-01 08:40"]


def test_a_day_and_a_weekday_together_mean_either() -> None:
    assert local("0 0 13 * 5", BEIJING, "2026-05-02T00:00", 3) == ["05-08 00:00", "05-13 00:00", "05-15 00:00"]


def test_a_day_that_comes_every_four_years_is_found_and_one_that_never_comes_ends() -> None:
    assert local("0 0 29 2 *", BEIJING, "2026-05-01T00:00", 1) == ["02-29 00:00"]
    assert local("0 0 31 2 *", BEIJING, "2026-05-01T00:00", 1) == []


def test_a_wall_time_that_summer_time_leaves_out_comes_an_hour_later_and_one_that_comes_twice_is_due_once() -> None:
    assert local("30 2 * * *", BERLIN, "2026-03-28T12:00", 2) == ["03-29 03:30", "03-30 02:30"]
    assert local("30 2 * * *", BERLIN, "2026-10-24T12:00", 2) == ["10-25 02:30", "10-26 02:30"]


def test_a_day_of_25_hours_has_25_hours_and_one_midnight() -> None:
    start = datetime(2026, 10, 25, tzinfo=BERLIN)
    hours = [time for time in islice(due_times("PT1H", BERLIN, start), 40) if time.astimezone(BERLIN).date() == start.date()]
    assert len(hours) == 24  # and the midnight before the first
    assert local("P1D", BERLIN, "2026-10-24T12:00", 2) == ["10-25 00:00", "10-26 00:00"]


@given(
    rule=st.sampled_from(RULES), zone=st.sampled_from([BEIJING, BERLIN]),
    after=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)), cut=st.integers(1, 9),
)  # fmt: skip
def test_due_times_rise_and_are_the_same_from_wherever_one_asks(rule: str, zone: ZoneInfo, after: datetime, cut: int) -> None:
    start = after.replace(tzinfo=UTC)
    times = list(islice(due_times(rule, zone, start), 12))
    assert times == sorted(set(times))
    assert times[0] > start
    assert list(islice(due_times(rule, zone, times[cut - 1]), 12 - cut)) == times[cut:]
    assert next(due_times(rule, zone, times[cut] - timedelta(microseconds=1))) == times[cut]


@pytest.mark.parametrize(
    "rule", ["", "often", "* * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "* * 0 * *", "a * * * *", "PT0S", "P1MT1H", "-PT5M"]
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(RuleIsUnreadable):
        next(due_times(rule, BEIJING, datetime(2026, 5, 1, tzinfo=UTC)))
