"""How PostgreSQL tells how rows spread, and keeps a result for several statements: temporary tables of one transaction."""

from datetime import datetime
from functools import partial

import psycopg
import pyarrow as pa
from psycopg import sql as driver_sql
from sqlglot import exp

from engine import warehouse
from engine.sharing import Ask, Made, Spread, as_instant
from engine.warehouse import Cancel, Statement, Table, TableState, Watch
from engine.writing import postgres_rows, postgres_sql
from engine.writing.statements import temporary

_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
_TIME_LIMIT = "SELECT set_config('statement_timeout', %s, true)"
_READ_ONLY = "SELECT set_config('transaction_read_only', 'on', true)"
_DISTINCT = "SELECT attname, n_distinct FROM pg_stats WHERE schemaname = %s AND tablename = %s"


def spread_of(connection: psycopg.Connection, table: Table, state: TableState) -> Spread:
    """What ANALYZE has kept; a number of different values below zero is a part of the rows."""
    kept = connection.execute(_DISTINCT, (table.schema, table.name)).fetchall()
    distinct = tuple((name, int(number if number >= 0 else -number * state.rows)) for name, number in kept)
    return Spread(state.rows, _least_time(connection, table), state.watermark, distinct)


def _least_time(connection: psycopg.Connection, table: Table) -> datetime | None:
    if table.time is None:
        return None
    least = exp.Select(expressions=[exp.Min(this=exp.column(table.time))]).from_(warehouse.table_node(table))
    row = connection.execute(driver_sql.SQL(postgres_sql.written(least))).fetchone()
    return as_instant(row[0]) if row else None


def shared_on(connection: psycopg.Connection, made: Made, seconds: float, cancel: Cancel | None) -> Ask:
    """Makes the tables in a transaction that then writes nothing more; what is returned asks in it."""
    stop, stopped = partial(connection.cancel_safe, timeout=5), psycopg.errors.QueryCanceled
    connection.execute(_ONE_MOMENT)
    connection.execute(_TIME_LIMIT, (str(int(seconds * 1000) + 1000),))
    for name, statement in made:
        warehouse.refuse_other_than_one_select(statement.tree)
        with Watch(seconds, cancel, stop, stopped):
            made_table = temporary(name, statement.tree)
            postgres_rows.with_values(connection, made_table, statement)
        connection.execute(driver_sql.SQL("ANALYZE {}").format(driver_sql.Identifier("pg_temp", name)))
    connection.execute(_READ_ONLY)

    def ask(statement: Statement) -> pa.Table:
        warehouse.refuse_other_than_one_select(statement.tree)
        with Watch(seconds, cancel, stop, stopped):
            return warehouse.normalised(postgres_rows.to_arrow(postgres_rows.with_values(connection, statement.tree, statement)))

    return ask
