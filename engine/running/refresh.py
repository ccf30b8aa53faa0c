"""Stored states kept true: what new and late rows touched is counted again, nothing else, and a state that is behind is not used."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from time import monotonic

import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.compiling.modifying import Modifiers
from engine.compiling.nodes import is_date_grain
from engine.compiling.periods import bucket_start, named_grain, next_start
from engine.compiling.rollup import Ready
from engine.compiling.state_rows import state_rows
from engine.compiling.states import Stored, stored_states
from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.parts import span_of
from engine.running.kept import KEPT, keep_from, kept_from, kept_in
from engine.running.touched import LOG, Reader, days_since
from engine.warehouse import Slice, Statement, Table, TableColumn, TableState, Transaction, Warehouse, arrow_schema

MOST_STRETCHES = 50  # that are counted one by one; more of them cost as much as all at once
CHANGED = (
    "预聚合的定义变了，而更早的原始行已按保留期删除，不能重算；改回定义，或换一个名称另建",
    "its definition changed after older rows were removed, so it can't be counted anew; change it back, or give the new one another name",
)
BOOK = Table(
    schema="chengmai",
    name="state_book",
    columns=(
        TableColumn("state", "text"),
        TableColumn("definition", "text"),
        TableColumn("source_version", "integer"),
        TableColumn("looked_up", "text"),  # versions of the tables in which its rows were looked up
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


class Stretch(Struct, frozen=True):
    """Periods of a state that follow each other (连续周期)."""

    start: datetime
    end: datetime | None  # None: no end
    periods: int


class Entry(Struct, frozen=True):
    """What is known of a filled state (状态台账)."""

    definition: str
    source_version: int
    looked_up: str
    covers: datetime


def entries(reader: Reader) -> dict[str, Entry]:
    """Every state that was ever filled; BOOK must be there."""
    book = exp.Table(this=exp.to_identifier(BOOK.name), db=exp.to_identifier(BOOK.schema))
    rows = reader.query(Statement(exp.Select(expressions=[exp.column(one.name) for one in BOOK.columns]).from_(book))).to_pylist()
    return {row["state"]: Entry(row["definition"], row["source_version"], row["looked_up"], row["covers"]) for row in rows}


def ready_states(catalog: Catalog, warehouse: Warehouse, states: Sequence[Stored], stamp: tuple[int, ...] = ()) -> Ready:
    """Which states may be read now: filled by their present definition, from the data version that holds now; `stamp` is handed on."""
    known = entries(warehouse) if states and warehouse.state(BOOK) is not None else {}
    kept = kept_from(warehouse)
    covers: dict[str, datetime] = {}
    behind: dict[str, tuple[str, str]] = {}
    for state in states:
        entry, source = known.get(state.id), _source_state(catalog, warehouse, state)
        if entry is None or entry.definition != state.definition:
            behind[state.id] = CHANGED if _is_orphan(state, entry, kept) else ("预聚合尚未生成", "the state is not filled yet")
        elif source is None or not _is_current(state, entry, source, looked_up(catalog, warehouse, state)):
            behind[state.id] = ("预聚合落后于数据", "the state is behind the data")
        else:
            covers[state.id] = entry.covers
    return Ready(tuple(states), covers, behind, stamp, kept, _rows(catalog, warehouse, states))


def _rows(catalog: Catalog, warehouse: Warehouse, states: Sequence[Stored]) -> dict[str, int]:
    """Rows of each state, and of each dataset that has one."""
    held = {state.id: warehouse.state(state.table) for state in states} | {
        state.dataset: _source_state(catalog, warehouse, state) for state in states
    }
    return {id: one.rows for id, one in held.items() if one is not None}


def refresh_states(
    catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, progress: Callable[[Refreshed], None] = lambda done: None
) -> list[Refreshed]:
    """Bring every state of the catalog up to date; one that is, is left alone. The states of one dataset change in one transaction."""
    waiting: dict[str, list[Stored]] = {}
    known = entries(warehouse) if warehouse.state(BOOK) is not None else {}
    for state in stored_states(catalog, modifiers):
        source = _source_state(catalog, warehouse, state)
        if (
            source is not None
            and state.unfit is None
            and not _is_current(state, known.get(state.id), source, looked_up(catalog, warehouse, state))
        ):
            waiting.setdefault(state.dataset, []).append(state)
    if waiting:
        for table in (BOOK, LOG, KEPT):
            warehouse.create(table)  # before the transactions: who makes a table holds up all others who would
    done: list[Refreshed] = []
    for states in waiting.values():
        refreshed = _refresh(catalog, warehouse, modifiers, states)
        for one in refreshed:
            progress(one)
        done += refreshed
    return done


def looked_up(catalog: Catalog, warehouse: Warehouse, state: Stored) -> str:
    """The versions of the other datasets that a state's rows are looked up in, as they are now."""
    tables = {id: table_of(id, dataset) for id in state.joined if (dataset := catalog.dataset(id)) is not None}
    return " ".join(f"{id}:{held.version}" for id, table in tables.items() if (held := warehouse.state(table)) is not None)


def _is_current(state: Stored, entry: Entry | None, source: TableState, now: str) -> bool:
    return entry is not None and entry.definition == state.definition and entry.source_version == source.version and entry.looked_up == now


def _is_orphan(state: Stored, entry: Entry | None, kept: Mapping[str, datetime]) -> bool:
    """Whether a state holds sums of rows that are gone, under a definition that is gone too: nobody may count it anew."""
    return entry is not None and entry.definition != state.definition and state.dataset in kept


def _source_state(catalog: Catalog, warehouse: Warehouse, state: Stored) -> TableState | None:
    dataset = catalog.dataset(state.dataset)
    return warehouse.state(table_of(state.dataset, dataset)) if dataset is not None else None


def _refresh(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, states: Sequence[Stored]) -> list[Refreshed]:
    """The states of one dataset, counted within the warehouse; what they were counted from can't move before all is written."""
    dataset = catalog.dataset(states[0].dataset)
    assert dataset is not None
    done: list[tuple[Stored, int | None, int, float]] = []
    lines: list[dict[str, object]] = []
    with warehouse.transaction() as transaction:
        begun = monotonic()
        source = transaction.state(table_of(states[0].dataset, dataset))
        assert source is not None
        known, kept = entries(transaction), kept_in(transaction)
        for state in states:
            entry = known.get(state.id)
            now = looked_up(catalog, warehouse, state)  # before counting: what changes meanwhile is counted again
            if _is_current(state, entry, source, now) or _is_orphan(state, entry, kept):
                continue
            stretches = _stretches(catalog, transaction, state, source, entry) if entry is not None and entry.looked_up == now else None
            rows, periods = _recount(catalog, transaction, modifiers, state, stretches, kept.get(state.dataset))
            if entry is None and state.dataset in kept:
                keep_from(transaction, {state.id: kept[state.dataset]})
            lines.append(
                {
                    "state": state.id,
                    "definition": state.definition,
                    "source_version": source.version,
                    "looked_up": now,
                    "covers": _covers(catalog, state, source),
                }
            )
            done.append((state, periods, rows, monotonic()))
        transaction.load(BOOK, [pa.RecordBatch.from_pylist(lines, schema=arrow_schema(BOOK))], "upsert")
    ends = [*(end for *_, end in done[:-1]), monotonic()]  # writing all down belongs to the last
    starts = [begun, *ends]
    return [Refreshed(one.id, periods, rows, end - start) for (one, periods, rows, _), start, end in zip(done, starts, ends, strict=False)]


def _recount(
    catalog: Catalog,
    transaction: Transaction,
    modifiers: Modifiers,
    state: Stored,
    stretches: Sequence[Stretch] | None,
    kept: datetime | None,
) -> tuple[int, int | None]:
    """Count a state's stretches again, all of it where they are None; what lies before `kept` has no rows any more and stays as it is.

    Returns the state's rows and how many periods were counted, None for all.
    """
    if stretches is None and kept is None:
        return transaction.refill(state.table, [state_rows(catalog, modifiers, state)], None).state.rows, None
    if stretches is None:
        still = [Stretch(kept or datetime.min, None, 0)]
    else:
        still = [one for one in stretches if kept is None or one.start >= kept]
    selects = [state_rows(catalog, modifiers, state, one.start, one.end) for one in still]
    rows = transaction.refill(state.table, selects, [Slice(one.start, one.end) for one in still], state.table.time).state.rows
    return rows, None if stretches is None else sum(one.periods for one in still)


def _covers(catalog: Catalog, state: Stored, source: TableState) -> datetime:
    """First instant after the newest row."""
    newest = (source.watermark or datetime.min) + timedelta(microseconds=1)
    return newest if not _is_dated(catalog, state) else newest.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def noted_as_counted(transaction: Transaction, states: Sequence[tuple[Stored, Entry]], version: int) -> None:
    """Write down that states, which were up to date, still are: their dataset has moved to a version that touched nothing they count anew."""
    lines = [
        {"state": state.id, "definition": entry.definition, "source_version": version, "looked_up": entry.looked_up, "covers": entry.covers}
        for state, entry in states
    ]
    if lines:
        transaction.load(BOOK, [pa.RecordBatch.from_pylist(lines, schema=arrow_schema(BOOK))], "upsert")


def _is_dated(catalog: Catalog, state: Stored) -> bool:
    dataset = catalog.dataset(state.dataset)
    time = next((one for one in dataset.times if one.name == state.time), None) if dataset is not None else None
    column = next((one for one in dataset.columns if time is not None and one.name == time.column), None) if dataset is not None else None
    return column is not None and column.type == "date"


def _stretches(catalog: Catalog, transaction: Transaction, state: Stored, source: TableState, entry: Entry | None) -> list[Stretch] | None:
    """The periods to count again: those of touched days, and the lookback that the indicators declare; None: all."""
    dataset = catalog.dataset(state.dataset)
    if entry is None or entry.definition != state.definition or dataset is None:
        return None
    table = table_of(state.dataset, dataset)
    time = next((one for one in dataset.times if one.name == state.time), None)
    if time is None or time.column != table.time or time.zone not in (None, catalog.project.zone):
        return None  # days are noted by the table's own clock; another clock may cut them elsewhere
    days = days_since(transaction, table, entry.source_version, source.version)
    if days is None:
        return None
    stretches = _joined(_periods(state, days | _looked_back(catalog, state, source)))
    return stretches if len(stretches) <= MOST_STRETCHES else None


def _joined(periods: Sequence[tuple[datetime, datetime]]) -> list[Stretch]:
    """Periods that follow each other are counted together."""
    joined: list[Stretch] = []
    for start, end in periods:
        if joined and joined[-1].end == start:
            joined[-1] = Stretch(joined[-1].start, end, joined[-1].periods + 1)
        else:
            joined.append(Stretch(start, end, 1))
    return joined


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
