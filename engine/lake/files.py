"""Writes rows as Parquet files, one set per month, and reads back only those files that a load touches."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine import warehouse
from engine.lake.manifest import RowFile
from engine.warehouse import ARRIVED, Table

ROWS_OF_A_GROUP = 256 * 1024  # rows that are sorted and written together; a query skips a group by its least and greatest value
ROWS_IN_MEMORY = 4 * 1024 * 1024
SMALL_FILE = 64 * 1024
MOST_SMALL_FILES = 8
NO_TIME = "no-time"


class Writing:
    """Takes rows in any order and writes them by month of the table's time; what is left of a failure are files that nobody reads."""

    def __init__(self, folder: Path, table: Table, version: int) -> None:
        self._folder, self._table, self._version = folder, table, version
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
            name = f"{month}/{self._version}-{len(self._open)}.parquet"
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
            if error is not None:
                with suppress(OSError):
                    (self._folder / name).unlink()


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


def without_keys(folder: Path, file: RowFile, table: Table, keys: pa.Table) -> pa.Table | None:
    """The rows of a file whose key is not among the keys; None when none of its rows is."""
    held = pq.read_table(folder / file.name, columns=list(table.key))
    kept = held.append_column(ARRIVED, pa.array(np.arange(held.num_rows))).join(keys, list(table.key), join_type="left anti")
    if kept.num_rows == held.num_rows:
        return None
    return rows_of(folder, file, table).take(kept[ARRIVED].combine_chunks().sort())


def without_days(folder: Path, file: RowFile, table: Table, days: pa.Array) -> pa.Table | None:
    """The rows of a file on other days than these; None when all are."""
    if file.first is None or file.last is None or not any(file.first.date() <= day <= file.last.date() for day in days.to_pylist()):
        return None
    rows = rows_of(folder, file, table)
    touched = pc.is_in(rows[table.time].cast(pa.date32()), value_set=days)
    return rows.filter(pc.invert(touched)) if pc.any(touched).as_py() else None


def too_many_small(files: Iterable[RowFile]) -> frozenset[str]:
    """Files that an append takes along into its own, so that a month of small loads does not stay a thousand files."""
    small: dict[str, list[str]] = {}
    for file in files:
        if file.rows < SMALL_FILE:
            small.setdefault(file.name.partition("/")[0], []).append(file.name)
    return frozenset(name for names in small.values() if len(names) >= MOST_SMALL_FILES for name in names)
