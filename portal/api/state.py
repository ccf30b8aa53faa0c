"""What state a number is in, told three ways at once: a colour, a shape and a word."""

from datetime import datetime

from msgspec import Struct

from engine.kinds.indicator import Indicator
from engine.parts import level_limits, span_of
from engine.running.freshness import outdated


class State(Struct, frozen=True):
    """A level or a freshness as screens show it (状态)."""

    tone: str
    shape: str
    word: str


FRESH = State("fresh", "circle", "最新")
SOUND = State("fresh", "circle", "正常")
LATE = State("late", "diamond", "延迟")
STALE = State("stale", "ring", "陈旧")
FAILED = State("failed", "cross", "计算失败")
GAP = State("late", "diamond", "最近一期无值")
EMPTY = State("stale", "ring", "无数据")
# From the gravest to the mildest.
LEVELS = {
    "red": State("red", "triangle", "红色预警"),
    "orange": State("orange", "diamond", "橙色预警"),
    "yellow": State("yellow", "circle", "黄色预警"),
    "blue": State("blue", "square", "蓝色预警"),
}
NAMES = {"红": "red", "橙": "orange", "黄": "yellow", "蓝": "blue", **{name: name for name in LEVELS}}


def state_of(
    indicator: Indicator, value: float | None, as_of: datetime | None, now: datetime, *, failed: bool = False, late: bool = False
) -> State:
    """The gravest level the value has reached; else how fresh it is."""
    if failed:
        return FAILED
    if value is None:
        return EMPTY
    allowed = span_of(indicator.stale_after) if indicator.stale_after is not None else None
    if outdated(as_of, allowed, now) is not None:
        return STALE
    level = level_of(indicator, value)
    return LEVELS[level] if level else LATE if late else SOUND if indicator.levels else FRESH


def level_of(indicator: Indicator, value: float) -> str:
    """The gravest of the four levels whose limit the value has reached, or no text."""
    if indicator.levels is None:
        return ""
    reached = {
        NAMES.get(level, "")
        for comparison, limits in level_limits(indicator.levels)
        for level, limit in limits.items()
        if holds(comparison, value, limit)
    }
    return next((level for level in LEVELS if level in reached), "")


def holds(comparison: str, value: float, limit: float) -> bool:
    """Whether a value is at or beyond a limit."""
    return {
        "above": value > limit, "at_or_above": value >= limit, "below": value < limit, "at_or_below": value <= limit,
        "abs_at_or_above": abs(value) >= limit,
    }[comparison]  # fmt: skip
