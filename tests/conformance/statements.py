"""Statements that several suites of warehouses ask."""

from datetime import datetime

from sqlglot import exp

from engine.compiling import nodes


def select(*expressions: exp.Expression) -> exp.Select:
    """SELECT of the expressions as c0, c1 …"""
    return exp.Select(expressions=[exp.alias_(expression, f"c{position}") for position, expression in enumerate(expressions)])


def endless() -> exp.Select:
    """Counts the pairs of two long series: minutes of work on any machine."""
    first, second = (nodes.series_of_dates(datetime(2000, 1, 1), datetime(2000, 2, 1), "second").subquery(alias) for alias in ("a", "b"))
    apart = exp.NEQ(this=nodes.date_part(exp.column("t", "a"), "day"), expression=nodes.date_part(exp.column("t", "b"), "hour"))
    return exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(first).join(second, join_type="cross").where(apart)
