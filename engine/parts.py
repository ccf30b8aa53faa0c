"""Pieces that several kinds of definition share, so that a thing is written one way everywhere."""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Ref = Annotated[str, Meta(title="引用", description="Id of another definition: its path with dots", examples=["sanitation.msw_day"])]
Expression = Annotated[str, Meta(title="表达式", description="Text in the closed formula grammar", examples=["leg = 'first'"])]
Duration = Annotated[
    str,
    Meta(
        title="时长",
        description="ISO 8601 duration; a leading minus reaches back",
        pattern=r"^-?P(?=[0-9T])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$",
        examples=["P7D", "PT15M"],
    ),
]
Fraction = Annotated[float, Meta(ge=0, le=1)]
AtLeastOne = Annotated[int, Meta(ge=1)]
ItemName = Annotated[str, Meta(title="名称", description="Lower-case name of an item in a list", pattern=r"^[a-z_][a-z0-9_]*$")]
Grain = Annotated[
    str,
    Meta(
        title="粒度",
        description="minute, quarter_hour, hour, day, week, ten_day, month, quarter, half_year, year, a duration dividing a day, or calendar.grain",
        examples=["day", "month", "PT15M"],
    ),
]
Aggregation = Literal[
    "sum", "count", "count_distinct", "min", "max", "avg", "weighted_avg", "median", "percentile", "stddev", "first", "last", "any", "all"
]
Absent = Literal["null", "zero", "omit"]
OverTime = Literal["last", "first", "avg", "min", "max", "sum"]

# From fine to coarse; every grain of a day or more starts at a day.
GRAINS = ("minute", "quarter_hour", "hour", "day", "week", "ten_day", "month", "quarter", "half_year", "year")


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a definition: unknown keys are errors, names are given (部件)."""


class Code(Part, frozen=True, rename={"start": "from", "end": "until"}):
    """One code of a code list or enum, with attributes that formulas may read (代码)."""

    code: Annotated[str, Meta(title="代码", description="The code as it stands in the rows", examples=["kitchen"])]
    title: Annotated[str, Meta(title="名称", description="What screens show", examples=["厨余垃圾"])]
    parent: Annotated[str | None, Meta(title="上级代码", description="Code of the coarser member, when the dimension rolls up")] = None
    start: Annotated[date | None, Meta(title="启用日", description="First day on which rows may bear it", examples=["2020-05-01"])] = None
    end: Annotated[
        date | None, Meta(title="停用日", description="First day on which rows may bear it no more", examples=["2024-01-01"])
    ] = None
    attributes: Annotated[dict[str, float | str], Meta(title="属性", description="Values that formulas read as dimension.attribute")] = {}


class PartOfStep(Part, frozen=True):
    """How far back towards the next milder level a value must come before an alarm clears (回差)."""

    part_of_step: Annotated[str, Meta(title="步长比例", description="A share of the step to the milder level", pattern=r"^[0-9.]+%$")]


class Levels(Part, frozen=True, rename={"hold": "for"}):
    """Limits of the four alarm levels; evaluated by alerts, shown by screens (阈值分级)."""

    above: Annotated[dict[str, float] | None, Meta(title="高于", description="Level begins above the value")] = None
    at_or_above: Annotated[dict[str, float] | None, Meta(title="不低于", description="Level begins at the value and above")] = None
    below: Annotated[dict[str, float] | None, Meta(title="低于", description="Level begins below the value")] = None
    at_or_below: Annotated[dict[str, float] | None, Meta(title="不高于", description="Level begins at the value and below")] = None
    abs_at_or_above: Annotated[dict[str, float] | None, Meta(title="绝对值不低于", description="Either side of zero")] = None
    hold: Annotated[Duration | None, Meta(title="持续", description="How long it must hold")] = None
    clear_at: Annotated[PartOfStep | float | None, Meta(title="恢复", description="Margin back before it clears")] = None


_DURATION = re.compile(r"^(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


class Span(Struct, frozen=True):
    """A duration taken apart: months move by the calendar, seconds by the clock (时长)."""

    months: int = 0
    seconds: int = 0

    def __neg__(self) -> "Span":
        return Span(-self.months, -self.seconds)

    def times(self, n: int) -> "Span":
        """This span n times over."""
        return Span(self.months * n, self.seconds * n)

    @property
    def delta(self) -> timedelta:
        """The clock part."""
        return timedelta(seconds=self.seconds)

    @property
    def is_empty(self) -> bool:
        """True when it moves nothing."""
        return not self.months and not self.seconds


def span_of(duration: str) -> Span:
    """An ISO 8601 duration as months and seconds. Raises ValueError for other text: decoding has checked the pattern before."""
    match = _DURATION.match(duration)
    if match is None:
        raise ValueError(f"not a duration: {duration}")
    sign = -1 if match[1] else 1
    years, months, weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups()[1:])
    return Span(sign * (years * 12 + months), sign * ((weeks * 7 + days) * 86400 + hours * 3600 + minutes * 60 + seconds))


GRAIN_SPANS = {
    "minute": Span(seconds=60), "quarter_hour": Span(seconds=900), "hour": Span(seconds=3600), "day": Span(seconds=86400),
    "week": Span(seconds=604800), "month": Span(months=1), "quarter": Span(months=3), "half_year": Span(months=6), "year": Span(months=12),
}  # fmt: skip


def grain_span(grain: str) -> Span | None:
    """How long one period of the grain is; None for ten-day periods and grains of a calendar, which are not equally long."""
    if grain.startswith("P"):
        return span_of(grain)
    return GRAIN_SPANS.get(grain)


def nests(fine: str, coarse: str) -> bool:
    """Whether every period of the coarse grain is made of whole periods of the fine one: days nest in weeks, weeks not in months."""
    if fine == coarse:
        return True
    inner, outer = grain_span(fine), grain_span(coarse)
    if inner is None:
        return outer is not None and bool(outer.months)  # ten-day periods: three make a month
    if inner.months:
        return outer is not None and outer.months % inner.months == 0 and bool(outer.months)
    if outer is None or outer.months:
        return inner.seconds <= 86400
    return outer.seconds % inner.seconds == 0


def level_limits(levels: Levels) -> list[tuple[str, dict[str, float]]]:
    """The comparisons that were given, as (comparison, {level: limit})."""
    pairs: list[tuple[str, Any]] = [
        (name, getattr(levels, name)) for name in ("above", "at_or_above", "below", "at_or_below", "abs_at_or_above")
    ]
    return [(name, limits) for name, limits in pairs if limits]
