"""Values that look at the other rows of the same answer: rank, streak, running totals, means of values."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.fold import condition_node
from engine.compiling.names import column_ref, identifier, named
from engine.compiling.periods import bucket_start, named_grain
from engine.compiling.reshape import reshaped
from engine.compiling.writer import TIME, Relation, Writer, key_columns, relation_name
from engine.modifier import Across, Shape

RANKS: dict[str, type[exp.Expression]] = {"rank": exp.Rank, "dense_rank": exp.DenseRank, "ordinal": exp.RowNumber}
ROWS = "answer_rows"


def write_across(writer: Writer, members: Sequence[Across]) -> Relation:
    """A relation of the shape with the looked-up value; the rows before the asked period are read, then cut."""
    one = members[0]
    wide = replace(one.shape, start=_earlier(one))
    source = writer.cte(
        relation_name("values", wide),
        writer.answer(writer, [("value", reshaped(one.tree, lambda shape: replace(shape, start=wide.start)))], wide, None),
    )
    keys = key_columns(one.shape)
    value = column_ref(ROWS, "value")
    table = exp.Table(this=identifier(source), alias=exp.TableAlias(this=identifier(ROWS)))
    select = exp.Select(expressions=[named(column_ref(ROWS, key), key) for key in keys]).from_(table, copy=False)
    if one.how == "streak":
        select = _streak(writer, one, source, keys)
    else:
        select.append("expressions", named(_window(one, value), "value"))
    if wide.start != one.shape.start and one.shape.start is not None and one.shape.grain:
        select = _cut(select, keys, one.shape)
    name = writer.cte(relation_name(one.how, one.shape), select)
    return Relation(name, one.shape, {one: "value"}, {"value": "number"})


def _earlier(one: Across) -> datetime | None:
    """How far back other rows matter: a streak and a running total read from the beginning, a rank nothing."""
    return None if one.how in ("streak", "running") and one.along is None else one.shape.start


def _partition(one: Across, *, by_time: bool) -> list[exp.Expression]:
    apart = [axis.name for axis in one.shape.axes if axis.name != one.along]
    if by_time and one.shape.grain:
        apart.append(TIME)
    return [column_ref(ROWS, name) for name in apart]


def _window(one: Across, value: exp.Expression) -> exp.Expression:
    if one.how in (*RANKS, "percent_rank"):
        apart = [*one.within, *([TIME] if one.shape.grain else [])]
        partition: list[exp.Expression] = [column_ref(ROWS, name) for name in apart]
        return _ranked(one, value, partition)
    time = column_ref(ROWS, TIME)
    if one.along is not None:
        order = exp.Order(expressions=[nodes.ordered(column_ref(ROWS, one.along))])
        spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
        return exp.Window(this=exp.Sum(this=value), partition_by=_partition(one, by_time=True), order=order, spec=spec)
    return nodes.range_frame_window(exp.Sum(this=value), _partition(one, by_time=False), time)


def _ranked(one: Across, value: exp.Expression, partition: list[exp.Expression]) -> exp.Expression:
    """Rows without a value have no rank; percent is the share of ranked rows that are worse or equal."""
    order = exp.Order(expressions=[nodes.ordered(value.copy(), one.descending)])
    if one.how == "ordinal":
        for axis in one.shape.axes:
            order.append("expressions", nodes.ordered(column_ref(ROWS, axis.name)))
    rank: exp.Expression = exp.Window(this=RANKS.get(one.how, exp.Rank)(), partition_by=partition, order=order)
    if one.how == "percent_rank":
        number = exp.Window(this=exp.Count(this=value.copy()), partition_by=[part.copy() for part in partition])
        top = exp.Paren(this=exp.Sub(this=rank, expression=nodes.whole(1)))
        rank = nodes.divide(top, exp.Paren(this=exp.Sub(this=number, expression=nodes.whole(1))))
    has_value = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    return exp.Case(ifs=[exp.If(this=has_value, true=rank)])


def _streak(writer: Writer, one: Across, source: str, keys: list[str]) -> exp.Select:
    """Periods in a row up to this one in which the condition holds; a missing period breaks it."""
    assert one.condition is not None
    grain = named_grain(one.shape.grain) or "day"
    holds = condition_node(one.condition, column_ref(ROWS, "value"))
    sure = exp.Coalesce(this=exp.Paren(this=holds), expressions=[exp.false()])
    partition = _partition(one, by_time=False)
    order = exp.Order(expressions=[exp.Ordered(this=column_ref(ROWS, TIME))])
    before = exp.Window(this=exp.Lag(this=column_ref(ROWS, TIME)), partition_by=partition, order=order)
    follows = exp.NEQ(this=nodes.typed(before, "timestamp"), expression=_period_before(column_ref(ROWS, TIME), grain))
    was = exp.Window(this=exp.Lag(this=sure.copy()), partition_by=[p.copy() for p in partition], order=order.copy())
    starts = exp.Or(
        this=exp.Paren(this=exp.Not(this=exp.Coalesce(this=was, expressions=[exp.false()]))),
        expression=exp.Coalesce(this=exp.Paren(this=follows), expressions=[exp.true()]),
    )
    flag = exp.Case(ifs=[exp.If(this=starts, true=nodes.whole(1))], default=nodes.whole(0))
    flagged = exp.Select(
        expressions=[
            *(named(column_ref(ROWS, key), key) for key in keys),
            named(sure, "holds"),
            named(flag, "starts"),
            named(exp.Is(this=column_ref(ROWS, "value"), expression=exp.Null()), "is_missing"),
        ]
    ).from_(exp.Table(this=identifier(source), alias=exp.TableAlias(this=identifier(ROWS))), copy=False)
    first = writer.cte("streak_starts", flagged)
    run = exp.Window(
        this=exp.Sum(this=column_ref(ROWS, "starts")), partition_by=[p.copy() for p in partition], order=order.copy(),
        spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
    )  # fmt: skip
    runs = exp.Select(expressions=[exp.Column(this=exp.Star(), table=identifier(ROWS)), named(run, "run")]).from_(
        exp.Table(this=identifier(first), alias=exp.TableAlias(this=identifier(ROWS))), copy=False
    )
    second = writer.cte("streak_runs", runs)
    counted = exp.Window(this=exp.RowNumber(), partition_by=[*(p.copy() for p in partition), column_ref(ROWS, "run")], order=order.copy())
    length = exp.Case(
        ifs=[exp.If(this=column_ref(ROWS, "is_missing"), true=exp.Null()), exp.If(this=column_ref(ROWS, "holds"), true=counted)],
        default=nodes.whole(0),
    )
    return exp.Select(expressions=[*(named(column_ref(ROWS, key), key) for key in keys), named(length, "value")]).from_(
        exp.Table(this=identifier(second), alias=exp.TableAlias(this=identifier(ROWS))), copy=False
    )


def _period_before(time: exp.Expression, grain: str) -> exp.Expression:
    """Start of the period before, as a TIMESTAMP."""
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}.get(grain, 0)
    if grain == "ten_day":
        day_before = nodes.add_interval(time, days=-1, is_date=True)
        return nodes.typed(nodes.bucket(day_before, "ten_day", True), "timestamp")
    seconds = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}.get(grain, 0) or (nodes.seconds_of(grain) or 0)
    days, seconds = divmod(seconds, 86400)
    return nodes.add_interval(nodes.typed(time, "timestamp"), -months, -days, -seconds)


def _cut(select: exp.Select, keys: list[str], shape: Shape) -> exp.Select:
    """Only the periods asked, after the rows before them were read."""
    assert shape.start is not None
    grain = named_grain(shape.grain) or "day"
    first = bucket_start(shape.start, grain, shape.week_starts)
    bound = nodes.literal_date(first.date()) if nodes.is_date_grain(grain) else nodes.literal_timestamp(first)
    outer = exp.Select(expressions=[column_ref("wide", key) for key in [*keys, "value"]]).from_(
        select.subquery("wide", copy=False), copy=False
    )
    return outer.where(exp.GTE(this=column_ref("wide", TIME), expression=bound), copy=False)
