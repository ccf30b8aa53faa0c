"""What comes next, chosen as domain.md C.15 says, and what is said of series that are poor, strange or too short."""

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.forecasting.backtest import Trial, chosen
from engine.forecasting.candidates import CANDIDATES, Name
from engine.operator import applied
from engine.operators.forecast_select import ForecastSelect

QUARTERS = [100, 110, 120, 90, 104, 115, 126, 95, 108, 120, 131, 99]
QUICK = ("naive", "seasonal_naive", "drift", "seasonal_drift", "moving_average")


def quarters(values: list[float | None]) -> pa.Table:
    at = [datetime(2023 + n // 4, 1 + 3 * (n % 4), 1) for n in range(len(values))]
    return pa.table({"at": pa.array(at, pa.timestamp("us")), "value": pa.array(values, pa.float64())})


def days(values: Any, key: str = "a") -> pa.Table:
    at = [datetime(2026, 1, 1) + timedelta(days=n) for n in range(len(values))]
    return pa.table({"place": [key] * len(at), "at": pa.array(at, pa.timestamp("us")), "value": pa.array(list(values), pa.float64())})


def weekly(count: int = 120, seed: int = 1, level: float = 100.0) -> Any:
    chance = np.random.default_rng(seed)
    return level + 20 * np.sin(np.arange(count) * 2 * np.pi / 7) + chance.normal(0, 2, count)


def given(table: pa.Table, **params: Any) -> dict[str, list[dict[str, Any]]]:
    asked: dict[str, Any] = {"step": "day", "horizon": 7, "models": QUICK} | params
    operator = ForecastSelect(**asked)
    return {name: one.to_pylist() for name, one in applied(operator, {"series": table}).items()}


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    [row] = rows
    return row


def test_the_worked_example_chooses_the_season_before_plus_its_mean_growth() -> None:
    found = given(quarters(list(QUARTERS)), step="quarter", horizon=1, season=4, train=8, models=(*QUICK, "theta", "ets"))
    run, value = only(found["runs"]), only(found["values"])
    assert (run["model"], round(run["mase"], 4), round(run["mase_seasonal_naive"], 4)) == ("seasonal_drift", 0.1132, 0.9249)
    assert (run["is_through_gate"], run["status"], run["origins"]) == (True, "optimal", 4)
    assert (value["value"], value["target_at"], value["ahead"]) == (112.75, datetime(2026, 1, 1), 1)
    board = {row["model"]: round(row["mase"], 4) for row in found["board"]}
    assert (board["naive"], board["seasonal_naive"], board["seasonal_drift"]) == (3.491, 0.9249, 0.1132)
    assert [row["model"] for row in found["board"] if row["is_chosen"]] == ["seasonal_drift"]


def test_four_errors_tell_no_interval_and_none_is_made_up() -> None:
    value = only(given(quarters(list(QUARTERS)), step="quarter", horizon=1, season=4, train=8)["values"])
    assert (value["low80"], value["high80"], value["low95"], value["high95"]) == (None, None, None, None)


def test_intervals_lie_around_the_value_the_wider_outside_the_narrower() -> None:
    found = given(days(weekly()))
    assert [row["ahead"] for row in found["values"]] == list(range(1, 8))
    for row in found["values"]:
        assert row["low95"] <= row["low80"] < row["value"] < row["high80"] <= row["high95"]
    assert 0.75 <= only(found["runs"])["picp80"] <= 0.88


def test_a_season_is_found_and_a_declared_one_is_believed() -> None:
    assert only(given(days(weekly()))["runs"])["season"] == 7
    assert only(given(days(np.random.default_rng(1).normal(100, 5, 120)))["runs"])["season"] == 1
    assert only(given(days(weekly()), season=5)["runs"])["season"] == 5


def test_a_gap_is_counted_and_neither_scored_nor_given_out() -> None:
    values = weekly()
    values[[20, 50, 51, 52, 118]] = np.nan
    run = only(given(days(values))["runs"])
    assert (run["gaps"], run["points"]) == (5, 120)
    assert len(given(days(values))["values"]) == 7
    short = given(days(np.concatenate([values, [np.nan] * 3])))  # what is missing at the end is not there yet
    assert only(short["runs"])["cutoff"] == only(given(days(values))["runs"])["cutoff"]


def test_zeros_are_values() -> None:
    values = np.where(np.arange(140) % 7 < 5, 30.0, 0.0) + np.random.default_rng(2).normal(0, 0.5, 140) * (np.arange(140) % 7 < 5)
    found = given(days(values), floor=0)
    assert only(found["runs"])["season"] == 7
    assert min(row["low80"] for row in found["values"]) >= 0
    nothing = given(days(np.zeros(60)))
    assert [row["value"] for row in nothing["values"]] == [0.0] * 7
    assert (only(nothing["runs"])["mase"], only(nothing["runs"])["smape"]) == (0.0, 0.0)


def test_a_constant_series_is_said_to_go_on_without_a_doubt() -> None:
    found = given(days(np.full(60, 42.0)), models=(*QUICK, "theta", "ets"))
    assert {row["value"] for row in found["values"]} == {42.0}
    assert {(row["low80"], row["high95"]) for row in found["values"]} == {(42.0, 42.0)}
    assert (only(found["runs"])["status"], only(found["runs"])["model"]) == ("optimal", "naive")  # the simplest of those that never err


def test_a_series_too_short_is_a_gap_with_how_many_more_and_which_horizon_would_do() -> None:
    found = given(days(weekly(10)), horizon=7)
    run = only(found["runs"])
    assert (run["status"], found["values"], found["board"]) == ("infeasible", [], [])
    assert json.loads(run["explain"])["gap"]["relax"] == {"points": 15, "horizon": 2}
    assert only(given(days(weekly(10)), horizon=2)["runs"])["status"] != "infeasible"


def test_several_rows_of_one_step_and_uneven_steps_are_refused_in_words() -> None:
    twice = pa.concat_tables([days(weekly()), days([1.0])])
    assert json.loads(only(given(twice)["runs"])["explain"])["gap"]["relax"] == {"rows": 120}
    assert json.loads(only(given(days(weekly()), step="ten_day")["runs"])["explain"])["gap"]["relax"] == {"step": "month"}


def test_behind_a_shut_gate_the_better_of_the_two_is_given_out_and_what_is_lacking_is_said() -> None:
    steps = np.cumsum(np.random.default_rng(4).normal(0, 1, 200))  # nothing beats the last value of a random walk by much, seven days on
    found = given(days(steps), season=1)
    run = only(found["runs"])
    assert (run["is_through_gate"], run["status"]) == (False, "feasible")
    assert run["mase"] <= run["mase_seasonal_naive"]
    assert json.loads(run["explain"])["gap"]["relax"]["gate"] > 1
    wide = only(given(days(steps), season=1, gate=100)["runs"])
    assert (wide["is_through_gate"], wide["status"]) == (True, "optimal")


def test_a_jump_is_marked_and_left_as_it_is() -> None:
    values = weekly()
    values[60] += 300
    told = json.loads(only(given(days(values))["runs"])["explain"])
    assert told["outliers"] == ["2026-03-02T00:00:00"]


@pytest.mark.parametrize("coherence", ["bottom_up", "mint"])
def test_the_levels_add_up_at_every_step(coherence: str) -> None:
    table = pa.concat_tables([days(weekly(seed=1), "a"), days(weekly(seed=2, level=300), "b"), days(weekly(seed=3, level=50), "c")])
    found = given(table, hierarchy=("place",), coherence=coherence, floor=0)
    assert [(row["place"], row["level"]) for row in found["runs"]] == [(None, 0), ("a", 1), ("b", 1), ("c", 1)]
    for ahead in range(1, 8):
        of = {row["place"]: row["value"] for row in found["values"] if row["ahead"] == ahead}
        assert of[None] == pytest.approx(of["a"] + of["b"] + of["c"], rel=1e-9)


def test_a_part_that_cannot_be_forecast_is_left_out_and_its_total_says_so() -> None:
    table = pa.concat_tables([days(weekly(), "a"), days(weekly(5), "stopped"), days(weekly(seed=2), "b")])
    found = given(table, hierarchy=("place",))
    runs = {row["place"]: row for row in found["runs"]}
    assert (runs["stopped"]["status"], json.loads(runs["stopped"]["explain"])["gap"]["relax"]) == ("infeasible", {"steps": 115})
    assert json.loads(runs[None]["explain"])["left_out"] == [["stopped"]]
    assert {row["place"] for row in found["values"]} == {None, "a", "b"}


def test_a_hierarchy_that_does_not_name_all_keys_is_told() -> None:
    told = json.loads(only(given(days(weekly()), hierarchy=("district",))["runs"])["explain"])
    assert told["gap"]["relax"] == {"hierarchy": "place"}


def trial(name: Name, mase: float, picp: float = 0.8) -> Trial:
    return Trial(CANDIDATES[name], np.zeros((1, 1)), mase, 0.0, picp, 1.0, 1.0)


def test_of_two_within_two_in_a_hundred_the_simpler_is_taken() -> None:
    found = chosen([trial("seasonal_naive", 0.9), trial("theta", 0.505), trial("ets", 0.5)], 1.0)
    assert found is not None and found.best.candidate.name == "theta"
    further = chosen([trial("seasonal_naive", 0.9), trial("theta", 0.52), trial("ets", 0.5)], 1.0)
    assert further is not None and further.best.candidate.name == "ets"


def test_an_interval_that_fits_is_worth_a_tenth_of_the_error_and_no_more() -> None:
    near = chosen([trial("seasonal_naive", 0.9), trial("theta", 0.54), trial("ets", 0.5, picp=0.6)], 1.0)
    assert near is not None and (near.best.candidate.name, near.is_in_band) == ("theta", True)
    far = chosen([trial("seasonal_naive", 0.9), trial("theta", 0.7), trial("ets", 0.5, picp=0.6)], 1.0)
    assert far is not None and (far.best.candidate.name, far.is_in_band) == ("ets", False)


def test_a_model_worse_than_the_season_before_is_not_given_out() -> None:
    found = chosen([trial("seasonal_naive", 1.2, picp=0.5), trial("theta", 1.25)], 1.0)
    assert found is not None and (found.published.candidate.name, found.is_open) == ("seasonal_naive", False)
