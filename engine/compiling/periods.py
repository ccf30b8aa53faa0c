"""Periods as wall-clock instants: what a question's period means, how it moves, and which literal a column is compared with."""

from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from engine.compiling.refuse import refuse
from engine.kinds.dataset import Time
from engine.modifier import Shift
from engine.parts import Span, span_of
from engine.question import Period

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
NAMED = {"quarter_hour": "PT15M"}
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def named_grain(grain: str | None) -> str | None:
    """The grain under the one name the compiler knows it by."""
    return NAMED.get(grain, grain) if grain else None


def _days_in(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else DAYS[month - 1]


def moved(moment: datetime | None, span: Span) -> datetime | None:
    """The instant moved by calendar months, then by the clock; the day is clamped to the month's last."""
    if moment is None:
        return None
    if span.months:
        month = moment.year * 12 + moment.month - 1 + span.months
        year, month = divmod(month, 12)
        moment = moment.replace(year=year, month=month + 1, day=min(moment.day, _days_in(year, month + 1)))
    return moment + span.delta


def first_reaching(moment: datetime | None, span: Span) -> datetime | None:
    """The first day or instant that, moved by the span, is not before the moment.

    31 March less a month is 29 February, but that day a month later is 29 March: what reaches 31 March begins with 1 March.
    """
    back = moved(moment, -span)
    if moment is None or back is None or not span.months:
        return back
    again = moved(back, span)
    return back if again is not None and again >= moment else datetime(back.year, back.month, back.day) + timedelta(days=1)


def shifted_end(end: datetime | None, by: Span, shift: Shift) -> datetime | None:
    """Where what is compared with ends: at the same instant of its day, or, where whole days fall on that day too, with the day."""
    return moved(end, -by) if shift.reads == "cut" else first_reaching(end, by)


def instant(text: str) -> datetime:
    """A date or a date and time, as wall clock; an offset is cut off by the caller's zone before."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise refuse(
            "unreadable-time",
            f"「{text}」不是日期或时间",
            f"'{text}' is not a date or time",
            ("写成 2026-01-31 或 2026-01-31T08:00", "write 2026-01-31 or 2026-01-31T08:00"),
        ) from None


def wall(text: str, zone: str) -> datetime:
    """An instant as wall clock of a zone; one with an offset is converted."""
    moment = instant(text)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment


def asked_period(
    period: Period | None, as_of: datetime, zone: str, grain: str | None, week_starts: int = 1
) -> tuple[datetime | None, datetime | None]:
    """Start and end of a period, half-open. `last` ends with as_of; with a grain it takes in the unfinished period."""
    if period is None:
        return None, None
    if period.last is not None or period.next is not None:
        span = span_of(period.last or period.next or "P1D")
        if period.next is not None:
            return as_of, moved(as_of, span)
        return _last(span, as_of, grain, week_starts)
    start = wall(period.start, zone) if period.start else None
    end = wall(period.end, zone) if period.end else None
    if start is not None and end is not None and start >= end:
        raise refuse(
            "empty-period", f"周期为空：{period.start} 不早于 {period.end}", f"the period is empty: {period.start} is not before {period.end}",
            ("结束时刻不含在内，至少晚一天", "the end is not included: make it at least one day later"),
        )  # fmt: skip
    return start, end


def _last(span: Span, as_of: datetime, grain: str | None, week_starts: int) -> tuple[datetime, datetime]:
    if grain is None:
        return moved(as_of, -span) or as_of, as_of
    end = next_start(as_of - timedelta(microseconds=1), grain, week_starts)
    start = moved(end, -span) or end
    return bucket_start(start, grain, week_starts), end


def bucket_start(moment: datetime, grain: str, week_starts: int = 1) -> datetime:
    """First instant of the period of the grain that holds the moment; weeks begin on `week_starts`, 1 being Monday."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if grain in MONTHS:
        months = MONTHS[grain]
        return midnight.replace(month=(moment.month - 1) // months * months + 1, day=1)
    if grain == "week":
        return midnight - timedelta(days=(midnight.isoweekday() - week_starts) % 7)
    if grain == "ten_day":
        return midnight.replace(day=21 if moment.day > 20 else 11 if moment.day > 10 else 1)
    seconds = SECONDS.get(grain) or (span_of(grain).seconds if grain.startswith("P") else 86400)
    if seconds >= 86400:
        days = seconds // 86400
        return datetime(2000, 1, 3) + timedelta(days=(midnight - datetime(2000, 1, 3)).days // days * days)
    passed = int((moment - midnight).total_seconds()) // seconds * seconds
    return midnight + timedelta(seconds=passed)


def next_start(moment: datetime, grain: str, week_starts: int = 1) -> datetime:
    """First instant of the period after the one that holds the moment."""
    start = bucket_start(moment, grain, week_starts)
    if grain in MONTHS:
        return moved(start, Span(months=MONTHS[grain])) or start
    if grain == "ten_day":
        return (moved(start.replace(day=1), Span(months=1)) or start) if start.day == 21 else start.replace(day=start.day + 10)
    return start + timedelta(seconds=SECONDS.get(grain) or (span_of(grain).seconds if grain.startswith("P") else 86400))


def day_offset(time: Time | None) -> timedelta:
    """How long after midnight a business day begins."""
    if time is None:
        return timedelta()
    hours, minutes = time.day_starts.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def in_zone(moment: datetime, project_zone: str, zone: str | None) -> datetime:
    """Wall clock of the project as wall clock of a column's zone, so that the bound is a literal and the column stays bare."""
    if zone is None or zone == project_zone:
        return moment
    return moment.replace(tzinfo=ZoneInfo(project_zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def as_day(moment: datetime) -> date:
    """The first date whose midnight is not before the moment: the bound for a date column."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    return moment.date() + timedelta(days=ceil(seconds / 86400))


def on_grain(by: Span, grain: str | None) -> Span:
    """On weeks a year is 52 weeks and a month 4: weeks never split."""
    if grain == "week" and by.months:
        years, months = divmod(abs(by.months), 12)
        sign = 1 if by.months > 0 else -1
        return Span(seconds=by.seconds + sign * (years * 364 + months * 28) * 86400)
    return by
