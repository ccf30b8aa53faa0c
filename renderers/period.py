"""Times as labels: a month is 2026年11月, not the midnight that begins it."""

from datetime import date, datetime

WEEKDAYS = "一二三四五六日"


def period_label(start: object, grain: str | None) -> str:
    """The whole name of the period that begins at `start`; other values come back as text."""
    if not isinstance(start, date):
        return "" if start is None else str(start)
    month, day = f"{start.year}年{start.month}月", f"{start.year}年{start.month}月{start.day}日"
    names = {
        "year": f"{start.year}年",
        "half_year": f"{start.year}年{'上' if start.month < 7 else '下'}半年",
        "quarter": f"{start.year}年第{(start.month + 2) // 3}季度",
        "month": month,
        "ten_day": f"{month}{'上中下'[min((start.day - 1) // 10, 2)]}旬",
        "week": f"{day}起一周",
        "day": day,
    }
    if grain in names:
        return names[grain]
    return f"{day} {start:%H:%M}" if isinstance(start, datetime) else day


def tick_label(start: object, grain: str | None) -> str:
    """A short name for an axis: the part that changes from tick to tick."""
    if not isinstance(start, date):
        return "" if start is None else str(start)
    if grain == "year":
        return str(start.year)
    if grain in {"half_year", "quarter", "month"}:
        return f"{start.year}-{start.month:02d}"
    if grain in {"day", "week", "ten_day"} or not isinstance(start, datetime):
        return f"{start.month:02d}-{start.day:02d}"
    return f"{start:%m-%d %H:%M}"


def instant_label(moment: date | datetime | str | None) -> str:
    """An instant as screens write it: 2026-11-22 08:00, without the time when it is midnight."""
    if moment is None:
        return "—"
    if isinstance(moment, str):
        return moment.replace("T", " ")
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d %H:%M}"
    return moment.isoformat()
