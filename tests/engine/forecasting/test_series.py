"""Rows become a series without a value that nobody measured."""

from datetime import datetime

import numpy as np
import pytest

from engine.forecasting.backtest import history_at, origins_of, try_out
from engine.forecasting.candidates import CANDIDATES, Learnt
from engine.forecasting.series import Whole, bridged, outliers, season_of, series_of, step_of, summed


def at(*texts: str) -> Whole:
    return np.array([np.datetime64(text, "us").astype(np.int64) for text in texts])


@pytest.mark.parametrize(
    ("grain", "times", "last"),
    [
        ("day", ["2024-02-28", "2024-02-29", "2024-03-02"], datetime(2024, 3, 3)),
        ("month", ["2023-12-01", "2024-01-01", "2024-03-01"], datetime(2024, 4, 1)),
        ("quarter", ["2023-07-01", "2023-10-01", "2024-04-01"], datetime(2024, 7, 1)),
        ("week", ["2024-01-01", "2024-01-08", "2024-01-22"], datetime(2024, 1, 29)),
        ("hour", ["2024-01-01T22:00", "2024-01-01T23:00", "2024-01-02T01:00"], datetime(2024, 1, 2, 2)),
        ("PT15M", ["2024-01-01T23:30", "2024-01-01T23:45", "2024-01-02T00:15"], datetime(2024, 1, 2, 0, 30)),
    ],
)
def test_a_missing_step_is_a_gap_at_every_step(grain: str, times: list[str], last: datetime) -> None:
    step = step_of(grain)
    assert step is not None
    series = series_of(at(*times), np.array([1.0, 2.0, 4.0]), step)
    assert series is not None
    assert series.values.tolist()[:2] == [1.0, 2.0]
    assert np.isnan(series.values[2]) and series.values[3] == 4.0
    assert (series.gaps, step.instant(series.end)) == (1, last)


def test_ten_day_periods_are_no_step_for_they_are_not_equally_long() -> None:
    assert step_of("ten_day") is None


def test_two_rows_of_one_step_are_told_and_not_added_up() -> None:
    step = step_of("day")
    assert step is not None
    series = series_of(at("2024-01-01", "2024-01-01T12:00", "2024-01-02"), np.array([1.0, 2.0, 3.0]), step)
    assert series is not None and series.doubled == 1


def test_a_year_that_nobody_meant_makes_no_series() -> None:
    step = step_of("minute")
    assert step is not None
    assert series_of(at("0001-01-01", "2024-01-01"), np.array([1.0, 2.0]), step) is None


def test_a_gap_is_bridged_by_the_season_before() -> None:
    values = np.array([1, 2, 3, 4, np.nan, 6, np.nan, 8.0])
    assert bridged(values, 4).tolist() == [1, 2, 3, 4, 1, 6, 3, 8]
    assert bridged(values, 1).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_gap_before_an_origin_is_bridged_by_nothing_that_came_after_it() -> None:
    values = np.array([1, 2, 3, np.nan, 900.0, 900.0])
    assert history_at(values, 4, 1).tolist() == [1, 2, 3, 3]


@pytest.mark.parametrize(("length", "season"), [(7, 7), (24, 24), (168, 168)])
def test_a_season_is_found_where_there_is_one(length: int, season: int) -> None:
    places = np.arange(length * 6)
    chance = np.random.default_rng(1)
    pattern = chance.normal(0, 10, length)
    assert season_of(100 + 0.3 * places + pattern[places % length] + chance.normal(0, 1, len(places)), [7, 24, 168]) == season


def test_no_season_is_found_in_chance_a_line_or_nothing() -> None:
    chance = np.random.default_rng(3).normal(0, 1, 500)
    assert season_of(np.cumsum(chance), [12]) in (1, 12)  # a random walk may look like one; it never crashes
    assert season_of(chance, [7]) == 1
    assert season_of(np.arange(100.0), [7]) == 1
    assert season_of(np.ones(100), [7]) == 1
    assert season_of(np.array([1.0, 2.0]), [7]) == 1


def test_a_jump_of_one_day_is_marked_once_and_left_as_it_is() -> None:
    places = np.arange(70)
    values = 100 + 10 * np.sin(places * 2 * np.pi / 7) + np.random.default_rng(2).normal(0, 1, 70)
    values[30] += 80
    assert outliers(values, 7) == [30]
    assert outliers(np.ones(70), 7) == []


def test_a_sum_knows_only_what_all_parts_know() -> None:
    step = step_of("day")
    assert step is not None
    one, two = (series_of(at("2024-01-01", "2024-01-02", "2024-01-04"), np.array([1.0, 2.0, 3.0]), step) for _ in range(2))
    later = series_of(at("2024-01-02", "2024-01-03", "2024-01-04"), np.array([10.0, 20.0, 30.0]), step)
    assert one is not None and two is not None and later is not None
    whole = summed([one, two, later])
    assert whole is not None
    assert whole.values.tolist()[0] == 14.0 and np.isnan(whole.values[1]) and whole.values[2] == 36.0


def test_no_candidate_sees_what_comes_after_its_origin() -> None:
    """Changing the future changes no forecast made before it."""
    chance = np.random.default_rng(5)
    values = 50 + 10 * np.sin(np.arange(60) * 2 * np.pi / 7) + chance.normal(0, 1, 60)
    origins = origins_of(60, 28, 7, 60, 1)
    spoilt = values.copy()
    spoilt[origins.places[0] :] += 1000
    for candidate in CANDIDATES.values():
        before, after = (try_out(candidate, one, 7, origins).errors[0] for one in (values, spoilt))
        assert after - before == pytest.approx(np.full(7, 1000.0)), candidate.name


def test_a_model_that_reads_on_sees_the_newer_values() -> None:
    values = np.cumsum(np.random.default_rng(5).normal(0, 1, 60))
    values[40:] += 50
    for name in ("theta", "ets", "arima"):
        model: Learnt = CANDIDATES[name].learn(values[:40], 1)
        assert float(np.asarray(model(values[:40], 1))[0]) == pytest.approx(values[39], abs=4), name
        assert float(np.asarray(model(values, 1))[0]) == pytest.approx(values[-1], abs=8), name
