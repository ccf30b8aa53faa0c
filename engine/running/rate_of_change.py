"""A reading that leaps is rarely true: each row is compared with the row before it of the same object, in the load or stored."""

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from engine.kinds.dataset import Quality
from engine.parts import span_of
from engine.running.cells import Bad, none_bad
from engine.running.stored import Stored

Numbers = NDArray[np.float64]
DAY = 86400 * 1_000_000


class Step(Struct, frozen=True):
    """A rule of change with its columns (变化规则)."""

    rule: Quality
    column: str
    time: str


class _Past(Struct):
    """Good rows of earlier batches: the last one of each object (前值)."""

    last: pa.Table | None = None


def unsteady(step: Step, rows: pa.Table, memory: dict[str, Any], stored: Stored | None) -> Bad:
    """Rows that changed more than the rule lets them since the last good row of their object.

    Rows further apart than `gap` are not compared, nor are rows without time or value. A bad row is no measure for the next
    one. Stored rows of the same time are the row itself come again.
    """
    names = [*step.rule.same, step.time, step.column]
    own = rows.select(names)
    is_own = np.ones(rows.num_rows, dtype=np.bool_)
    past: _Past = memory.setdefault("past", _Past())
    before = [one for one in (past.last, _stored(step, own, stored)) if one is not None and one.num_rows]
    if before:
        added = [one.select(names).cast(own.schema) for one in before]
        is_own = np.concatenate([is_own, np.zeros(sum(one.num_rows for one in added), dtype=np.bool_)])
        own = pa.concat_tables([own, *added])
    bad, last = _judged(step, own, is_own)
    past.last = own.take(pa.array(last))
    return bad[: rows.num_rows]


def _stored(step: Step, own: pa.Table, stored: Stored | None) -> pa.Table | None:
    ends = pc.min_max(own[step.time].cast(pa.timestamp("us"))).as_py()
    if stored is None or ends["min"] is None:
        return None
    names = [*step.rule.same, step.time, step.column]
    return stored.in_time(step.time, ends["min"] - timedelta(microseconds=_gap(step)), ends["max"], names)


def _judged(step: Step, own: pa.Table, is_own: Bad) -> tuple[Bad, NDArray[np.int64]]:
    """Which rows are bad, and the places of the last good row of each object."""
    objects = _objects(own, step.rule.same)
    times = own[step.time].cast(pa.timestamp("us")).cast(pa.int64()).combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)
    values = own[step.column].cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False)
    usable = np.asarray(own[step.time].combine_chunks().is_valid()) & ~np.isnan(values)
    order = np.lexsort((is_own, times, objects))
    order = order[usable[order]]
    objects, times, values, own_row = objects[order], times[order], values[order], is_own[order]
    leaps = own_row & _leaps(step, objects, times, values, _before(objects, times))
    for start, end in _spans(objects, leaps):  # only objects with a leap are gone through row by row
        leaps[start:end] = _one_by_one(step, times[start:end], values[start:end], own_row[start:end])
    bad = none_bad(own.num_rows)
    bad[order[leaps]] = True
    good = np.flatnonzero(~leaps)
    ends = np.flatnonzero(np.append(objects[good][1:] != objects[good][:-1], True)) if len(good) else good
    return bad, order[good[ends]]


def _objects(own: pa.Table, same: tuple[str, ...]) -> NDArray[np.int64]:
    """A number for each object."""
    numbers = np.zeros(own.num_rows, dtype=np.int64)
    for name in same:
        coded = own[name].combine_chunks().dictionary_encode(null_encoding="encode")
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        numbers = np.unique(numbers * (len(coded.dictionary) + 1) + codes, return_inverse=True)[1]
    return numbers


def _before(objects: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the last row of an earlier moment; rows of one moment have the same one before them."""
    is_first = np.append(True, (objects[1:] != objects[:-1]) | (times[1:] != times[:-1]))[: len(times)]
    firsts = np.maximum.accumulate(np.where(is_first, np.arange(len(times)), 0))
    return np.asarray(np.maximum(firsts - 1, 0))


def _gap(step: Step) -> int:
    return microseconds(step.rule.gap)


def microseconds(duration: str) -> int:
    """How long a duration is; a month counts thirty days."""
    span = span_of(duration)
    return span.months * 30 * DAY + span.seconds * 1_000_000


def _leaps(step: Step, objects: NDArray[np.int64], times: NDArray[np.int64], values: Numbers, before: NDArray[np.int64]) -> Bad:
    elapsed, change = times - times[before], values - values[before]
    if step.rule.per is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            change = change * microseconds(step.rule.per) / elapsed
    out = np.zeros(len(values), dtype=np.bool_)
    if step.rule.min is not None:
        out |= change < step.rule.min - abs(step.rule.min) * 1e-9
    if step.rule.max is not None:
        out |= change > step.rule.max + abs(step.rule.max) * 1e-9
    return np.asarray(out & (objects == objects[before]) & (elapsed > 0) & (elapsed <= _gap(step)))


def _spans(objects: NDArray[np.int64], leaps: Bad) -> list[tuple[int, int]]:
    leaping = np.unique(objects[leaps])
    starts, ends = np.searchsorted(objects, leaping, "left"), np.searchsorted(objects, leaping, "right")
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _one_by_one(step: Step, times: NDArray[np.int64], values: Numbers, own: Bad) -> Bad:
    gap, low, high = _gap(step), step.rule.min, step.rule.max
    per = microseconds(step.rule.per) if step.rule.per is not None else None
    leaps = [False] * len(times)
    last: tuple[int, float] | None = None
    earlier: tuple[int, float] | None = None  # the good row before those of this very time
    for place, (time, value, is_own) in enumerate(zip(times.tolist(), values.tolist(), own.tolist(), strict=True)):
        if last is not None and last[0] < time:
            earlier = last
        if is_own and earlier is not None and time - earlier[0] <= gap:
            change = (value - earlier[1]) * (per / (time - earlier[0]) if per is not None else 1.0)
            too_low = low is not None and change < low - abs(low) * 1e-9
            leaps[place] = too_low or (high is not None and change > high + abs(high) * 1e-9)
        if not leaps[place]:
            last = (time, value)
    return np.array(leaps, dtype=np.bool_)
