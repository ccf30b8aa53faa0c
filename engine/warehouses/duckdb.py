"""DuckDB: the warehouse that needs no server, in one file or in memory."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from engine import warehouse
from engine.sharing import Ask, Made, Spread
from engine.warehouse import Cancel, Loaded, LoadMode, Slice, Statement, Table, TableState, Watch
from engine.writing import duckdb_sharing, statements

_CREATE_STATE = """
    CREATE SCHEMA IF NOT EXISTS chengmai;
    CREATE TABLE IF NOT EXISTS chengmai.table_state (
        schema VARCHAR, name VARCHAR, version BIGINT NOT NULL, "rows" BIGINT NOT NULL, watermark TIMESTAMP, loaded_at TIMESTAMP NOT NULL,
        PRIMARY KEY (schema, name))"""
_READ_STATE = 'SELECT version, "rows", watermark, loaded_at FROM chengmai.table_state WHERE schema = ? AND name = ?'
_WRITE_STATE = "INSERT OR REPLACE INTO chengmai.table_state VALUES (?, ?, ?, ?, ?, ?)"


class DuckDbWarehouse:
    """A DuckDB file, or memory (DuckDB 数仓).

    Many queries run beside one load, each on its own cursor, each seeing whole loads only. After set-up no file, network, extension or
    setting can be reached from SQL, and `query` takes one SELECT of known functions. Functions that make big values out of small ones
    (repeat, lpad, printf, lists) can't be interrupted in DuckDB; the formula grammar has none of them, so queries run in this process.
    """

    tag = "duckdb"
    dialect = "duckdb"
    own_schema = "temp"

    def __init__(
        self,
        path: str | None = None,
        memory_limit: str = "2GB",
        threads: int = 2,
        temp_folder: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        settings: dict[str, Any] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": temp_folder or (f"{path}.tmp" if path else ""),
            "python_enable_replacements": False,  # or a table name could reach a Python variable
        }
        self._path = Path(path) if path else None
        self._root = duckdb.connect(path or ":memory:", config=settings)
        self._root.execute("SET GLOBAL TimeZone = 'UTC'")  # our times are wall clock; nothing may depend on the machine's zone
        self._root.execute(_CREATE_STATE)
        # In this order: a locked configuration can't be tightened any more.
        self._root.execute("SET enable_external_access = false")
        self._root.execute("SET max_expression_depth = 500")
        self._root.execute("SET lock_configuration = true")
        self._one_writer = threading.Lock()
        self._states: dict[tuple[str, str], TableState | None] = {}  # this process alone writes, so what it knows is so
        self._made: dict[tuple[str, str], Table] = {}
        self._spreads: dict[tuple[str, str], tuple[int, Spread]] = {}  # with the version it tells of
        self.now = now

    def write(self, tree: exp.Expression, pretty: bool = False) -> str:
        """SQL text of a tree; GREATEST and LEAST pass over NULLs, as they do in PostgreSQL."""
        tree = warehouse.with_safe_names(tree)
        for node in tree.find_all(exp.Greatest, exp.Least):
            node.set("ignore_nulls", True)
        return tree.sql(dialect=self.dialect, comments=False, pretty=pretty, copy=False)

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """Run a SELECT; see `engine.warehouse.normalised` for the types. Raises StatementTimedOut, StatementCancelled, NotOneSelect."""
        warehouse.refuse_other_than_one_select(statement.tree)
        sql = statement.text or self.write(statement.tree)
        with self._root.cursor() as cursor, Watch(seconds, cancel, cursor.interrupt, duckdb.InterruptException):
            answer = cursor.sql(sql, params=dict(statement.parameters) or None)
            return warehouse.normalised(answer.to_arrow_table())

    def create(self, table: Table) -> None:
        """Make schema and table when missing, add columns that are new."""
        with self.transaction() as transaction:
            transaction.create(table)

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version in one transaction. Raises RowsDoNotFit; then nothing has changed."""
        with self.transaction() as transaction:
            return transaction.load(table, rows, mode).state

    @contextmanager
    def transaction(self) -> Iterator["_Transaction"]:
        """Several loads in one transaction; other loads wait until it has ended."""
        with self._one_writer, self._root.cursor() as cursor:
            cursor.begin()
            transaction = _Transaction(self, cursor)
            yield transaction
            cursor.commit()  # a cursor that is closed before its commit rolls back
            self._states.update(transaction.states)
            for place, table in transaction.made.items():
                self._made[place] = table

    def made(self, table: Table) -> Table | None:
        """The table as this process has last made it."""
        return self._made.get((table.schema, table.name))

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        place = (table.schema, table.name)
        if place in self._states:
            return self._states[place]
        with self._root.cursor() as cursor:
            row = cursor.execute(_READ_STATE, place).fetchone()
        found = TableState(row[0], row[1], row[2], row[3].replace(tzinfo=UTC)) if row else None
        return self._states.setdefault(place, found)  # a load may have come between, and knows better

    def spread(self, table: Table) -> Spread | None:
        """From the statistics that DuckDB keeps of every column; nothing is scanned."""
        state = self.state(table)
        if state is None:
            return None
        known = self._spreads.get((table.schema, table.name))
        if known is None or known[0] != state.version:
            with self._root.cursor() as cursor:
                known = state.version, duckdb_sharing.spread_of(cursor, self.write, table, state.rows)
            self._spreads[table.schema, table.name] = known
        return known[1]

    @contextmanager
    def shared(self, made: Made, *, seconds: float = 60.0, cancel: Cancel | None = None) -> Iterator[Ask]:
        """Temporary tables of one cursor, in one transaction; gone with it."""
        with self._root.cursor() as cursor:
            yield duckdb_sharing.shared_on(cursor, self.write, made, seconds, cancel)

    @contextmanager
    def still(self) -> Iterator[Path]:
        """The file, which does not change until the block ends; loads wait. Whoever copies it does so in another process.

        Raises ValueError for a warehouse in memory.
        """
        if self._path is None:
            raise ValueError("a warehouse in memory has no file")
        with self._one_writer:
            yield self._path

    def close(self) -> None:
        """Write what is pending into the file and let it go."""
        self._root.close()


class _Transaction:
    """Loads on one cursor; see `engine.warehouse.Transaction`."""

    def __init__(self, house: DuckDbWarehouse, cursor: duckdb.DuckDBPyConnection) -> None:
        self._house, self._cursor = house, cursor
        self.states: dict[tuple[str, str], TableState | None] = {}  # what holds once this is committed
        self.made: dict[tuple[str, str], Table] = {}

    def _run(self, tree: exp.Expression) -> int:
        """Rows that a statement changed."""
        done = self._cursor.execute(self._house.write(tree)).fetchone()
        return int(done[0]) if done and isinstance(done[0], int) else 0

    def create(self, table: Table) -> None:
        """Make schema and table when missing, add columns that are new."""
        place = table.schema, table.name
        if (self.made.get(place) or self._house.made(table)) == table:
            return
        self._run(exp.Create(this=exp.Table(db=exp.Identifier(this=table.schema)), kind="SCHEMA", exists=True))
        self._run(_create_table(table, exists=True))
        described = self._cursor.execute(self._house.write(exp.Describe(this=warehouse.table_node(table)))).fetchall()
        present = {row[0] for row in described}
        for column in table.columns:
            if column.name not in present:
                self._run(exp.Alter(this=warehouse.table_node(table), kind="TABLE", actions=[statements.column_definition(column)]))
        self.made[place] = table

    def state(self, table: Table) -> TableState | None:
        """As it is in this transaction."""
        place = table.schema, table.name
        return self.states[place] if place in self.states else self._house.state(table)

    def query(self, statement: Statement) -> pa.Table:
        """Run a SELECT over what is written, this transaction's own rows included."""
        warehouse.refuse_other_than_one_select(statement.tree)
        answer = self._cursor.sql(self._house.write(statement.tree), params=dict(statement.parameters) or None)
        return warehouse.normalised(answer.to_arrow_table())

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> Loaded:
        """Write rows and move the table's version. Raises RowsDoNotFit; then the transaction can only be given up."""
        failures: list[Exception] = []  # DuckDB tells only the text of an error in a stream; the caller is to see the error itself
        reader = pa.RecordBatchReader.from_batches(warehouse.arrow_schema(table), _fitted(rows, table, mode, failures))
        self.create(table)
        self._cursor.register("incoming", reader)
        try:
            return self._loaded(table, mode)
        except duckdb.Error as error:
            if failures:
                raise failures[0] from error
            raise

    def _loaded(self, table: Table, mode: LoadMode) -> Loaded:
        incoming = exp.Table(this=exp.Identifier(this="incoming"))
        if mode == "append":
            return Loaded(self._moved(table, self._run(statements.insert_from(table, incoming))))
        if mode == "replace":
            self._empty(table)
            self._run(statements.insert_from(table, incoming))
            return Loaded(self._moved(table, None))
        arrived = exp.Alias(this=exp.Window(this=exp.RowNumber()), alias=exp.Identifier(this=warehouse.ARRIVED))
        staged = exp.Select(expressions=[exp.Star(), arrived]).from_(incoming)
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        staging = exp.Table(this=exp.Identifier(this="staged"))
        self._run(exp.Create(this=staging, kind="TABLE", replace=True, properties=temporary, expression=staged))
        days: frozenset[date] | None = frozenset()
        if mode == "upsert":
            days = self._replaced(table)
            removed = self._run(statements.delete_matching(table, "staged"))
            is_single = self._one(statements.repeated_key(table, "staged")) is None
            added = self._run(statements.insert_from(table, staging.copy()) if is_single else statements.insert_latest(table, "staged"))
        else:
            removed = self._run(statements.delete_touched(table, "staged"))
            added = self._run(statements.insert_from(table, staging.copy()))
        self._run(exp.Drop(tables=[staging.copy()], kind="TABLE"))
        return Loaded(self._moved(table, added - removed), days)

    def _replaced(self, table: Table) -> frozenset[date] | None:
        if table.time is None:
            return None
        found = self._cursor.execute(self._house.write(statements.replaced_days(table, "staged"))).fetchall()
        return None if len(found) > statements.MOST_DAYS else frozenset(row[0] for row in found if row[0] is not None)

    def _empty(self, table: Table) -> None:
        # A new table rather than DELETE: deleted rows would stay in the file, and the order by time would be lost.
        self._run(_create_table(table, replace=True))
        self.made[table.schema, table.name] = table

    def refill(self, table: Table, selects: Sequence[Statement], instead: Sequence[Slice] | None, by: str | None = None) -> Loaded:
        """INSERT of what SELECTs give, after what it stands for is deleted."""
        self.create(table)
        if instead is None:
            self._empty(table)
        change = -sum(self._run(statements.delete_slice(table, one, by)) for one in instead or ())
        for select in selects:
            warehouse.refuse_other_than_one_select(select.tree)
            text = self._house.write(statements.insert_selected(table, select.tree))
            added = self._cursor.execute(text, dict(select.parameters)).fetchone()
            change += added[0] if added else 0
        return Loaded(self._moved(table, None if instead is None else change))

    def remove(self, table: Table, slices: Sequence[Slice]) -> Loaded:
        """DELETE of each slice."""
        self.create(table)
        return Loaded(self._moved(table, -sum(self._run(statements.delete_slice(table, one)) for one in slices)))

    def _moved(self, table: Table, change: int | None) -> TableState:
        """The next version of a table whose row count has changed by so much, or is to be counted."""
        before = self.state(table)
        rows = before.rows + change if before is not None and change is not None else self._one(statements.row_count(table))
        watermark = self._one(statements.newest(table, before.watermark)) if before is not None and before.watermark else None
        watermark = self._one(statements.newest(table, None)) if watermark is None and table.time else watermark
        state = TableState(version=(before.version if before else 0) + 1, rows=rows, watermark=watermark, loaded_at=self._house.now())
        loaded_at = state.loaded_at.astimezone(UTC).replace(tzinfo=None)
        self._cursor.execute(_WRITE_STATE, (table.schema, table.name, state.version, rows, state.watermark, loaded_at))
        self.states[table.schema, table.name] = state
        return state

    def _one(self, tree: exp.Expression) -> Any:
        row = self._cursor.execute(self._house.write(tree)).fetchone()
        return row[0] if row else None


def _create_table(table: Table, *, exists: bool = False, replace: bool = False) -> exp.Create:
    columns = [statements.column_definition(column) for column in table.columns]
    shape = exp.Schema(this=warehouse.table_node(table), expressions=columns)
    return exp.Create(this=shape, kind="TABLE", exists=exists, replace=replace)


def _fitted(rows: Iterable[pa.RecordBatch], table: Table, mode: LoadMode, failures: list[Exception]) -> Iterator[pa.RecordBatch]:
    try:
        for batch in rows:
            yield warehouse.fitted(batch, table, mode)
    except Exception as error:
        failures.append(error)
        raise
