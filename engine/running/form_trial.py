"""Filled rows are tried by the very rules of intake before anybody confirms them, and compared with what is stored."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.compiling.tables import stored_columns
from engine.connector import RowBatch
from engine.expression.tree import columns as columns_in
from engine.loading.catalog import Catalog
from engine.loading.meta import SOURCE_ID, is_meta
from engine.running.cursors import cursor_of
from engine.running.form_sheet import Filled, FilledRow, FormFinding
from engine.running.forms import Form
from engine.running.taking import Taking, Terms, stream_for
from engine.warehouse import Statement, Table, Warehouse

Fate = Literal["new", "replaced", "unchanged"]


class TriedRow(Struct, frozen=True):
    """What would become of one row (预览行)."""

    row: int
    fate: Fate
    cells: Mapping[str, str | None]
    before: Mapping[str, str]  # stored values that would change, by the dataset's column


class Tried(Struct, frozen=True):
    """What intake would say of filled rows (试算)."""

    rows: tuple[TriedRow, ...]
    findings: tuple[FormFinding, ...]


def tried(catalog: Catalog, form: Form, filled: Filled, warehouse: Warehouse, now: datetime) -> Tried:
    """The findings of intake's rules by cell, and for each sound row whether it is new, replaces a stored one, or says the same again."""
    repeated = list(_repeated(form, filled))
    stream = stream_for(catalog, form.dataset)[1]
    cursor = cursor_of(warehouse, f"{stream.source_id}/{stream.stream.name}", form.dataset)
    terms = Terms(now, "upsert", is_history=cursor is None, is_by_hand=True)
    with closing(Taking(catalog, form.dataset, warehouse, terms)) as trial:
        trial.add(batch_of(form, filled.rows))
        findings = list(_findings(form, trial, filled))
        bad = {finding.row for finding in (*findings, *repeated, *filled.findings) if not finding.is_warning}
        sound = [row for row in filled.rows if row.row not in {finding.row for finding in findings}]
        rows = tuple(_compared(trial, warehouse, sound)) if not bad else ()
    return Tried(rows, (*repeated, *findings))


def batch_of(form: Form, rows: tuple[FilledRow, ...]) -> RowBatch:
    """The rows as the connector would bring them."""
    names = [field.name for field in form.fields]
    columns = {name: pa.array([row.cells.get(name) for row in rows], pa.string()) for name in names}
    return RowBatch(pa.table(columns), pa.array([row.row for row in rows], pa.int64()), form.title)


def row_key(form: Form, cells: Mapping[str, str | None]) -> str:
    """What tells a row apart from others of its form, as JSON."""
    return json.dumps([cells.get(name) for name in form.identity], ensure_ascii=False)


def _repeated(form: Form, filled: Filled) -> Iterator[FormFinding]:
    first: dict[str, int] = {}
    titles = {field.name: field.title for field in form.fields}
    for row in filled.rows:
        key = row_key(form, row.cells)
        if any(row.cells.get(name) is None for name in form.identity):
            continue  # said as missing already
        if key in first:
            address = f"{filled.columns.get(form.identity[0], '')}{row.row}"
            named = "、".join(titles.get(name, name) for name in form.identity)
            yield FormFinding(address, row.row, named, f"与第 {first[key]} 行重复（{named}相同），只留一行")
        first.setdefault(key, row.row)


def _findings(form: Form, trial: Taking, filled: Filled) -> Iterator[FormFinding]:
    """The lines of the quarantine, at the cells that fill their columns; what was said of a cell already is not said again."""
    said = {one.address for one in filled.findings if one.address}
    rows = {row.row: row for row in filled.rows}
    for line in (line for lines in trial.lines for line in lines.to_pylist()):
        for finding in _of_line(form, trial, filled, line, rows[int(line["row_number"])]):
            if not finding.address or finding.address not in said:
                said.add(finding.address)
                yield finding


def _of_line(form: Form, trial: Taking, filled: Filled, line: Mapping[str, Any], row: FilledRow) -> Iterator[FormFinding]:
    if line["column_name"] == SOURCE_ID:
        titles = {field.name: field.title for field in form.fields}
        for name in form.identity:
            if row.cells.get(name) is None:
                yield FormFinding(_address(filled, [name], row), row.row, titles.get(name, name), f"缺少「{titles.get(name, name)}」")
        return
    filling = next((one for one in trial.stream.fillings if one.column.name == line["column_name"]), None)
    names = [node.name for node in columns_in(filling.formula)] if filling is not None else []
    title = filling.column.title if filling is not None else ""
    yield FormFinding(_address(filled, names, row), row.row, title, str(line["reason_zh"]))


def _address(filled: Filled, names: list[str], row: FilledRow) -> str:
    letter = next((filled.columns[name] for name in names if filled.columns.get(name)), "")
    return f"{letter}{row.row}" if letter else ""


def _compared(trial: Taking, warehouse: Warehouse, rows: list[FilledRow]) -> Iterator[TriedRow]:
    key = trial.dataset.key
    sound = [row for batch in trial.sound for row in batch.to_pylist()]
    held = _held(warehouse, trial.table, key, sound) if warehouse.state(trial.table) is not None else {}
    shown = [column for column in stored_columns(trial.dataset) if not is_meta(trial.dataset, column.name)]
    for filled, row in zip(rows, sound, strict=True):
        before = held.get(tuple(row[name] for name in key))
        if before is None:
            yield TriedRow(filled.row, "new", filled.cells, {})
            continue
        changed = {column.name: _said(before[column.name]) for column in shown if before[column.name] != row[column.name]}
        yield TriedRow(filled.row, "replaced" if changed else "unchanged", filled.cells, changed)


def _said(value: object) -> str:
    return "" if value is None else f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def _held(warehouse: Warehouse, table: Table, key: tuple[str, ...], rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The stored rows that may be replaced, by their key; looked up by the part of the key that says most."""
    if not rows or not key:
        return {}
    spread = Counter({name: len({row[name] for row in rows}) for name in key})
    name = spread.most_common(1)[0][0]
    parameters = {f"v{number}": value for number, value in enumerate(dict.fromkeys(row[name] for row in rows)) if value is not None}
    among = exp.In(this=_column(name), expressions=[exp.Placeholder(this=one) for one in parameters])
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    select = exp.Select(expressions=[_column(column.name) for column in table.columns]).from_(source).where(among)
    found = warehouse.query(Statement(select, parameters)).to_pylist()
    return {tuple(row[part] for part in key): row for row in found}


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))
