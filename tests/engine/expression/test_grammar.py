"""The grammar reads every formula of the language, points at the exact character it cannot read, and never falls over."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expression.grammar import Parsed, parse
from engine.expression.refusals import REFUSALS
from engine.expression.tree import (
    Aggregate,
    Between,
    Binary,
    Call,
    Case,
    Column,
    Expr,
    In,
    InColumn,
    IndicatorCall,
    IsNull,
    Like,
    Literal,
    Unary,
    columns,
    walk,
)  # fmt: skip
from engine.findings import Finding, Place

HERE = Place("sanitation/x.indicator.yaml", 7, 20)


def col(name: str) -> Column:
    return Column(tuple(name.split(".")))


def read(text: str, aggregates: bool = False) -> Parsed:
    parsed, findings = parse(text, HERE, aggregates=aggregates)
    assert findings == []
    assert parsed is not None
    return parsed


def refused(text: str, aggregates: bool = False) -> Finding:
    parsed, findings = parse(text, HERE, aggregates=aggregates)
    assert parsed is None
    return findings[0]


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("gross - tare", Binary("-", col("gross"), col("tare"))),
        ("level = 'district'", Binary("=", col("level"), Literal("district"))),
        ("facility.type = 'transfer'", Binary("=", col("facility.type"), Literal("transfer"))),
        ("hours(opened_at, closed_at)", Call("hours", (col("opened_at"), col("closed_at")))),
        ("sanitation.msw_day / city.population", Binary("/", col("sanitation.msw_day"), col("city.population"))),
        ("value < 850", Binary("<", col("value"), Literal(850))),
        ("r2 < 0.5", Binary("<", col("r2"), Literal(Decimal("0.5")))),
        ("users >= 10000 or key >= 3", Binary("or", Binary(">=", col("users"), Literal(10000)), Binary(">=", col("key"), Literal(3)))),
        ("then.result is not null", IsNull(col("then.result"), negated=True)),
        ("sanitation.waste_kind in ('kitchen', 'other')", In(col("sanitation.waste_kind"), (Literal("kitchen"), Literal("other")))),
        ("region in viewer.regions", InColumn(col("region"), col("viewer.regions"))),
        (
            "indicator('sanitation.overload_days', facility_id) >= 3",
            Binary(">=", IndicatorCall("sanitation.overload_days", col("facility_id")), Literal(3)),
        ),
        ("indicator('a.b', path, period: all)", IndicatorCall("a.b", col("path"), "all")),
        ("indicator('a.b', path, 'row')", IndicatorCall("a.b", col("path"), "row")),
        (
            "case when at - built_on < 3650 then 'new' else 'old' end",
            Case(((Binary("<", Binary("-", col("at"), col("built_on")), Literal(3650)), Literal("new")),), Literal("old")),
        ),
        ("seconds(previous.scan_ts, scan_ts)", Call("seconds", (col("previous.scan_ts"), col("scan_ts")))),
        ("a not between 1 and 2", Unary("not", Between(col("a"), Literal(1), Literal(2)))),
        ("a not like '%站'", Unary("not", Like(col("a"), Literal("%站")))),
        ("a not in (1)", Unary("not", In(col("a"), (Literal(1),)))),
        ("a.b.c.d.e.f.g.h = 1", Binary("=", col("a.b.c.d.e.f.g.h"), Literal(1))),
        ("名称 = '北京市'", Binary("=", col("名称"), Literal("北京市"))),
        ("d = date '2026-01-31'", Binary("=", col("d"), Literal(date(2026, 1, 31)))),
        ("d = timestamp '2026-01-31 08:00'", Binary("=", col("d"), Literal(datetime(2026, 1, 31, 8)))),
        ("n = -5", Binary("=", col("n"), Literal(-5))),
        ("n > 1.5e3", Binary(">", col("n"), Literal(1500.0))),
        ("a and b or not c", Binary("or", Binary("and", col("a"), col("b")), Unary("not", col("c")))),
    ],
)
def test_a_formula_of_the_language_becomes_this_tree(text: str, expr: Expr) -> None:
    assert read(text).expr == expr


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("count(*)", Aggregate("count")),
        ("count(distinct a.b)", Aggregate("count_distinct", col("a.b"), True)),
        ("count_distinct(x)", Aggregate("count_distinct", col("x"), True)),
        ("sum(a) / count(*)", Binary("/", Aggregate("sum", col("a")), Aggregate("count"))),
        ("percentile(x, 0.9)", Aggregate("percentile", col("x"), at=Decimal("0.9"))),
        ("MEDIAN(x)", Aggregate("median", col("x"))),
        ("first(x) - last(x)", Binary("-", Aggregate("first", col("x")), Aggregate("last", col("x")))),
        ("any(a > 1)", Aggregate("any", Binary(">", col("a"), Literal(1)))),
    ],
)
def test_an_aggregate_is_read_where_the_caller_allows_it(text: str, expr: Expr) -> None:
    assert read(text, aggregates=True).expr == expr


@pytest.mark.parametrize(
    "word", "kind level type end order value date at then else when select from group timestamp period count left".split()
)
def test_a_column_may_bear_a_word_of_sql(word: str) -> None:
    assert read(f"{word} > 1 and 1 < {word} and abs({word}) = base.{word}").expr is not None
    assert read(f"case when ({word}) > 1 then ({word}) end").expr is not None


def test_offsets_give_the_first_place_of_each_name() -> None:
    parsed = read("coalesce(facility.type, kind) = 'x' and indicator('a.b', kind) > 3")
    assert parsed.offsets["facility.type"] == 9
    assert parsed.offsets["kind"] == 24
    assert parsed.offsets["coalesce"] == 0
    assert parsed.offsets["a.b"] == 50
    assert parsed.offsets["'x'"] == 32


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("amount + absx(amount)", "unknown-function", 9),
        ("amount + (select 1)", "subquery-not-allowed", 10),
        ("amount over (x)", "window-not-allowed", 7),
        ("a; b", "more-than-one-statement", 1),
        ("a + 'never closed", "unclosed-text", 4),
        ("(a + b", "expression-syntax", 0),
        ("a + b)", "expression-syntax", 5),
        ("a b", "expression-syntax", 2),
        ("a + * b", "star-not-allowed", 4),
        ("a between 1 or 2", "expression-syntax", 12),
        ("a = 1 and ＡＢ", "full-width-character", 10),
        ("a = '\u202e'", "hidden-character", 5),
        ("a > :x", "placeholder-not-allowed", 4),
        ("round(a, b)", "argument-must-be-written", 0),
        ("a = date '2026-02-30'", "unreadable-date", 9),
        ("case when a then 1", "expression-syntax", 0),
        ("sum(x)", "aggregate-not-allowed", 0),
    ],
)
def test_a_finding_stands_at_the_character_that_is_wrong(text: str, code: str, offset: int) -> None:
    finding = refused(text)
    assert (finding.code, finding.place) == (code, Place(HERE.file, HERE.line, HERE.column + offset))


def test_all_unknown_functions_are_found_at_once() -> None:
    _, findings = parse("absx(a) + floorr(b)", HERE)
    assert [(finding.code, finding.advice_en) for finding in findings] == [
        ("unknown-function", "did you mean 'abs'?"),
        ("unknown-function", "did you mean 'floor'?"),
    ]


def test_a_finding_reads_as_a_sentence_in_both_languages() -> None:
    finding = refused("amount + absx(amount)")
    assert finding.text("zh") == "sanitation/x.indicator.yaml:7:29: unknown-function: 没有名为「absx」的函数\n    是否想写「abs」？"
    assert finding.text("en") == "sanitation/x.indicator.yaml:7:29: unknown-function: no function is named 'absx'\n    did you mean 'abs'?"


def test_a_name_without_a_near_one_shows_all_functions() -> None:
    assert "coalesce, nullif, least" in refused("pg_sleep(1)").advice_en


@pytest.mark.parametrize("text", ["sum(sum(x))", "avg(abs(count(*)))"])
def test_aggregates_are_not_nested(text: str) -> None:
    assert refused(text, aggregates=True).code == "nested-aggregate"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("count(* exclude a)", "star-not-allowed"),
        ("sum(*)", "star-not-allowed"),
        ("sum(distinct x)", "distinct-not-allowed"),
        ("count(distinct a, b)", "argument-count"),
        ("count(distinct *)", "star-not-allowed"),
        ("percentile(x, 90)", "argument-must-be-written"),
        ("percentile(x)", "argument-count"),
        ("sum(x) over ()", "window-not-allowed"),
        ("sum(x) filter (where y)", "window-not-allowed"),
    ],
)
def test_an_aggregate_has_no_other_form(text: str, code: str) -> None:
    assert refused(text, aggregates=True).code == code


def test_columns_are_listed_once_in_the_order_of_the_text() -> None:
    assert columns(read("b + a * b in (c.d, 1)").expr) == (col("b"), col("a"), col("c.d"))


def test_a_walk_meets_a_whole_before_its_parts() -> None:
    expr = read("a + 1").expr
    assert list(walk(expr)) == [expr, col("a"), Literal(1)]


def test_equal_formulas_are_equal_and_hash_alike() -> None:
    one, other = read("a  +b*2").expr, read("a + (b * 2)").expr
    assert one == other
    assert hash(one) == hash(other)


_SOUP = st.lists(
    st.sampled_from(
        "a b.c 1 2.5 'x' ( ) , + - * / = <> <= and or not in between like is null case when then else end "
        "abs( count( sum( distinct coalesce( date '2026-01-01' -- /* */ ; :: period : over ( select true indicator( 'a' ：（".split(" ")
    ),
    max_size=25,
).map(" ".join)


@pytest.mark.fuzz
@given(st.one_of(_SOUP, st.text(max_size=60), st.text(st.characters(codec=None), max_size=20)))
def test_any_text_is_read_or_refused_at_a_place_inside_it(text: str) -> None:
    parsed, findings = parse(text, HERE, aggregates=True)
    assert (parsed is None) == bool(findings)
    for finding in findings:
        assert finding.code in REFUSALS
        assert HERE.column <= finding.place.column <= HERE.column + len(text)
