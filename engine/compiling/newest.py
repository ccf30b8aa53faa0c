"""Rows marked 1 in `newest` are those of the newest, or first, reading: one way of ranking for readings and for issues of forecasts."""

from collections.abc import Iterable, Sequence

from sqlglot import exp

from engine.compiling.names import conjunction, named
from engine.compiling.writer import TIME


def rank_newest(
    select: exp.Select,
    among: Sequence[exp.Expression],
    time: exp.Expression,
    period: exp.Expression | None,
    conditions: Iterable[exp.Expression | None],
    *,
    is_first: bool = False,
) -> None:
    """Give a select of rows the column `newest` (1: none of those that agree in `among` is later), the period, and its conditions."""
    order = exp.Order(expressions=[exp.Ordered(this=time, desc=not is_first)])
    select.append("expressions", named(exp.Window(this=exp.Rank(), partition_by=list(among), order=order), "newest"))
    if period is not None:
        select.append("expressions", named(period, TIME))
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
