"""Earlier versions of a definition: each period by the one valid then, and what lies across a seam added up where that means something."""

from collections.abc import Sequence

from engine.compiling.leaves import Seam
from engine.expression.tree import Binary, Call, Case, Column, Expr, IsNull, Literal
from engine.kinds.indicator import Indicator
from engine.modifier import Formula, Shape, Tree

ADDED = ("sum", "count", "min", "max")


def can_be_added(indicator: Indicator) -> bool:
    """Whether a period across a seam has a value: every version is the same sum, count, least or greatest of rows."""
    measures = [indicator.measure, *(version.measure for version in indicator.was)]
    aggs = {measure.agg if measure is not None else None for measure in measures}
    return len(aggs) == 1 and aggs <= set(ADDED) and indicator.stock is None and indicator.step is None


def added(agg: str, pieces: Sequence[Tree]) -> Tree:
    """The pieces of a period, each of the rows under its own version, as one value; none is a piece without rows."""
    names = [Column((f"v{i}",)) for i in range(len(pieces))]
    arguments = tuple((name.name, piece) for name, piece in zip(names, pieces, strict=True))
    if agg in ("min", "max"):
        return Formula(Call("least" if agg == "min" else "greatest", tuple(names)), arguments)
    whole: Expr = Call("coalesce", (names[0], Literal(0)))
    empty: Expr = IsNull(names[0])
    for name in names[1:]:
        whole = Binary("+", whole, Call("coalesce", (name, Literal(0))))
        empty = Binary("and", empty, IsNull(name))
    return Formula(Case(((empty, Literal(None)),), whole), arguments)


def seams(indicator: Indicator, older: Sequence[Tree], newest: Tree, shape: Shape) -> Tree:
    """One tree before each day, the next from it on. A level is of one instant: the version that was valid then."""
    at_end = indicator.stock is not None and indicator.step is None and indicator.over_time in (None, "last")
    trees = [*older, newest]
    whole = trees[0]
    for version, tree in zip(indicator.was, trees[1:], strict=True):
        whole = Seam(version.until, whole, tree, shape, at_end)
    return whole
