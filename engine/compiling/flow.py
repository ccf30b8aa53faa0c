"""Flows: rows counted in the period their time lies in, as one grouped scan with one column for each aggregate."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.aggregates import aggregate, conjuncts, weighted
from engine.compiling.clock import Clock
from engine.compiling.leaves import Flow, Level, Reading, Sum
from engine.compiling.names import column_ref, conjunction, disjunction, table_ref
from engine.compiling.nested import indicator_join
from engine.compiling.reach import road_by_path
from engine.compiling.refuse import refuse
from engine.compiling.rows import condition, inferred
from engine.compiling.scan import Scan
from engine.compiling.some_row import asked_road, some_row_meets
from engine.compiling.spine import spine_join, write_spine
from engine.compiling.tables import default_time
from engine.compiling.writer import TIME, Relation, Writer, grouped, relation_name
from engine.expression.build import build
from engine.expression.tree import Column, Expr, columns
from engine.kinds.analysis import output_of
from engine.kinds.dataset import Dataset, Time
from engine.loading.results import EMPTY, STATUS
from engine.modifier import Axis, Shape


def write_flows(writer: Writer, flows: Sequence[Flow]) -> Relation:
    """One relation for flows over the same rows: common conditions in WHERE, the rest as FILTER of each aggregate."""
    first = flows[0]
    shape = first.shape
    scan = open_scan(writer, first.dataset)
    clock = Clock(writer.catalog, scan, time_of(scan.dataset, first.time, first.dataset, shape))
    bounds = [*clock.bounds(shape), *_valid_then(clock, first)]
    scan.shape = shape
    has_time = clock.column is not None
    spine = windowed_spine(writer, scan, clock, shape) if shape.window is not None and shape.grain is not None and has_time else None
    if has_time:
        scan.period_of = clock.bucket_of
        scan.clock_period = clock.bucket(shape) if shape.grain else None
    scan.at = clock.end_of_period(shape)
    keys = axis_keys(writer, scan, shape, clock)
    counted = count_leaves(writer, scan, flows)
    conditions = [*bounds, *cut(writer, scan, shape), *counted.conditions]
    if shape.grain:
        keys.append((TIME, _period(scan, clock, shape, spine)))
    select = grouped(scan.select(), keys, counted.values)
    if spine is not None:
        select.set("joins", [spine, *(select.args.get("joins") or [])])
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
    if scan.overlaps:
        writer.marks.add("overlapping")
    name = writer.cte(relation_name(scan.dataset_id.rpartition(".")[2], shape), select)
    return Relation(name, shape, counted.names, counted.kinds)


class Counted(Struct):
    """The aggregates of leaves over one scan: their columns, and which rows any of them counts (聚合列)."""

    values: list[tuple[str, exp.Expression]]
    names: dict[object, str]
    kinds: dict[str, str]
    conditions: list[exp.Expression | None]


def count_leaves(writer: Writer, scan: Scan, leaves: Sequence[Flow | Level | Reading]) -> Counted:
    """One column for each leaf; a condition they share cuts rows, its own filters its aggregate, and a row that none counts is no row."""
    common, own = split_filters([leaf.sum for leaf in leaves])
    counted = Counted([], {}, {}, [filter_node(scan, one) for one in common])
    for leaf, rest in zip(leaves, own, strict=True):
        name = value_name(leaf.sum, set(counted.kinds))
        condition = conjunction([filter_node(scan, one) for one in rest])
        counted.values.append((name, nodes_of(scan, leaf.sum, condition)))
        counted.names[leaf], counted.kinds[name] = name, value_kind(writer, leaf)
    if all(own):
        counted.conditions.append(disjunction([conjunction([filter_node(scan, one) for one in rest]) or exp.true() for rest in own]))
    return counted


def _valid_then(clock: Clock, flow: Flow) -> list[exp.Expression]:
    """The days in which a version of the definition holds."""
    since = [clock.at_or_after(datetime.fromisoformat(flow.since))] if flow.since is not None else []
    return [*since, *([clock.before(datetime.fromisoformat(flow.before))] if flow.before is not None else [])]


def _period(scan: Scan, clock: Clock, shape: Shape, spine: exp.Join | None) -> exp.Expression:
    """Where the row counts: its own period, every period whose window holds it, or the period an indicator brings."""
    if spine is not None:
        return column_ref("asked", TIME)
    if clock.column is None and scan.period_from_indicator is not None:
        return scan.period_from_indicator
    return clock.bucket(shape)


def windowed_spine(writer: Writer, scan: Scan, clock: Clock, shape: Shape) -> exp.Join:
    """What does not add up is recomputed: each period meets all rows of its window."""
    raw = column_ref(None, clock.needed().name)
    span = exp.Select().from_(table_ref(scan.dataset_id), copy=False)
    name = write_spine(writer, shape, exp.Min(this=raw), exp.Max(this=raw.copy()), span)
    time = nodes.typed(clock.business(), "timestamp") if clock.is_date else clock.business()
    on = conjunction(
        [exp.GTE(this=time, expression=column_ref("asked", "begins")), exp.LT(this=time.copy(), expression=column_ref("asked", "ends"))]
    )
    assert on is not None
    return spine_join(name, "asked", on)


def open_scan(writer: Writer, dataset_id: str) -> Scan:
    """A scan whose indicators come from this statement."""
    writer.tables.add(dataset_id)
    return Scan(writer.catalog, dataset_id, indicator_join(writer))


def time_of(dataset: Dataset, name: str | None, dataset_id: str, shape: Shape) -> Time | None:
    """The declared time a leaf counts by."""
    wanted = next(
        (axis.time for axis in shape.axes if axis.time and axis.time != "default" and axis.part is None and axis.grain is None), None
    )
    name = name or wanted
    if name is None:
        return default_time(dataset)
    time = next((one for one in dataset.times if one.name == name), None)
    if time is None:
        known = "、".join(one.name for one in dataset.times)
        raise refuse(
            "unknown-time",
            f"数据集「{dataset.title}」没有名为「{name}」的时间，只有 {known}",
            f"dataset '{dataset_id}' has no time '{name}', only {known}",
        )
    return time


def axis_keys(writer: Writer, scan: Scan, shape: Shape, clock: Clock) -> list[tuple[str, exp.Expression]]:
    """Key columns for the axes of the shape."""
    via = dict(shape.via)
    return [(axis.name, axis_node(writer, scan, axis, clock, via)) for axis in shape.axes]


def axis_node(writer: Writer, scan: Scan, axis: Axis, clock: Clock, via: dict[str, str]) -> exp.Expression:
    """The expression that an axis means in this scan."""
    if axis.time is not None:
        return clock.named_time(axis)
    if axis.dimension is not None:
        return scan.by_dimension(axis.dimension, via.get(axis.dimension))
    path = axis.path or ()
    if road_by_path(writer.catalog, scan.dataset_id, path) is not None:
        return scan.by_path(path)
    found = same_column(writer, scan, axis)
    if found is None:
        raise refuse(
            "unreachable-path",
            f"数据集「{scan.dataset.title}」到不了「{'.'.join(path)}」",
            f"dataset '{scan.dataset_id}' cannot reach '{'.'.join(path)}'",
        )
    return found


def same_column(writer: Writer, scan: Scan, axis: Axis) -> exp.Expression | None:
    """A path of another dataset: the column it ends in, when this dataset reaches that dataset too."""
    if axis.dataset == scan.dataset_id and axis.column:
        return scan.own(axis.column)
    for relationship in scan.dataset.relationships:
        if relationship.to == axis.dataset and axis.column:
            return scan.by_path((relationship.name, axis.column))
    return None


def cut(writer: Writer, scan: Scan, shape: Shape) -> list[exp.Expression | None]:
    """The question's condition and the viewer's scope, as conditions of this scan."""
    conditions: list[exp.Expression | None] = [_of_a_finding(scan)]
    via = dict(shape.via)
    for one in conjuncts(shape.where):
        kept = _uncut(one, shape)
        if kept is not None:
            typed = writer.bind(condition(writer.catalog, scan.dataset_id, kept))
            conditions.append(bound_node(writer, scan, typed, via))
    if not shape.is_public:
        predicate, region = writer.scope.predicate(writer.catalog, scan.dataset_id)
        if predicate is not None:
            named = {dimension: region for dimension in (writer.catalog.project.region,) if dimension and region}
            conditions.append(bound_node(writer, scan, writer.bind(predicate), named))
    return conditions


def _of_a_finding(scan: Scan) -> exp.Expression | None:
    """A run that found nothing leaves one row that says so: it makes earlier rows old, and counts for nothing itself."""
    if output_of(scan.dataset.source) is None:
        return None
    said = exp.Coalesce(this=scan.own(STATUS), expressions=[exp.Literal.string("")])
    return exp.NEQ(this=said, expression=exp.Literal.string(EMPTY))


def _uncut(condition: Expr, shape: Shape) -> Expr | None:
    return None if any(column.name in shape.uncut for column in columns(condition)) else condition


def bound_node(writer: Writer, scan: Scan, expr: Expr, via: dict[str, str]) -> exp.Expression:
    """A condition of the asker: values are parameters, dimensions take the road that `via` says."""

    def column(one: Column) -> exp.Expression:
        if one.path[0] == "?":
            return exp.Placeholder(this=one.path[1])
        if one.name in via:
            return scan.by_dimension(one.name, via[one.name])
        return scan.by_path(one.path)

    names = [one for one in columns(expr) if one.path[0] != "?"]
    if any(multiplies(writer, scan, one, via) for one in names):
        return some_row_meets(scan, expr, via)
    return build(expr, column, None)


def multiplies(writer: Writer, scan: Scan, column: Column, via: dict[str, str]) -> bool:
    """True when the column lies on the many side."""
    road = asked_road(writer.catalog, scan.dataset_id, column, via)
    return road is not None and road.is_multiplying


def filter_node(scan: Scan, condition: Expr) -> exp.Expression:
    """A definition's own condition."""
    return scan.expression(condition)


def split_filters(sums: Sequence[Sum]) -> tuple[list[Expr], list[list[Expr]]]:
    """Conditions that all aggregates share, and what is left to each."""
    each = [list(conjuncts(one.where)) for one in sums]
    common = [one for one in each[0] if all(one in others for others in each)]
    return common, [[one for one in mine if one not in common] for mine in each]


def nodes_of(scan: Scan, total: Sum, condition: exp.Expression | None) -> exp.Expression:
    """The aggregate of a leaf, filtered by its own condition."""
    if total.agg == "weighted_avg":
        assert total.of is not None and total.weight is not None
        top, bottom = weighted(scan.expression(total.of), scan.expression(total.weight))
        return nodes.divide(nodes.filtered(top, condition), nodes.filtered(bottom, condition.copy() if condition else None))
    value = scan.expression(total.of) if total.of is not None else None
    found = aggregate(
        total.agg, value, at=total.at, method=total.method, order=scan.joins.time.copy() if scan.joins.time is not None else None
    )
    return nodes.filtered(found, condition)


def value_name(total: Sum, taken: set[str]) -> str:
    """sum_net_ton: a value column is named for what it holds."""
    subject = total.of.path[-1] if isinstance(total.of, Column) else "rows" if total.of is None else "value"
    name, n = f"{total.agg}_{subject}", 2
    while name in taken:
        name, n = f"{total.agg}_{subject}_{n}", n + 1
    return name


def value_kind(writer: Writer, flow: Flow | Level | Reading) -> str:
    """What sort of value an aggregate gives: number, text, boolean, date or timestamp."""
    total = flow.sum
    if total.agg in ("any", "all"):
        return "boolean"
    if total.agg == "oldest":
        return "timestamp"
    if total.agg not in ("min", "max", "first", "last") or total.of is None:
        return "number"
    typed = inferred(writer.catalog, flow.dataset, total.of).typed
    return typed.type if typed.type in ("text", "boolean", "date", "timestamp") else "number"
