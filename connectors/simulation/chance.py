"""Chance that depends only on its name: a row is the same whatever period it is generated for, and in whatever order."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def chance(seed: int, stream: str, number: int = 0) -> np.random.Generator:
    """A generator for one stream and one day (its ordinal) or other number."""
    return np.random.default_rng([seed, crc32(stream.encode()), number])


def days(first: datetime, last: datetime) -> Iterator[date]:
    """The days touched by first <= t < last."""
    day = first.date()
    while datetime.combine(day, datetime.min.time()) < last:
        yield day
        day += timedelta(days=1)


def moments(day: date, seconds: NDArray[np.floating]) -> pa.Array:
    """Timestamps (whole seconds) of a day's midnight plus seconds; more than 86,400 reaches into the next day."""
    start = np.datetime64(day.isoformat(), "s")
    return pa.array(start + seconds.astype("int64").astype("timedelta64[s]"))


def numbered(prefix: str, numbers: Whole, width: int) -> pa.Array:
    """Identifiers: the prefix and each number, padded with zeros."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, "")


def pick(names: tuple[str, ...] | list[str], index: NDArray[np.integer]) -> pa.Array:
    """names[index] as an Arrow array."""
    return pa.array(names, pa.string()).take(pa.array(index))


def between(rows: pa.Table, column: str, first: datetime, last: datetime) -> pa.Table:
    """The rows with first <= column < last."""
    times = rows[column]
    kind = times.type
    inside = pc.and_(pc.greater_equal(times, pa.scalar(first).cast(kind)), pc.less(times, pa.scalar(last).cast(kind)))
    return rows.filter(inside)
