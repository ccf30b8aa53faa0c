"""Rows that people write in proofs become rows of the declared types, so that a proof meets the engine as real rows would."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from engine.compiling.tables import table_of
from engine.findings import Finding, Place, did_you_mean
from engine.kinds.dataset import Dataset
from engine.kinds.test import Given
from engine.loading.catalog import Catalog
from engine.warehouse import ColumnType, Table, arrow_schema


class UnreadableRow(Exception):
    """A given row does not fit its dataset; carries the finding that says so."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.text("en"))


def rows_of(catalog: Catalog, given: Sequence[Given], place: Place) -> dict[str, list[dict[str, Any]]]:
    """Rows by dataset id, several givens of one dataset joined, values of the columns' types. Raises UnreadableRow."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in given:
        dataset = catalog.dataset(one.dataset)
        if dataset is None:
            raise UnreadableRow(_unknown_dataset(catalog, one.dataset, place))
        found.setdefault(one.dataset, []).extend(_typed_row(one.dataset, dataset, row, place) for row in one.rows)
    return found


def batch_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """The rows as one Arrow batch of the table's schema; a column that a row leaves out is null."""
    full = [{column.name: row.get(column.name) for column in table.columns} for row in rows]
    return pa.RecordBatch.from_pylist(full, schema=arrow_schema(table))


def _typed_row(id: str, dataset: Dataset, row: Mapping[str, Any], place: Place) -> dict[str, Any]:
    types = {column.name: column.type for column in table_of(id, dataset).columns}
    typed: dict[str, Any] = {}
    for name, value in row.items():
        if name not in types:
            raise UnreadableRow(_unknown_column(id, name, types, place))
        try:
            typed[name] = typed_value(types[name], value)
        except (ValueError, InvalidOperation):
            raise UnreadableRow(_unfit(id, name, value, place)) from None
    return typed


def typed_value(type: ColumnType, value: Any) -> Any:
    """A written value as the column holds it; null stays null. Raises ValueError, InvalidOperation when it does not fit."""
    if value is None:
        return None
    match type:
        case "date":
            return date.fromisoformat(str(value))
        case "timestamp":
            return datetime.fromisoformat(str(value))
        case "decimal":
            return Decimal(str(value))
        case "float":
            return float(value)
        case "text":
            return str(value)
        case "integer" if isinstance(value, bool) or int(value) != float(value):
            raise ValueError(value)
        case "integer":
            return int(value)
        case "boolean" if not isinstance(value, bool):
            raise ValueError(value)
    return value


def _unknown_dataset(catalog: Catalog, id: str, place: Place) -> Finding:
    zh, en = did_you_mean(id, catalog.ids("dataset"), "用 chengmai list datasets 查看全部", "`chengmai list datasets` shows all")
    said = f"没有名为「{id}」的数据集", f"no dataset is named '{id}'"
    return Finding(place=place, code="unknown-dataset", zh=said[0], en=said[1], advice_zh=zh, advice_en=en)


def _unknown_column(id: str, name: str, known: Mapping[str, ColumnType], place: Place) -> Finding:
    zh, en = did_you_mean(name, known, f"可写的列：{'、'.join(known)}", f"columns: {', '.join(known)}")
    said = f"数据集「{id}」没有可写入的列「{name}」", f"dataset '{id}' stores no column '{name}'"
    return Finding(place=place, code="unknown-column", zh=said[0], en=said[1], advice_zh=zh, advice_en=en)


def _unfit(id: str, name: str, value: object, place: Place) -> Finding:
    return Finding(
        place=place, code="unfit-value",
        zh=f"「{value}」不能作为 {id} 的列「{name}」的值", en=f"'{value}' cannot stand in column '{name}' of {id}",
        advice_zh="按列声明的类型写，日期如 2026-01-31，时间如 2026-01-31 08:00:00",
        advice_en="write it as the column's type says: a date as 2026-01-31, a time as 2026-01-31 08:00:00",
    )  # fmt: skip
