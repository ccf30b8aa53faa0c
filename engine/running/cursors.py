"""How far each stream was read, written with the rows it stands for: whatever dies, a reading goes on exactly where its rows end."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.running.touched import Reader
from engine.warehouse import Statement, Table, TableColumn, TableState, Transaction, Warehouse, arrow_schema

CURSORS = Table(
    schema="chengmai",
    name="cursors",
    columns=(
        TableColumn("stream", "text"),  # source id, slash, stream name
        TableColumn("dataset", "text"),  # several datasets may be filled from one stream, each at its own pace
        TableColumn("cursor", "text"),
        TableColumn("version", "integer"),  # of the dataset's table, once the rows before the cursor were in it
        TableColumn("reads", "text"),  # mark of what was read: a cursor means nothing to another reading
        TableColumn("at", "timestamp"),
    ),
    key=("stream", "dataset"),
)


class Cursor(Struct, frozen=True):
    """How far a stream was read for one dataset (游标)."""

    cursor: str
    version: int
    reads: str
    at: datetime


class Overtaken(Exception):
    """Another reading of the same stream was stored meanwhile; this one has changed nothing."""


def mark_of(read: Mapping[str, Any]) -> str:
    """A mark of a stream's `read`, the same for the same settings in any order."""
    return hashlib.sha256(msgspec.json.encode(dict(read), order="deterministic", enc_hook=str)).hexdigest()[:16]


def cursor_of(warehouse: Warehouse, stream: str, dataset: str) -> Cursor | None:
    """How far a stream was read for a dataset; None when no place to go on from is known."""
    return cursor_in(warehouse, stream, dataset) if warehouse.state(CURSORS) is not None else None


def cursor_in(reader: Reader, stream: str, dataset: str) -> Cursor | None:
    """The same where the table is known to be there."""
    book = exp.Table(this=exp.to_identifier(CURSORS.name), db=exp.to_identifier(CURSORS.schema))
    where = exp.And(
        this=exp.EQ(this=exp.column("stream"), expression=exp.Placeholder(this="stream")),
        expression=exp.EQ(this=exp.column("dataset"), expression=exp.Placeholder(this="dataset")),
    )
    tree = exp.Select(expressions=[exp.column(one.name) for one in CURSORS.columns]).from_(book).where(where)
    rows = reader.query(Statement(tree, {"stream": stream, "dataset": dataset})).to_pylist()
    return Cursor(rows[0]["cursor"], rows[0]["version"], rows[0]["reads"], rows[0]["at"]) if rows else None


def remember(transaction: Transaction, stream: str, dataset: str, cursor: Cursor) -> TableState:
    """Write down how far a stream was read, in the transaction of its rows."""
    values = [stream, dataset, cursor.cursor, cursor.version, cursor.reads, cursor.at]
    schema = arrow_schema(CURSORS)
    columns = [pa.array([value], field.type) for value, field in zip(values, schema, strict=True)]
    return transaction.load(CURSORS, [pa.RecordBatch.from_arrays(columns, schema=schema)], "upsert").state
