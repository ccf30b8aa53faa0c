"""From when on rows and states are still there: what retention removed is remembered, so that it is never missed silently."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
from sqlglot import exp

from engine.running.touched import Reader
from engine.warehouse import Statement, Table, TableColumn, Transaction, Warehouse, arrow_schema

KEPT = Table(
    schema="chengmai",
    name="kept_from",
    columns=(
        TableColumn("id", "text"),  # of a dataset, or of a state
        TableColumn("since", "timestamp"),  # the first period that is still there; business days begin later on the clock
    ),
    key=("id",),
)


def kept_from(warehouse: Warehouse) -> dict[str, datetime]:
    """First period still there, of each dataset and state of which older ones were removed."""
    return kept_in(warehouse) if warehouse.state(KEPT) is not None else {}


def kept_in(reader: Reader) -> dict[str, datetime]:
    """The same where the table is known to be there."""
    book = exp.Table(this=exp.to_identifier(KEPT.name), db=exp.to_identifier(KEPT.schema))
    rows = reader.query(Statement(exp.Select(expressions=[exp.column(one.name) for one in KEPT.columns]).from_(book))).to_pylist()
    return {row["id"]: row["since"] for row in rows}


def keep_from(transaction: Transaction, since: Mapping[str, datetime]) -> None:
    """Remember that nothing older is there any more."""
    columns = {"id": pa.array(list(since), pa.string()), "since": pa.array(list(since.values()), pa.timestamp("us"))}
    if since:
        transaction.load(KEPT, [pa.record_batch(columns, schema=arrow_schema(KEPT))], "upsert")


def kept_version(warehouse: Warehouse) -> int:
    """Moves whenever something was removed; 0 before that."""
    state = warehouse.state(KEPT)
    return state.version if state is not None else 0
