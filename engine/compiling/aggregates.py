"""Aggregates as trees: one table from the language's names to nodes that mean the same on every warehouse."""

from collections.abc import Callable

from sqlglot import exp

from engine.compiling import nodes
from engine.expression.tree import Binary, Expr

MERGEABLE = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}  # how partial results of finer periods add up
COUNTS = ("count", "count_distinct")
PLAIN: dict[str, Callable[[exp.Expression], exp.Expression]] = {
    "sum": lambda value: exp.Sum(this=value),
    "count_distinct": lambda value: nodes.count_distinct(value),
    "min": lambda value: exp.Min(this=value),
    "max": lambda value: exp.Max(this=value),
    "avg": lambda value: exp.Avg(this=nodes.typed(value, "float")),
    "median": lambda value: nodes.percentile(value, 0.5),
    "stddev": lambda value: exp.StddevSamp(this=nodes.typed(value, "float")),
    "any": nodes.bool_or,
    "all": nodes.bool_and,
}


def aggregate(
    agg: str,
    value: exp.Expression | None,
    *,
    at: float | None = None,
    method: nodes.Method = "continuous",
    order: exp.Expression | None = None,
) -> exp.Expression:
    """The aggregate of a value over a group; `order` is the row's time for first and last."""
    if agg == "count":
        return exp.Count(this=value if value is not None else exp.Star())
    if agg == "oldest":  # of the rows that count, when the first was: not sayable, but asked beside values that are carried
        return exp.Min(this=order)
    assert value is not None, agg
    if agg == "percentile":
        return nodes.percentile(value, at if at is not None else 0.5, method)
    if agg in ("first", "last"):
        chosen = nodes.at_greatest if agg == "last" else nodes.at_least
        return chosen(value, order if order is not None else value.copy())
    return PLAIN[agg](value)


def weighted(value: exp.Expression, weight: exp.Expression) -> tuple[exp.Expression, exp.Expression]:
    """Numerator and denominator of a weighted average; rows in which either is null do not count."""
    both = exp.Is(this=value.copy(), expression=exp.Null())
    kept = exp.Case(ifs=[exp.If(this=exp.Not(this=both), true=weight.copy())])
    return exp.Sum(this=exp.Mul(this=exp.Paren(this=value), expression=exp.Paren(this=weight))), exp.Sum(this=kept)


def conjuncts(expr: Expr | None) -> tuple[Expr, ...]:
    """The conditions that an `and` joins."""
    if expr is None:
        return ()
    if isinstance(expr, Binary) and expr.op == "and":
        return (*conjuncts(expr.left), *conjuncts(expr.right))
    return (expr,)
