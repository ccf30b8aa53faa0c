"""Which days a load touched: a refresh then reads those again and no others, however late their rows came."""

from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from engine.warehouse import LoadMode, Statement, Table, TableColumn, TableState, Warehouse

LOG = Table(
    schema="chengmai",
    name="touched",
    columns=(
        TableColumn("schema_name", "text"),
        TableColumn("table_name", "text"),
        TableColumn("version", "integer"),
        TableColumn("day", "date"),  # NULL: the whole table
    ),
)
MOST_DAYS = 400


def load_and_note(warehouse: Warehouse, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
    """Load rows and note the days they lie in.

    The note is written after the load: a crash between the two leaves a version without a note, and a refresh that misses a note
    rebuilds. A keyed row may have moved from another day, so an upsert is noted as the whole table unless its table is new.
    """
    days: set[date] = set()
    is_new = warehouse.state(table) is None
    state = warehouse.load(table, _watched(rows, table.time, days), mode)
    whole = table.time is None or len(days) > MOST_DAYS or mode == "replace" or (mode == "upsert" and not is_new and bool(table.key))
    noted: list[date | None] = [None]
    if not whole:
        noted = [*sorted(days)]
    columns = {
        "schema_name": pa.array([table.schema] * len(noted), pa.string()),
        "table_name": pa.array([table.name] * len(noted), pa.string()),
        "version": pa.array([state.version] * len(noted), pa.int64()),
        "day": pa.array(noted, pa.date32()),
    }
    warehouse.load(LOG, [pa.record_batch(columns)], "append")
    return state


def _watched(rows: Iterable[pa.RecordBatch], time: str | None, days: set[date]) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        if time is not None and time in batch.schema.names:
            days.update(day for day in pc.unique(pc.cast(batch.column(time), pa.date32(), safe=False)).to_pylist() if day is not None)
        yield batch


def days_since(warehouse: Warehouse, table: Table, version: int, now: int) -> frozenset[date] | None:
    """Days touched by the versions after `version` up to `now`; None when one of them touched all or left no note."""
    if warehouse.state(LOG) is None:
        return None
    names = exp.And(
        this=exp.EQ(this=exp.column("schema_name"), expression=exp.Placeholder(this="schema")),
        expression=exp.EQ(this=exp.column("table_name"), expression=exp.Placeholder(this="name")),
    )
    later = exp.GT(this=exp.column("version"), expression=exp.Literal.number(version))
    log = exp.Table(this=exp.to_identifier(LOG.name), db=exp.to_identifier(LOG.schema))
    tree = exp.Select(expressions=[exp.column("version"), exp.column("day")]).from_(log).where(exp.And(this=names, expression=later))
    found = warehouse.query(Statement(tree, {"schema": table.schema, "name": table.name})).to_pylist()
    noted = {row["version"] for row in found}
    if any(row["day"] is None for row in found) or noted != set(range(version + 1, now + 1)):
        return None
    return frozenset(row["day"] for row in found)
