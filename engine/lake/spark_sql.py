"""What a tree is called in Spark: the rewrites that sqlglot leaves out, each around one node, so that a number is the same on every warehouse."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp

from engine import warehouse

_NEVER_WRITTEN = "\u0001"  # the escape character of LIKE: there must be one, and no pattern holds this
_MICROSECONDS = {"DAY": 86_400_000_000, "SECOND": 1_000_000, "MICROSECOND": 1}


def written(tree: exp.Expression, pretty: bool = False) -> str:
    """SQL text of a tree for Spark 4 in ANSI mode and a session in UTC; `:name` stands where the tree has a placeholder."""
    tree = warehouse.with_safe_names(tree)
    for node in reversed(list(tree.walk())):
        rewrite = _REWRITES.get(type(node))
        if rewrite:
            rewrite(node)
    return tree.sql(dialect="spark", comments=False, pretty=pretty, copy=False)


def _call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _cast(node: exp.Expression, kind: exp.DType) -> exp.Cast:
    return exp.Cast(this=node, to=exp.DataType(this=kind))


def _wrap(node: exp.Expression, around: Callable[[], exp.Expression]) -> None:
    """The node inside what `around` makes; it takes its first argument there."""
    outer = around()
    node.replace(outer)
    outer.set("this", node)


def _plain_timestamp(node: exp.DataType) -> None:
    """TIMESTAMP of Spark is an instant; ours is wall clock."""
    if node.this == exp.DType.TIMESTAMP:
        node.set("this", exp.DType.TIMESTAMPNTZ)


def _truncated(node: exp.TimestampTrunc) -> None:
    """Spark truncates to an instant, whatever it was given."""
    _wrap(node, lambda: exp.Cast(to=exp.DataType(this=exp.DType.TIMESTAMPNTZ)))


def _micros(time: exp.Expression) -> exp.Expression:
    return _call("UNIX_MICROS", _cast(time, exp.DType.TIMESTAMPLTZ))


def _micros_apart(time: exp.Expression) -> exp.Expression:
    """Microseconds of a moment, or between two."""
    bare = time.unnest()
    return exp.Sub(this=_micros(bare.this), expression=_micros(bare.expression)) if isinstance(bare, exp.Sub) else _micros(time)


def _extract(node: exp.Extract) -> None:
    field, time = node.name.upper(), node.expression
    if field == "EPOCH":
        moved = _cast(exp.Paren(this=_micros_apart(time)), exp.DType.DOUBLE)
        node.replace(exp.Paren(this=exp.Div(this=moved, expression=exp.Literal.number("1e6"))))
    elif field == "ISODOW":  # Sunday is 1 in DAYOFWEEK; WEEKDAY is wrong in Sail
        since_monday = _call("PMOD", exp.Add(this=_call("DAYOFWEEK", time), expression=exp.Literal.number(5)), exp.Literal.number(7))
        node.replace(_cast(exp.Add(this=since_monday, expression=exp.Literal.number(1)), exp.DType.BIGINT))
    else:
        _wrap(node, lambda: exp.Cast(to=exp.DataType(this=exp.DType.BIGINT)))


def _days_apart(node: exp.Sub) -> None:
    """A date less a date is an interval in Spark."""
    if all(isinstance(side, exp.Cast) and side.is_type(exp.DType.DATE) for side in (node.this, node.expression)):
        node.replace(_cast(_call("DATEDIFF", node.this, node.expression), exp.DType.BIGINT))


def _moved(node: exp.Add) -> None:
    """A date moved by seconds is a moment."""
    by = list(node.expression.find_all(exp.Interval)) if isinstance(node.expression, exp.Interval | exp.Add) else []
    if by and not isinstance(node.this, exp.Interval) and any(span.unit and span.unit.name.endswith("SECOND") for span in by):
        _wrap(node.this, lambda: exp.Cast(to=exp.DataType(this=exp.DType.TIMESTAMPNTZ)))


def _binned(node: exp.DateBin) -> None:
    (_, step), origin = _span(node.this), datetime.fromisoformat(node.args["origin"].this.this).replace(tzinfo=UTC)
    since = exp.Paren(this=exp.Sub(this=_micros(node.expression), expression=exp.Literal.number(int(origin.timestamp()) * 1_000_000)))
    over = _call("PMOD", since, exp.Cast(this=exp.Literal.number(step), to=exp.DataType(this=exp.DType.BIGINT)))
    first = _call("TIMESTAMP_MICROS", exp.Sub(this=_micros(node.expression.copy()), expression=over))
    node.replace(_cast(first, exp.DType.TIMESTAMPNTZ))


def _span(span: exp.Expression) -> tuple[int, int]:
    """Months and microseconds of an interval, or of a sum of intervals."""
    if isinstance(span, exp.Add):
        (months, moved), (more_months, more) = _span(span.this), _span(span.expression)
        return months + more_months, moved + more
    assert isinstance(span, exp.Interval)
    size, unit = span.this, span.unit
    assert size is not None and unit is not None
    return (int(size.name), 0) if unit.name == "MONTH" else (0, int(size.name) * _MICROSECONDS[unit.name])


def _frame(node: exp.WindowSpec) -> None:
    """The bound of a frame is one literal, which a cast of text is; and Sail gets only frames of moments right."""
    start, window = node.args.get("start"), node.parent
    if isinstance(start, exp.Add | exp.Interval) and isinstance(window, exp.Window):
        for ordered in window.args["order"].expressions:
            _wrap(ordered.this, lambda: exp.Cast(to=exp.DataType(this=exp.DType.TIMESTAMPNTZ)))
        months, moved = _span(start)
        text = exp.Literal.string(f"{months} month {moved / 1_000_000:.6f} second")
        node.set("start", _cast(text, exp.DType.INTERVAL))


def _same_family(node: exp.Case) -> None:
    """Branches that are intervals are all of months or all of days; nothing at all is written in days, and may become months."""
    branches = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
    spans = [branch for branch in branches if isinstance(branch, exp.Interval)]
    unit = next((span.unit for span in spans if span.this.name != "0"), None)
    for span in spans:
        if unit is not None and span.this.name == "0":
            span.set("unit", unit.copy())


def _shifted_zone(node: exp.AtTimeZone) -> None:
    """From one zone to another is one call; the inner one is gone when the outer one has been seen."""
    inner = node.this.this if isinstance(node.this, exp.Paren) else node.this
    if isinstance(inner, exp.AtTimeZone):
        node.replace(_call("CONVERT_TIMEZONE", inner.args["zone"], node.args["zone"], inner.this))


def _series(node: exp.GenerateSeries) -> None:
    """Rows of a sequence; its ends are columns of a row beside it, because Sail unfolds a constant list slowly.

    A sequence whose end lies before its start is an error in Spark: there it is NULL, and such a row does not count.
    """
    table = node.parent
    assert isinstance(table, exp.Table)
    alias, select = table.args["alias"], table.find_ancestor(exp.Select)
    assert select is not None
    moment = exp.column(alias.columns[0].name, table=alias.name)
    select.where(exp.Not(this=exp.Is(this=moment, expression=exp.Null())), copy=False)
    low, high = node.args["start"], node.args["end"]
    is_first = isinstance(table.parent, exp.From)
    if is_first:
        ends = [exp.alias_(low, "low"), exp.alias_(high, "high")]
        table.replace(exp.Select(expressions=ends).subquery("ends"))
        low, high = exp.column("low", table="ends"), exp.column("high", table="ends")
    sequence = _call("SEQUENCE", low, high, node.args["step"])
    is_forward = exp.LTE(this=low.copy(), expression=high.copy())
    lateral = exp.Lateral(this=_call("EXPLODE", exp.Case(ifs=[exp.If(this=is_forward, true=sequence)])), alias=alias)
    if is_first:
        select.join(lateral, join_type="cross", copy=False)
    else:
        table.replace(lateral)


def _at_extreme(node: exp.ArgMax | exp.ArgMin) -> None:
    """A row whose value is NULL does not count."""
    known = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    node.set("expression", exp.Case(ifs=[exp.If(this=known, true=node.expression)]))


def _any_known(node: exp.AnyValue) -> None:
    node.replace(_call("ANY_VALUE", node.this, exp.true()))


def _average(node: exp.Avg) -> None:
    """The mean of decimals would be a decimal of few places."""
    values = node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
    for value in values:
        _wrap(value, lambda: exp.Cast(to=exp.DataType(this=exp.DType.DOUBLE)))


def _percentile(node: exp.WithinGroup) -> None:
    """Exact ones; and a percentile that occurred is a value of the column's own type, where Spark's would be a DOUBLE."""
    value, outer = node.expression.expressions[0].this, node.parent if isinstance(node.parent, exp.Filter) else node
    if isinstance(node.this, exp.PercentileCont):
        node.replace(_call("PERCENTILE", value, node.this.this))
        return

    def among(aggregate: exp.Expression) -> exp.Expression:
        return exp.Filter(this=aggregate, expression=outer.expression.copy()) if isinstance(outer, exp.Filter) else aggregate

    place = exp.Ceil(this=exp.Mul(this=node.this.this, expression=among(exp.Count(this=value.copy()))))
    nth = exp.Cast(this=_call("GREATEST", place, exp.Literal.number(1)), to=exp.DataType(this=exp.DType.INT))
    outer.replace(_call("TRY_ELEMENT_AT", _call("SORT_ARRAY", among(_call("COLLECT_LIST", value))), nth))


def _like(node: exp.Like | exp.ILike) -> None:
    if not isinstance(node.parent, exp.Escape) and not (isinstance(node.expression, exp.Literal) and "\\" not in node.expression.this):
        _wrap(node, lambda: exp.Escape(expression=exp.Literal.string(_NEVER_WRITTEN)))


def _member(node: exp.EQ) -> None:
    """x = ANY(list)."""
    if isinstance(node.expression, exp.Any):
        listed = node.expression.this
        node.replace(_call("ARRAY_CONTAINS", listed.this if isinstance(listed, exp.Paren) else listed, node.this))


def _found(node: exp.Exists) -> None:
    """No aggregate counts rows by a subquery: each row is told first whether something is found for it."""
    select = node.find_ancestor(exp.Select)
    if not isinstance(node.find_ancestor(exp.Filter, exp.Select), exp.Filter) or select is None:
        return
    source = select.args["from_"].this
    within = {table.alias_or_name for table in node.find_all(exp.Table)}
    if not {column.table for column in node.find_all(exp.Column)} <= {*within, source.alias_or_name}:
        return  # it asks about a table that is joined later
    name, alias = f"found_{len(list(select.find_all(exp.Exists)))}", source.alias_or_name
    node.replace(exp.column(name, table=alias))
    rows = exp.Select(expressions=[exp.Star()])
    source.replace(rows.subquery(alias, copy=False))
    rows.from_(source, copy=False).append("expressions", exp.alias_(node, name, copy=False))


def _same(node: exp.NullSafeEQ) -> None:
    """IS NOT DISTINCT FROM joins row by row in Sail; this is a key that is hashed, as is the same operator `<=>`."""
    node.replace(_call("EQUAL_NULL", node.this, node.expression))


def _over_null(node: exp.Greatest | exp.Least) -> None:
    node.set("ignore_nulls", True)  # as they do in PostgreSQL


_REWRITES: dict[type[exp.Expr], Callable[[Any], None]] = {
    exp.DataType: _plain_timestamp,
    exp.TimestampTrunc: _truncated,
    exp.Extract: _extract,
    exp.Sub: _days_apart,
    exp.Add: _moved,
    exp.DateBin: _binned,
    exp.WindowSpec: _frame,
    exp.Case: _same_family,
    exp.AtTimeZone: _shifted_zone,
    exp.GenerateSeries: _series,
    exp.ArgMax: _at_extreme,
    exp.ArgMin: _at_extreme,
    exp.AnyValue: _any_known,
    exp.Avg: _average,
    exp.WithinGroup: _percentile,
    exp.Like: _like,
    exp.ILike: _like,
    exp.EQ: _member,
    exp.Exists: _found,
    exp.NullSafeEQ: _same,
    exp.Greatest: _over_null,
    exp.Least: _over_null,
}
