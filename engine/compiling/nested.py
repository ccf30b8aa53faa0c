"""indicator('id', entity) inside an expression: the indicator is answered at the entity's grain first, then joined to the row."""

from collections.abc import Callable

from msgspec.structs import replace
from sqlglot import exp

from engine.compiling.clock import window_start
from engine.compiling.names import column_ref, conjunction, identifier
from engine.compiling.periods import bucket_start, named_grain, next_start
from engine.compiling.reach import column_of, dataset_of, road_by_path
from engine.compiling.refuse import refuse
from engine.compiling.scan import Scan
from engine.compiling.writer import TIME, Writer, relation_name
from engine.expression.tree import IndicatorCall
from engine.modifier import Axis, Request, Shape


def indicator_join(writer: Writer) -> Callable[[Scan, IndicatorCall], exp.Expression]:
    """What a scan calls when an expression names an indicator."""

    def value(scan: Scan, call: IndicatorCall) -> exp.Expression:
        key = ("indicator", call)
        if key not in scan.joins.aliases:
            _join(writer, scan, call, key)
        return column_ref(scan.joins.aliases[key], "value")

    return value


def _join(writer: Writer, scan: Scan, call: IndicatorCall, key: object) -> None:
    if call.entity is None:
        raise refuse(
            "indicator-without-entity",
            "行内引用指标要给出对象列",
            "an indicator inside a row needs the entity's column",
            ("写成 indicator('id', 列)", "write indicator('id', column)"),
        )
    axis = _entity(writer, scan, call)
    shape = scan.shape
    assert shape is not None
    inner = _inner_shape(writer, scan, shape, axis, call)
    tree = writer.expander.request(Request(call.id, inner))
    name = writer.cte(relation_name(call.id.rpartition(".")[2], inner), writer.answer(writer, [("value", tree)], inner, None))
    alias = f"{call.id.rpartition('.')[2]}_of_{axis.name}"
    while alias in scan.joins.aliases.values():
        alias += "_"
    on: list[exp.Expression] = [exp.EQ(this=scan.by_path(call.entity.path), expression=column_ref(alias, axis.name))]
    if call.period == "row":
        on.append(exp.EQ(this=_own_period(scan, inner.grain or "day"), expression=column_ref(alias, TIME)))
    elif inner.grain is not None:
        if scan.clock_period is not None:
            on.append(exp.EQ(this=scan.clock_period.copy(), expression=column_ref(alias, TIME)))
        else:
            scan.period_from_indicator = column_ref(alias, TIME)
    table = exp.Table(this=identifier(name), alias=exp.TableAlias(this=identifier(alias)))
    kind = "INNER" if inner.grain is not None and scan.clock_period is None and call.period != "row" else "LEFT"
    scan.joins.add(table, conjunction(on), key, kind)


def _own_period(scan: Scan, grain: str) -> exp.Expression:
    """The period of the other indicator's own grain that the row's time lies in."""
    if scan.period_of is None:
        raise refuse(
            "row-without-time",
            f"「{scan.dataset.title}」的行在此没有时间，不能用 period: row",
            f"rows of '{scan.dataset_id}' have no time here, so they have no period of their own",
            ("写 period: asked 或 period: all", "write period: asked or period: all"),
        )
    return scan.period_of(grain)


def _inner_shape(writer: Writer, scan: Scan, shape: Shape, axis: Axis, call: IndicatorCall) -> Shape:
    """The outer `where` is ignored; the period is the asked one, all data, or the row's own, at the other indicator's grain.

    Rows with a time are met by the values of their own earlier periods when a window or a shift reads those; rows without one have no
    earlier periods, so the window is the indicator's.
    """
    bare = replace(shape, axes=(axis,), where=None, via=(), uncut=(), start_of=None, window=None)
    if call.period == "all":
        return replace(bare, grain=None, start=None, end=None, shift=None)
    window = shape.window
    if scan.period_of is None and shape.grain is not None:
        return replace(bare, window=window)
    if window is not None:
        bare = replace(bare, start=window_start(shape, shape.start, shape.end or shape.until))
    if call.period == "asked":
        return bare
    indicator = writer.catalog.indicator(call.id)
    grain = named_grain(indicator.grain if indicator is not None else None) or "day"
    start, end, week_starts = bare.start, shape.end, shape.week_starts
    if end is not None and bucket_start(end, grain, week_starts) != end:
        end = next_start(end, grain, week_starts)
    return replace(bare, grain=grain, start=bucket_start(start, grain, week_starts) if start is not None else None, end=end)


def _entity(writer: Writer, scan: Scan, call: IndicatorCall) -> Axis:
    assert call.entity is not None
    catalog = writer.catalog
    road = road_by_path(catalog, scan.dataset_id, call.entity.path)
    if road is None:
        raise refuse(
            "unknown-column",
            f"数据集「{scan.dataset.title}」没有「{call.entity.name}」",
            f"dataset '{scan.dataset_id}' has no '{call.entity.name}'",
        )
    dataset = road.dataset if road.hops else scan.dataset_id
    column = column_of(dataset_of(catalog, dataset), road.column)
    name = call.entity.path[-1]
    if column is not None and column.dimension:
        return Axis(name=name, dimension=column.dimension)
    for id in catalog.ids("dimension"):
        dimension = catalog.dimension(id)
        if dimension is not None and dimension.dataset == dataset and dimension.key == road.column and dimension.where is None:
            return Axis(name=name, dimension=id)
    return Axis(name=name, path=(road.column,), dataset=dataset, column=road.column)
