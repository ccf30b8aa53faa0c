"""Loads into a folder of Parquet files, all or nothing, without a database: what Spark queries."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from engine import warehouse
from engine.lake import files, manifest
from engine.lake.files import Writing
from engine.lake.manifest import Manifest, Outdated, RowFile
from engine.warehouse import LoadMode, Table, TableState


class Lake:
    """Tables below `root/<schema>/<table>/<month>/` (数据湖).

    A load writes new files and then swaps a manifest, so readers see whole loads only, in whatever process they run; files that no
    longer count stay for `keep_seconds`, which is to be longer than the longest query. Merging reads and writes only the files that
    hold a key or a day of the rows that come in.
    """

    def __init__(self, root: Path, keep_seconds: float = 600.0, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.root, self._keep, self._now = root.resolve(), keep_seconds, now

    def held(self, schema: str, name: str) -> tuple[Path, Manifest] | None:
        """Folder and manifest of a table, or None where there is no table."""
        folder = self._folder(Table(schema, name, ()))
        found = manifest.read(folder)
        return (folder, found) if found else None

    def _folder(self, table: Table) -> Path:
        return manifest.folder_of(self.root, table)

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        found = manifest.read(self._folder(table))
        return found.state() if found else None

    def create(self, table: Table) -> None:
        """Make the table's folder when it is missing, add columns that are new."""
        folder = self._folder(table)
        with manifest.locked(folder):
            _created(folder, table)

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version by one swap. Raises RowsDoNotFit; then nothing has changed."""
        folder = self._folder(table)
        with manifest.locked(folder):
            before = _created(folder, table)
            whole = Table(table.schema, table.name, before.columns, table.key, table.time)
            incoming = (pa.Table.from_batches([warehouse.fitted(batch, table, mode)]) for batch in rows)
            with Writing(folder, whole, before.version + 1) as writing:
                dropped = _write(folder, whole, before, incoming, mode, writing)
                kept = tuple(file for file in before.files if file.name not in dropped and file.rows)
                held = (*kept, *writing.finish()) or (writing.write_empty(),)
            after = self._after(folder, before, held)
            manifest.swap(folder, after)
        state = after.state()
        assert state is not None
        return state

    def _after(self, folder: Path, before: Manifest, held: tuple[RowFile, ...]) -> Manifest:
        """The manifest after a load; files that have been outdated for long are deleted."""
        now, names = self._now(), {file.name for file in held}
        outdated = [*before.outdated, *(Outdated(file.name, now) for file in before.files if file.name not in names)]
        fresh = tuple(file for file in outdated if (now - file.since).total_seconds() < self._keep)
        for file in set(outdated) - set(fresh):
            with suppress(OSError):
                (folder / file.name).unlink()
        return Manifest(before.version + 1, before.columns, held, fresh, now)


def _created(folder: Path, table: Table) -> Manifest:
    before = manifest.read(folder)
    if before is None:
        with Writing(folder, table, 0) as writing:
            made = Manifest(columns=table.columns, files=(writing.write_empty(),))
    else:
        present = {column.name for column in before.columns}
        added = tuple(column for column in table.columns if column.name not in present)
        if not added:
            return before
        made = Manifest(before.version, before.columns + added, before.files, before.outdated, before.loaded_at)
    manifest.swap(folder, made)
    return made


def _write(folder: Path, table: Table, before: Manifest, rows: Iterable[pa.Table], mode: LoadMode, writing: Writing) -> frozenset[str]:
    """Hands over what is to be written, old rows among it; returns the files that no longer count."""
    dropped = {file.name for file in before.files} if mode == "replace" else set()
    if mode in ("replace", "append"):
        for part in rows:
            writing.add(files.widened(part, table))
        if mode == "append":
            dropped |= files.too_many_small(before.files)
            for file in before.files:
                if file.name in dropped:
                    writing.add(files.rows_of(folder, file, table))
        return frozenset(dropped)
    came = pa.concat_tables([warehouse.arrow_schema(table).empty_table(), *(files.widened(part, table) for part in rows)])
    if mode == "upsert":
        came = files.latest_of_each_key(came, table.key)
        keys = came.select(list(table.key))
        kept = {file.name: files.without_keys(folder, file, table, keys) for file in before.files}
    else:
        days = pc.unique(came[table.time].cast(pa.date32()))
        kept = {file.name: files.without_days(folder, file, table, days) for file in before.files}
    for part in (came, *(part for part in kept.values() if part is not None)):
        writing.add(part)
    return frozenset(name for name, part in kept.items() if part is not None)
