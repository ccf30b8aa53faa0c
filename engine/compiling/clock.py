"""A leaf's time: which literal bounds its column, which bucket its rows fall in, and where the business day begins."""

from datetime import datetime, timedelta
from datetime import time as time_of_day

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.calendars import calendar_grain, join_calendar
from engine.compiling.periods import as_day, bucket_start, day_offset, first_reaching, in_zone, moved, named_grain
from engine.compiling.reach import column_of
from engine.compiling.refuse import refuse
from engine.compiling.scan import Scan
from engine.kinds.dataset import Time
from engine.loading.catalog import Catalog
from engine.modifier import Axis, Shape, Shift


class Clock:
    """The time column of one scan; adds the calendar's join to the scan when a shape needs it."""

    def __init__(self, catalog: Catalog, scan: Scan, time: Time | None) -> None:
        self.catalog = catalog
        self.scan = scan
        self.time = time
        self.offset = day_offset(time)
        self.is_date = False
        self.week_starts = catalog.project.week_starts
        self.column: exp.Expression | None = None
        if time is not None:
            column = column_of(scan.dataset, time.column)
            self.is_date = column is not None and column.type == "date"
            self.column = scan.own(time.column)
            scan.joins.time = scan.own(time.column)
        self.zone = time.zone if time is not None else None
        self.shift: Shift | None = None
        self.calendar_day: exp.Expression | None = None

    def needed(self) -> exp.Expression:
        """The raw time column; refused when the dataset has none."""
        if self.column is None:
            raise refuse(
                "no-time", f"数据集「{self.scan.dataset.title}」没有声明时间，不能按时间提问",
                f"dataset '{self.scan.dataset_id}' declares no time, so it cannot be asked by time",
                ("在 times 里声明一个时间列", "declare a time column under `times`"),
            )  # fmt: skip
        return self.column.copy()

    # -- bounds ----------------------------------------------------------------------------------

    def literal(self, moment: datetime, *, is_business: bool = True) -> exp.Expression:
        """A bound as a constant of the column's own type and zone."""
        if is_business:
            moment = self.business_start(moment)
        moment = in_zone(moment, self.catalog.project.zone, self.zone)
        return nodes.literal_date(as_day(moment)) if self.is_date else nodes.literal_timestamp(moment)

    def business_start(self, moment: datetime) -> datetime:
        """A bound that names a day means the business day, which begins later; one that names an hour means that hour."""
        return moment if self.is_date or moment.time() != time_of_day.min else moment + self.offset

    def at_or_after(self, moment: datetime) -> exp.Expression:
        """column >= moment."""
        return exp.GTE(this=self.needed(), expression=self.literal(moment))

    def before(self, moment: datetime, *, is_business: bool = True) -> exp.Expression:
        """column < moment."""
        return exp.LT(this=self.needed(), expression=self.literal(moment, is_business=is_business))

    def bounds(self, shape: Shape) -> list[exp.Expression | None]:
        """start <= time < end, cut at as_of; rows that move are bounded where they come from."""
        if self.column is None:
            return []
        self.shift = shape.shift
        if shape.shift is not None and shape.shift.calendar is not None:
            return self._calendar_bounds(shape)
        by = shape.shift.by if shape.shift is not None else None
        start, end, until = (first_reaching(one, by) if by is not None else one for one in (shape.start, shape.end, shape.until))
        if shape.window is not None:
            start = window_start(shape, start, end or until)
        conditions: list[exp.Expression | None] = []
        if start is not None:
            conditions.append(self.at_or_after(start))
        assert until is not None
        if end is not None and self.business_start(end) <= until:
            conditions.append(self.before(end))
        elif until.year < 9999:
            conditions.append(self.before(until, is_business=False))
        return conditions

    def _calendar_bounds(self, shape: Shape) -> list[exp.Expression | None]:
        assert shape.shift is not None and shape.shift.calendar is not None
        day = nodes.bucket(self.business(), "day", self.is_date)
        self.calendar_day = join_calendar(self.catalog, self.scan, shape.shift, day)
        conditions: list[exp.Expression | None] = []
        if shape.start is not None:
            conditions.append(exp.GTE(this=self.calendar_day.copy(), expression=nodes.literal_date(shape.start.date())))
            conditions.append(self.at_or_after(shape.start - timedelta(days=400 * (shape.shift.cycles + 1))))
        end = min(shape.end, shape.until) if shape.end is not None else shape.until
        conditions.append(exp.LT(this=self.calendar_day.copy(), expression=nodes.literal_date(as_day(end))))
        conditions.append(self.before(end))
        return conditions

    # -- buckets ---------------------------------------------------------------------------------

    def local(self) -> exp.Expression:
        """The time in the project's zone."""
        raw = self.needed()
        return raw if self.is_date else nodes.timezone_shift(raw, self.zone or self.catalog.project.zone, self.catalog.project.zone)

    def business(self) -> exp.Expression:
        """The time less the start of the business day, so that midnight cuts days."""
        local = self.local()
        if self.is_date or not self.offset:
            return local
        return nodes.add_interval(local, seconds=-int(self.offset.total_seconds()))

    def bucket(self, shape: Shape) -> exp.Expression:
        """The period a row falls in."""
        grain = named_grain(shape.grain) or "day"
        return self.bucket_of(grain)

    def bucket_of(self, grain: str) -> exp.Expression:
        """The bucket of a grain, or of a calendar's grain."""
        if "." in grain:
            return calendar_grain(self.catalog, self.scan, grain, nodes.bucket(self.business(), "day", self.is_date))
        if self.calendar_day is not None:
            return nodes.bucket(self.calendar_day.copy(), grain, True, self.week_starts)
        daily = nodes.is_date_grain(grain)
        time = self.business() if daily else self.local()
        if self.shift is not None and self.shift.moves_rows:
            by = self.shift.by
            days, seconds = divmod(by.seconds, 86400)
            time = nodes.add_interval(time, by.months, days, seconds, self.is_date)
        if self.is_date and not daily:
            raise refuse(
                "grain-too-fine", f"「{self.scan.dataset.title}」的时间只到日，不能按 {grain} 提问",
                f"'{self.scan.dataset_id}' is dated by day and cannot be asked by {grain}",
                ("用 day 或更粗的粒度", "ask by day or coarser"),
            )  # fmt: skip
        return nodes.bucket(time, grain, self.is_date, self.week_starts)

    def named_time(self, axis: Axis) -> exp.Expression:
        """A time axis: another time's bucket, or a part that comes round again."""
        clock = self
        if axis.time not in (None, "default"):
            time = next((one for one in self.scan.dataset.times if one.name == axis.time), None)
            if time is None:
                raise refuse("unknown-time", f"没有名为「{axis.time}」的时间", f"no time is named '{axis.time}'")
            kept = self.scan.joins.time
            clock = Clock(self.catalog, self.scan, time)
            self.scan.joins.time = kept
        if axis.part is not None:
            time_node = clock.local() if axis.part == "hour" else clock.business()
            return nodes.date_part(time_node, axis.part)
        return clock.bucket_of(named_grain(axis.grain) or "day")

    def end_of_period(self, shape: Shape) -> exp.Expression | None:
        """`at` in an expression: the end of the row's period, or as_of if earlier; never the clock."""
        end = min(shape.end, shape.until) if shape.end is not None else shape.until
        if shape.grain is None or self.column is None:
            return nodes.literal_timestamp(end)
        after = period_end(self.bucket(shape), named_grain(shape.grain) or "day")
        return exp.Least(this=after, expressions=[nodes.literal_timestamp(shape.until)])


def period_end(start: exp.Expression, grain: str) -> exp.Expression:
    """First instant after the period that begins at `start`, as a TIMESTAMP."""
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}.get(grain, 0)
    if grain == "ten_day":
        day = nodes.date_part(start.copy(), "day")
        next_month = nodes.typed(nodes.add_interval(nodes.bucket(start.copy(), "month", True), months=1, is_date=True), "timestamp")
        later = nodes.typed(nodes.add_interval(start.copy(), days=10, is_date=True), "timestamp")
        return exp.Case(ifs=[exp.If(this=exp.GT(this=day, expression=nodes.whole(20)), true=next_month)], default=later)
    seconds = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}.get(grain, 0) or (nodes.seconds_of(grain) or 0)
    days, seconds = divmod(seconds, 86400)
    return nodes.add_interval(nodes.typed(start, "timestamp"), months, days, seconds)


def window_start(shape: Shape, start: datetime | None, end: datetime | None) -> datetime | None:
    """Where the window of a question without a grain begins."""
    assert shape.window is not None
    first = end - timedelta(microseconds=1) if shape.grain is None and end is not None else start  # the end of the first window
    if shape.window.over is not None:
        return moved(end if shape.grain is None else start, -shape.window.over)
    if shape.window.since in (None, "start") or first is None:
        return None
    return bucket_start(first, named_grain(shape.window.since) or "year", shape.week_starts)
