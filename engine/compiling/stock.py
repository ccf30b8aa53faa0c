"""Stocks: what holds at the last instant of each period, from events, validity or readings; never summed over time."""

from collections.abc import Sequence
from datetime import datetime

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import Clock
from engine.compiling.flow import axis_keys, count_leaves, cut, open_scan, time_of
from engine.compiling.issues import newest_issues
from engine.compiling.leaves import Level, Reading
from engine.compiling.moves import adds_up, write_moves
from engine.compiling.names import column_ref, conjunction, table_ref
from engine.compiling.newest import rank_newest
from engine.compiling.periods import as_day, moved, named_grain
from engine.compiling.reach import column_of
from engine.compiling.scan import Scan
from engine.compiling.spine import spine_join, write_spine
from engine.compiling.writer import TIME, Relation, Writer, grouped, relation_name
from engine.modifier import Shape
from engine.parts import span_of

INSTANT = "asked"


def write_levels(writer: Writer, levels: Sequence[Level]) -> Relation:
    """Rows with opens <= t < closes, t being the last instant of the period: opens < end and closes >= end."""
    first = levels[0]
    shape = first.shape
    scan = open_scan(writer, first.dataset)
    ends, spine = _ends(writer, scan, shape, _open_span(scan, first))
    scan.joins.time = ends.copy()
    scan.at = ends.copy()
    opens, closes = (_instant(scan, name) for name in (first.opens, first.closes))
    begun: exp.Expression = exp.LT(this=opens, expression=_cast(scan, first.opens, ends))
    if first.is_open_start:
        begun = exp.Or(this=exp.Is(this=opens.copy(), expression=exp.Null()), expression=begun)
    going = exp.Or(
        this=exp.Is(this=closes, expression=exp.Null()), expression=exp.GTE(this=closes.copy(), expression=_cast(scan, first.closes, ends))
    )
    holds = conjunction([begun, going])
    assert holds is not None
    return _grouped(writer, scan, levels, shape, holds, spine)


def write_readings(writer: Writer, readings: Sequence[Reading]) -> Relation:
    """The newest reading of each thing; without carry it must lie in the period, with carry not be older than that."""
    first = readings[0]
    shape = first.shape
    scan = open_scan(writer, first.dataset)
    time = time_of(scan.dataset, first.time, first.dataset, shape)
    clock = Clock(writer.catalog, scan, time)
    scan.joins.newest = (newest_readings if first.issued is None else newest_issues)(writer, scan, clock, first, shape)
    scan.at = column_ref(scan.alias, "ends") if shape.grain else None
    holds = exp.EQ(this=column_ref(scan.alias, "newest"), expression=exp.Literal.number(1))
    return _grouped(writer, scan, readings, shape, holds, None, period=column_ref(scan.alias, TIME) if shape.grain else None)


def _grouped(
    writer: Writer,
    scan: Scan,
    leaves: Sequence[Level | Reading],
    shape: Shape,
    holds: exp.Expression,
    spine: str | None,
    period: exp.Expression | None = None,
) -> Relation:
    scan.shape = shape
    if shape.grain:  # what an indicator says of a row it says of the row's own period, not of every period asked
        scan.clock_period = period.copy() if period is not None else column_ref(INSTANT, TIME)
    clock = Clock(writer.catalog, scan, None) if spine else None
    keys = axis_keys(writer, scan, shape, clock or Clock(writer.catalog, scan, None))
    counted = count_leaves(writer, scan, leaves)
    values, conditions = counted.values, [*cut(writer, scan, shape), *counted.conditions]
    if scan.overlaps:
        writer.marks.add("overlapping")
    if spine is not None:
        written = [*(node for _, node in keys), *(node for _, node in values), *conditions]
        running = [leaf for leaf in leaves if isinstance(leaf, Level)]
        if adds_up(writer, scan, running, shape, INSTANT, written):
            return write_moves(writer, scan, running, keys, values, conditions, spine)
    if shape.grain:
        keys.append((TIME, period if period is not None else column_ref(INSTANT, TIME)))
    select = grouped(scan.select(), keys, values)
    if spine is not None:
        select.set("joins", [spine_join(spine, INSTANT, holds), *(select.args.get("joins") or [])])
    else:
        conditions.insert(0, holds)
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
    name = writer.cte(relation_name(scan.dataset_id.rpartition(".")[2], shape), select)
    return Relation(name, shape, counted.names, counted.kinds)


def _ends(
    writer: Writer, scan: Scan, shape: Shape, span: tuple[exp.Expression, exp.Expression, exp.Select]
) -> tuple[exp.Expression, str | None]:
    """The instant of each period: a column of a spine, or a constant when no grain is asked."""
    if shape.grain is None:
        end = min(shape.end, shape.until) if shape.end is not None else shape.until
        return nodes.literal_timestamp(end), None
    return column_ref(INSTANT, "ends"), write_spine(writer, shape, *span)


def _open_span(scan: Scan, level: Level) -> tuple[exp.Expression, exp.Expression, exp.Select]:
    """First opening and last change of the data: the span of periods when the question leaves it open."""
    opens, closes = column_ref(None, level.opens), column_ref(None, level.closes)
    source = exp.Select().from_(table_ref(scan.dataset_id), copy=False)
    last = exp.Greatest(
        this=exp.Max(this=opens.copy()), expressions=[exp.Coalesce(this=exp.Max(this=closes), expressions=[exp.Max(this=opens.copy())])]
    )
    return exp.Min(this=opens), last, source


def _instant(scan: Scan, name: str) -> exp.Expression:
    return scan.own(name)


def _cast(scan: Scan, name: str, ends: exp.Expression) -> exp.Expression:
    """The instant compared with a date column: a constant becomes a date, so that the column stays bare."""
    column = column_of(scan.dataset, name)
    if column is None or column.type != "date" or not isinstance(ends, exp.Cast) or not isinstance(ends.this, exp.Literal):
        return ends.copy()
    return nodes.literal_date(as_day(datetime.fromisoformat(ends.this.name)))


def newest_readings(writer: Writer, scan: Scan, clock: Clock, reading: Reading, shape: Shape) -> exp.Select:
    """The readings with `newest` = 1 for those that count, each beside the period it counts in."""
    source = scan.dataset_id.rpartition(".")[2]
    table = exp.alias_(table_ref(scan.dataset_id), source, table=True, copy=False)
    assert clock.time is not None
    column = column_ref(source, clock.time.column)
    select = exp.Select(expressions=[exp.Column(this=exp.Star(), table=exp.Identifier(this=source))]).from_(table, copy=False)
    per = [column_ref(source, one) for one in reading.per]
    conditions: list[exp.Expression | None] = []
    scan_alias, scan.alias = scan.alias, source
    inner = Clock(writer.catalog, scan, clock.time)
    if shape.grain and reading.carry is not None:
        span = span_of(reading.carry)
        data = exp.Select().from_(table_ref(scan.dataset_id), copy=False)
        bare = column_ref(None, clock.time.column)
        spine = write_spine(writer, shape, exp.Min(this=bare), exp.Max(this=bare.copy()), data)
        ends = column_ref(INSTANT, "ends")
        days, seconds = divmod(span.seconds, 86400)
        oldest = nodes.add_interval(ends.copy(), -span.months, -days, -seconds)
        on = conjunction([exp.LT(this=column.copy(), expression=ends.copy()), exp.GTE(this=column.copy(), expression=oldest)])
        assert on is not None
        select.append("joins", spine_join(spine, INSTANT, on))
        period: exp.Expression | None = column_ref(INSTANT, TIME)
    else:
        conditions = list(inner.bounds(shape)) if reading.carry is None else _carried(inner, shape, reading.carry)
        period = inner.bucket_of(named_grain(shape.grain) or "day") if shape.grain else None
    partition = [*per, *([period.copy()] if period is not None else [])]
    rank_newest(select, partition, column.copy(), period, conditions, is_first=reading.take != "last")
    scan.alias = scan_alias
    scan.joins.time = column_ref(scan.alias, clock.time.column)
    return select


def _carried(clock: Clock, shape: Shape, carry: str) -> list[exp.Expression | None]:
    end = min(shape.end, shape.until) if shape.end is not None else shape.until
    oldest = moved(end, -span_of(carry))
    assert oldest is not None
    return [clock.at_or_after(oldest), clock.before(end, is_business=False)]
