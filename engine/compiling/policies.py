"""What a cell holds when nothing counts, and what dividing by zero gives: said in the definition, written into the formula."""

from engine.compiling.leaves import Cell, Flow, Level, Reading, Sum
from engine.expression.tree import Binary, Call, Case, Column, Expr, IsNull, Literal, rebuild, replace_columns
from engine.modifier import Formula, Tree


def filled(tree: Tree, absent: str | None, is_count: bool) -> Tree:
    """zero: an empty cell of a row that exists holds 0; counts do by themselves, unless null is declared."""
    value = Column(("value",))
    if absent == "zero" or (absent is None and is_count):
        return Formula(Call("coalesce", (value, Literal(0))), (("value", tree),))
    if absent == "null" and is_count:  # another leaf of the same scan may have given the row: a count of nothing is then 0
        return Formula(Call("nullif", (value, Literal(0))), (("value", tree),))
    return tree


def in_unit_of_share(unit: str) -> int:
    """A share in the declared unit: 100 for %."""
    return {"%": 100, "‰": 1000}.get(unit, 1)


def cell_of(leaf: Flow | Level | Reading, total: Sum) -> Cell:
    """The cell of a leaf."""
    return Cell(leaf, total.agg in ("count", "count_distinct"))


def zero_for_zero(expr: Expr) -> Expr:
    """x / 0 is 0; a missing x stays missing."""
    inner = rebuild(expr, zero_for_zero)
    if not isinstance(inner, Binary) or inner.op != "/":
        return inner
    is_zero = Binary("and", Binary("=", inner.right, Literal(0)), IsNull(inner.left, negated=True))
    return Case(((is_zero, Literal(0)),), inner)


def joined_names(expr: Expr) -> Expr:
    """Dotted indicator ids become single names, as the arguments are called."""
    return replace_columns(expr, lambda column: Column((column.name,)))
