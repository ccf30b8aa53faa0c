"""The loads of one transaction: files are written at once, manifests wait for its end."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from engine import warehouse
from engine.lake import files, manifest
from engine.lake.files import Taking, Writing
from engine.lake.manifest import Manifest, Outdated, RowFile
from engine.warehouse import Loaded, LoadMode, Slice, Table, TableState


class Loads:
    """What a transaction has written so far (装载). Only the files that hold a key or a day of what comes in are read and written anew."""

    def __init__(self, root: Path, keep_seconds: float, now: Callable[[], datetime], mark: Callable[[], str]) -> None:
        self._root, self._keep, self._now, self._mark = root, keep_seconds, now, mark
        self.changed: dict[Path, Manifest] = {}

    def held(self, schema: str, name: str) -> Manifest | None:
        """A table's manifest as the transaction has left it."""
        folder = manifest.folder_of(self._root, Table(schema, name, ()))
        return self.changed.get(folder) or manifest.read(folder)

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        found = self.held(table.schema, table.name)
        return found.state() if found else None

    def create(self, table: Table) -> Manifest:
        """The table's manifest, made when it is missing, with columns that are new."""
        folder, before = manifest.folder_of(self._root, table), self.held(table.schema, table.name)
        if before is None:
            folder.mkdir(parents=True, exist_ok=True)
            with Writing(folder, table, 0, self._mark()) as writing:
                before = Manifest(columns=table.columns, files=(writing.write_empty(),))
            self.changed[folder] = before
        present = {column.name for column in before.columns}
        added = tuple(column for column in table.columns if column.name not in present)
        if added:
            before = self.changed[folder] = replace(before, columns=before.columns + added)
        return before

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> Loaded:
        """Write rows. Raises RowsDoNotFit; then the transaction is to end."""
        whole = self._whole(table)
        folder = manifest.folder_of(self._root, table)
        incoming = (files.widened(pa.Table.from_batches([warehouse.fitted(batch, table, mode)]), whole) for batch in rows)
        if mode == "append":
            return self._write(whole, incoming, small=True)
        if mode == "replace":
            return self._write(whole, incoming, all_of_them=True)
        came = pa.concat_tables([warehouse.arrow_schema(whole).empty_table(), *incoming])
        if mode == "upsert":
            came = files.latest_of_each_key(came, table.key)
            return self._write(whole, [came], files.without_keys(folder, whole, came.select(list(table.key))))
        days = pc.unique(came[table.time].cast(pa.date32())).to_pylist()
        return self._write(whole, [came], files.without_days(folder, whole, days))

    def refill(self, table: Table, rows: Iterable[pa.Table], instead: Sequence[Slice] | None, by: str | None = None) -> Loaded:
        """Write rows that have the table's columns instead of those in the slices of its time or of the column `by`; None: of all."""
        whole = self._whole(table)
        widened = (files.widened(part, whole) for part in rows)
        if instead is None:
            return self._write(whole, widened, all_of_them=True)
        return self._write(whole, widened, files.without_slices(manifest.folder_of(self._root, table), whole, instead, by))

    def _whole(self, table: Table) -> Table:
        return Table(table.schema, table.name, self.create(table).columns, table.key, table.time)

    def _write(
        self, table: Table, rows: Iterable[pa.Table], taking: Taking = lambda _: None, *, small: bool = False, all_of_them: bool = False
    ) -> Loaded:
        """Rows that come, and those that stay of files that lose some; then the table's manifest as it will be."""
        folder = manifest.folder_of(self._root, table)
        before = self.create(table)
        _sweep(folder, before)
        dropped = {file.name for file in before.files} if all_of_them else set(files.too_many_small(before.files)) if small else set()
        days: set[date] = set()
        with Writing(folder, table, before.version + 1, self._mark()) as writing:
            for part in rows:
                writing.add(part)
            for file in () if all_of_them else before.files:
                if file.name in dropped:
                    writing.add(files.rows_of(folder, file, table))
                elif (left := taking(file)) is not None:
                    dropped.add(file.name)
                    days |= left.days
                    writing.add(left.rows)
            kept = tuple(file for file in before.files if file.name not in dropped and file.rows)
            held = (*kept, *writing.finish()) or (writing.write_empty(),)
        after = self.changed[folder] = self._after(folder, before, held)
        state = after.state()
        assert state is not None
        return Loaded(state, frozenset(days))

    def _after(self, folder: Path, before: Manifest, held: tuple[RowFile, ...]) -> Manifest:
        """The manifest after a load; files that have been outdated for long are deleted."""
        now, names = self._now(), {file.name for file in held}
        outdated = [*before.outdated, *(Outdated(file.name, now) for file in before.files if file.name not in names)]
        fresh = tuple(file for file in outdated if (now - file.since).total_seconds() < self._keep)
        for file in set(outdated) - set(fresh):
            with suppress(OSError):
                (folder / file.name).unlink()
        return Manifest(before.version + 1, before.columns, held, fresh, now)


def _sweep(folder: Path, before: Manifest) -> None:
    """Delete what a transaction that failed or was killed has left behind; nobody else writes here now."""
    known = {file.name for file in before.files} | {file.name for file in before.outdated}
    for path in folder.glob("*/*.parquet"):
        if path.relative_to(folder).as_posix() not in known:
            path.unlink(missing_ok=True)
