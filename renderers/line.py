"""A line over time as plain coordinates, so that a template can draw it without arithmetic and without any script."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from renderers.axis import Axis, every_nth, round_axis
from renderers.number import Number, scale_of, write_number
from renderers.period import period_label, tick_label


class Point(Struct, frozen=True):
    """One period's value; None is a gap, never zero (点)."""

    at: date
    value: float | None
    complete: bool = True


class Dot(Struct, frozen=True):
    """A drawn value with the words that explain it (数据点)."""

    x: float
    y: float
    said: str
    complete: bool


class Tick(Struct, frozen=True):
    """A place on an axis and its label (刻度)."""

    at: float
    label: str


class LineSpec(Struct, frozen=True):
    """Everything a template needs to draw one line chart, in its own pixels (折线图)."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: tuple[str, ...]  # one polyline for each run without a gap: "x,y x,y"
    areas: tuple[str, ...]
    tails: tuple[str, ...]  # the last, unfinished stretch, drawn dashed
    dots: tuple[Dot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    unit: str
    empty: bool


class SparkSpec(Struct, frozen=True):
    """A word-sized line without axes (迷你折线)."""

    width: int
    height: int
    lines: tuple[str, ...]
    last: tuple[float, float] | None


def points_of(times: Sequence[object], values: Sequence[Number | None], complete: Sequence[bool] | None = None) -> tuple[Point, ...]:
    """Columns of an answer as points in order of time; rows without a time are left out."""
    flags = complete if complete is not None else [True] * len(times)
    rows = [(at, value, flag) for at, value, flag in zip(times, values, flags, strict=True) if isinstance(at, date)]
    rows.sort(key=lambda row: str(row[0]))
    return tuple(Point(at, None if value is None or value != value else float(value), flag) for at, value, flag in rows)


def line(
    points: Sequence[Point], grain: str | None, unit: str = "", display: str | None = None, width: int = 960, height: int = 320
) -> LineSpec:
    """The chart of one series; points in order of time, evenly spaced because every period stands in the answer."""
    values = [point.value for point in points if point.value is not None]
    left, right, top, bottom = 72, 24, 32, 40
    if not values:
        return LineSpec(width, height, left, right, top, bottom, (), (), (), (), (), (), unit, True)
    axis = round_axis(min(values), max(values))
    across, down = width - left - right, height - top - bottom
    xs = [round(left + across * (n + 0.5) / len(points), 1) for n in range(len(points))]
    ys = [None if point.value is None else round(top + down * (1 - axis.part(point.value)), 1) for point in points]
    done = max((n + 1 for n, point in enumerate(points) if point.complete), default=0)
    solid = runs(xs[:done], ys[:done])
    floor = height - bottom
    return LineSpec(
        width, height, left, right, top, bottom,
        lines=tuple(joined(run) for run in solid if len(run) > 1),
        # An area says "this much of something"; over an axis that does not begin at zero it would say it wrongly.
        areas=tuple(f"{run[0][0]},{floor} {joined(run)} {run[-1][0]},{floor}" for run in solid if len(run) > 1 and axis.low == 0),
        tails=tuple(joined(run) for run in runs(xs[max(done - 1, 0) :], ys[max(done - 1, 0) :]) if len(run) > 1),
        dots=dots(points, xs, ys, grain, unit, display),
        x_ticks=tuple(Tick(xs[n], tick_label(points[n].at, grain)) for n in every_nth(len(points), width // 88)),
        y_ticks=y_ticks(axis, unit, display, top, down),
        unit=write_number(0, unit, display).unit,
        empty=False,
    )  # fmt: skip


def dots(
    points: Sequence[Point], xs: Sequence[float], ys: Sequence[float | None], grain: str | None, unit: str, display: str | None
) -> tuple[Dot, ...]:
    """A dot for each value, with period, value and unit as its words."""
    return tuple(
        Dot(
            x,
            y,
            f"{period_label(point.at, grain)}：{write_number(point.value, unit, display)}{'' if point.complete else '（本期未完）'}",
            point.complete,
        )
        for point, x, y in zip(points, xs, ys, strict=True)
        if y is not None
    )


def y_ticks(axis: Axis, unit: str, display: str | None, top: float, down: float) -> tuple[Tick, ...]:
    """Labels of the value axis; they share their decimals, so that the digits stand under each other."""
    scale = float(scale_of(display))
    step = (axis.ticks[1] - axis.ticks[0]) / scale
    decimals = 0 if step >= 1 and step == int(step) else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
    return tuple(
        Tick(round(top + down * (1 - axis.part(tick)), 1), write_number(tick, unit, display, decimals=decimals).text) for tick in axis.ticks
    )


def finished(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points up to the last finished one: half a day's tonnes beside whole days look like a fall."""
    last = max((n + 1 for n, point in enumerate(points) if point.complete), default=len(points))
    return tuple(points[:last])


def spark(points: Sequence[Point], width: int = 120, height: int = 32) -> SparkSpec:
    """The shape of a series beside its latest value."""
    values = [point.value for point in points if point.value is not None]
    if not values:
        return SparkSpec(width, height, (), None)
    low, high = min(values), max(values)
    if low == high:  # a level series runs through the middle, not along the floor
        low, high = low - 1.0, high + 1.0
    span = high - low
    xs = [round(4 + (width - 8) * n / max(len(points) - 1, 1), 1) for n in range(len(points))]
    ys = [None if point.value is None else round(4 + (height - 8) * (1 - (point.value - low) / span), 1) for point in points]
    drawn = runs(xs, ys)
    return SparkSpec(width, height, tuple(joined(run) for run in drawn if len(run) > 1), drawn[-1][-1])


def runs(xs: Sequence[float], ys: Sequence[float | None]) -> list[list[tuple[float, float]]]:
    """The stretches without a gap."""
    found: list[list[tuple[float, float]]] = []
    gap = True
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            gap = True
            continue
        if gap:
            found.append([])
        found[-1].append((x, y))
        gap = False
    return found


def joined(run: Sequence[tuple[float, float]]) -> str:
    """Coordinates as a polyline writes them."""
    return " ".join(f"{x},{y}" for x, y in run)
