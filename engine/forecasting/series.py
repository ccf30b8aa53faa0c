"""Rows become a series that every candidate can read: one value for each step, and what is missing stays known as missing."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from msgspec import Struct

from engine.parts import Span, grain_span

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
MONDAY = datetime(1970, 1, 5)
SECOND = 1_000_000
LARGEST = 1_000_000  # steps: a series with one row in the year 1 and one today is an error, no request for memory

# What comes round again at each step, strongest guess first: a day has a week, an hour a day and a week.
SEASONS = {
    "minute": (60, 1440), "quarter_hour": (96, 672), "hour": (24, 168), "day": (7,), "week": (52,), "ten_day": (36,), "month": (12,), "quarter": (4,),
    "half_year": (2,),
}  # fmt: skip


class Step(Struct, frozen=True):
    """How far one value is from the next (步长)."""

    name: str
    span: Span

    def places(self, at: Whole) -> Whole:
        """The number of the step that each instant (microseconds since 1970) lies in."""
        if self.span.months:
            months = at.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
            return np.asarray(np.floor_divide(months, self.span.months))
        origin = int((MONDAY - datetime(1970, 1, 1)).total_seconds()) * SECOND
        return np.asarray(np.floor_divide(at - origin, self.span.seconds * SECOND))

    def instant(self, place: int) -> datetime:
        """First instant of a step."""
        if self.span.months:
            months = place * self.span.months
            return datetime(1970 + months // 12, months % 12 + 1, 1)
        return MONDAY + timedelta(seconds=place * self.span.seconds)


class Series(Struct, frozen=True):
    """Values one step apart, NaN where there is none; the first and the last are known (序列)."""

    step: Step
    start: int  # number of the first step
    values: Numbers
    rows: int  # that it was made of
    doubled: int = 0  # steps with several rows

    @property
    def gaps(self) -> int:
        """Steps without a value."""
        return int(np.isnan(self.values).sum())

    @property
    def end(self) -> int:
        """Number of the step after the last."""
        return self.start + len(self.values)

    def cut(self, start: int, end: int) -> "Series":
        """The steps from `start` to just before `end`."""
        first, last = max(start - self.start, 0), max(min(end, self.end) - self.start, 0)
        return Series(self.step, self.start + first, self.values[first:last], self.rows, self.doubled)


def step_of(grain: str) -> Step | None:
    """The step of a grain; None where its periods are not equally long."""
    span = grain_span(grain)
    return Step(grain, span) if span is not None and not span.is_empty else None


def series_of(at: Whole, values: Numbers, step: Step) -> Series | None:
    """The series from the first to the last known value; None without one, or when it would be longer than anybody means."""
    known = ~np.isnan(values)
    at, values = at[known], values[known]
    if not len(at):
        return None
    places = step.places(at)
    first, last = int(places.min()), int(places.max())
    if last - first >= LARGEST:
        return None
    whole = np.full(last - first + 1, np.nan)
    whole[places - first] = values
    _, counts = np.unique(places, return_counts=True)
    return Series(step, first, whole, len(at), int((counts > 1).sum()))


def bridged(values: Numbers, season: int) -> Numbers:
    """The values a candidate learns from: a gap holds the value of the season before, else a straight line. Never shown, never scored."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    whole = values.copy()
    for place in np.flatnonzero(missing):
        if place >= season > 1:
            whole[place] = whole[place - season]
    rest = np.isnan(whole)
    if rest.any():
        places = np.arange(len(whole))
        whole[rest] = np.interp(places[rest], places[~rest], whole[~rest])
    return whole


def summed(several: Iterable[Series]) -> Series | None:
    """The sum step by step over the steps that all of them have; unknown where one of them is."""
    every = list(several)
    start, end = max(one.start for one in every), min(one.end for one in every)
    if end <= start:
        return None
    total = np.sum([one.cut(start, end).values for one in every], axis=0)
    return Series(every[0].step, start, total, sum(one.rows for one in every), sum(one.doubled for one in every))


def season_of(values: Numbers, candidates: Iterable[int]) -> int:
    """The length of the season: of those whose autocorrelation passes a 90 % test, the strongest; 1 when none does.

    The test is the one of the M4 competition (autocorrelation at the lag against 1.645 times its standard error under the lags before
    it), on the series without its trend; a season needs three turns to be seen.
    """
    found = [(strength, -lag) for lag in candidates if (strength := _strength(values, lag)) is not None]
    return -max(found)[1] if found else 1


def _strength(values: Numbers, lag: int) -> float | None:
    if lag < 2 or len(values) < 3 * lag:
        return None
    whole = bridged(values, lag)
    places = np.arange(len(whole))
    flat = whole - np.polyval(np.polyfit(places, whole, 1), places)
    spread = float(flat @ flat)
    if spread <= 1e-12 * max(float(whole @ whole), 1.0):
        return None
    size = 1 << (2 * len(flat) - 1).bit_length()
    spectrum = np.fft.rfft(flat, size)
    lags = np.fft.irfft(spectrum * np.conj(spectrum), size)[: lag + 1] / spread
    limit = 1.645 * np.sqrt((1 + 2 * float((lags[1:lag] ** 2).sum())) / len(flat))
    return float(lags[lag]) if lags[lag] > limit else None


def outliers(values: Numbers, season: int) -> list[int]:
    """Places whose change against the season before is more than four robust deviations from the usual: marked, not mended."""
    if len(values) < 3 * season:
        return []
    change = values[season:] - values[:-season]
    known = change[~np.isnan(change)]
    if len(known) < 8:
        return []
    middle = np.median(known)
    spread = 1.4826 * np.median(np.abs(known - middle))
    if spread == 0:
        return []
    far = np.abs(change - middle) > 4 * spread
    # The step after an outlier differs from it as much: only the first of the two is one.
    places = [int(place) + season for place in np.flatnonzero(far)]
    return [place for place in places if place - season not in places]
