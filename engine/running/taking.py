"""Raw rows on their way into one dataset: typed, marked, checked as they come, then stored with their cursor in one transaction."""

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.tables import table_of
from engine.connector import RowBatch, SourceFailed
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog
from engine.loading.meta import SOURCE_ID, SOURCE_SYSTEM
from engine.running.areas import located, stored_outlines
from engine.running.cells import Bad, none_bad
from engine.running.contents import Contents
from engine.running.cursors import CURSORS, Cursor, Overtaken, cursor_in, remember
from engine.running.field_map import StreamOf, filled, stream_of_dataset
from engine.running.kept import kept_from, too_old
from engine.running.known_keys import keys_of
from engine.running.meta import flagged, marked, marking
from engine.running.points import converted
from engine.running.quality import broken_rules, missing_values
from engine.running.quarantine import QUARANTINE, Place, quarantine_rows, refused_rows
from engine.running.spool import Spool
from engine.running.stored import Stored
from engine.running.touched import LOG, noted_load
from engine.warehouse import LoadMode, TableState, Transaction, Warehouse


class Terms(Struct, frozen=True):
    """On what terms rows are taken in (取数约定)."""

    now: datetime  # wall clock of the project
    mode: LoadMode
    is_history: bool = False  # nobody knows when these rows would have come: none of them is late
    is_by_hand: bool = False  # a person wrote or mended them
    begun_at: str | None = None  # the cursor that the reading began from; stored only while it still holds
    is_resumed: bool = False  # whether `begun_at` is to be held against what the warehouse knows
    by_content: bool = False  # rows that nothing tells apart may come again: each replaces the one that says the same
    reads: str = ""  # mark of what is read; see `engine.running.cursors`


class Taking:
    """Rows on their way into one dataset (取数过程). Columns' types seen on the way are in `shape`, by the source's names."""

    def __init__(self, catalog: Catalog, dataset_id: str, warehouse: Warehouse, terms: Terms) -> None:
        self.dataset, self.stream = stream_for(catalog, dataset_id)
        self.id, self.terms, self.mode = dataset_id, terms, terms.mode
        self.name = f"{self.stream.source_id}/{self.stream.stream.name}"
        self.table = table_of(dataset_id, self.dataset)
        if terms.by_content:
            self.table = replace(self.table, key=(SOURCE_SYSTEM, SOURCE_ID))
        self.rows_in = self.loaded = self.quarantined = self.warned = 0
        self.cursor: str | None = None
        self.shape, self.is_sparse = dict[str, pa.DataType](), False
        self.state: TableState | None = warehouse.state(self.table)
        self._begun_at, self._is_resumed = terms.begun_at, terms.is_resumed
        self._spool, self._lines = Spool(), list[pa.RecordBatch]()
        self._seen: dict[str, Any] = {}
        self._stored = None if terms.mode == "replace" else Stored(warehouse, self.table)  # rows that go are no measure
        self._outlines = stored_outlines(catalog, warehouse)
        self._keys, self._since = keys_of(catalog, self.dataset, warehouse), kept_from(warehouse).get(dataset_id)
        self._marking = marking(
            catalog,
            dataset_id,
            self.dataset,
            self.stream,
            terms.now,
            is_history=terms.is_history,
            is_by_hand=terms.is_by_hand,
            contents=Contents() if terms.by_content else None,
        )
        for made in (self.table, LOG, QUARANTINE, CURSORS):
            warehouse.create(made)  # before the transaction: who makes a table holds up all others who would

    @property
    def waiting(self) -> int:
        """Rows that are not stored yet."""
        return self._spool.rows

    @property
    def sound(self) -> list[pa.RecordBatch]:
        """The first sound rows that wait, as far as they are in memory."""
        return self._spool.held

    @property
    def lines(self) -> list[pa.RecordBatch]:
        """The lines of the quarantine that wait."""
        return self._lines

    def add(self, batch: RowBatch) -> None:
        """Look at a batch and keep its sound rows and its bad ones until they are stored. Raises SourceFailed."""
        place = Place(self.id, self.name, batch.origin, self.terms.now)
        self.cursor = batch.cursor or self.cursor
        self.rows_in += batch.rows.num_rows + len(batch.refused)
        if batch.refused:
            self.quarantined += len(batch.refused)
            self._lines.append(refused_rows(place, batch.refused))
        if batch.rows.num_rows:
            _note_shape(self.shape, batch.rows.schema)
            self.is_sparse = self.is_sparse or batch.is_sparse
            self._look_at(batch, place)

    def _look_at(self, batch: RowBatch, place: Place) -> None:
        raw = batch.rows if not batch.is_sparse else _with_all(batch.rows, self.stream)
        rows, flaws, bad_cells = filled(self.stream, raw)
        rows, more = converted(self.dataset, self.stream.stream.crs, rows)
        flaws += more
        rows, more = located(self.dataset, rows, self._outlines)
        flaws += more
        rows, more = marked(self._marking, rows, replace(batch, rows=raw))
        flaws += more
        flaws += missing_values(self.dataset, rows, bad_cells)
        flaws += broken_rules(self.dataset, rows, self._keys, self._seen, self._stored)
        flaws += too_old(self.dataset, rows, self._since)
        bad = _any_of(raw.num_rows, [flaw.rows for flaw in flaws if not flaw.is_warning])
        suspect = _any_of(raw.num_rows, [flaw.rows for flaw in flaws if flaw.is_warning])
        rows = flagged(self._marking, rows, suspect)
        if bad.any():
            self.quarantined += int(bad.sum())
            self._lines.append(quarantine_rows(place, [flaw for flaw in flaws if not flaw.is_warning], raw, batch.numbers))
            rows = rows.filter(pa.array(~bad))
        self.warned += int((suspect & ~bad).sum())
        self.loaded += rows.num_rows
        for one in rows.combine_chunks().to_batches():
            self._spool.add(one)

    def has_news(self) -> bool:
        """Whether storing would change anything but the cursor."""
        return bool(self._spool.rows or self._lines or self.mode == "replace" or self.state is None)

    def is_further(self) -> bool:
        """Whether the source was read further than is stored."""
        return self.cursor is not None and self.cursor != self._begun_at

    def store_in(self, transaction: Transaction) -> None:
        """Write what waits, and how far the source is read, within a transaction. Raises Overtaken when another reading was quicker.

        Call `stored` when the transaction has ended well.
        """
        before = transaction.state(self.table)  # from here on nobody else loads the table
        if self._is_resumed:
            held = cursor_in(transaction, self.name, self.id)
            if (held.cursor if held else None) != self._begun_at:
                raise Overtaken(self.name)
        if self._spool.rows or self.mode == "replace" or self.state is None:
            before = noted_load(transaction, self.table, self._spool.batches(), self.mode)
        if self._lines:
            transaction.load(QUARANTINE, self._lines, "append")
        if self.cursor is not None and self.is_further():
            version = before.version if before is not None else 0
            remember(transaction, self.name, self.id, Cursor(self.cursor, version, self.terms.reads, self.terms.now))
        self.state = before

    def stored(self) -> None:
        """What waited is stored: what comes now is added to it."""
        self._spool.close()
        self._spool, self._lines = Spool(), []
        self._begun_at = self.cursor or self._begun_at
        self._is_resumed = self._is_resumed or self._begun_at is not None
        if self.mode == "replace":
            self.mode = "upsert" if self.terms.by_content else "append"

    def close(self) -> None:
        """Let go of what was not stored."""
        self._spool.close()


def stream_for(catalog: Catalog, dataset_id: str) -> tuple[Dataset, StreamOf]:
    """A dataset and the stream it comes from. Raises SourceFailed when it comes from none."""
    dataset = catalog.dataset(dataset_id)
    stream = stream_of_dataset(catalog, dataset_id, dataset) if dataset else None
    if dataset is None or stream is None:
        raise SourceFailed(f"「{dataset_id}」没有数据来源", f"'{dataset_id}' comes from no stream of a source")
    return dataset, stream


def _note_shape(shape: dict[str, pa.DataType], schema: pa.Schema) -> None:
    for field in schema:
        if field.name not in shape or pa.types.is_null(shape[field.name]):
            shape[field.name] = field.type


def _with_all(raw: pa.Table, stream: StreamOf) -> pa.Table:
    for name in dict.fromkeys([*stream.stream.identity, *stream.read_columns]):
        if name not in raw.column_names:
            raw = raw.append_column(name, pa.nulls(raw.num_rows))
    return raw


def _any_of(rows: int, masks: list[Bad]) -> Bad:
    return np.logical_or.reduce(masks) if masks else none_bad(rows)
