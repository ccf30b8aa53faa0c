"""How DuckDB tells how rows spread, and keeps a result for several statements: temporary tables of one cursor."""

from collections.abc import Callable

import duckdb
import pyarrow as pa
from sqlglot import exp

from engine import warehouse
from engine.sharing import Ask, Made, Spread, as_instant
from engine.warehouse import Cancel, Statement, Table, Watch
from engine.writing.statements import temporary

Write = Callable[[exp.Expression], str]


def spread_of(cursor: duckdb.DuckDBPyConnection, write: Write, table: Table, rows: int) -> Spread:
    """What the statistics of each column say; they are kept with the column, so one row is read."""
    kept = [exp.Anonymous(this="stats", expressions=[exp.column(column.name)]) for column in table.columns]
    select = exp.Select(expressions=kept).from_(warehouse.table_node(table)).limit(1)
    row = cursor.execute(write(select)).fetchone() or ()
    told = {column.name: stats for column, stats in zip(table.columns, row, strict=False) if stats}
    distinct = tuple((name, stats["approx_unique"]) for name, stats in told.items() if stats.get("approx_unique"))
    first, last = (as_instant(told.get(table.time or "", {}).get(end)) for end in ("min", "max"))
    return Spread(rows, first, last, distinct)


def shared_on(cursor: duckdb.DuckDBPyConnection, write: Write, made: Made, seconds: float, cancel: Cancel | None) -> Ask:
    """Makes the tables in a transaction of the cursor; what is returned asks in it."""
    cursor.begin()
    for name, statement in made:
        warehouse.refuse_other_than_one_select(statement.tree)
        with Watch(seconds, cancel, cursor.interrupt, duckdb.InterruptException):
            cursor.execute(write(temporary(name, statement.tree)), dict(statement.parameters) or None)

    def ask(statement: Statement) -> pa.Table:
        warehouse.refuse_other_than_one_select(statement.tree)
        with Watch(seconds, cancel, cursor.interrupt, duckdb.InterruptException):
            answer = cursor.sql(statement.text or write(statement.tree), params=dict(statement.parameters) or None)
            return warehouse.normalised(answer.to_arrow_table())

    return ask
