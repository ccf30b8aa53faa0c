"""Conversions: a base row converts when a later row of the same thing follows inside the window; same instants never count by default."""

from collections.abc import Sequence
from datetime import datetime

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import Clock
from engine.compiling.flow import axis_keys, cut, open_scan, time_of
from engine.compiling.leaves import Pairs
from engine.compiling.names import conjunction
from engine.compiling.periods import in_zone
from engine.compiling.refuse import QUESTION, Refused, refuse
from engine.compiling.rows import parsed, typed_column
from engine.compiling.scan import Scan
from engine.compiling.tables import default_time
from engine.compiling.writer import TIME, Relation, Writer, grouped, relation_name
from engine.expression.alike import Typed
from engine.expression.build import build
from engine.expression.tree import Column
from engine.expression.types import infer
from engine.kinds.indicator import Conversion, Side
from engine.modifier import Shape
from engine.parts import Span, span_of


def write_pairs(writer: Writer, members: Sequence[Pairs]) -> Relation:
    """Base rows and converted rows by the base's keys; then rows and credited rows by the following row's keys."""
    indicator = writer.catalog.indicator(members[0].indicator)
    assert indicator is not None and indicator.conversion is not None
    conversion, shape = indicator.conversion, members[0].shape
    by_then = members[0].give in ("then", "credited") and conversion.count == "ratio_of_then"
    driver, other = (conversion.then, conversion.base) if by_then else (conversion.base, conversion.then)
    scan = open_scan(writer, driver.dataset)
    time = time_of(scan.dataset, driver.time, driver.dataset, shape)
    clock = Clock(writer.catalog, scan, time)
    conditions = [*clock.bounds(shape), *cut(writer, scan, shape)]
    if driver.where:
        conditions.append(scan.text(driver.where))
    keys = axis_keys(writer, scan, shape, clock)
    if shape.grain:
        keys.append((TIME, clock.bucket(shape)))
    matched, is_complete = _matched(writer, scan, clock, conversion, driver, other, shape, by_then)
    if any(member.give == "then" for member in members) and not by_then:
        return _credited(writer, scan, keys, conditions, matched, shape, members)
    counted: list[tuple[str, exp.Expression]] = [
        ("base", nodes.filtered(exp.Count(this=exp.Star()), is_complete)),
        ("converted", nodes.filtered(exp.Count(this=exp.Star()), conjunction([is_complete.copy() if is_complete else None, matched]))),
        ("bases", exp.Count(this=exp.Star())),
    ]
    select = grouped(scan.select(), keys, counted)
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
    name = writer.cte(relation_name("conversion", shape), select)
    columns = {"base": "bases" if conversion.count == "base" else "base", "converted": "converted", "credited": "converted", "then": "base"}
    kinds = {"base": "number", "converted": "number", "bases": "number"}
    return Relation(name, shape, {member: columns[member.give] for member in members}, kinds)


def _credited(
    writer: Writer,
    scan: Scan,
    keys: list[tuple[str, exp.Expression]],
    conditions: list[exp.Expression | None],
    matched: exp.Expression,
    shape: Shape,
    members: Sequence[Pairs],
) -> Relation:
    """Following rows, each counted where the base it is credited to stands: here every base that was followed."""
    select = grouped(scan.select(), keys, [("followed", nodes.filtered(exp.Count(this=exp.Star()), matched))])
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
    name = writer.cte(relation_name("conversion", shape), select)
    return Relation(name, shape, dict.fromkeys(members, "followed"), {"followed": "number"})


def _matched(
    writer: Writer, scan: Scan, clock: Clock, conversion: Conversion, driver: Side, other: Side, shape: Shape, by_then: bool
) -> tuple[exp.Expression, exp.Expression | None]:
    """EXISTS (a row of the other side ...), and whether the driver's window is over by as_of."""
    catalog = writer.catalog
    inner = Scan(catalog, other.dataset, taken=(scan.alias,))
    writer.tables.add(other.dataset)
    inner_time = next((one for one in inner.dataset.times if one.name == other.time), None) or default_time(inner.dataset)
    if inner_time is None or clock.column is None:
        raise refuse("conversion-without-time", "转化两侧都要有时间", "both sides of a conversion need a time")
    low, high = (span_of(text) for text in conversion.within)
    if by_then:
        low, high = -high, -low
    mine, theirs = clock.needed(), inner.own(inner_time.column)
    conditions: list[exp.Expression | None] = []
    pairs = conversion.same.items() if isinstance(conversion.same, dict) else [(one, one) for one in conversion.same]
    for base, then in pairs:
        own, far = (then, base) if by_then else (base, then)
        conditions.append(exp.EQ(this=inner.own(far), expression=scan.own(own)))
    conditions.append(exp.GTE(this=theirs, expression=_moved(mine, low, clock.is_date)))
    conditions.append(exp.LTE(this=theirs.copy(), expression=_moved(clock.needed(), high, clock.is_date)))
    if not conversion.same_instant:
        conditions.append(exp.NEQ(this=theirs.copy(), expression=clock.needed()))
    elif driver.dataset == other.dataset:
        conditions.append(_another_row(scan, inner))
    conditions.append(inner.text(other.where) if other.where else None)
    if conversion.condition:
        first, second = (inner, scan) if by_then else (scan, inner)
        conditions.append(_condition(writer, conversion, first, second))
    select = inner.select()
    select.set("expressions", [exp.Literal.number(1)])
    select.set("where", exp.Where(this=conjunction(conditions)))
    exists = exp.Exists(this=select)
    if shape.until.year >= 9999:
        return exists, None
    closed = in_zone(shape.until, catalog.project.zone, clock.zone)
    reach = high if high.seconds > 0 or high.months > 0 else Span()
    limit = nodes.literal_timestamp(datetime.fromisoformat(closed.isoformat()))
    is_complete = exp.LTE(this=_moved(nodes.typed(clock.needed(), "timestamp"), reach, False), expression=limit)
    return exists, is_complete


def _moved(time: exp.Expression, by: Span, is_date: bool) -> exp.Expression:
    if by.is_empty:
        return time
    days, seconds = divmod(by.seconds, 86400)
    return nodes.add_interval(time, by.months, days, seconds, is_date and not seconds)


def _another_row(scan: Scan, inner: Scan) -> exp.Expression:
    """At the same instant a row may not meet itself: the key must differ."""
    differs = [exp.NEQ(this=inner.own(key), expression=scan.own(key)) for key in scan.dataset.key]
    if not differs:
        raise refuse("same-row", "同刻计入需要数据集有主键", "counting the same instant needs a key to tell rows apart")
    whole: exp.Expression = differs[0]
    for one in differs[1:]:
        whole = exp.Or(this=whole, expression=one)
    return exp.Paren(this=whole)


def _condition(writer: Writer, conversion: Conversion, base: Scan, then: Scan) -> exp.Expression:
    found = parsed(conversion.condition or "true")
    sides = {"base": (base, conversion.base.dataset), "then": (then, conversion.then.dataset)}

    def typed(path: tuple[str, ...]) -> Typed | None:
        side = sides.get(path[0])
        return typed_column(writer.catalog, side[1], path[1:]) if side and len(path) > 1 else None

    result, findings = infer(found.expr, typed, QUESTION, found.offsets)
    if result is None:
        raise Refused(findings[0])

    def column(one: Column) -> exp.Expression:
        return sides[one.path[0]][0].by_path(one.path[1:])

    return exp.Paren(this=build(result.expr, column, None))
