"""What lies in a warehouse after an intake, for tests to read: rows of a dataset, lines of the quarantine."""

from typing import Any

from sqlglot import exp

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.quarantine import QUARANTINE
from engine.warehouse import Statement, Table, Warehouse


def lying_in(warehouse: Warehouse, table: Table) -> list[dict[str, Any]]:
    """All rows of a table, in the order of their texts."""
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    columns = [exp.column(exp.to_identifier(column.name, quoted=True)) for column in table.columns]
    rows: list[dict[str, Any]] = warehouse.query(Statement(exp.Select(expressions=columns).from_(source))).to_pylist()
    return sorted(rows, key=str)


def rows_of(catalog: Catalog, warehouse: Warehouse, dataset_id: str) -> list[dict[str, Any]]:
    """The rows of a dataset."""
    dataset = catalog.dataset(dataset_id)
    assert dataset is not None
    return lying_in(warehouse, table_of(dataset_id, dataset))


def lines_of(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The lines of the quarantine by number of the row."""
    return sorted(lying_in(warehouse, QUARANTINE), key=lambda line: (line["row_number"], line["rule"], str(line["column_name"])))
