"""Rows that were set aside are mended and sent the same way again: they arrive once, or come back with a reason, or give way to newer ones."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.connector import RowBatch
from engine.loading.catalog import Catalog
from engine.loading.meta import INGEST_TIME, is_meta
from engine.running.set_aside import Fault, SetAside, row_set_aside
from engine.running.taking import Taking, Terms
from engine.state.quarantine import FINAL, Decision, Status, Step, decide, deciding
from engine.state.store import Store
from engine.warehouse import Statement, Table, TableColumn, Transaction, Value, Warehouse, arrow_schema

# Written with the row itself: after a crash between the two stores it tells that the row has arrived.
REPLAYED = Table(
    schema="chengmai", name="replayed", columns=(TableColumn("row_id", "text"), TableColumn("at", "timestamp")), key=("row_id",)
)
_UNREADABLE = (
    "这一行当初没能拆成列，先补上各列的值再重放",
    "this row could not be taken apart into columns: give the cells of its columns, then replay",
)


class NotPossible(Exception):
    """What was asked cannot be done with this row; carries a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Outcome(Struct, frozen=True):
    """What became of a row (处置结果)."""

    row_id: str
    dataset: str
    status: Status
    is_done_now: bool  # False: it had been settled before, and nothing was done
    faults: tuple[Fault, ...] = ()
    reason_zh: str | None = None
    reason_en: str | None = None
    version: int | None = None  # of the dataset, when the row was loaded


def correct(
    warehouse: Warehouse, store: Store, row_id: str, cells: Mapping[str, str | None], who: str, now: datetime, why: str | None = None
) -> SetAside:
    """Write other contents into cells of a row, by the source's columns; it stays set aside until it is replayed. `now` has a zone.

    Raises NotPossible for a row that is not there or is settled, and for a column that the source's row does not have.
    """
    row = _found(warehouse, store, row_id)
    given = _as_sent(row)
    if given is not None and (strange := [name for name in cells if name not in given]):
        names = "、".join(given)
        raise NotPossible(f"这一行没有列「{strange[0]}」；有：{names}", f"the row has no column '{strange[0]}'; it has {names}")
    with deciding(store, row_id, row.dataset, now) as (connection, decision):
        _refuse_settled(decision)
        before = {name: decision.cells.get(name, _text((given or {}).get(name))) for name in cells}
        step = Step(row_id, "correct", who, why, now, _json(before), _json(cells), "corrected")
        decide(connection, step, {**decision.cells, **cells}, decision.flaws)
    return _found(warehouse, store, row_id)


def discard(warehouse: Warehouse, store: Store, row_id: str, who: str, why: str, now: datetime) -> Outcome:
    """Give a row up, with the reason. Raises NotPossible."""
    if not why.strip():
        raise NotPossible("要写明为什么不要这一行", "say why the row is given up")
    row = _found(warehouse, store, row_id)
    with deciding(store, row_id, row.dataset, now) as (connection, decision):
        if decision.status in FINAL:
            return Outcome(row_id, row.dataset, decision.status, False)
        decide(connection, Step(row_id, "discard", who, why, now, None, None, "discarded"), decision.cells, decision.flaws)
    return Outcome(row_id, row.dataset, "discarded", True)


def replay(catalog: Catalog, warehouse: Warehouse, store: Store, row_id: str, who: str, now: datetime) -> Outcome:
    """Send a row the way of every row again, as it was corrected and as if it came when it first came. `now` has a zone.

    It is loaded, or refused again with what is wrong now, or gives way to a newer row of the same key. Whoever replays it at the
    same time waits, and then nothing is done twice. Raises NotPossible, SourceFailed, DefinitionsAreWrong.
    """
    row = _found(warehouse, store, row_id)
    warehouse.create(REPLAYED)
    with deciding(store, row_id, row.dataset, now) as (connection, decision):
        if decision.status in FINAL:
            return Outcome(row_id, row.dataset, decision.status, False)
        outcome = _sent_again(catalog, warehouse, row, decision)
        flaws = msgspec.json.encode(outcome.faults).decode() if outcome.faults else None
        cells = _json(decision.cells)
        step = Step(row_id, "replay", who, None, now, cells, cells, outcome.status, outcome.reason_zh, outcome.reason_en)
        decide(connection, step, decision.cells, flaws)
    return outcome


def _sent_again(catalog: Catalog, warehouse: Warehouse, row: SetAside, decision: Decision) -> Outcome:
    dataset = catalog.dataset(row.dataset)
    if dataset is None:
        raise NotPossible(f"数据集「{row.dataset}」已经没有了", f"there is no dataset '{row.dataset}' any more")
    terms = Terms(now=row.at, mode="upsert" if dataset.key else "append", is_by_hand=bool(decision.cells))
    taking = Taking(catalog, row.dataset, warehouse, terms)
    try:
        taking.add(_batch(row, decision.cells))
        if taking.quarantined:
            return _refused(row, taking)
        with warehouse.transaction() as transaction:
            transaction.state(taking.table)  # from here on nobody else loads the table
            if _has_arrived(transaction, row.row_id):
                return Outcome(row.row_id, row.dataset, "loaded", False)
            newer = _newer(transaction, taking, row) if is_meta(dataset, INGEST_TIME) else None
            if newer is not None:
                zh = f"同一记录已有 {newer:%Y-%m-%d %H:%M:%S} 到达的更新的行，没有覆盖它"
                en = f"a newer row of the same key came at {newer:%Y-%m-%d %H:%M:%S} and stays"
                return Outcome(row.row_id, row.dataset, "superseded", True, (), zh, en)
            taking.store_in(transaction)
            marks = [pa.array([row.row_id], pa.string()), pa.array([row.at], pa.timestamp("us"))]
            transaction.load(REPLAYED, [pa.RecordBatch.from_arrays(marks, schema=arrow_schema(REPLAYED))], "append")
        taking.stored()
        return Outcome(row.row_id, row.dataset, "loaded", True, version=taking.state.version if taking.state else None)
    finally:
        taking.close()


def _refused(row: SetAside, taking: Taking) -> Outcome:
    lines = [line for batch in taking.lines for line in batch.to_pylist()]
    faults = tuple(Fault(*(line[name] for name in ("column_name", "value", "rule", "reason_zh", "reason_en"))) for line in lines)
    return Outcome(
        row.row_id, row.dataset, "refused", True, faults,
        "；".join(fault.reason_zh for fault in faults), "; ".join(fault.reason_en for fault in faults),
    )  # fmt: skip


def _batch(row: SetAside, cells: Mapping[str, str | None]) -> RowBatch:
    """The row as the connector would hand it over, with its corrected cells. Raises NotPossible."""
    given = _as_sent(row)
    if given is None and not cells:
        raise NotPossible(*_UNREADABLE)
    types = json.loads(row.raw_types) if row.raw_types else {}
    merged = {name: _cell(value, types.get(name)) for name, value in {**(given or {}), **cells}.items()}
    rows = pa.table({name: pa.array([value]) for name, value in merged.items()})
    return RowBatch(rows, pa.array([row.row_number], pa.int64()), row.origin, is_sparse=True)


def _cell(value: Any, kind: str | None) -> Any:
    """Days and times as they were; what a person wrote otherwise stays text and is read like any text."""
    if kind is None or not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
    except ValueError:
        return value


def _as_sent(row: SetAside) -> dict[str, Any] | None:
    """The cells of the row, or None for one that could not be taken apart."""
    if row.raw_types is None and row.raw[:1] != "{":
        return None
    try:
        cells = json.loads(row.raw)
    except ValueError:
        return None
    return cells if isinstance(cells, dict) and row.is_readable else None


def _newer(transaction: Transaction, taking: Taking, row: SetAside) -> datetime | None:
    """When the row of the same key came that lies in the table, if it came no earlier."""
    sound = taking.sound
    key = taking.table.key
    if not key or not sound:
        return None
    parameters: dict[str, Value] = {f"k{place}": sound[0].column(name)[0].as_py() for place, name in enumerate(key)}
    where = [exp.EQ(this=_column(name), expression=exp.Placeholder(this=f"k{place}")) for place, name in enumerate(key)]
    source = exp.Table(this=exp.to_identifier(taking.table.name, quoted=True), db=exp.to_identifier(taking.table.schema, quoted=True))
    tree = exp.Select(expressions=[exp.Max(this=_column(INGEST_TIME))]).from_(source).where(*where)
    came: datetime | None = transaction.query(Statement(tree, parameters)).column(0)[0].as_py()
    return came if came is not None and came >= row.at else None


def _has_arrived(transaction: Transaction, row_id: str) -> bool:
    book = exp.Table(this=exp.to_identifier(REPLAYED.name), db=exp.to_identifier(REPLAYED.schema))
    named = exp.EQ(this=exp.column("row_id"), expression=exp.Placeholder(this="id"))
    return bool(
        transaction.query(Statement(exp.Select(expressions=[exp.column("row_id")]).from_(book).where(named), {"id": row_id})).num_rows
    )


def _found(warehouse: Warehouse, store: Store, row_id: str) -> SetAside:
    row = row_set_aside(warehouse, store, row_id)
    if row is None:
        raise NotPossible(f"隔离区里没有「{row_id}」", f"the quarantine has no row '{row_id}'")
    return row


def _refuse_settled(decision: Decision) -> None:
    if decision.status in FINAL:
        word = {"loaded": "已入库", "superseded": "已有更新的行", "discarded": "已弃用"}[decision.status]
        raise NotPossible(f"这一行{word}，不能再改", f"the row is settled ({decision.status}) and cannot be changed any more")


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(cells: Mapping[str, Any]) -> str:
    return json.dumps(dict(cells), ensure_ascii=False)
