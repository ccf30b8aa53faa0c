"""Formulas outside the warehouse give what the warehouse gives: the same nothing, the same rounding, exact numbers."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from engine.expression.build import build
from engine.expression.grammar import parse
from engine.expression.tree import Column, Expr
from engine.findings import Place
from engine.running.arithmetic import Known, NotArithmetic, exact, worked_out
from engine.warehouse import Statement
from engine.warehouses.duckdb import DuckDbWarehouse


def tree(text: str) -> Expr:
    """The tree of a formula."""
    found, findings = parse(text, Place("formula"))
    assert found is not None, findings
    return found.expr


def result(text: str, **values: Known) -> Known:
    """The value of a formula over named values."""
    return worked_out(tree(text), lambda name: values[name])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", Fraction(7)),
        ("1 / 3", Fraction(1, 3)),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1 / 0", None),
        ("null + 1", None),
        ("coalesce(null, 4)", Fraction(4)),
        ("nullif(2, 2)", None),
        ("least(null, 3, 2)", Fraction(2)),
        ("greatest(null, 3, 2)", Fraction(3)),
        ("greatest(null, null)", None),
        ("abs(-2.5)", Fraction(5, 2)),
        ("round(2.5)", Fraction(3)),
        ("round(-2.5)", Fraction(-3)),
        ("round(2.345, 2)", Fraction(235, 100)),
        ("floor(-1.5)", Fraction(-2)),
        ("ceil(-1.5)", Fraction(-1)),
        ("case when 1 > 2 then 10 when null then 11 else 12 end", Fraction(12)),
        ("case when 1 > 2 then 10 end", None),
        ("2 between 1 and 2", True),
        ("2 in (1, null)", None),
        ("2 in (2, null)", True),
        ("null is null and not (1 = 2)", True),
        ("null and 1 = 2", False),
        ("null or 1 = 1", True),
        ("'a' = 'b'", False),
    ],
)
def test_a_formula_is_worked_out_exactly(text: str, wanted: Known) -> None:
    assert result(text) == wanted


def test_a_number_that_is_none_is_no_value() -> None:
    assert [exact(value) for value in (float("nan"), float("inf"), Decimal("NaN"))] == [None, None, None]


def test_what_only_the_warehouse_can_work_out_is_said() -> None:
    with pytest.raises(NotArithmetic):
        result("length(a)", a="abc")


TEXTS = (
    "a + b * c", "a / b", "(a - b) / nullif(c, 0)", "coalesce(a, b, 0) - c", "least(a, b) + greatest(b, c)", "round(a / b, 2)", "floor(a) - ceil(b)",
    "case when a > b then a / c when a = b then b else coalesce(c, 1) end", "case when a is null or not b > c then 1 else a end", "abs(a - b) * 100",
)  # fmt: skip
numbers = st.none() | st.integers(-40, 40).map(lambda n: Decimal(n) / 4)


@given(st.sampled_from(TEXTS), numbers, numbers, numbers)
def test_the_warehouse_says_the_same(text: str, a: Decimal | None, b: Decimal | None, c: Decimal | None) -> None:
    values = {"a": exact(a), "b": exact(b), "c": exact(c)}

    def node(column: Column) -> exp.Expression:
        value = {"a": a, "b": b, "c": c}[column.name]
        literal = exp.Null() if value is None else exp.Literal.number(str(abs(value)))
        number = exp.Neg(this=literal) if value is not None and value < 0 else literal
        return exp.Paren(this=exp.Cast(this=number, to=exp.DataType(this=exp.DataType.Type.DOUBLE)))

    warehouse = DuckDbWarehouse(memory_limit="100MB")
    try:
        select = exp.Select(expressions=[exp.Alias(this=build(tree(text), node), alias=exp.Identifier(this="v"))])
        (theirs,) = warehouse.query(Statement(select, {})).column("v").to_pylist()
    finally:
        warehouse.close()
    mine = worked_out(tree(text), lambda name: values[name])
    assert (mine is None) == (theirs is None)
    assert mine is None or float(mine) == pytest.approx(theirs)  # type: ignore[arg-type]
