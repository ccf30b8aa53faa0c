"""indicator('id', entity) inside an expression: the indicator is answered at the entity's grain first, then joined to the row."""

from collections.abc import Callable

from sqlglot import exp

from engine.compiling.names import column_ref, conjunction, identifier
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
    inner = _inner_shape(shape, axis, call)
    tree = writer.expander.request(Request(call.id, inner))
    name = writer.cte(relation_name(call.id.rpartition(".")[2], inner), writer.answer(writer, [("value", tree)], inner, None))
    alias = f"{call.id.rpartition('.')[2]}_of_{axis.name}"
    while alias in scan.joins.aliases.values():
        alias += "_"
    on: list[exp.Expression] = [exp.EQ(this=scan.by_path(call.entity.path), expression=column_ref(alias, axis.name))]
    if inner.grain is not None:
        if scan.clock_period is not None:
            on.append(exp.EQ(this=scan.clock_period.copy(), expression=column_ref(alias, TIME)))
        else:
            scan.period_from_indicator = column_ref(alias, TIME)
    table = exp.Table(this=identifier(name), alias=exp.TableAlias(this=identifier(alias)))
    kind = "INNER" if inner.grain is not None and scan.clock_period is None else "LEFT"
    scan.joins.add(table, conjunction(on), key, kind)


def _inner_shape(shape: Shape, axis: Axis, call: IndicatorCall) -> Shape:
    """The outer `where` is ignored; the period is the asked one, all data, or the row's own."""
    grain = shape.grain if call.period in ("asked", "row") else None
    start, end = (None, None) if call.period == "all" else (shape.start, shape.end)
    return Shape(axes=(axis,), until=shape.until, grain=grain, start=start, end=end, scope=shape.scope, is_public=shape.is_public)


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
