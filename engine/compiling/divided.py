"""Where a value is missing because something was divided by zero: said in the answer, so that nobody has to guess."""

from engine.expression.tree import Binary, Call, Expr, IsNull, Literal, walk
from engine.modifier import Formula, Tree


def met_zeros(formula: Formula) -> list[Tree]:
    """Trees that are true in rows where a division of the formula itself met a zero."""
    divisions = [part for part in walk(formula.expr) if isinstance(part, Binary) and part.op == "/"]
    return [Formula(_met_zero(one), formula.arguments) for one in divisions if not isinstance(_divisor(one), Literal)]


def _divisor(division: Binary) -> Expr:
    """What stands below the line; a divisor that is already guarded, nullif(x, 0), is x."""
    right = division.right
    if isinstance(right, Call) and right.name == "nullif":
        return right.args[0]
    return right


def _met_zero(division: Binary) -> Expr:
    return Binary("and", Binary("=", _divisor(division), Literal(0)), IsNull(division.left, negated=True))
