"""From when to when the value of an answer's row is read: its period, moved back by a comparison and widened by a window, cut at as_of."""

from datetime import datetime

from msgspec import Struct
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import period_end, window_start
from engine.compiling.leaves import Beginning, Seam
from engine.compiling.names import column_ref
from engine.compiling.periods import bucket_start, in_zone, moved, named_grain, on_grain, shifted_end
from engine.compiling.refuse import refuse
from engine.compiling.spine import begins
from engine.compiling.writer import TIME
from engine.modifier import Shape, Shift
from engine.parts import Span

ROW = "answer_keys"
Moment = exp.Expression | datetime


class Read(Struct, frozen=True):
    """A half-open span of time: instants, or expressions over the answer's row; None is unbounded (读取时段)."""

    start: Moment | None
    end: Moment


def read_span(shape: Shape) -> Read:
    """What a value of this shape reads. A row aligned by a calendar reads days all over the cycle before, and stands for itself."""
    grain = named_grain(shape.grain)
    by = on_grain(shape.shift.by, grain) if shape.shift is not None and shape.shift.calendar is None else Span()
    shift = shape.shift or Shift()
    start, end, until = moved(shape.start, -by), shifted_end(shape.end, by, shift), shifted_end(shape.until, by, shift) or shape.until
    last = min(end, until) if end is not None else until
    if grain is None:
        return Read(window_start(shape, start, last) if shape.window is not None else start, last)
    time = _back(column_ref(ROW, TIME), by, nodes.is_date_grain(grain))
    ends = exp.Least(this=period_end(time.copy(), grain), expressions=[nodes.literal_timestamp(last)])
    if shape.window is not None:
        is_open = shape.window.over is None and named_grain(shape.window.since) in (None, "start")
        return Read(None if is_open else begins(shape, time, ends.copy(), shape.week_starts), ends)
    begin: exp.Expression = nodes.typed(time, "timestamp")
    if start is not None:
        begin = exp.Greatest(this=begin, expressions=[nodes.literal_timestamp(start)])
    return Read(begin, ends)


def elapsed_node(shape: Shape) -> exp.Expression:
    """Seconds that have passed by as_of of what the row's value reads."""
    span = read_span(shape)
    if span.start is None:
        raise refuse(
            "open-period", "按时长折算需要有起点的周期", "a rate needs a period with a start",
            ("给出 period.from；累计写 since", "give period.from; a running value takes `since`"),
        )  # fmt: skip
    if isinstance(span.start, datetime) and isinstance(span.end, datetime):
        return nodes.whole(max(int((span.end - span.start).total_seconds()), 0))
    return nodes.seconds_between(_node(span.start), _node(span.end))


def seam_node(seam: Seam, old: exp.Expression, new: exp.Expression) -> exp.Expression:
    """The older definition before the day, the newer from it on; what reads both sides has no value."""
    before, after = _sides(seam.until, seam.shape)
    if isinstance(before, bool):
        return old if before else new if after or seam.at_end else exp.Null()
    if seam.at_end:
        return exp.Case(ifs=[exp.If(this=before, true=old)], default=new)
    assert isinstance(after, exp.Expression)
    return exp.Case(ifs=[exp.If(this=before, true=old), exp.If(this=after, true=new)])


def spans_seam(until: str, shape: Shape) -> exp.Expression:
    """Whether the row's value would read both sides of the day."""
    before, after = _sides(until, shape)
    if isinstance(before, bool):
        return exp.Boolean(this=not before and not after)
    assert isinstance(after, exp.Expression)
    return exp.Not(this=exp.Paren(this=exp.Or(this=before, expression=after)))


def _sides(until: str, shape: Shape) -> tuple[exp.Expression | bool, exp.Expression | bool]:
    """Whether all that is read lies before the day, and whether all of it lies from the day on."""
    day = datetime.fromisoformat(until)
    if shape.shift is not None and shape.shift.calendar is not None:
        return False, False  # which days those are only the calendar knows
    span = read_span(shape)
    if isinstance(span.end, datetime):
        return span.end <= day, isinstance(span.start, datetime) and span.start >= day
    bound = nodes.literal_timestamp(day)
    after = exp.false() if span.start is None else exp.GTE(this=_node(span.start), expression=bound)
    return exp.LTE(this=span.end, expression=bound.copy()), after


def is_clamped(shape: Shape) -> exp.Expression | None:
    """Whether the period compared with is not the same day of its month: 31 March has no 31 February to compare with; None when never."""
    grain = named_grain(shape.grain)
    shift = shape.shift
    if shift is None or not shift.by.months or shift.calendar is not None:
        return None
    if grain is None:
        ends = [one for one in (shape.start, shape.end) if one is not None]
        is_cut = any((moved(one, -shift.by) or one).day != one.day for one in ends)
        return exp.true() if is_cut else None
    if grain not in ("day", "hour", "minute") and not grain.startswith("PT"):
        return None  # whole months, and weeks, which move by weeks
    time = column_ref(ROW, TIME)
    is_date = nodes.is_date_grain(grain)
    if not shift.moves_rows:
        back = _back(time.copy(), Span(months=shift.by.months), is_date)
        return exp.NEQ(this=nodes.date_part(time, "day"), expression=nodes.date_part(back, "day"))
    # Rows that are moved meet on the last of a month when the month they come from is longer.
    tomorrow = nodes.add_interval(time.copy(), days=1, is_date=is_date)
    is_last = exp.EQ(this=nodes.date_part(tomorrow, "day"), expression=nodes.whole(1))
    source = nodes.add_interval(nodes.bucket(tomorrow.copy(), "month", is_date), -shift.by.months, is_date=True)
    longest = nodes.date_part(nodes.add_interval(source, days=-1, is_date=True), "day")
    return exp.And(this=is_last, expression=exp.GT(this=longest, expression=nodes.date_part(time.copy(), "day")))


def is_unfinished(shape: Shape) -> exp.Expression:
    """Whether the row is that of the period which as_of, or the end of the period asked, cuts."""
    grain = named_grain(shape.grain) or "day"
    first = bucket_start(min(shape.end or shape.until, shape.until), grain, shape.week_starts)
    bound = nodes.literal_date(first.date()) if nodes.is_date_grain(grain) else nodes.literal_timestamp(first)
    return exp.GTE(this=column_ref(ROW, TIME), expression=bound)


def _back(time: exp.Expression, by: Span, is_date: bool) -> exp.Expression:
    if by.is_empty:
        return time
    days, seconds = divmod(-by.seconds, 86400)
    return nodes.add_interval(time, -by.months, days, seconds, is_date)


def _node(moment: Moment) -> exp.Expression:
    return nodes.literal_timestamp(moment) if isinstance(moment, datetime) else moment


def beginning_node(beginning: Beginning) -> exp.Expression:
    """When the row's period begins; NULL when the period asked is open."""
    shape, (here, there) = beginning.shape, beginning.zones
    by = on_grain(shape.shift.by, named_grain(shape.grain)) if shape.shift is not None and shape.shift.calendar is None else Span()
    if shape.grain is None:
        start = moved(shape.start, -by)
        return nodes.literal_timestamp(in_zone(start, here, there)) if start is not None else nodes.typed(exp.Null(), "timestamp")
    is_date = nodes.is_date_grain(named_grain(shape.grain) or "day")
    begin: exp.Expression = nodes.typed(_back(column_ref(ROW, TIME), by, is_date), "timestamp")
    if is_date and beginning.day_starts:
        begin = nodes.add_interval(begin, seconds=beginning.day_starts)
    return nodes.timezone_shift(begin, here, there)
