"""Rows of a long time are asked for in windows, and the end of the last whole window is where a later reading goes on."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta

from engine.parts import Duration, Part, span_of


class ByWindow(Part, frozen=True):
    """Rows between two times, one window after another up to now (按时间窗)."""

    start: Annotated[str, Meta(title="起参数", description="Parameter of the window's beginning")] = "from"
    end: Annotated[str, Meta(title="止参数", description="Parameter of its end")] = "to"
    step: Annotated[Duration, Meta(title="窗长", description="How long a window is", examples=["P1D"])] = "P1D"
    reach: Annotated[Duration, Meta(title="首次回溯", description="How far back the first reading begins", examples=["P30D"])] = "P30D"
    overlap: Annotated[Duration, Meta(title="重叠", description="Read again before the last end: rows come late", examples=["PT1H"])] = (
        "PT0S"
    )
    form: Annotated[
        Literal["iso", "iso_zone", "seconds", "milliseconds", "date", "compact"], Meta(title="写法", description="How times are written")
    ] = "iso"
    zone: Annotated[str, Meta(title="时区", description="Zone of the wall clock, for seconds since 1970")] = "Asia/Shanghai"


def windows(paging: ByWindow, now: datetime, since: str | None) -> Iterator[tuple[datetime, datetime]]:
    """From where the last reading ended, less the overlap, up to now; none when there is no time between."""
    step, overlap, back = (_delta(text) for text in (paging.step, paging.overlap, paging.reach))
    first = datetime.fromisoformat(since) - overlap if since else now - back
    while first < now:
        last = min(first + max(step, timedelta(seconds=1)), now)
        yield first, last
        first = last


def window_parameters(paging: ByWindow, first: datetime, last: datetime) -> dict[str, Any]:
    """The window as the server wants it."""
    return {paging.start: _written(paging, first), paging.end: _written(paging, last)}


def _delta(text: str) -> timedelta:
    span = span_of(text)
    return span.delta + timedelta(days=30 * span.months)


def _written(paging: ByWindow, when: datetime) -> str | int:
    there = when.replace(tzinfo=ZoneInfo(paging.zone))
    match paging.form:
        case "seconds":
            return int(there.timestamp())
        case "milliseconds":
            return int(there.timestamp() * 1000)
        case "iso_zone":
            return there.isoformat()
        case "date":
            return f"{when:%Y-%m-%d}"
        case "compact":
            return f"{when:%Y%m%d%H%M%S}"
        case _:
            return when.isoformat(timespec="seconds")
