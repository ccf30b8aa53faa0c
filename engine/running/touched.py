"""Which days a load touched: a refresh then reads those again and no others, however late their rows came."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from engine.warehouse import LoadMode, Statement, Table, TableColumn, TableState, Transaction, Warehouse

LOG = Table(
    schema="chengmai",
    name="touched",
    columns=(
        TableColumn("schema_name", "text"),
        TableColumn("table_name", "text"),
        TableColumn("version", "integer"),
        TableColumn("day", "date"),  # NULL: the whole table; NO_DAY: nothing that lies in any period
    ),
)
MOST_DAYS = 400
NO_DAY = date(1, 1, 1)
Days = frozenset[date] | None  # None: all


class Reader(Protocol):
    """What runs a SELECT: a warehouse, or a transaction in it (读取者)."""

    def query(self, statement: Statement) -> pa.Table:
        """Run a SELECT."""


def load_and_note(warehouse: Warehouse, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
    """Load rows and note the days they lie in, in one transaction."""
    warehouse.create(LOG)  # before, not inside: who makes a table holds up all others who would
    with warehouse.transaction() as transaction:
        return noted_load(transaction, table, rows, mode)


def noted_load(transaction: Transaction, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
    """Load rows within a transaction and note the days they lie in; of an upsert, also the days of the rows that it replaced.

    Rows that replace a whole table, rows of more than MOST_DAYS days and rows of a table without a time touch everything.
    """
    days: set[date] = set()
    done = transaction.load(table, _watched(rows, table.time, days), mode)
    if table.time is None or mode == "replace" or done.replaced is None or len(days | done.replaced) > MOST_DAYS:
        note(transaction, table, done.state, None)
    else:
        note(transaction, table, done.state, frozenset(days) | done.replaced)
    return done.state


def note(transaction: Transaction, table: Table, state: TableState, days: Days) -> None:
    """Write down which days the version of a table touched; None: all."""
    noted: list[date | None] = [None] if days is None else [*(sorted(days) or [NO_DAY])]
    columns = {
        "schema_name": pa.array([table.schema] * len(noted), pa.string()),
        "table_name": pa.array([table.name] * len(noted), pa.string()),
        "version": pa.array([state.version] * len(noted), pa.int64()),
        "day": pa.array(noted, pa.date32()),
    }
    transaction.load(LOG, [pa.record_batch(columns)], "append")


def _watched(rows: Iterable[pa.RecordBatch], time: str | None, days: set[date]) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        if time is not None and time in batch.schema.names:
            days.update(day for day in pc.unique(pc.cast(batch.column(time), pa.date32(), safe=False)).to_pylist() if day is not None)
        yield batch


def days_since(reader: Reader, table: Table, version: int, now: int) -> Days:
    """Days touched by the versions after `version` up to `now`; None when one of them touched all or left no note. LOG must be there."""
    names = exp.And(
        this=exp.EQ(this=exp.column("schema_name"), expression=exp.Placeholder(this="schema")),
        expression=exp.EQ(this=exp.column("table_name"), expression=exp.Placeholder(this="name")),
    )
    after, upto = exp.Literal.number(version), exp.Literal.number(now)
    span = exp.And(
        this=exp.GT(this=exp.column("version"), expression=after), expression=exp.LTE(this=exp.column("version"), expression=upto)
    )
    log = exp.Table(this=exp.to_identifier(LOG.name), db=exp.to_identifier(LOG.schema))
    tree = exp.Select(expressions=[exp.column("version"), exp.column("day")]).from_(log).where(exp.And(this=names, expression=span))
    found = reader.query(Statement(tree, {"schema": table.schema, "name": table.name})).to_pylist()
    noted = {row["version"] for row in found}
    if any(row["day"] is None for row in found) or noted != set(range(version + 1, now + 1)):
        return None
    return frozenset(row["day"] for row in found) - {NO_DAY}
