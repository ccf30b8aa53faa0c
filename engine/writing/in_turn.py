"""A transaction for a warehouse that can only swap one table at a time: loads follow each other, in an order that a crash may cut anywhere."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
from sqlglot import exp

from engine.warehouse import (
    ARROW_TYPES,
    Loaded,
    LoadMode,
    Slice,
    Statement,
    Table,
    TableState,
    Transaction,
    Warehouse,
    arrow_schema,
    table_node,
)
from engine.writing.statements import within


@contextmanager
def in_turn(warehouse: Warehouse) -> Iterator[Transaction]:
    """Loads one after the other, each whole by itself: what comes later must not be needed for what came before to be true."""
    yield _InTurn(warehouse)


class _InTurn:
    """See `engine.warehouse.Transaction`; nothing is undone when a later load fails."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def state(self, table: Table) -> TableState | None:
        """As the warehouse says; others may load it meanwhile."""
        return self._warehouse.state(table)

    def query(self, statement: Statement) -> pa.Table:
        """As the warehouse answers."""
        return self._warehouse.query(statement, seconds=3600)

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> Loaded:
        """One load; nobody looks which days an upsert touched."""
        is_merged = mode == "upsert" and self._warehouse.state(table) is not None
        return Loaded(self._warehouse.load(table, rows, mode), None if is_merged else frozenset())

    def refill(self, table: Table, selects: Sequence[Statement], instead: Sequence[Slice] | None, by: str | None = None) -> Loaded:
        """The rows leave the warehouse and come back, with those that stay, as one load."""
        fresh = [_fitting(table, self.query(select)) for select in selects]
        self._warehouse.create(table)
        stays = [self._staying(table, instead, by)] if instead is not None else []
        return self.load(table, pa.concat_tables([arrow_schema(table).empty_table(), *stays, *fresh]).to_batches(), "replace")

    def remove(self, table: Table, slices: Sequence[Slice]) -> Loaded:
        """The table is replaced by the rows that stay."""
        self._warehouse.create(table)
        return self.load(table, self._staying(table, slices, None).to_batches(), "replace")

    def _staying(self, table: Table, slices: Sequence[Slice], by: str | None) -> pa.Table:
        """The rows that lie in none of the slices; a row without a time does not."""
        time = exp.column(by or table.time or "")
        stays = [
            exp.paren(
                exp.Or(this=exp.Not(this=exp.paren(within(table, one, by))), expression=exp.Is(this=time.copy(), expression=exp.Null()))
            )
            for one in slices
        ]
        rows = exp.Select(expressions=[exp.column(one.name) for one in table.columns]).from_(table_node(table))
        return _fitting(table, self.query(Statement(rows.where(*stays) if stays else rows)))


def _fitting(table: Table, answer: pa.Table) -> pa.Table:
    """The columns of the table, as it stores them."""
    columns = [answer.column(one.name).cast(ARROW_TYPES[one.type], safe=False) for one in table.columns]
    return pa.table(columns, schema=arrow_schema(table))
