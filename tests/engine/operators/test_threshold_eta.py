"""The time until a limit is reached, worked out by hand: domain.md C.0, eta = (U - y_last) / k by least squares."""

import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engine.operator import applied
from engine.operators.threshold_eta import ThresholdEta

EIGHT = datetime(2026, 1, 5, 8)


def series(values: list[float | None], limit: float | None = 18_000, key: str = "I1", every: float = 1) -> pa.Table:
    """Readings of one facility, `every` hours apart."""
    return pa.table(
        {
            "facility": [key] * len(values),
            "at": pa.array([EIGHT + timedelta(hours=every * n) for n in range(len(values))], pa.timestamp("us")),
            "value": pa.array(values, pa.float64()),
            "limit": pa.array([limit] * len(values), pa.float64()),
        }
    )


def eta(table: pa.Table, **params: Any) -> list[dict[str, Any]]:
    return list(applied(ThresholdEta(**params), {"series": table})["eta"].to_pylist())


def test_a_pit_that_rises_by_300_an_hour_is_full_after_the_rest_by_300() -> None:
    [row] = eta(series([9000, 9300, 9600, 9900]))
    assert (row["rate"], row["eta"], row["r2"]) == (300.0, 27.0, 1.0)
    assert row["reaches_at"] == datetime(2026, 1, 6, 14)
    assert (row["status"], row["is_weak"], row["points"]) == ("optimal", False, 4)


def test_the_rate_is_the_least_squares_slope_and_not_the_difference_of_the_ends() -> None:
    # x = -2 -1 0 1 2 about the middle, y = 1 3 2 5 4: k = (−2·1 −1·3 +0 +1·5 +2·4)/10 = 0.8; ȳ = 3; R² = 0.8²·10/10 = 0.64
    [row] = eta(series([1, 3, 2, 5, 4], limit=12), anchor="last")
    assert row["rate"] == pytest.approx(0.8)
    assert row["r2"] == pytest.approx(0.64)
    assert row["eta"] == pytest.approx((12 - 4) / 0.8)
    [fit] = eta(series([1, 3, 2, 5, 4], limit=12), anchor="fit")
    assert fit["eta"] == pytest.approx((12 - 4.6) / 0.8)  # the line ends at 3 + 2 · 0.8


def test_the_interval_is_that_of_the_slope() -> None:
    # s² = (10 − 6.4)/3 = 1.2; se = √(1.2/10) = 0.34641; t(0.9, 3) = 1.63774: k = 0.8 ± 0.56734
    [row] = eta(series([1, 3, 2, 5, 4], limit=12))
    assert row["eta_early"] == pytest.approx(8 / (0.8 + 0.567337), rel=1e-5)
    assert row["eta_late"] == pytest.approx(8 / (0.8 - 0.567337), rel=1e-4)
    [surer] = eta(series([1, 3, 2, 5, 4], limit=12), confidence=0.99)
    assert surer["eta_early"] < row["eta_early"]
    assert surer["eta_late"] is None  # at that confidence it may as well be falling


def test_only_the_last_readings_tell_the_rate() -> None:
    [row] = eta(series([0, 0, 0, 0, 0, 10, 20, 30], limit=100), points=4)
    assert (row["points"], row["rate"], row["eta"]) == (4, 10.0, 7.0)


def test_what_does_not_rise_is_never_full_and_says_why() -> None:
    [falls] = eta(series([100, 60, 20, 10]))
    [still] = eta(series([100.1] * 6))
    for row in (falls, still):
        assert (row["eta"], row["reaches_at"], row["status"]) == (None, None, "optimal")
        assert "不会到达上限" in json.loads(row["explain"])["why_zh"]
    assert (still["rate"], still["r2"], still["is_weak"]) == (0.0, None, True)


def test_what_is_full_already_has_no_time_left() -> None:
    [row] = eta(series([17_000, 18_000, 18_500, 18_400]))
    assert row["eta"] == 0.0


def test_a_scattered_trend_is_weak() -> None:
    [row] = eta(series([10, 30, 5, 35, 8, 33], limit=100))
    assert row["r2"] < 0.5
    assert row["is_weak"] is True


def test_uneven_readings_are_read_by_their_time_and_not_by_their_number() -> None:
    table = pa.concat_tables(
        [
            series([0, 10], limit=100),
            series([100], limit=130).set_column(1, "at", pa.array([EIGHT + timedelta(hours=10)], pa.timestamp("us"))),
        ]
    )
    [row] = eta(table)
    assert row["rate"] == pytest.approx(10.0)
    assert row["eta"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("table", "relax"),
    [
        (series([5.0]), {"readings": 3}),
        (series([None, None, 5.0, 6.0]), {"readings": 3}),
        (series([5.0, 6.0, 7.0], every=0), {"instants": 2}),
        (series([5.0, 6.0, 7.0], limit=None), {"limit": "a number"}),
    ],
)
def test_without_a_rate_there_is_a_gap_that_says_what_would_do(table: pa.Table, relax: dict[str, object]) -> None:
    [row] = eta(table)
    told = json.loads(row["explain"])["gap"]
    assert (row["status"], row["eta"], told["relax"]) == ("infeasible", None, relax)
    assert told["zh"] and told["en"]


def test_each_facility_has_its_own_row_in_the_order_of_the_keys_however_the_rows_came() -> None:
    table = pa.concat_tables([series([1, 2, 3], 10, "B"), series([3, 2, 1], 10, "A"), series([1, 2, 3], 10)])
    shuffled = table.take(pa.array([8, 0, 4, 3, 7, 1, 6, 2, 5]))
    assert [row["facility"] for row in eta(table)] == ["A", "B", "I1"]
    assert eta(shuffled) == eta(table)


def test_numbers_that_are_none_count_as_missing() -> None:
    [row] = eta(series([float("nan"), 1, 2, 3, float("inf")], limit=5))
    assert (row["points"], row["eta"]) == (3, 2.0)
    assert json.loads(row["explain"])["missing"] == 2
