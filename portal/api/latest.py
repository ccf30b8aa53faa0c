"""The question every page asks first, what is the latest value, and the reading of its answer."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from engine.frame import COMPLETE, Frame
from engine.kinds.indicator import Indicator
from engine.parts import GRAINS
from engine.question import Period, Question
from engine.running.ask import Answer
from portal.api.state import GAP, State, state_of
from renderers.line import Point, points_of
from renderers.line import finished as drawn_until_now
from renderers.number import Number, write_change, write_number
from renderers.period import period_label

# How far back a page looks by default: 24 to 90 points.
SPANS = {
    "minute": "PT1H", "quarter_hour": "P1D", "hour": "P2D", "day": "P30D", "week": "P26W", "ten_day": "P12M",
    "month": "P24M", "quarter": "P6Y", "half_year": "P12Y", "year": "P20Y",
}  # fmt: skip


class Latest(Struct, frozen=True):
    """The latest finished value of a series in words, its state and its points (最新值)."""

    value: str
    unit: str
    period: str
    change: str
    rises: int  # -1, 0 or 1
    state: State
    points: tuple[Point, ...]
    number: float | None = None


def grain_of(indicator: Indicator) -> str:
    """The grain a page shows unasked: a day, or the indicator's own when that is coarser."""
    own = indicator.grain or "day"
    return own if own in GRAINS and GRAINS.index(own) > GRAINS.index("day") else "day"


def series_question(
    id: str, indicator: Indicator, grain: str = "", last: str = "", by: str = "", *, every_member: bool = False
) -> Question:
    """Values of one indicator over the recent periods, whole periods only, every period standing in the answer."""
    grain = grain or grain_of(indicator)
    period = Period(last=last or SPANS.get(grain, "P30D"))
    fill: Literal["all", "time"] = "all" if every_member else "time"
    return Question(indicators=(id,), by=(by,) if by else (), grain=grain, period=period, edge="whole", fill=fill)


def points_in(frame: Frame | None) -> tuple[Point, ...]:
    """The first value column over time."""
    return next(iter(points_by_member(frame).values()), ())


def points_by_member(frame: Frame | None) -> dict[object, tuple[Point, ...]]:
    """The first value column over time, for each key of the first dimension; all under None where there is no dimension."""
    if frame is None or not frame.of_role("time") or not frame.of_role("value"):
        return {}
    table, dimensions = frame.table, frame.of_role("dimension")
    times, values = (table.column(frame.of_role(role)[0].name).to_pylist() for role in ("time", "value"))
    keys = table.column(dimensions[0].name).to_pylist() if dimensions else [None] * len(times)
    complete = table.column(COMPLETE).to_pylist() if COMPLETE in table.column_names else [True] * len(times)
    found: dict[object, list[tuple[object, Number | None, bool]]] = {}
    for key, at, value, is_complete in zip(keys, times, values, complete, strict=True):
        found.setdefault(key, []).append((at, numeric(value), bool(is_complete)))
    return {key: points_of(*map(list, zip(*rows, strict=True))) for key, rows in found.items()}


def numeric(value: object) -> Number | None:
    """A value that can be drawn, or None."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None if value is None else float_or_none(value)


def float_or_none(value: object) -> float | None:
    """A decimal as a float; text has no place on an axis."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def latest_of(
    points: tuple[Point, ...], indicator: Indicator, grain: str, as_of: datetime | None, now: datetime, *, failed: bool = False
) -> Latest:
    """The last finished period that has a value; when none is finished, the last one that has a value."""
    known = [point for point in points if point.value is not None]
    finished = [point for point in known if point.complete] or known
    last = finished[-1] if finished else None
    before = finished[-2] if len(finished) > 1 else None
    value = last.value if last else None
    written = write_number(value, indicator.unit, indicator.display)
    was = before.value if before else None
    drawn = drawn_until_now(points)
    is_gap = bool(drawn) and drawn[-1].value is None and value is not None
    return Latest(
        value=written.text,
        unit=written.unit,
        period=period_label(last.at, grain) if last else "无数据",
        change=write_change(value, was, indicator.unit),
        rises=0 if value is None or was is None or value == was else 1 if value > was else -1,
        state=GAP if is_gap else state_of(indicator, value, as_of, now, failed=failed),
        points=points,
        number=value,
    )


def latest_in(answer: Answer, indicator: Indicator, grain: str, now: datetime) -> Latest:
    """The latest value of an answer without dimensions."""
    return latest_of(points_in(answer.frame), indicator, grain, answer.as_of, now, failed=answer.frame is None)
