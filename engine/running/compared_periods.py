"""Which two periods a change is between, and what people call them: 本周 and 上周, a month and the same month last year."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from engine.compiling.periods import MONTHS, asked_period, bucket_start, moved, named_grain, next_start, on_grain
from engine.compiling.refuse import refuse
from engine.findings import did_you_mean
from engine.kinds.project import Project
from engine.parts import GRAINS as GRAINS_KNOWN
from engine.parts import Span, grain_span
from engine.question import Period

Against = Literal["prev", "yoy", "mom", "wow"]
WAYS: tuple[Against, ...] = ("prev", "yoy")
GRAINS = ("day", "week", "ten_day", "month", "quarter", "half_year", "year")


class Stretch(Struct, frozen=True):
    """A period with both ends (时段). `label` is its name beside the other one."""

    start: datetime
    end: datetime
    label: str
    is_whole: bool = True  # false: cut at as_of, because it is not over


class Compared(Struct, frozen=True):
    """The period looked at and the one it is compared with (对比时段)."""

    now: Stretch
    then: Stretch


def compared_periods(
    project: Project, period: Period | None, grain: str | None, against: Against | Period, as_of: datetime, today: datetime
) -> Compared:
    """The two periods. Without a period: the latest one of the grain that is over by as_of; a period not over is cut, and so is the other.

    Raises Refused for a period without both ends, one that has not begun, or one of another length than it can be compared by.
    """
    week = project.week_starts
    start, end = _asked(project, period, grain, as_of)
    if isinstance(against, Period):
        then_start, then_end = asked_period(against, as_of, project.zone, None, week)
        if then_start is None or then_end is None:
            raise open_period()
    else:
        then_start, then_end = _before(start, end, against, week)
    cut = min(end, as_of)
    if cut < end and not isinstance(against, Period):
        then_end = min(then_end, then_start + (cut - start))
    if then_start >= then_end:
        raise refuse("empty-period", "对比的时段是空的", "the period compared with is empty", ("换一个时段或对比方式", "choose another period"))
    is_whole = cut == end
    now = Stretch(start, cut, named_period(start, end, today, week), is_whole)
    label = _named_then(then_start, then_end, start, end, against, today, week)
    return Compared(now, Stretch(then_start, then_end, label, is_whole or isinstance(against, Period)))


def open_period() -> Exception:
    """A change needs both ends."""
    return refuse(
        "open-period", "对比需要有起止的时段", "a comparison needs a period with both ends", ("给出起和止，或用 last", "say from and to, or last")
    )


def _asked(project: Project, period: Period | None, grain: str | None, as_of: datetime) -> tuple[datetime, datetime]:
    if period is None:
        if as_of.year >= 9999:
            raise refuse("no-rows-yet", "还没有任何数据", "there are no rows yet", ("先装入数据", "load rows first"))
        named = known_grain(grain)
        end = bucket_start(as_of, named, project.week_starts)
        return bucket_start(end - timedelta(microseconds=1), named, project.week_starts), end
    start, end_asked = asked_period(period, as_of, project.zone, grain if period.last else None, project.week_starts)
    if start is None or end_asked is None:
        raise open_period()
    if start >= as_of:
        raise refuse("period-to-come", "所问时段还没有开始", "the period asked has not begun", ("换一个已有数据的时段", "ask for one that has rows"))
    return start, end_asked


def known_grain(grain: str | None) -> str:
    """The grain of which the latest period is asked. Raises Refused for one that is not known or not equally cut everywhere."""
    named = named_grain(grain) or "day"
    if named in GRAINS_KNOWN or (named.startswith("P") and grain_span(named) is not None):
        return named
    advice = did_you_mean(named, GRAINS_KNOWN, f"可用：{'、'.join(GRAINS_KNOWN)}", f"known: {', '.join(GRAINS_KNOWN)}")
    raise refuse("unknown-grain", f"没有名为「{named}」的粒度", f"no grain is named '{named}'", advice)


def _before(start: datetime, end: datetime, against: Against, week: int) -> tuple[datetime, datetime]:
    grain = grain_of_stretch(start, end, week)
    if against == "prev":
        if grain is not None:
            return bucket_start(start - timedelta(microseconds=1), grain, week), start
        return _moved(start, end, -_length(start, end))
    if against == "wow":
        return _moved(start, end, Span(seconds=-7 * 86400))
    # A whole week is compared with a whole week: on weeks a year is 52 of them.
    return _moved(start, end, on_grain(Span(months=-12 if against == "yoy" else -1), grain))


def _length(start: datetime, end: datetime) -> Span:
    if (start.day, end.day) == (1, 1) and start.time() == end.time():
        return Span(months=(end.year - start.year) * 12 + end.month - start.month)
    return Span(seconds=int((end - start).total_seconds()))


def _moved(start: datetime, end: datetime, by: Span) -> tuple[datetime, datetime]:
    return moved(start, by) or start, moved(end, by) or end


def grain_of_stretch(start: datetime, end: datetime, week: int = 1) -> str | None:
    """The grain of which the stretch is exactly one period; the finest, when there are several."""
    return next((grain for grain in GRAINS if bucket_start(start, grain, week) == start and next_start(start, grain, week) == end), None)


_THIS = {"day": "今日", "week": "本周", "ten_day": "本旬", "month": "本月", "quarter": "本季度", "half_year": "本半年", "year": "今年"}
_LAST = {"day": "昨日", "week": "上周", "ten_day": "上旬", "month": "上月", "quarter": "上季度", "half_year": "上个半年", "year": "去年"}
_EARLIER = {"day": "前一日", "week": "前一周", "ten_day": "前一旬", "month": "前一月", "quarter": "前一季度", "half_year": "前一个半年", "year": "前一年"}
_SAME = {"yoy": "去年同期", "mom": "上月同期", "wow": "上周同期"}


def named_period(start: datetime, end: datetime, today: datetime, week: int = 1) -> str:
    """本周 or 上周 as seen from today, else its dates; the year is said where it is not today's."""
    grain = grain_of_stretch(start, end, week)
    if grain is not None and start <= today < end:
        return _THIS[grain]
    if grain is not None and end <= today and bucket_start(today, grain, week) == end:
        return _LAST[grain]
    year = "" if start.year == today.year and grain not in (*MONTHS, "half_year") else f"{start.year}年"
    match grain:
        case "day":
            return f"{year}{start.month}月{start.day}日"
        case "ten_day":
            return f"{year}{start.month}月{'上中下'[min((start.day - 1) // 10, 2)]}旬"
        case "month":
            return f"{year}{start.month}月"
        case "quarter":
            return f"{start.year}年第{(start.month + 2) // 3}季度"
        case "half_year":
            return f"{start.year}年{'上' if start.month < 7 else '下'}半年"
        case "year":
            return f"{start.year}年"
    return f"{year}{dated(start)}至{dated(end - timedelta(microseconds=1), start)}"


def dated(moment: datetime, beside: datetime | None = None) -> str:
    """A day as people say it; its year only where it is another than that beside it."""
    year = f"{moment.year}年" if beside is not None and beside.year != moment.year else ""
    clock = f"{moment:%H:%M}" if moment.time() != datetime.min.time() and moment.microsecond == 0 else ""
    return f"{year}{moment.month}月{moment.day}日{clock}"


def _named_then(
    then_start: datetime, then_end: datetime, start: datetime, end: datetime, against: Against | Period, today: datetime, week: int
) -> str:
    if not isinstance(against, Period):
        return _named_before(start, end, against, today, week)
    same = next((way for way in WAYS if _before(start, end, way, week) == (then_start, then_end)), None)
    return named_period(then_start, then_end, today, week) if same is None else _named_before(start, end, same, today, week)


def _named_before(start: datetime, end: datetime, against: Against, today: datetime, week: int) -> str:
    if against != "prev":
        return _SAME[against]
    grain = grain_of_stretch(start, end, week)
    if grain is None:
        return "前一时段"
    return _LAST[grain] if start <= today < end else _EARLIER[grain]
