"""How rows travel to PostgreSQL and back: COPY of CSV that Arrow writes in, columns made of tuples out."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from psycopg import sql as driver_sql
from sqlglot import exp

from engine.warehouse import Statement, Table
from engine.writing import postgres_sql

_READ_AS = {  # by type number; 1700 is numeric
    16: pa.bool_(), **dict.fromkeys((20, 21, 23), pa.int64()), **dict.fromkeys((700, 701), pa.float64()), 1082: pa.date32(),
    1114: pa.timestamp("us"),
}  # fmt: skip
_MOST_PLACES = 12  # of a numeric without a declared scale: a quotient has more, and is a double


def copied(
    connection: psycopg.Connection, table: Table, target: driver_sql.Identifier, batches: Iterable[pa.RecordBatch]
) -> tuple[int, bool]:
    """COPY the batches into the target; how many rows, and whether their times came in ascending order, NULLs last."""
    names = driver_sql.SQL(", ").join(driver_sql.Identifier(column.name) for column in table.columns)
    options, rows, in_order, last = pyarrow.csv.WriteOptions(include_header=False), 0, True, None
    with connection.cursor() as cursor, cursor.copy(driver_sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(target, names)) as copy:
        for batch in batches:
            text = io.BytesIO()
            pyarrow.csv.write_csv(batch, text, options)
            copy.write(text.getbuffer())
            rows += batch.num_rows
            if table.time and in_order and batch.num_rows:
                times = batch.column(table.time)
                follows = not times.null_count and (last is None or last <= times[0].as_py())
                in_order, last = follows and not pc.any(pc.less(times[1:], times[:-1])).as_py(), times[-1].as_py()
    return rows, in_order


def to_arrow(cursor: psycopg.RawCursor[tuple[Any, ...]]) -> pa.Table:
    """The answer of a statement as columns."""
    described = cursor.description or []
    columns: Sequence[Sequence[Any]] = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(described)
    arrays = [_array(column.type_code, column.scale, values) for column, values in zip(described, columns, strict=True)]
    return pa.table(arrays, names=[column.name for column in described])


def _array(type_code: int, scale: int | None, values: Sequence[Any]) -> pa.Array:
    if type_code == 1700:
        if scale is None:
            scale = max((-value.as_tuple().exponent for value in values if value is not None), default=_MOST_PLACES + 1)
        if scale > _MOST_PLACES:
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
        return pa.array(values, pa.decimal128(38, max(scale, 0)))
    return pa.array(values, _READ_AS.get(type_code, pa.string()))


def with_values(connection: psycopg.Connection, tree: exp.Expression, statement: Statement) -> psycopg.RawCursor[tuple[Any, ...]]:
    """The tree run with the statement's parameters."""
    names, cursor = list(statement.parameters), psycopg.RawCursor(connection)
    text = postgres_sql.written(tree, numbers={name: number for number, name in enumerate(names, 1)})
    cursor.execute(driver_sql.SQL(text), [statement.parameters[name] for name in names])
    return cursor
