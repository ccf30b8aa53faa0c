"""Values questions: which values a column has, or its least and greatest, within the viewer's rows."""

from datetime import datetime

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.asking import Column, safe_name
from engine.compiling.clock import Clock
from engine.compiling.flow import cut, open_scan
from engine.compiling.names import column_ref, conjunction, named
from engine.compiling.periods import asked_period
from engine.compiling.reach import column_of, dataset_of, road_by_path
from engine.compiling.refuse import refuse
from engine.compiling.rows import parsed
from engine.compiling.tables import default_time
from engine.compiling.writer import Writer
from engine.modifier import Shape
from engine.question import Question


def values_select(writer: Writer, question: Question, as_of: datetime) -> tuple[exp.Select, tuple[Column, ...]]:
    """SELECT of the distinct values, or of least and greatest; and the columns it has."""
    if question.source is None:
        raise refuse("values-without-dataset", "取值查询要用 from 说明数据集", "a values question says its dataset with `from`")
    scan = open_scan(writer, question.source)
    taken: set[str] = set()
    start, end = asked_period(question.period, as_of, writer.catalog.project.zone, None)
    condition = parsed(question.where).expr if question.where else None
    shape = Shape(axes=(), until=as_of, start=start, end=end, where=condition, via=tuple(sorted(question.via.items())))
    scan.shape = shape
    clock = Clock(writer.catalog, scan, default_time(scan.dataset))
    if clock.column is None and (start or end):
        clock.needed()
    bounds = clock.bounds(shape)
    columns: list[Column] = []
    values: list[exp.Expression] = []
    for text in question.values:
        path = tuple(text.split("."))
        node = scan.by_dimension(text, question.via.get(text)) if writer.catalog.dimension(text) is not None else scan.by_path(path)
        road = road_by_path(writer.catalog, question.source, path)
        declared = column_of(dataset_of(writer.catalog, road.dataset), road.column) if road else None
        title, unit = (declared.title, declared.unit or "") if declared else (text, "")
        if question.give == "min_max":
            for which, aggregate in (("min", exp.Min), ("max", exp.Max)):
                name = safe_name(f"{which}_{path[-1]}", taken)
                columns.append(Column(f"{which} {text}", name, f"{title}{'最小' if which == 'min' else '最大'}", unit))
                values.append(named(aggregate(this=node.copy()), name))
        else:
            name = safe_name(text, taken)
            columns.append(Column(text, name, title, unit))
            values.append(named(node, name))
    conditions = [*bounds, *cut(writer, scan, shape)]
    select = scan.select() if question.give == "min_max" else scan.select().distinct(copy=False)
    select.set("expressions", values)
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
    if question.give == "distinct":
        select.set("order", exp.Order(expressions=[nodes.ordered(column_ref(None, column.sql)) for column in columns]))
    if question.limit is not None:
        select = select.limit(question.limit + 1, copy=False)
    return select, tuple(columns)
