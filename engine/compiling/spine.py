"""Spines: one row for each period asked, with the instants that a stock or a window needs."""

from datetime import datetime

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import period_end
from engine.compiling.names import column_ref, identifier, named
from engine.compiling.periods import bucket_start, named_grain
from engine.compiling.writer import TIME, Relation, Writer
from engine.modifier import Shape
from engine.parts import nests

Ends = exp.Expression | datetime | None


def write_spine(writer: Writer, shape: Shape, low: exp.Expression | None, high: exp.Expression | None, source: exp.Select | None) -> str:
    """CTE of (period, ends, begins): every period of the grain that touches the shape's span, cut at its end and at as_of.

    `low` and `high` are aggregates over `source` (the first and last time of the data) and stand in where the question leaves an end open.
    """
    grain = named_grain(shape.grain) or "day"
    week_starts = writer.catalog.project.week_starts
    end = min(shape.end, shape.until) if shape.end is not None else None
    stop = _stop(shape, grain, week_starts)
    key = ("spine", shape.grain, shape.start, end, stop, shape.window, None if shape.start and end else (low, high))
    if key in writer.relations:
        return writer.relations[key].name
    bounds: str | None = None
    first: exp.Expression | datetime = shape.start or datetime(1, 1, 1)
    last: exp.Expression | datetime = end or datetime(1, 1, 1)
    if shape.start is None or end is None:
        assert source is not None and low is not None and high is not None
        source.set("expressions", [named(low, "low"), named(high, "high")])
        bounds = writer.cte("span", source)
        first = shape.start or column_ref(bounds, "low")
        beyond = nodes.add_interval(nodes.typed(column_ref(bounds, "high"), "timestamp"), seconds=1)
        last = end or exp.Least(this=beyond, expressions=[nodes.literal_timestamp(shape.until)])  # a period after as_of has not begun
    series = nodes.series_of_dates(first, last, grain, week_starts, bounds)
    inner = series.subquery("periods_asked", copy=False)
    t = column_ref("periods_asked", "t")
    ends: exp.Expression = period_end(t.copy(), grain)
    if end is None or "." in grain or bucket_start(end, grain, week_starts) != end:  # else every period is over by then
        ends = exp.Least(this=ends, expressions=[nodes.literal_timestamp(stop)])
    columns = [named(t, TIME), named(ends, "ends")]
    if shape.window is not None:
        columns.append(named(begins(shape, t.copy(), ends.copy(), week_starts), "begins"))
    select = exp.Select(expressions=columns).from_(inner, copy=False)
    name = writer.cte(f"{grain.lower()}s_asked" if "." not in grain else "periods", select)
    writer.relations[key] = Relation(name, shape, {}, {})
    return name


def _stop(shape: Shape, grain: str, week_starts: int) -> datetime:
    """Where the last period ends: at as_of, or where the span asked cuts it; what comes after is not inside."""
    if shape.end is None or shape.end >= shape.until or "." in grain or bucket_start(shape.end, grain, week_starts) == shape.end:
        return shape.until
    return shape.end


def begins(shape: Shape, t: exp.Expression, ends: exp.Expression, week_starts: int) -> exp.Expression:
    """First instant of the window of a period that starts at `t` and ends at `ends`."""
    assert shape.window is not None
    if shape.window.over is not None:
        over = shape.window.over
        days, seconds = divmod(over.seconds, 86400)
        return nodes.add_interval(exp.Paren(this=ends), -over.months, -days, -seconds)
    since = named_grain(shape.window.since)
    if since in (None, "start"):
        return nodes.literal_timestamp(datetime(1, 1, 1))
    grain = named_grain(shape.grain) or "day"
    if nests(grain, since or "year"):
        return nodes.typed(nodes.bucket(t, since or "year", nodes.is_date_grain(grain), week_starts), "timestamp")
    # The value of a straddling week, or of a longer period, is that of its last instant.
    last = exp.Sub(this=exp.Paren(this=ends), expression=nodes.interval(microseconds=1))
    return nodes.typed(nodes.bucket(last, since or "year", week_starts=week_starts), "timestamp")


def spine_join(name: str, alias: str, on: exp.Expression) -> exp.Join:
    """INNER JOIN of the spine under an alias."""
    return exp.Join(this=exp.Table(this=identifier(name), alias=exp.TableAlias(this=identifier(alias))), on=on, kind="INNER")
