"""Writes rows as Parquet files, one set per month, and reads back only those files that a load touches."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine import warehouse
from engine.lake.manifest import RowFile
from engine.warehouse import ARRIVED, Slice, Table

ROWS_OF_A_GROUP = 256 * 1024  # rows that are sorted and written together; a query skips a group by its least and greatest value
ROWS_IN_MEMORY = 4 * 1024 * 1024
SMALL_FILE = 64 * 1024
MOST_SMALL_FILES = 8
NO_TIME = "no-time"


class Writing:
    """Takes rows in any order and writes them by month of the table's time; what is left of a failure are files that nobody reads.

    `mark` tells its files from those of any other, so that whoever has kept something of a file by its name never mistakes it.
    """

    def __init__(self, folder: Path, table: Table, version: int, mark: str) -> None:
        self._folder, self._table, self._name = folder, table, f"{version}-{{}}-{mark}.parquet"
        self._schema = warehouse.arrow_schema(table)
        self._waiting: dict[str, list[pa.Table]] = {}
        self._open: dict[str, tuple[str, pq.ParquetWriter]] = {}
        self._written: dict[str, RowFile] = {}

    def __enter__(self) -> Self:
        return self

    def add(self, rows: pa.Table) -> None:
        """Take rows that have the table's columns."""
        for month, part in _by_month(rows, self._table.time):
            self._waiting.setdefault(month, []).append(part)
            if _count(self._waiting[month]) >= ROWS_OF_A_GROUP:
                self._write(month)
        while sum(map(_count, self._waiting.values())) > ROWS_IN_MEMORY:
            self._write(max(self._waiting, key=lambda month: _count(self._waiting[month])))

    def _write(self, month: str) -> None:
        rows = pa.concat_tables(self._waiting.pop(month))
        if self._table.time:
            rows = rows.sort_by(self._table.time)
        if month not in self._open:
            name = f"{month}/{self._name.format(len(self._open))}"
            path = self._folder / name
            path.parent.mkdir(exist_ok=True)
            self._open[month] = name, pq.ParquetWriter(path, self._schema, compression="zstd", store_decimal_as_integer=True)
        name, writer = self._open[month]
        writer.write_table(rows, row_group_size=ROWS_OF_A_GROUP)
        self._written[name] = _longer(self._written.get(name), _described(name, rows, self._table.time))

    def finish(self) -> tuple[RowFile, ...]:
        """Write what waits, and tell the files; an empty table has one file without rows, for a reader needs one."""
        for month in tuple(self._waiting):
            self._write(month)
        return tuple(self._written.values())

    def write_empty(self) -> RowFile:
        """A file that has the columns and no rows."""
        self._waiting[NO_TIME] = [self._schema.empty_table()]
        self._write(NO_TIME)
        return next(iter(self._written.values()))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name, writer in self._open.values():
            writer.close()
            if error is None:
                _keep(self._folder / name)
            else:
                with suppress(OSError):
                    (self._folder / name).unlink()


def _keep(path: Path) -> None:
    """Have the file on the disk: the manifest that names it must not outlive it in a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _count(parts: Iterable[pa.Table]) -> int:
    return sum(part.num_rows for part in parts)


def _by_month(rows: pa.Table, time: str | None) -> Iterator[tuple[str, pa.Table]]:
    if time is None:
        if rows.num_rows:
            yield NO_TIME, rows
        return
    months = pc.add(pc.multiply(pc.year(rows[time]), 12), pc.subtract(pc.month(rows[time]), 1))
    for month in pc.unique(months):
        same = pc.equal(months, month) if month.is_valid else pc.is_null(months)
        name = f"{month.as_py() // 12:04}-{month.as_py() % 12 + 1:02}" if month.is_valid else NO_TIME
        yield name, rows.filter(same)


def _described(name: str, rows: pa.Table, time: str | None) -> RowFile:
    first, last = _ends(rows[time]) if time else (None, None)
    return RowFile(name, rows.num_rows, first, last)


def _ends(times: pa.ChunkedArray) -> tuple[datetime | None, datetime | None]:
    ends = pc.min_max(times.cast(pa.timestamp("us")))
    return ends["min"].as_py(), ends["max"].as_py()


def _longer(before: RowFile | None, more: RowFile) -> RowFile:
    if before is None:
        return more
    firsts = [file.first for file in (before, more) if file.first is not None]
    lasts = [file.last for file in (before, more) if file.last is not None]
    return RowFile(more.name, before.rows + more.rows, min(firsts, default=None), max(lasts, default=None))


def widened(rows: pa.Table, table: Table) -> pa.Table:
    """The rows with all columns of the table, in its order; those that they lack are NULL."""
    schema = warehouse.arrow_schema(table)
    columns = [rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type) for field in schema]
    return pa.table(columns, schema=schema)


def rows_of(folder: Path, file: RowFile, table: Table) -> pa.Table:
    """All rows of a file."""
    return widened(pq.read_table(folder / file.name), table)


def latest_of_each_key(rows: pa.Table, key: tuple[str, ...]) -> pa.Table:
    """The last row of each key, in the order of arrival."""
    numbered = rows.append_column(ARRIVED, pa.array(np.arange(rows.num_rows)))
    last = numbered.group_by(list(key)).aggregate([(ARRIVED, "max")])[f"{ARRIVED}_max"]
    return rows.take(last.combine_chunks().sort())


class Without:
    """What stays of a file when some of its rows are taken out (剩余行)."""

    def __init__(self, rows: pa.Table, gone: pa.Table, time: str | None) -> None:
        self.rows = rows
        days = pc.unique(gone[time].cast(pa.date32())).to_pylist() if time else []
        self.days = frozenset(day for day in days if day is not None)  # of the rows that were taken out


Taking = Callable[[RowFile], Without | None]  # None: all rows of the file stay


def without_keys(folder: Path, table: Table, keys: pa.Table) -> Taking:
    """Takes out the rows whose key is among the keys."""

    def taking(file: RowFile) -> Without | None:
        held = pq.read_table(folder / file.name, columns=list(table.key))
        found = held.append_column(ARRIVED, pa.array(np.arange(held.num_rows))).join(keys, list(table.key), join_type="left semi")
        if not found.num_rows:
            return None
        is_gone = np.zeros(held.num_rows, dtype=bool)
        is_gone[found[ARRIVED].to_numpy()] = True
        return _split(rows_of(folder, file, table), pa.array(is_gone), table.time)

    return taking


def without_days(folder: Path, table: Table, days: Sequence[date]) -> Taking:
    """Takes out the rows of some days."""

    def taking(file: RowFile) -> Without | None:
        if file.first is None or file.last is None or not any(file.first.date() <= day <= file.last.date() for day in days):
            return None
        rows = rows_of(folder, file, table)
        return _split(rows, pc.is_in(rows[table.time].cast(pa.date32()), value_set=pa.array(days, pa.date32())), table.time)

    return taking


def without_slices(folder: Path, table: Table, slices: Sequence[Slice], by: str | None) -> Taking:
    """Takes out the rows whose time, or the column `by`, lies in one of the slices; a NULL lies only in one without edges."""

    def taking(file: RowFile) -> Without | None:
        if by in (None, table.time) and not any(_touches(file, one) for one in slices):
            return None
        rows = rows_of(folder, file, table)
        times = rows[by or table.time]
        is_gone = pa.chunked_array([pa.repeat(pa.scalar(False), rows.num_rows)])
        for one in slices:
            is_gone = pc.or_(is_gone, _within(times, one))
        return _split(rows, is_gone, table.time)

    return taking


def _touches(file: RowFile, one: Slice) -> bool:
    if one.start is None and one.end is None:
        return True
    if file.first is None or file.last is None:
        return False
    # By whole days, since a column of dates has no hours.
    return (one.start is None or file.last.date() >= one.start.date()) and (one.end is None or file.first.date() <= one.end.date())


def _within(times: pa.ChunkedArray, one: Slice) -> pa.ChunkedArray:
    is_date = pa.types.is_date(times.type)
    held = pa.chunked_array([pa.repeat(pa.scalar(True), len(times))])
    for edge, compare in ((one.start, pc.greater_equal), (one.end, pc.less)):
        if edge is not None:
            held = pc.and_(held, compare(times, pa.scalar(edge.date() if is_date else edge, times.type)))
    return pc.fill_null(held, False)


def _split(rows: pa.Table, is_gone: pa.Array, time: str | None) -> Without | None:
    gone = rows.filter(is_gone)
    return Without(rows.filter(pc.invert(is_gone)), gone, time) if gone.num_rows else None


def too_many_small(files: Iterable[RowFile]) -> frozenset[str]:
    """Files that an append takes along into its own, so that a month of small loads does not stay a thousand files."""
    small: dict[str, list[str]] = {}
    for file in files:
        if file.rows < SMALL_FILE:
            small.setdefault(file.name.partition("/")[0], []).append(file.name)
    return frozenset(name for names in small.values() if len(names) >= MOST_SMALL_FILES for name in names)
