"""The rows that were set aside, as a person looks through them: what was sent, what is wrong with it, what was done about it."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct
from sqlglot import exp

from engine.running.quarantine import QUARANTINE
from engine.state.quarantine import Decision, Status, decisions_of
from engine.state.store import Store
from engine.warehouse import Statement, Value, Warehouse

PAGE = 500  # rows that are looked at together


class Fault(Struct, frozen=True):
    """One thing that is wrong with a row (问题)."""

    column: str | None
    value: str | None
    rule: str
    reason_zh: str
    reason_en: str


class SetAside(Struct, frozen=True):
    """A row of the quarantine, with where it stands (隔离的行)."""

    row_id: str
    dataset: str
    stream: str
    origin: str
    row_number: int | None
    at: datetime  # when it came, wall clock of the project
    raw: str  # JSON of the row as it was sent, or the text that could not be read
    raw_types: str | None
    faults: tuple[Fault, ...]
    status: Status = "open"
    cells: Mapping[str, str | None] = {}  # what was corrected

    @property
    def is_readable(self) -> bool:
        """Whether the connector could take it apart into cells."""
        return all(fault.rule != "unreadable" for fault in self.faults)


class Sought(Struct, frozen=True):
    """Which rows of the quarantine are asked for (隔离区筛选)."""

    source: str | None = None
    dataset: str | None = None
    rule: str | None = None
    day: date | None = None  # on which they came
    status: Status | None = None


def rows_set_aside(warehouse: Warehouse, store: Store, sought: Sought, limit: int = 100, after: int = 0) -> list[SetAside]:
    """Rows of the quarantine, the latest first, `after` so many of them skipped."""
    if warehouse.state(QUARANTINE) is None:
        return []
    found: list[SetAside] = []
    place, skipped = 0, 0
    while len(found) < limit:
        ids = _ids(warehouse, sought, place)
        place += len(ids)
        for row in _rows(warehouse, store, ids):
            if sought.status is None or row.status == sought.status:
                skipped += 1
                if skipped > after and len(found) < limit:
                    found.append(row)
        if len(ids) < PAGE:
            break
    return found


def row_set_aside(warehouse: Warehouse, store: Store, row_id: str) -> SetAside | None:
    """One row of the quarantine, or None."""
    if warehouse.state(QUARANTINE) is None:
        return None
    return next(iter(_rows(warehouse, store, [row_id])), None)


def _ids(warehouse: Warehouse, sought: Sought, place: int) -> list[str]:
    where, parameters = _conditions(sought)
    latest = exp.alias_(exp.Max(this=_column("at")), "latest")  # selected too: Spark orders by nothing else
    tree = (
        exp.Select(expressions=[_column("row_id"), latest])
        .from_(_table())
        .where(*where)
        .group_by(_column("row_id"))
        .order_by(exp.Ordered(this=exp.column("latest"), desc=True), exp.Ordered(this=_column("row_id")))
        .limit(PAGE)
        .offset(place)
    )
    return [str(id) for id in warehouse.query(Statement(tree, parameters)).column(0).to_pylist()]


def _conditions(sought: Sought) -> tuple[list[exp.Expression], dict[str, Value]]:
    where: list[exp.Expression] = [exp.Not(this=exp.Is(this=_column("row_id"), expression=exp.Null()))]
    parameters: dict[str, Value] = {}
    if sought.source is not None:
        where.append(
            exp.EQ(
                this=exp.func("SUBSTRING", _column("stream"), exp.Literal.number(1), exp.Literal.number(len(sought.source) + 1)),
                expression=exp.Placeholder(this="source"),
            )
        )
        parameters["source"] = f"{sought.source}/"
    for name, column, value in (("dataset", "dataset", sought.dataset), ("rule", "rule", sought.rule)):
        if value is not None:
            where.append(exp.EQ(this=_column(column), expression=exp.Placeholder(this=name)))
            parameters[name] = value
    if sought.day is not None:
        where.append(exp.GTE(this=_column("at"), expression=exp.Placeholder(this="start")))
        where.append(exp.LT(this=_column("at"), expression=exp.Placeholder(this="end")))
        start = datetime.combine(sought.day, time())
        parameters.update(start=start, end=start + timedelta(days=1))
    return where, parameters


def _rows(warehouse: Warehouse, store: Store, ids: list[str]) -> Iterable[SetAside]:
    if not ids:
        return []
    names = [f"i{place}" for place in range(len(ids))]
    listed = exp.In(this=_column("row_id"), expressions=[exp.Placeholder(this=name) for name in names])
    tree = exp.Select(expressions=[_column(one.name) for one in QUARANTINE.columns]).from_(_table()).where(listed)
    lines: dict[str, list[dict[str, Any]]] = {}
    for line in warehouse.query(Statement(tree, dict(zip(names, ids, strict=True)))).to_pylist():
        lines.setdefault(line["row_id"], []).append(line)
    decided = decisions_of(store, ids)
    return [_row(lines[id], decided.get(id)) for id in ids if id in lines]


def _row(lines: list[dict[str, Any]], decision: Decision | None) -> SetAside:
    """The row at its latest coming: a row that was read again lies there once more, with the same id."""
    latest = max(str(line["at"]) for line in lines)
    own = [line for line in lines if str(line["at"]) == latest]
    first = own[0]
    faults = [Fault(*(line[name] for name in ("column_name", "value", "rule", "reason_zh", "reason_en"))) for line in own]
    if decision is not None and decision.flaws is not None:
        faults = [Fault(**fault) for fault in json.loads(decision.flaws)]
    return SetAside(
        row_id=str(first["row_id"]), dataset=str(first["dataset"]), stream=str(first["stream"]), origin=str(first["origin"]),
        row_number=first["row_number"], at=first["at"], raw=str(first["raw"]), raw_types=first["raw_types"],
        faults=tuple(dict.fromkeys(faults)), status=decision.status if decision is not None else "open",
        cells=decision.cells if decision is not None else {},
    )  # fmt: skip


def _table() -> exp.Table:
    return exp.Table(this=exp.to_identifier(QUARANTINE.name), db=exp.to_identifier(QUARANTINE.schema))


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))
