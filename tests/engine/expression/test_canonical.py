"""What the author is shown is the whole truth: read again, it is the same formula."""

import pytest
from hypothesis import given

from engine.expression.canonical import canonical
from engine.expression.grammar import parse
from engine.expression.tree import Binary, Column, Expr, replace_columns, walk
from engine.findings import Place
from tests.engine.expression.trees import aggregates, trees

HERE = Place("x.yaml", 3, 7)


def too_long(expr: Expr) -> bool:
    return len(canonical(expr)) > 1_800 or sum(1 for _ in walk(expr)) > 200


@given(trees)
def test_the_canonical_text_of_any_formula_is_read_back_as_the_same_formula(expr: Expr) -> None:
    if too_long(expr):
        return
    parsed, findings = parse(canonical(expr), HERE)
    assert findings == []
    assert parsed is not None
    assert parsed.expr == expr
    assert canonical(parsed.expr) == canonical(expr)


@given(aggregates)
def test_the_canonical_text_of_any_aggregate_is_read_back_as_the_same_aggregate(expr: Expr) -> None:
    if too_long(expr):
        return
    parsed, findings = parse(canonical(expr), HERE, aggregates=True)
    assert findings == []
    assert parsed is not None
    assert parsed.expr == expr


@given(trees)
def test_replacing_each_column_by_itself_changes_nothing(expr: Expr) -> None:
    assert replace_columns(expr, lambda column: column) == expr


def test_replacing_a_column_puts_brackets_where_they_matter() -> None:
    product = Binary("*", Column(("a",)), Column(("b",)))
    replaced = replace_columns(product, lambda column: Binary("+", column, column))
    assert canonical(replaced) == "(a + a) * (b + b)"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a/b", "a / b"),
        ("((a))", "a"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("A AND NOT B or c", "A and not B or c"),
        ("a != 1", "a <> 1"),
        ("- -a", "-(-a)"),
        ("a -- the rest is a comment", "a"),
        ("a /* why */ + 1", "a + 1"),
        ("not (x is null)", "not (x is null)"),
        ("not x is null", "x is not null"),
        ("x not in ('a')", "not x in ('a')"),
        ("case k when 'a' then 1 end", "case when k = 'a' then 1 end"),
        ("COUNT(DISTINCT x)", "count_distinct(x)"),
        ("indicator('a.b', c, 'all')", "indicator('a.b', c, period: all)"),
        ("d > date '2026-01-31'", "d > date '2026-01-31'"),
        ("d > timestamp '2026-01-31T08:30'", "d > timestamp '2026-01-31 08:30:00'"),
        ("name = 'it''s'", "name = 'it''s'"),
    ],
)
def test_one_formula_has_one_spelling(written: str, shown: str) -> None:
    parsed, findings = parse(written, HERE, aggregates=True)
    assert findings == []
    assert parsed is not None
    assert canonical(parsed.expr) == shown
