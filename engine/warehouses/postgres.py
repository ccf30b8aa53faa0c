"""PostgreSQL, and databases that speak its protocol: the warehouse of several machines, and the second opinion of every proof."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql as driver_sql
from psycopg_pool import ConnectionPool
from sqlglot import exp

from engine import warehouse
from engine.sharing import Ask, Made, Spread
from engine.warehouse import Cancel, Loaded, LoadMode, RowsDoNotFit, Slice, Statement, Table, TableColumn, TableState, Watch
from engine.writing import postgres_rows, postgres_sharing, postgres_sql, statements

_CREATE_STATE = """
    CREATE SCHEMA IF NOT EXISTS chengmai;
    CREATE TABLE IF NOT EXISTS chengmai.table_state (
        schema text, name text, version bigint NOT NULL, rows bigint NOT NULL, watermark timestamp, loaded_at timestamp NOT NULL,
        PRIMARY KEY (schema, name))"""
_READ_STATE = "SELECT version, rows, watermark, loaded_at FROM chengmai.table_state WHERE schema = %s AND name = %s"
_WRITE_STATE = """
    INSERT INTO chengmai.table_state VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (schema, name)
    DO UPDATE SET version = excluded.version, rows = excluded.rows, watermark = excluded.watermark, loaded_at = excluded.loaded_at"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
_LIMITS = "SELECT set_config('transaction_read_only', 'on', true), set_config('statement_timeout', %s, true)"
# True when text is already ordered by code point and lower() knows more than ASCII; else the collation to give to text columns.
_COLLATION = """
    SELECT 'B' < 'a' AND lower('É') = 'é', coalesce((SELECT collname FROM pg_collation WHERE collname = 'pg_c_utf8' LIMIT 1), 'C')"""
_ANALYZE_EVERY = 10  # a load that changes one row in so many lets the planner look again


class PostgresWarehouse:
    """A PostgreSQL database, reached by a DSN (PostgreSQL 数仓).

    Queries run in read-only transactions with a time limit on both sides. Rows come in by COPY of CSV that Arrow writes (three times
    as fast as binary COPY from Python). A table that is replaced is built beside the old one and swapped in, so readers never wait for
    the load; loads of one table wait for each other, in whatever process they run.
    """

    tag = "postgres"
    dialect = "postgres"
    own_schema = "pg_temp"

    def __init__(self, dsn: str, connections: int = 8, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._pool = ConnectionPool(dsn, min_size=1, max_size=connections, configure=_configure, open=True, timeout=30)
        self._now = now
        self._spreads: dict[tuple[str, str], tuple[int, Spread]] = {}  # with the version it tells of
        with self._pool.connection() as connection:
            connection.execute(_LOCK, ("chengmai",))
            connection.execute(_CREATE_STATE)
            row = connection.execute(_COLLATION).fetchone()
        self._collation = row[1] if row and not row[0] else None

    def write(self, tree: exp.Expression, pretty: bool = False, numbers: dict[str, int] | None = None) -> str:
        """SQL text of a tree; what PostgreSQL says otherwise is rewritten. A placeholder is %(name)s, or $n where it has a number."""
        return postgres_sql.written(tree, pretty, numbers)

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """Run a SELECT; types as `engine.warehouse.normalised` says. Raises StatementTimedOut, StatementCancelled, NotOneSelect.

        A numeric without a declared scale (a sum, a quotient) takes the places of its values, and is a double when these are
        more than 12 or when there are no values.
        """
        warehouse.refuse_other_than_one_select(statement.tree)
        stopped = psycopg.errors.QueryCanceled
        with self._pool.connection() as connection, Watch(seconds, cancel, partial(connection.cancel_safe, timeout=5), stopped):
            try:
                connection.execute(_LIMITS, (str(int(seconds * 1000) + 1000),))
                return warehouse.normalised(postgres_rows.to_arrow(postgres_rows.with_values(connection, statement.tree, statement)))
            except stopped:
                connection.close()  # a second cancel may still be on its way; the pool opens another
                raise

    def create(self, table: Table) -> None:
        """Make schema and table when missing, add columns that are new, index key and time."""
        with self.transaction() as transaction:
            transaction.create(table)

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version in one transaction. Raises RowsDoNotFit; then nothing has changed."""
        with self.transaction() as transaction:
            return transaction.load(table, rows, mode).state

    @contextmanager
    def transaction(self) -> Iterator["_Transaction"]:
        """Several loads in one transaction; whoever wants to load one of its tables waits until it has ended."""
        with self._pool.connection() as connection:
            yield _Transaction(connection, self._collation, self._now)

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        with self._pool.connection() as connection:
            return _state(connection, table)

    def spread(self, table: Table) -> Spread | None:
        """From what ANALYZE keeps of every column; only the least time is looked up, in its index."""
        with self._pool.connection() as connection:
            state = _state(connection, table)
            if state is None:
                return None
            known = self._spreads.get((table.schema, table.name))
            if known is None or known[0] != state.version:
                known = state.version, postgres_sharing.spread_of(connection, table, state)
                self._spreads[table.schema, table.name] = known
        return known[1]

    @contextmanager
    def shared(self, made: Made, *, seconds: float = 60.0, cancel: Cancel | None = None) -> Iterator[Ask]:
        """Temporary tables of one transaction, which can write nothing else and leaves nothing behind."""
        with self._pool.connection() as connection:
            try:
                yield postgres_sharing.shared_on(connection, made, seconds, cancel)
                connection.rollback()
            except (warehouse.StatementTimedOut, warehouse.StatementCancelled):
                connection.close()  # a second cancel may still be on its way; the pool opens another
                raise

    def close(self) -> None:
        """Give back all connections."""
        self._pool.close()


class _Transaction:
    """Loads on one connection; see `engine.warehouse.Transaction`."""

    def __init__(self, connection: psycopg.Connection, collation: str | None, now: Callable[[], datetime]) -> None:
        self._connection, self._collation, self._now = connection, collation, now

    def _run(self, tree: exp.Expression) -> psycopg.Cursor:
        return self._connection.execute(driver_sql.SQL(postgres_sql.written(tree)))

    def _lock(self, table: Table) -> None:
        self._connection.execute(_LOCK, (f"{table.schema}.{table.name}",))

    def state(self, table: Table) -> TableState | None:
        """As it is in this transaction; the table is locked against other loads until it ends."""
        self._lock(table)
        return _state(self._connection, table)

    def query(self, statement: Statement) -> pa.Table:
        """Run a SELECT over what is written, this transaction's own rows included."""
        warehouse.refuse_other_than_one_select(statement.tree)
        return warehouse.normalised(postgres_rows.to_arrow(postgres_rows.with_values(self._connection, statement.tree, statement)))

    def create(self, table: Table) -> None:
        """Make schema and table when missing, add columns that are new, index key and time."""
        present = {row[0] for row in self._connection.execute(_COLUMNS, (table.schema, table.name)).fetchall()}
        if present.issuperset(column.name for column in table.columns):
            return
        self._connection.execute(_LOCK, ("chengmai",))  # two that make the same schema at once would fail
        if not present:
            self._run(exp.Create(this=exp.Table(db=exp.Identifier(this=table.schema)), kind="SCHEMA", exists=True))
            self._run(self._create_table(table))
            self._index(table)
        for column in table.columns if present else ():
            if column.name not in present:
                self._run(exp.Alter(this=warehouse.table_node(table), kind="TABLE", actions=[self._column(column)]))

    def _create_table(self, table: Table) -> exp.Create:
        columns = [self._column(column) for column in table.columns]
        return exp.Create(this=exp.Schema(this=warehouse.table_node(table), expressions=columns), kind="TABLE")

    def _column(self, column: TableColumn) -> exp.ColumnDef:
        definition = statements.column_definition(column)
        if column.type == "text" and self._collation:
            collate = exp.CollateColumnConstraint(this=exp.Identifier(this=self._collation, quoted=True))
            definition.set("constraints", [exp.ColumnConstraint(kind=collate)])
        return definition

    def _index(self, table: Table) -> None:
        for names in (table.key, (table.time,) if table.time else ()):
            if names:
                columns = exp.IndexParameters(columns=[exp.Ordered(this=exp.column(name), nulls_first=False) for name in names])
                self._run(exp.Create(this=exp.Index(table=warehouse.table_node(table), params=columns), kind="INDEX"))

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> Loaded:
        """Write rows and move the table's version. Raises RowsDoNotFit; then the transaction can only be given up."""
        batches = (warehouse.fitted(batch, table, mode) for batch in rows)
        self._lock(table)
        self.create(table)
        days: frozenset[date] | None = frozenset()
        try:
            if mode == "append":
                change, _ = postgres_rows.copied(self._connection, table, driver_sql.Identifier(table.schema, table.name), batches)
            elif mode == "replace":
                change = self._swap(table, batches)
            else:
                change, days = self._merge(table, batches, mode)
        except psycopg.DataError as error:
            raise RowsDoNotFit(f"{table.schema}.{table.name}: {error}") from error
        return Loaded(self._moved(table, change, is_whole=mode == "replace"), days)

    def refill(self, table: Table, selects: Sequence[Statement], instead: Sequence[Slice] | None, by: str | None = None) -> Loaded:
        """INSERT of what SELECTs give, after what it stands for is deleted; a whole table is emptied by a swap."""
        self._lock(table)
        self.create(table)
        change = -sum(self._run(statements.delete_slice(table, one, by)).rowcount for one in instead or ())
        if instead is None:
            self._swap(table, ())
        for select in selects:
            warehouse.refuse_other_than_one_select(select.tree)
            change += postgres_rows.with_values(self._connection, statements.insert_selected(table, select.tree), select).rowcount
        return Loaded(self._moved(table, change, is_whole=instead is None))

    def remove(self, table: Table, slices: Sequence[Slice]) -> Loaded:
        """DELETE of each slice."""
        self._lock(table)
        self.create(table)
        return Loaded(self._moved(table, -sum(self._run(statements.delete_slice(table, one)).rowcount for one in slices)))

    def _swap(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        mark = hashlib.md5(f"{table.schema}.{table.name}".encode(), usedforsecurity=False).hexdigest()[:16]
        fresh = Table(table.schema, f"fresh_{mark}", table.columns, table.key, table.time)
        self._run(self._create_table(fresh))
        rows, in_order = postgres_rows.copied(self._connection, fresh, driver_sql.Identifier(fresh.schema, fresh.name), batches)
        if not in_order:
            unsorted, fresh = fresh, Table(table.schema, f"sorted_{mark}", table.columns, table.key, table.time)
            self._run(self._create_table(fresh))
            self._run(statements.insert_from(fresh, warehouse.table_node(unsorted)))
            self._run(exp.Drop(tables=[warehouse.table_node(unsorted)], kind="TABLE"))
        self._index(fresh)
        self._run(exp.Drop(tables=[warehouse.table_node(table)], kind="TABLE"))
        renamed = exp.AlterRename(this=exp.Table(this=exp.Identifier(this=table.name)))
        self._run(exp.Alter(this=warehouse.table_node(fresh), kind="TABLE", actions=[renamed]))
        return rows

    def _merge(self, table: Table, batches: Iterable[pa.RecordBatch], mode: LoadMode) -> tuple[int, frozenset[date] | None]:
        staging = exp.Table(this=exp.Identifier(this="staged"))
        arrived = exp.ColumnDef(
            this=exp.Identifier(this=warehouse.ARRIVED),
            kind=exp.DataType(this=exp.DType.BIGINT),
            constraints=[exp.ColumnConstraint(kind=exp.GeneratedAsIdentityColumnConstraint(this=True))],
        )
        shape = exp.Schema(this=staging, expressions=[*(self._column(column) for column in table.columns), arrived])
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        self._run(exp.Create(this=shape, kind="TABLE", properties=temporary))
        postgres_rows.copied(self._connection, table, driver_sql.Identifier("staged"), batches)
        self._connection.execute("ANALYZE staged")
        days: frozenset[date] | None = frozenset()
        if mode == "upsert":
            days = self._replaced(table)
            removed = self._run(statements.delete_matching(table, "staged")).rowcount
            added = self._run(statements.insert_latest(table, "staged")).rowcount
        else:
            removed = self._run(statements.delete_touched(table, "staged")).rowcount
            added = self._run(statements.insert_from(table, staging.copy())).rowcount
        self._run(exp.Drop(tables=[staging.copy()], kind="TABLE"))
        return added - removed, days

    def _replaced(self, table: Table) -> frozenset[date] | None:
        if table.time is None:
            return None
        found = self._run(statements.replaced_days(table, "staged")).fetchall()
        return None if len(found) > statements.MOST_DAYS else frozenset(row[0] for row in found if row[0] is not None)

    def _moved(self, table: Table, change: int, *, is_whole: bool = False) -> TableState:
        """The next version of a table whose rows have become so many more, or are so many."""
        before = _state(self._connection, table)
        rows = change if is_whole else before.rows + change if before is not None else self._one(statements.row_count(table))
        if is_whole or before is None or abs(change) * _ANALYZE_EVERY >= before.rows:  # what the planner knows wears out slowly
            self._connection.execute(driver_sql.SQL("ANALYZE {}").format(driver_sql.Identifier(table.schema, table.name)))
        watermark = self._one(statements.newest(table, None))
        state = TableState(version=(before.version if before else 0) + 1, rows=rows, watermark=watermark, loaded_at=self._now())
        loaded_at = state.loaded_at.astimezone(UTC).replace(tzinfo=None)
        self._connection.execute(_WRITE_STATE, (table.schema, table.name, state.version, rows, state.watermark, loaded_at))
        return state

    def _one(self, tree: exp.Expression) -> Any:
        row = self._run(tree).fetchone()
        return row[0] if row else None


def _state(connection: psycopg.Connection, table: Table) -> TableState | None:
    row = connection.execute(_READ_STATE, (table.schema, table.name)).fetchone()
    return TableState(row[0], row[1], row[2], row[3].replace(tzinfo=UTC)) if row else None


def _configure(connection: psycopg.Connection) -> None:
    connection.prepare_threshold = None  # a plan made for any value is worse than one made for these
    connection.execute("SET TIME ZONE 'UTC'")  # our times are wall clock; nothing may depend on the server's zone
    connection.commit()
