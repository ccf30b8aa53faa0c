"""Stored states kept true: what new and late rows touched is counted again, nothing else, and a state that is behind is not used."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from time import monotonic

import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.compiling.expand import Expander
from engine.compiling.leaves import Cell, Flow, Sum
from engine.compiling.modifying import Modifiers
from engine.compiling.nodes import is_date_grain
from engine.compiling.periods import bucket_start, named_grain, next_start
from engine.compiling.relations import new_writer
from engine.compiling.rollup import Ready
from engine.compiling.scope import Scope
from engine.compiling.states import PERIOD, Stored, stored_states
from engine.compiling.tables import table_of
from engine.compiling.writer import key_columns
from engine.loading.catalog import Catalog
from engine.modifier import Shape
from engine.parts import span_of
from engine.question import EVERYTHING
from engine.running.touched import days_since
from engine.warehouse import ARROW_TYPES, Statement, Table, TableColumn, TableState, Warehouse

FAR = datetime(9999, 12, 31)
BOOK = Table(
    schema="chengmai",
    name="states",
    columns=(
        TableColumn("state", "text"),
        TableColumn("definition", "text"),
        TableColumn("source_version", "integer"),
        TableColumn("covers", "timestamp"),
    ),
    key=("state",),
)


class Refreshed(Struct, frozen=True):
    """What one refresh did (刷新结果)."""

    state: str
    partitions: int | None  # periods counted again; None: all
    rows: int
    seconds: float


class Entry(Struct, frozen=True):
    """What is known of a filled state (状态台账)."""

    definition: str
    source_version: int
    covers: datetime


def entries(warehouse: Warehouse) -> dict[str, Entry]:
    """Every state that was ever filled."""
    if warehouse.state(BOOK) is None:
        return {}
    book = exp.Table(this=exp.to_identifier(BOOK.name), db=exp.to_identifier(BOOK.schema))
    rows = warehouse.query(Statement(exp.Select(expressions=[exp.column(one.name) for one in BOOK.columns]).from_(book))).to_pylist()
    return {row["state"]: Entry(row["definition"], row["source_version"], row["covers"]) for row in rows}


def ready_states(catalog: Catalog, warehouse: Warehouse, states: Sequence[Stored], stamp: tuple[int, ...] = ()) -> Ready:
    """Which states may be read now: filled by their present definition, from the data version that holds now; `stamp` is handed on."""
    known = entries(warehouse) if states else {}
    covers: dict[str, datetime] = {}
    behind: dict[str, tuple[str, str]] = {}
    for state in states:
        entry, source = known.get(state.id), _source_state(catalog, warehouse, state)
        if entry is None or entry.definition != state.definition:
            behind[state.id] = ("预聚合尚未生成", "the state is not filled yet")
        elif source is None or entry.source_version != source.version:
            behind[state.id] = ("预聚合落后于数据", "the state is behind the data")
        else:
            covers[state.id] = entry.covers
    return Ready(tuple(states), covers, behind, stamp)


def refresh_states(
    catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, progress: Callable[[Refreshed], None] = lambda done: None
) -> list[Refreshed]:
    """Bring every state of the catalog up to date; one that is, is left alone."""
    known = entries(warehouse)
    done: list[Refreshed] = []
    for state in stored_states(catalog, modifiers):
        source = _source_state(catalog, warehouse, state)
        entry = known.get(state.id)
        if (
            source is None
            or state.unfit is not None
            or (entry and entry.definition == state.definition and entry.source_version == source.version)
        ):
            continue
        done.append(_refresh(catalog, warehouse, modifiers, state, source, entry))
        progress(done[-1])
    return done


def _source_state(catalog: Catalog, warehouse: Warehouse, state: Stored) -> TableState | None:
    dataset = catalog.dataset(state.dataset)
    return warehouse.state(table_of(state.dataset, dataset)) if dataset is not None else None


def _refresh(
    catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, state: Stored, source: TableState, entry: Entry | None
) -> Refreshed:
    begun = monotonic()
    spans = _spans(catalog, warehouse, state, source, entry)
    if spans is None:
        rows = _count(catalog, warehouse, modifiers, state, None, None)
        kept = warehouse.load(state.table, rows.to_batches(), "replace")
    else:
        pieces = [_with_sentinel(state, _count(catalog, warehouse, modifiers, state, start, end), start) for start, end in spans]
        rows = pa.concat_tables(pieces) if pieces else None
        kept = warehouse.load(state.table, rows.to_batches() if rows is not None else [], "replace_partitions")
    newest = (source.watermark or datetime.min) + timedelta(microseconds=1)
    covers = newest if not _is_dated(catalog, state) else newest.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    line = {"state": [state.id], "definition": [state.definition], "source_version": [source.version], "covers": [covers]}
    schema = pa.schema([(one.name, ARROW_TYPES[one.type]) for one in BOOK.columns])
    warehouse.load(
        BOOK, [pa.record_batch([pa.array(line[name], schema.field(name).type) for name in schema.names], schema=schema)], "upsert"
    )
    return Refreshed(state.id, None if spans is None else len(spans), kept.rows, monotonic() - begun)


def _is_dated(catalog: Catalog, state: Stored) -> bool:
    dataset = catalog.dataset(state.dataset)
    time = next((one for one in dataset.times if one.name == state.time), None) if dataset is not None else None
    column = next((one for one in dataset.columns if time is not None and one.name == time.column), None) if dataset is not None else None
    return column is not None and column.type == "date"


def _spans(
    catalog: Catalog, warehouse: Warehouse, state: Stored, source: TableState, entry: Entry | None
) -> list[tuple[datetime, datetime]] | None:
    """The periods to count again: those of touched days, and the lookback that the indicators declare; None: all."""
    dataset = catalog.dataset(state.dataset)
    if entry is None or entry.definition != state.definition or dataset is None or warehouse.state(state.table) is None:
        return None
    table = table_of(state.dataset, dataset)
    time = next((one for one in dataset.times if one.name == state.time), None)
    if time is None or time.column != table.time or time.zone not in (None, catalog.project.zone):
        return None  # days are noted by the table's own clock; another clock may cut them elsewhere
    days = days_since(warehouse, table, entry.source_version, source.version)
    if days is None:
        return None
    return _periods(state, days | _looked_back(catalog, state, source))


def _looked_back(catalog: Catalog, state: Stored, source: TableState) -> frozenset[date]:
    late = [indicator.late for one in state.state.of if (indicator := catalog.indicator(one)) is not None and indicator.late is not None]
    if not late or source.watermark is None:
        return frozenset()
    back = max(span_of(one.lookback).seconds for one in late) // 86400
    return frozenset((source.watermark - timedelta(days=n)).date() for n in range(back + 1))


def _periods(state: Stored, days: frozenset[date]) -> list[tuple[datetime, datetime]]:
    """Periods of the state that hold the days; a business day begun the evening before counts too."""
    grain = named_grain(state.state.grain) or "day"
    coarse = grain if is_date_grain(grain) else "day"
    starts: set[datetime] = set()
    for day in days:
        midnight = datetime(day.year, day.month, day.day)
        starts.add(bucket_start(midnight, coarse))
        if state.offset:
            starts.add(bucket_start(midnight - timedelta(days=1), coarse))
    return [(start, next_start(start, coarse)) for start in sorted(starts)]


def _count(
    catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, state: Stored, start: datetime | None, end: datetime | None
) -> pa.Table:
    """The state's rows for a span, in the columns of its table."""
    shape = Shape(axes=state.axes, until=FAR, grain=named_grain(state.state.grain), start=start, end=end)
    writer = new_writer(catalog, Scope(EVERYTHING), Expander(catalog, modifiers))
    counts = [(name, Cell(Flow(state.dataset, state.time, Sum("count", None, condition), shape))) for condition, name in state.numbers]
    names = {name for name, _ in counts}
    sums = [(one.column, Cell(Flow(state.dataset, state.time, one.sum, shape))) for one in state.sums if one.column not in names]
    body = writer.answer(writer, [*sums, *counts], shape, None)
    answer = warehouse.query(Statement(writer.statement(body), dict(writer.parameters)), seconds=3600)
    renamed = answer.rename_columns([PERIOD if name == key_columns(shape)[-1] else name for name in answer.column_names])
    return pa.table(
        [renamed.column(one.name).cast(ARROW_TYPES[one.type], safe=False) for one in state.table.columns], schema=_schema(state)
    )


def _schema(state: Stored) -> pa.Schema:
    return pa.schema([(one.name, ARROW_TYPES[one.type]) for one in state.table.columns])


def _with_sentinel(state: Stored, rows: pa.Table, start: datetime) -> pa.Table:
    """One row that counts nothing, so that a period whose rows are all gone is replaced too."""
    numbers = {name for _, name in state.numbers}
    empty: dict[str, object] = {
        one.name: 0 if one.name in numbers else None for one in state.table.columns
    }
    empty[PERIOD] = start if state.table.columns[len(state.axes)].type == "timestamp" else start.date()
    sentinel = pa.table([pa.array([empty[one.name]], ARROW_TYPES[one.type]) for one in state.table.columns], schema=_schema(state))
    return pa.concat_tables([rows, sentinel])
