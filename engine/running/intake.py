"""Rows from a source reach the warehouse typed, coded and converted, or reach the quarantine with a reason; none is lost on the way."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.connector import Connector, RowBatch, SourceFailed, Surroundings, open_connector, stream_of
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog
from engine.running.cells import Bad, none_bad
from engine.running.field_map import StreamOf, filled, stream_of_dataset
from engine.running.kept import kept_from, too_old
from engine.running.quality import broken_rules, missing_values
from engine.running.quarantine import QUARANTINE, Place, quarantine_rows, refused_rows
from engine.running.touched import load_and_note
from engine.warehouse import LoadMode, Statement, Warehouse


class IntakeResult(Struct, frozen=True):
    """What became of the rows of one reading (取数结果): rows_in = loaded + quarantined."""

    dataset: str
    rows_in: int
    loaded: int  # sent to the warehouse; a repeated key replaces its row there
    quarantined: int  # rows, however many flaws each has
    warned: int  # loaded though a rule that only warns was broken
    rows: int  # rows of the dataset afterwards
    version: int
    cursor: str | None


class _Count:
    """Counts of a reading while it streams (计数)."""

    def __init__(self) -> None:
        self.rows_in = self.loaded = self.quarantined = self.warned = 0
        self.cursor: str | None = None
        self.lines: list[pa.RecordBatch] = []


def intake(
    catalog: Catalog,
    dataset_id: str,
    warehouse: Warehouse,
    connectors: Mapping[str, type[Connector]],
    around: Surroundings,
    environment: Mapping[str, str],
    since: str | None = None,
) -> IntakeResult:
    """Read the stream that a dataset comes from, from the cursor `since` on, and load it. Raises SourceFailed, DefinitionsAreWrong.

    With a key, rows replace rows of the same key; without one, a whole reading replaces everything and a later one appends.
    The cursor in the result must be remembered only after this returns: then a crash repeats rows and loses none.
    """
    dataset, stream = _stream(catalog, dataset_id)
    source = catalog.source(stream.source_id)
    assert source is not None
    kind = connectors.get(source.connector)
    if kind is None:
        names = "、".join(sorted(connectors))
        raise SourceFailed(
            f"没有连接器「{source.connector}」；有：{names}", f"there is no connector '{source.connector}'; there are {names}"
        )
    connector = open_connector(kind, source.settings, environment)
    read: dict[str, Any] = dict(stream.stream.read)
    if stream.stream.encoding is not None:
        read["encoding"] = stream.stream.encoding
    batches = connector.read(stream_of(connector, read), around, since)
    mode: LoadMode = "upsert" if dataset.key else "replace" if since is None else "append"
    return take_in(catalog, dataset_id, batches, warehouse, around.now, mode)


def take_in(
    catalog: Catalog, dataset_id: str, batches: Iterable[RowBatch], warehouse: Warehouse, now: datetime, mode: LoadMode
) -> IntakeResult:
    """Load raw rows that somebody has read for the stream of a dataset. Raises SourceFailed, DefinitionsAreWrong."""
    dataset, stream = _stream(catalog, dataset_id)
    table = table_of(dataset_id, dataset)
    count = _Count()
    state = load_and_note(warehouse, table, _sound(catalog, dataset_id, dataset, stream, batches, warehouse, now, count), mode)
    if count.lines:
        # After the rows, not before: the load holds the warehouse; until the cursor is remembered a crash only repeats the reading.
        warehouse.load(QUARANTINE, count.lines, "append")
    return IntakeResult(
        dataset_id, count.rows_in, count.loaded, count.quarantined, count.warned, state.rows, state.version, count.cursor
    )  # fmt: skip


def _stream(catalog: Catalog, dataset_id: str) -> tuple[Dataset, StreamOf]:
    dataset = catalog.dataset(dataset_id)
    stream = stream_of_dataset(catalog, dataset_id, dataset) if dataset else None
    if dataset is None or stream is None:
        raise SourceFailed(f"「{dataset_id}」没有数据来源", f"'{dataset_id}' comes from no stream of a source")
    return dataset, stream


def _sound(
    catalog: Catalog,
    dataset_id: str,
    dataset: Dataset,
    stream: StreamOf,
    batches: Iterable[RowBatch],
    warehouse: Warehouse,
    now: datetime,
    count: _Count,
) -> Iterator[pa.RecordBatch]:
    """The typed rows without those that went to quarantine."""
    seen: dict[str, set[object]] = {}
    known_keys, since = _keys_of(catalog, dataset, warehouse), kept_from(warehouse).get(dataset_id)
    for batch in batches:
        place = Place(dataset_id, f"{stream.source_id}/{stream.stream.name}", batch.origin, now)
        count.cursor = batch.cursor or count.cursor
        count.rows_in += batch.rows.num_rows + len(batch.refused)
        if batch.refused:
            count.quarantined += len(batch.refused)
            count.lines.append(refused_rows(place, batch.refused))
        if not batch.rows.num_rows:
            continue
        rows, flaws, bad_cells = filled(stream, batch.rows)
        flaws += missing_values(dataset, rows, bad_cells)
        flaws += broken_rules(dataset, rows, known_keys, seen)
        flaws += too_old(dataset, rows, since)
        bad = _any_of(batch.rows.num_rows, [flaw.rows for flaw in flaws if not flaw.is_warning])
        if bad.any():
            count.quarantined += int(bad.sum())
            count.lines.append(quarantine_rows(place, [flaw for flaw in flaws if not flaw.is_warning], batch.rows, batch.numbers))
            rows = rows.filter(pa.array(~bad))
        count.warned += int((_any_of(len(bad), [flaw.rows for flaw in flaws if flaw.is_warning]) & ~bad).sum())
        count.loaded += rows.num_rows
        yield from rows.combine_chunks().to_batches()


def _any_of(rows: int, masks: list[Bad]) -> Bad:
    together = none_bad(rows)
    for mask in masks:
        together = together | mask
    return together


def _keys_of(catalog: Catalog, dataset: Dataset, warehouse: Warehouse) -> Callable[[str], pa.Array | None]:
    """The keys that a column refers to: of the dataset its relationship leads to, or the codes or members of its dimension."""

    @cache
    def known(column: str) -> pa.Array | None:
        target = next((one for one in dataset.relationships if list(one.on) == [column]), None)
        if target is not None:
            return _loaded_keys(catalog, target.to, target.on[column], warehouse)
        own = next((one for one in dataset.columns if one.name == column), None)
        dimension = catalog.dimension(own.dimension) if own is not None and own.dimension else None
        if dimension is None:
            return None
        if dimension.codes:
            return pa.array([code.code for code in dimension.codes], pa.string())
        return _loaded_keys(catalog, dimension.dataset or "", dimension.key or "", warehouse)

    return known


def _loaded_keys(catalog: Catalog, dataset_id: str, column: str, warehouse: Warehouse) -> pa.Array | None:
    dataset = catalog.dataset(dataset_id)
    if dataset is None:
        return None
    table = table_of(dataset_id, dataset)
    if warehouse.state(table) is None:
        return None
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    select = exp.Select(expressions=[exp.column(exp.to_identifier(column, quoted=True))], distinct=exp.Distinct()).from_(source)
    return warehouse.query(Statement(select)).column(0).combine_chunks()
