"""What PostgreSQL says otherwise than sqlglot writes it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlglot import exp

from engine.warehouse import with_safe_names


def written(tree: exp.Expression, pretty: bool = False, numbers: dict[str, int] | None = None) -> str:
    """SQL text of a tree. A placeholder is %(name)s, or $n where it has a number."""
    tree = with_safe_names(tree)
    for node in reversed(list(tree.walk())):
        rewrite = _REWRITES.get(type(node))
        if rewrite:
            rewrite(node)
        elif numbers and isinstance(node, exp.Placeholder):
            node.replace(exp.Parameter(this=exp.Literal.number(numbers[node.name])))
    return tree.sql(dialect="postgres", comments=False, pretty=pretty, copy=False)


# What sqlglot leaves as it is, though PostgreSQL takes it for something else. Each rewrite changes the tree around one node.


def _wrap(node: exp.Expression, kind: exp.DType) -> None:
    while isinstance(node.parent, exp.Filter | exp.Window) and node.parent.this is node:
        node = node.parent
    cast = exp.Cast(to=exp.DataType(this=kind))
    node.replace(cast)
    cast.set("this", node)


def _extract(node: exp.Expression) -> None:
    _wrap(node, exp.DType.DOUBLE if node.name.upper() == "EPOCH" else exp.DType.BIGINT)


def _at_extreme(node: exp.Expression) -> None:
    """The greatest-by and least-by of DuckDB: first of an ordered array, without the rows that have a NULL in either."""
    value, by, descending = node.this, node.expression, isinstance(node, exp.ArgMax)
    condition = exp.and_(*(exp.Not(this=exp.Is(this=part.copy(), expression=exp.Null())) for part in (value, by)))
    outer = node.parent if isinstance(node.parent, exp.Filter) else node
    if outer is not node:
        condition = exp.and_(condition, outer.expression.this)
    order = exp.Order(this=value, expressions=[exp.Ordered(this=by, desc=descending, nulls_first=False)])
    array = exp.Filter(this=exp.ArrayAgg(this=order), expression=exp.Where(this=condition))
    outer.replace(exp.Bracket(this=exp.Paren(this=array), expressions=[exp.Literal.number(1)], offset=1))


def _approximate(node: exp.Expression) -> None:
    order = exp.Order(expressions=[exp.Ordered(this=node.this, nulls_first=False)])
    node.replace(exp.WithinGroup(this=exp.PercentileCont(this=node.args["quantile"]), expression=order))


def _like(node: exp.Expression) -> None:
    if not isinstance(node.parent, exp.Escape) and not (isinstance(node.expression, exp.Literal) and "\\" not in node.expression.this):
        escape = exp.Escape(expression=exp.Literal.string(""))  # or a backslash would be one, which it is not in DuckDB
        node.replace(escape)
        escape.set("this", node)


def _same_key(node: exp.Expression) -> None:
    """IS NOT DISTINCT FROM can't be hashed, and no FULL JOIN takes it; arrays of one are equal when both hold NULL, and can."""
    sides = (node.this, node.expression)
    if isinstance(node.find_ancestor(exp.Join, exp.Select), exp.Join) and all(isinstance(side, exp.Column) for side in sides):
        left, right = (exp.Array(expressions=[side]) for side in sides)
        node.replace(exp.EQ(this=left, expression=right))


_REWRITES: dict[type[exp.Expr], Callable[[Any], None]] = {
    # Of exact numbers PostgreSQL would make exact numbers of arbitrary length.
    **dict.fromkeys((exp.Avg, exp.Stddev, exp.StddevPop, exp.Variance, exp.VariancePop), partial(_wrap, kind=exp.DType.DOUBLE)),
    exp.Extract: _extract,
    exp.ArgMax: _at_extreme,
    exp.ArgMin: _at_extreme,
    exp.ApproxQuantile: _approximate,
    exp.Like: _like,
    exp.ILike: _like,
    exp.NullSafeEQ: _same_key,
}
