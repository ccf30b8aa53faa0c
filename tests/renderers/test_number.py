"""Numbers are written the way people of the city read them."""

from decimal import Decimal

import pytest

from renderers.number import write_change, write_number, write_value


@pytest.mark.parametrize(
    ("value", "unit", "display", "said"),
    [
        (12345.678, "t", None, "12,346 t"),
        (12345.678, "t", "万,1", "1.2 万t"),
        (0.87654, None, None, "0.877"),
        (99.5, "%", None, "99.50 %"),
        (312.25, "t", None, "312.2 t"),
        (None, "t", "万", "— 万t"),
        (float("nan"), "t", None, "— t"),
        (-0.0, "", None, "0"),
        (-5, "℃", None, "−5 ℃"),
        (Decimal("1234567.5"), "元", "亿,2", "0.01 亿元"),
    ],
)
def test_a_number_is_grouped_scaled_and_carries_its_unit(value: float | None, unit: str | None, display: str | None, said: str) -> None:
    assert str(write_number(value, unit, display)) == said


@pytest.mark.parametrize(
    ("now", "before", "unit", "said"),
    [
        (110, 100, "t", "+10.0%"),
        (90, 100, "t", "−10.0%"),
        (100, 100, "t", "0.0%"),
        (97.5, 96, "%", "+1.50 pp"),
        (1, 0, "t", ""),
        (None, 3, "t", ""),
    ],
)
def test_a_change_has_a_sign_and_percentages_change_in_points(now: float | None, before: float | None, unit: str, said: str) -> None:
    assert write_change(now, before, unit) == said


def test_a_truth_value_is_a_word_and_a_gap_is_a_dash() -> None:
    assert [write_value(True), write_value(False), write_value(None), write_value("朝阳区")] == ["是", "否", "—", "朝阳区"]
