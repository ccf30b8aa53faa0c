"""Measures of a forecast against figures worked out by hand: domain.md C.15."""

import math

import numpy as np
import pytest

from engine.forecasting.backtest import origins_of, try_out
from engine.forecasting.candidates import CANDIDATES, Name, ahead, learnt
from engine.forecasting.intervals import half_widths
from engine.forecasting.scoring import coverage, interval_score, percent_error, scaled_error, seasonal_scale

Y = np.array([100, 110, 120, 90, 104, 115, 126, 95, 108, 120, 131, 99], dtype=float)


@pytest.mark.parametrize(
    ("name", "mase", "mae", "following"),
    [("naive", 3.4910, 17.0, 99.0), ("seasonal_naive", 0.9249, 4.5, 108.0), ("seasonal_drift", 0.1132, 0.556, 112.75)],
)
def test_the_worked_example_of_the_domain(name: Name, mase: float, mae: float, following: float) -> None:
    origins = origins_of(len(Y), train=8, horizon=1, points=60, every=1)
    assert origins.places == (8, 9, 10, 11)
    trial = try_out(CANDIDATES[name], Y, 4, origins)
    assert round(trial.mase, 4) == mase
    assert round(float(np.abs(trial.errors).mean()), 3) == mae
    model = learnt(CANDIDATES[name], Y, 4)
    assert not isinstance(model, str)
    assert ahead(model, Y, 1) == pytest.approx([following])


def test_ten_points_of_which_eight_are_covered() -> None:
    actual = np.array([10, 12, 9, 11, 10, 13, 8, 10, 15.5, 6.5])
    low = np.array([8, 10, 7, 9, 8, 11, 6, 8, 11, 8.0])
    high = low + np.array([4, 4, 4, 4, 4, 4, 4, 4, 4, 3.0])
    # outside: 15.5 over 15 by 0.5, 6.5 under 8 by 1.5 = 2.0 in all; 3.9 + 10 · 2.0/10 = 5.9
    assert coverage(actual, low, high) == 0.8
    assert float((high - low).mean()) == pytest.approx(3.9)
    assert interval_score(actual, low, high, 0.8) == pytest.approx(5.9)


def test_the_scale_is_that_of_each_origin_s_own_training() -> None:
    assert [seasonal_scale(Y[:place], 4) for place in (8, 9)] == [5.0, 4.8]
    assert scaled_error(np.array([[4.0], [5.0]]), np.array([5.0, 4.8])) == pytest.approx((0.8 + 5 / 4.8) / 2)


def test_a_constant_training_forgives_only_the_right_answer() -> None:
    assert scaled_error(np.array([[0.0]]), np.array([0.0])) == 0.0
    assert math.isinf(scaled_error(np.array([[1.0]]), np.array([0.0])))


def test_smape_of_two_zeros_is_no_error() -> None:
    assert percent_error(np.array([0.0, 100.0]), np.array([0.0, 300.0])) == pytest.approx(50.0)


def test_what_is_not_known_is_not_scored() -> None:
    nothing = np.array([np.nan])
    assert math.isnan(scaled_error(nothing[None, :], np.array([1.0])))
    assert math.isnan(coverage(nothing, np.array([0.0]), np.array([1.0])))


def test_widths_never_shrink_further_ahead_and_cover_what_they_promise() -> None:
    chance = np.random.default_rng(7)
    errors = chance.normal(0, np.array([1.0, 2.0, 3.0, 2.5]), (200, 4))
    eighty, wide = half_widths(errors, 0.8), half_widths(errors, 0.95)
    assert (np.diff(eighty) >= 0).all()
    assert (wide > eighty).all()
    fresh = chance.normal(0, np.array([1.0, 2.0, 3.0, 2.5]), (2000, 4))
    assert float((np.abs(fresh) <= eighty).mean()) == pytest.approx(0.8, abs=0.05)


def test_too_few_errors_tell_no_width() -> None:
    assert np.isnan(half_widths(np.ones((2, 3)), 0.8)).all()
    assert (half_widths(np.zeros((8, 3)), 0.8) == 0).all()
