"""One sentence that says what a chart shows, for those who listen instead of look, and for those in a hurry."""

from collections.abc import Sequence

from renderers.line import Point
from renderers.number import write_change, write_number
from renderers.period import period_label


def summary(title: str, points: Sequence[Point], grain: str | None, unit: str = "", display: str | None = None) -> str:
    """Latest finished value, its change, the highest and the lowest of the series; says so when there is nothing."""
    known = [point for point in points if point.value is not None]
    finished = [point for point in known if point.complete] or known
    if not finished:
        return f"{title}：所选时段没有数据。"
    last = finished[-1]
    parts = [f"{title}：{period_label(last.at, grain)}为 {write_number(last.value, unit, display)}"]
    if len(finished) > 1 and (change := moved(finished[-2], last, unit)):
        parts.append(f"，{change}")
    if len(finished) > 2:
        highest, lowest = max(finished, key=size), min(finished, key=size)
        parts.append(
            f"；{len(finished)} 期中最高 {write_number(highest.value, unit, display)}（{period_label(highest.at, grain)}）"
            f"，最低 {write_number(lowest.value, unit, display)}（{period_label(lowest.at, grain)}）"
        )
    missing = sum(1 for point in points if point.value is None)
    return "".join(parts) + (f"；缺 {missing} 期" if missing else "") + "。"


def size(point: Point) -> float:
    """The value to compare by; points here have one."""
    return point.value or 0.0


def moved(before: Point, now: Point, unit: str) -> str:
    """The change in words: 比上期增 3.1%."""
    change = write_change(now.value, before.value, unit)
    if not change:
        return ""
    word = "增" if change.startswith("+") else "减" if change.startswith("−") else "持平 "
    return f"比上期{word}" + (f" {change[1:]}" if word in "增减" else "").rstrip()
