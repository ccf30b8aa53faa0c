"""Every value in a formula has a type and a unit, known units convert by themselves, and what does not go together is said."""

import pytest

from engine.expression.alike import Type, Typed
from engine.expression.canonical import canonical
from engine.expression.grammar import parse
from engine.expression.tree import IndicatorCall
from engine.expression.types import Inferred, infer
from engine.findings import Finding, Place
from engine.unit import parse_unit, symbol

HERE = Place("x.yaml", 2, 10)
COLUMNS: dict[str, tuple[Type, str]] = {
    "tare_kg": ("decimal", "kg"), "net_ton": ("decimal", "t"), "weight": ("decimal", "t"), "n": ("integer", ""),
    "rate": ("float", "%"), "quota": ("float", "%"), "share": ("float", "‰"), "plain": ("float", ""), "name": ("text", ""),
    "kind": ("text", ""), "d": ("date", ""),
    "opened_at": ("timestamp", ""), "at": ("timestamp", ""), "ok": ("boolean", ""), "people": ("integer", "人"),
    "homes": ("integer", "万户"), "orders": ("integer", "件"), "waited": ("float", "h"), "length_km": ("float", "km"),
    "viewer.regions": ("text", ""),
}  # fmt: skip


def column(path: tuple[str, ...]) -> Typed | None:
    found = COLUMNS.get(".".join(path))
    return None if found is None else Typed(found[0], parse_unit(found[1]) if found[1] else None)


def indicator(call: IndicatorCall) -> Typed | None:
    return Typed("float", parse_unit("%")) if call.id == "a.rate" else None


def inferred(text: str) -> tuple[Inferred | None, list[Finding]]:
    parsed, findings = parse(text, HERE, aggregates=True)
    assert findings == []
    assert parsed is not None
    return infer(parsed.expr, column, HERE, parsed.offsets, indicator, COLUMNS)


def accepted(text: str) -> Inferred:
    found, findings = inferred(text)
    assert findings == []
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        ("n + 1", "integer", ""),
        ("n + 0.5", "decimal", ""),
        ("n / 2", "float", ""),
        ("weight + net_ton", "decimal", "t"),
        ("weight / people", "float", "t/人"),
        ("orders / homes", "float", "件/万户"),
        ("weight / d_days", "float", ""),
        ("orders / (length_km * 100)", "float", "件/km"),
        ("weight / weight", "float", ""),
        ("weight / tare_kg", "float", "1000"),
        ("rate - quota", "float", "pp"),
        ("rate + quota", "float", "%"),
        ("100 - rate", "float", "%"),
        ("rate * weight", "float", "0.01 t"),
        ("-waited", "float", "h"),
        ("hours(opened_at, at)", "float", "h"),
        ("days(d, at) + 1", "float", "d"),
        ("at - opened_at", "float", "d"),
        ("d + 30", "timestamp", ""),
        ("date(opened_at)", "date", ""),
        ("year(d)", "integer", ""),
        ("length(name)", "integer", ""),
        ("concat(name, kind)", "text", ""),
        ("round(weight, 1)", "float", "t"),
        ("abs(weight)", "decimal", "t"),
        ("coalesce(weight, 0)", "decimal", "t"),
        ("nullif(n, 0)", "integer", ""),
        ("case when ok then weight else 0 end", "decimal", "t"),
        ("case when ok then null else weight end", "decimal", "t"),
        ("least(d, opened_at)", "timestamp", ""),
        ("ok and not (name = 'a')", "boolean", ""),
        ("name in viewer.regions", "boolean", ""),
        ("name like '%站'", "boolean", ""),
        ("count(*)", "integer", ""),
        ("count(distinct name)", "integer", ""),
        ("sum(weight)", "decimal", "t"),
        ("avg(waited)", "float", "h"),
        ("percentile(waited, 0.9)", "float", "h"),
        ("max(opened_at)", "timestamp", ""),
        ("any(weight > 3)", "boolean", ""),
        ("sum(weight) / count(*)", "float", "t"),
        ("indicator('a.rate', name)", "float", "%"),
        ("indicator('a.rate', name) >= 3", "boolean", ""),
        ("null", "null", ""),
    ],
)
def test_a_formula_has_this_type_and_unit(text: str, kind: str, unit: str) -> None:
    found = accepted(text.replace("d_days", "weight"))
    assert found.typed.type == kind
    assert (symbol(found.typed.unit) if found.typed.unit else "") == unit


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("tare_kg + net_ton", "tare_kg + net_ton * 1000"),
        ("net_ton - tare_kg", "net_ton - tare_kg / 1000"),
        ("tare_kg > net_ton", "tare_kg > net_ton * 1000"),
        ("tare_kg > 5", "tare_kg > 5"),
        ("waited > hours(opened_at, at)", "waited > hours(opened_at, at)"),
        ("waited > minutes(opened_at, at)", "waited > minutes(opened_at, at) / 60"),
        ("days(opened_at, at) > waited", "days(opened_at, at) > waited / 24"),
        ("plain + rate", "plain + rate / 100"),
        ("rate > share", "rate > share / 10"),
        ("rate > 90", "rate > 90"),
        ("net_ton between 1 and tare_kg", "net_ton between 1 and tare_kg / 1000"),
        ("net_ton in (tare_kg, 3)", "net_ton in (tare_kg / 1000, 3)"),
        ("coalesce(tare_kg, net_ton, 0)", "coalesce(tare_kg, net_ton * 1000, 0)"),
        (
            "case when ok then 0 when n > 1 then tare_kg else net_ton end",
            "case when ok then 0 when n > 1 then tare_kg else net_ton * 1000 end",
        ),
        ("d >= '2026-01-31'", "d >= date '2026-01-31'"),
        ("'2026-01-31' <= d", "date '2026-01-31' <= d"),
        ("d < '2026-01-31 08:00'", "d < timestamp '2026-01-31 08:00:00'"),
        ("opened_at >= '2026-01-31'", "opened_at >= timestamp '2026-01-31 00:00:00'"),
        ("d between '2026-01-01' and '2026-01-31'", "d between date '2026-01-01' and date '2026-01-31'"),
        ("d in ('2026-01-01')", "d in (date '2026-01-01')"),
        ("at - d < 3650", "days(d, at) < 3650"),
        ("at - '2026-01-01' > 3", "days(timestamp '2026-01-01 00:00:00', at) > 3"),
        ("opened_at >= at - 7", "opened_at >= plus_days(at, -7)"),
        ("d + n > at", "plus_days(d, n) > at"),
        ("year('2026-01-01')", "year(date '2026-01-01')"),
    ],
)
def test_conversions_are_written_in(text: str, rewritten: str) -> None:
    assert canonical(accepted(text).expr) == rewritten


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("net_ton + people", "unit-mismatch", 10),
        ("net_ton + plain", "unit-mismatch", 10),
        ("net_ton > waited", "unit-mismatch", 10),
        ("coalesce(net_ton, people)", "unit-mismatch", 18),
        ("orders + people", "unit-mismatch", 9),
        ("1 - rate", "percent-or-share", 4),
        ("rate - 1", "percent-or-share", 0),
        ("name = 3", "type-mismatch", 0),
        ("n = '3'", "type-mismatch", 0),
        ("n in viewer.regions", "type-mismatch", 0),
        ("ok = 1", "type-mismatch", 0),
        ("case when ok then 1 else 'a' end", "type-mismatch", 25),
        ("d = 'yesterday'", "unreadable-date", 4),
        ("d between '2026-01-01' and '2026-02-30'", "unreadable-date", 27),
        ("name + 1", "type-wanted", 0),
        ("-name", "type-wanted", 1),
        ("not n", "type-wanted", 4),
        ("n and ok", "type-wanted", 0),
        ("ok > true", "type-wanted", 0),
        ("lower(n)", "type-wanted", 6),
        ("hours(n, at)", "type-wanted", 6),
        ("d + waited", "type-wanted", 4),
        ("d + d", "type-wanted", 0),
        ("sum(name)", "type-wanted", 4),
        ("any(n)", "type-wanted", 4),
        ("n like 'a'", "type-wanted", 0),
        ("case when n then 1 end", "type-wanted", 10),
        ("name = null", "compare-with-null", 0),
        ("name in ('a', null)", "compare-with-null", 0),
        ("nome = 'a'", "unknown-column", 0),
        ("indicator('a.rat', name) > 3", "unknown-indicator", 10),
        ("indicator('a.rate', nome) > 3", "unknown-column", 20),
    ],
)
def test_what_does_not_go_together_is_said_at_its_place(text: str, code: str, offset: int) -> None:
    found, findings = inferred(text)
    assert found is None
    assert (findings[0].code, findings[0].place) == (code, Place("x.yaml", 2, 10 + offset))


def test_every_unknown_name_is_found_and_the_nearest_is_offered() -> None:
    _, findings = inferred("nome = 'a' and weihgt > 3 and ok")
    assert [(finding.place.column, finding.advice_zh, finding.advice_en) for finding in findings] == [
        (10, "是否想写「name」？", "did you mean 'name'?"),
        (25, "是否想写「weight」？", "did you mean 'weight'?"),
    ]


def test_unlike_units_are_named_in_both_languages() -> None:
    _, findings = inferred("net_ton + people")
    assert findings[0].zh == "「net_ton（t）」与「people（人）」不是同一种单位，不能相加减"
    assert findings[0].en == "net_ton (t) and people (人) have unlike units and cannot be added or subtracted"


def test_an_indicator_is_refused_where_none_can_stand() -> None:
    parsed, _ = parse("indicator('a.rate') > 3", HERE)
    assert parsed is not None
    _, findings = infer(parsed.expr, column, HERE, parsed.offsets)
    assert [finding.code for finding in findings] == ["indicator-not-allowed"]
