"""Where a value is missing because something was divided by zero: said in the answer, so that nobody has to guess."""

from engine.expression.tree import Binary, Call, Column, Expr, IsNull, Literal, walk
from engine.modifier import Formula, Tree


def divided_by_zero(tree: Tree) -> Tree | None:
    """A tree that is true in rows where a division of the tree met a zero; None when nothing can be zero there."""
    if not isinstance(tree, Formula):
        return None
    arguments = dict(tree.arguments)
    found: list[Expr] = [_met_zero(part) for part in walk(tree.expr) if isinstance(part, Binary) and part.op == "/" and _may_be_zero(part)]
    for name, inner in tree.arguments:
        below = divided_by_zero(inner)
        if below is not None:
            arguments[f"{name} divided"] = below
            found.append(Column((f"{name} divided",)))
    if not found:
        return None
    whole = found[0]
    for one in found[1:]:
        whole = Binary("or", whole, one)
    return Formula(whole, tuple(arguments.items()))


def _may_be_zero(division: Binary) -> bool:
    return not isinstance(_divisor(division), Literal)


def _divisor(division: Binary) -> Expr:
    """What stands below the line; a divisor that is already guarded, nullif(x, 0), is x."""
    right = division.right
    if isinstance(right, Call) and right.name == "nullif":
        return right.args[0]
    return right


def _met_zero(division: Binary) -> Expr:
    return Binary("and", Binary("=", _divisor(division), Literal(0)), IsNull(division.left, negated=True))
