"""When one row follows another: same thing, inside the window, never the same instant unless it is said."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import Clock
from engine.compiling.names import conjunction
from engine.compiling.periods import in_zone
from engine.compiling.refuse import QUESTION, Refused, refuse
from engine.compiling.rows import parsed, typed_column
from engine.compiling.scan import Scan
from engine.compiling.tables import default_time
from engine.expression.alike import Typed
from engine.expression.build import build
from engine.expression.tree import Column
from engine.expression.types import infer
from engine.kinds.dataset import Dataset, Time
from engine.kinds.indicator import Conversion, Side
from engine.loading.catalog import Catalog
from engine.modifier import Shape
from engine.parts import Span, span_of

SLACK = timedelta(days=2)  # a business day begins later than the day, and a clock may be moved
LEAST_YEAR = 1000  # before it a date less a window may be none


class Following(Struct, frozen=True):
    """The two sides of a conversion as scans of one statement (先后两侧)."""

    conversion: Conversion
    base: Scan
    then: Scan
    base_clock: Clock
    then_clock: Clock


def following(catalog: Catalog, conversion: Conversion, base: Scan, then: Scan) -> Following:
    """Both sides with their clocks; refused when one has no time."""
    clocks = [Clock(catalog, scan, side_time(scan.dataset, side)) for scan, side in ((base, conversion.base), (then, conversion.then))]
    if any(clock.column is None for clock in clocks):
        raise refuse("conversion-without-time", "转化两侧都要有时间", "both sides of a conversion need a time")
    return Following(conversion, base, then, *clocks)


def side_time(dataset: Dataset, side: Side) -> Time | None:
    """The time a side counts by."""
    return next((one for one in dataset.times if one.name == side.time), None) or default_time(dataset)


def follows(catalog: Catalog, pair: Following, until: datetime) -> exp.Expression:
    """The condition under which a row of `then` follows a row of `base`, known by as_of."""
    conversion = pair.conversion
    low, high = (span_of(text) for text in conversion.within)
    mixed = pair.base_clock.is_date != pair.then_clock.is_date

    def time(clock: Clock) -> exp.Expression:
        return nodes.typed(clock.local(), "timestamp") if mixed else clock.local()

    is_date = pair.base_clock.is_date and not mixed
    pairs = conversion.same.items() if isinstance(conversion.same, dict) else [(one, one) for one in conversion.same]
    conditions: list[exp.Expression | None] = [exp.EQ(this=pair.base.own(mine), expression=pair.then.own(theirs)) for mine, theirs in pairs]
    conditions.append(exp.GTE(this=time(pair.then_clock), expression=moved_time(time(pair.base_clock), low, is_date)))
    conditions.append(exp.LTE(this=time(pair.then_clock), expression=moved_time(time(pair.base_clock), high, is_date)))
    if not conversion.same_instant:
        conditions.append(exp.NEQ(this=time(pair.then_clock), expression=time(pair.base_clock)))
    elif conversion.base.dataset == conversion.then.dataset:
        conditions.append(_another_row(pair.base, pair.then))
    conditions.append(pair.then_clock.before(until, is_business=False))
    if conversion.condition:
        conditions.append(_condition(catalog, conversion, pair.base, pair.then))
    whole = conjunction(conditions)
    assert whole is not None
    return whole


def near(pair: Following, shape: Shape) -> list[exp.Expression | None]:
    """Bounds of both sides that leave out no row which may meet a base of the period, or meet what such a base meets.

    A follower lies within the window of its base, and whoever else it may be credited to at most a window's length from that base.
    """
    if shape.shift is not None or shape.window is not None:
        return []
    low, high = (_reach(span_of(text)) for text in pair.conversion.within)
    least, most = low[0], high[1]
    length = max(most - least, timedelta())
    conditions: list[exp.Expression | None] = []
    if shape.start is not None and shape.start.year > LEAST_YEAR:
        conditions.append(pair.base_clock.at_or_after(shape.start - length - SLACK))
        conditions.append(pair.then_clock.at_or_after(shape.start + least - SLACK))
    if shape.end is not None and shape.end < shape.until:
        conditions.append(pair.base_clock.before(shape.end + length + SLACK))
        conditions.append(pair.then_clock.before(shape.end + most + SLACK))
    return conditions


def _reach(span: Span) -> tuple[timedelta, timedelta]:
    """The shortest and the longest that a span may be: a month has 28 to 31 days."""
    lengths = (span.delta + timedelta(days=28 * span.months), span.delta + timedelta(days=31 * span.months))
    return min(lengths), max(lengths)


def window_is_over(catalog: Catalog, clock: Clock, reach: Span, shape: Shape) -> exp.Expression:
    """Whether nothing that follows the row can still come by as_of."""
    forward = reach if reach.seconds > 0 or reach.months > 0 else Span()
    limit = nodes.literal_timestamp(in_zone(shape.until, catalog.project.zone, clock.zone))
    return exp.LTE(this=moved_time(nodes.typed(clock.needed(), "timestamp"), forward, False), expression=limit)


def moved_time(time: exp.Expression, by: Span, is_date: bool) -> exp.Expression:
    """A time later by a span."""
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


def _condition(catalog: Catalog, conversion: Conversion, base: Scan, then: Scan) -> exp.Expression:
    found = parsed(conversion.condition or "true")
    sides = {"base": (base, conversion.base.dataset), "then": (then, conversion.then.dataset)}

    def typed(path: tuple[str, ...]) -> Typed | None:
        side = sides.get(path[0])
        return typed_column(catalog, side[1], path[1:]) if side and len(path) > 1 else None

    result, findings = infer(found.expr, typed, QUESTION, found.offsets)
    if result is None:
        raise Refused(findings[0])

    def column(one: Column) -> exp.Expression:
        return sides[one.path[0]][0].by_path(one.path[1:])

    return exp.Paren(this=build(result.expr, column, None))
