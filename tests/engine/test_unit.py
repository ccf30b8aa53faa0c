"""Units multiply, divide, convert and are read back from their own text; unlike ones stay apart."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.findings import Place
from engine.unit import (
    COUNTERS,
    KNOWN,
    ONE,
    PERCENT,
    POINT,
    Unit,
    conversion,
    convert,
    difference,
    fit,
    is_dimensionless,
    is_percent,
    parse_unit,
    power,
    product,
    quotient,
    read_unit,
    same_kind,
    symbol,
)  # fmt: skip

units = st.sampled_from(sorted(KNOWN)).map(KNOWN.__getitem__)


def unit(text: str) -> Unit:
    found = parse_unit(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    "t kg g m km m² m³ km² Nm³ 万m³ 万m² 万kW kW MW GW kWh MWh s min h d 月 a ℃ % ‰ pp 人 户 件 座 处 次 条 盏 个 辆 分 元 万元 亿元 "
    "件/万户 kg/人 t/d kWh/(m²·a) 元/m² m/s mg/m³ 万人次 L/s t·km 1/d 处/(km·a) kgce/m² 万t 亿m³ GJ/m²".split(),
)
def test_a_usual_text_is_read_and_shown_as_it_was_written(text: str) -> None:
    assert symbol(unit(text)) == text


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("吨", "t"), ("公斤", "kg"), ("公里", "km"), ("m2", "m²"), ("m^2", "m²"), ("㎡", "m²"), ("立方米", "m³"), ("Nm3", "Nm³"),
        ("公顷", "万m²"),
        ("小时", "h"), ("天", "d"), ("日", "d"), ("年", "a"), ("度", "kWh"), ("千瓦时", "kWh"), ("°C", "℃"), ("百分点", "pp"), ("％", "%"),
        ("吨/日", "t/d"), ("t / d", "t/d"), ("千户", "1000 户"), ("处/(100 km·a)", "处/(100 km·a)"), ("处/百公里", "处/100 km"),
        ("万 kWh", "万kWh"),
        ("kW h", "kWh"), ("kW·h", "kWh"), ("MWh/h", "MW"), ("元/（人·月）", "元/(人·月)"), ("m/s/s", "m/s²"), ("件 / 万户", "件/万户"),
    ],
)  # fmt: skip
def test_other_spellings_have_one_usual_text(text: str, usual: str) -> None:
    assert symbol(unit(text)) == usual


@pytest.mark.parametrize(
    ("text", "code", "offset", "advice"),
    [
        ("tt", "unknown-unit", 0, "did you mean 't'?"),
        ("kgx", "unknown-unit", 0, "did you mean 'kg'?"),
        ("t/dy", "unknown-unit", 2, "did you mean 'd'?"),
        ("件/喵", "unknown-unit", 2, "units are t, km, m², kWh, 元, % …, or counters such as 件, 个, 处"),
        ("t//d", "unreadable-unit", 2, None),
        ("", "unreadable-unit", 0, None),
        ("(t", "unreadable-unit", 2, None),
        ("t)", "unreadable-unit", 1, None),
        ("t/", "unreadable-unit", 2, None),
        ("件件", "unreadable-unit", 1, None),
        ("t/0", "unreadable-unit", 2, None),
        ("m^10", "unreadable-unit", 1, None),
        ("((((((((t))))))))", "unreadable-unit", 5, None),
        ("t" * 61, "unreadable-unit", 60, None),
    ],
)
def test_a_text_that_is_no_unit_is_said_at_its_place(text: str, code: str, offset: int, advice: str | None) -> None:
    found, findings = read_unit(text, Place("x.yaml", 3, 7))
    assert found is None
    assert parse_unit(text) is None
    assert (findings[0].code, findings[0].place) == (code, Place("x.yaml", 3, 7 + offset))
    assert findings[0].advice_en == (advice or "write it like t/d, 件/万户 or 处/(100 km·a)")


@pytest.mark.parametrize(
    ("value", "of", "to", "expected"),
    [
        (5, "t", "kg", 5000), (Decimal("1.5"), "h", "min", Decimal(90)), (90, "min", "h", 1.5), (1, "t/d", "kg/d", 1000),
        (2, "a", "月", 24),
        (0.9, "%", "‰", 9.0), (3, "万元", "元", 30_000), (1, "MWh", "kWh", 1000), (36, "km/h", "m/s", 10),
        (Decimal(7), "t", "t", Decimal(7)),
    ],
)  # fmt: skip
def test_like_units_convert(value: float | Decimal, of: str, to: str, expected: float | Decimal) -> None:
    assert float(convert(value, unit(of), unit(to))) == pytest.approx(float(expected), rel=1e-12)
    assert type(convert(Decimal(1), unit(of), unit(to))) is Decimal


@pytest.mark.parametrize(
    ("one", "other"), [("元", "件"), ("人", "户"), ("m", "m²"), ("Nm³", "m³"), ("d", "月"), ("℃", "%"), ("kW", "kWh"), ("分", "min")]
)
def test_unlike_units_do_not_convert(one: str, other: str) -> None:
    assert not same_kind(unit(one), unit(other))
    assert conversion(unit(one), unit(other)) is None
    with pytest.raises(ValueError, match="cannot become"):
        convert(1, unit(one), unit(other))


def test_products_and_quotients_derive() -> None:
    assert symbol(quotient(unit("t"), unit("d"))) == "t/d"
    assert symbol(quotient(unit("kWh"), unit("h"))) == "kW"
    assert symbol(product(unit("kW"), unit("h"))) == "kWh"
    assert symbol(product(unit("t/d"), unit("d"))) == "t"
    assert quotient(unit("t/d"), unit("t/d")) == ONE
    assert symbol(power(unit("m"), 3)) == "m³"
    assert symbol(quotient(unit("件"), unit("万户"))) == "件/万户"


def test_percent_less_percent_is_points_and_points_count_as_percent() -> None:
    assert difference(PERCENT, PERCENT) == POINT
    assert difference(unit("t"), unit("t")) == unit("t")
    assert same_kind(POINT, PERCENT)
    assert conversion(POINT, PERCENT) == 1
    assert product(POINT, unit("t")) == product(PERCENT, unit("t"))


def test_a_plain_number_becomes_percent_by_itself() -> None:
    assert fit(ONE, PERCENT) == 100
    assert fit(PERCENT, PERCENT) == 1
    assert fit(ONE, unit("pp")) == 100


def test_a_count_of_rows_may_be_called_by_its_counter() -> None:
    assert fit(ONE, unit("件")) == 1
    assert fit(ONE, unit("万户")) == Fraction(1, 10_000)
    assert fit(quotient(ONE, unit("户")), unit("件/万户")) == 10_000
    assert fit(quotient(unit("t"), unit("人")), unit("kg/人")) == 1000
    assert fit(unit("户"), unit("件")) is None
    assert fit(unit("t"), unit("元")) is None
    assert fit(ONE, unit("℃")) is None


def test_percent_and_plain_numbers_are_recognised() -> None:
    assert [is_percent(unit(text)) for text in ("%", "‰", "t", "件")] == [True, True, False, False]
    assert not is_percent(None)
    assert [is_dimensionless(found) for found in (None, ONE, PERCENT, POINT, unit("t"))] == [True, True, True, True, False]


def test_every_counter_is_its_own_kind() -> None:
    assert len({unit(counter).dims for counter in COUNTERS}) == len(COUNTERS)


@given(units, units)
def test_a_product_divided_by_one_side_is_the_other(one: Unit, other: Unit) -> None:
    assert same_kind(quotient(product(one, other), other), one)
    assert quotient(product(one, other), other).factor == one.factor


@given(units, units, units)
def test_the_text_of_a_derived_unit_is_read_back_as_that_unit(one: Unit, other: Unit, third: Unit) -> None:
    derived = quotient(product(one, other), third)
    again = parse_unit(symbol(derived)) if symbol(derived) else ONE
    assert again is not None
    assert again.dims == derived.dims
    assert float(again.factor) == pytest.approx(float(derived.factor), rel=1e-5)


@given(st.text(max_size=20))
def test_any_text_is_a_unit_or_a_finding(text: str) -> None:
    found, findings = read_unit(text, Place("x.yaml"))
    assert (found is None) == bool(findings)
