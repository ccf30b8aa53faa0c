"""DuckDB: the warehouse that needs no server, in one file or in memory."""

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from engine import warehouse
from engine.warehouse import Cancel, LoadMode, Statement, Table, TableState, Watch

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
        self._root = duckdb.connect(path or ":memory:", config=settings)
        self._root.execute("SET GLOBAL TimeZone = 'UTC'")  # our times are wall clock; nothing may depend on the machine's zone
        self._root.execute(_CREATE_STATE)
        # In this order: a locked configuration can't be tightened any more.
        self._root.execute("SET enable_external_access = false")
        self._root.execute("SET max_expression_depth = 500")
        self._root.execute("SET lock_configuration = true")
        self._one_writer = threading.Lock()
        self._states: dict[tuple[str, str], TableState | None] = {}  # this process alone writes, so what it knows is so
        self._now = now

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
        with self._one_writer, self._root.cursor() as cursor:
            self._create(cursor, table)

    def _create(self, cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
        schema = exp.Create(this=exp.Table(db=exp.Identifier(this=table.schema)), kind="SCHEMA", exists=True)
        cursor.execute(self.write(schema))
        cursor.execute(self.write(self._create_table(table, exists=True)))
        present = {row[0] for row in cursor.execute(self.write(exp.Describe(this=warehouse.table_node(table)))).fetchall()}
        for column in table.columns:
            if column.name not in present:
                added = exp.Alter(this=warehouse.table_node(table), kind="TABLE", actions=[warehouse.column_definition(column)])
                cursor.execute(self.write(added))

    def _create_table(self, table: Table, *, exists: bool = False, replace: bool = False) -> exp.Create:
        columns = [warehouse.column_definition(column) for column in table.columns]
        shape = exp.Schema(this=warehouse.table_node(table), expressions=columns)
        return exp.Create(this=shape, kind="TABLE", exists=exists, replace=replace)

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version in one transaction. Raises RowsDoNotFit; then nothing has changed."""
        failures: list[Exception] = []  # DuckDB tells only the text of an error in a stream; the caller is to see the error itself
        reader = pa.RecordBatchReader.from_batches(warehouse.arrow_schema(table), _fitted(rows, table, mode, failures))
        with self._one_writer, self._root.cursor() as cursor:
            cursor.begin()
            try:
                self._create(cursor, table)
                cursor.register("incoming", reader)
                self._write_rows(cursor, table, mode)
                state = self._move_version(cursor, table)
                cursor.commit()
                self._states[table.schema, table.name] = state
            except duckdb.Error as error:
                if failures:
                    raise failures[0] from error
                raise
        return state  # a cursor that is closed before its commit rolls back

    def _write_rows(self, cursor: duckdb.DuckDBPyConnection, table: Table, mode: LoadMode) -> None:
        incoming = exp.Table(this=exp.Identifier(this="incoming"))
        if mode == "append":
            cursor.execute(self.write(warehouse.insert_from(table, incoming)))
        elif mode == "replace":
            # A new table rather than DELETE: deleted rows would stay in the file, and the order by time would be lost.
            cursor.execute(self.write(self._create_table(table, replace=True)))
            cursor.execute(self.write(warehouse.insert_from(table, incoming)))
        else:
            arrived = exp.Alias(this=exp.Window(this=exp.RowNumber()), alias=exp.Identifier(this=warehouse.ARRIVED))
            staged = exp.Select(expressions=[exp.Star(), arrived]).from_(incoming)
            temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
            staging = exp.Table(this=exp.Identifier(this="staged"))
            cursor.execute(self.write(exp.Create(this=staging, kind="TABLE", replace=True, properties=temporary, expression=staged)))
            if mode == "upsert":
                cursor.execute(self.write(warehouse.delete_matching(table, "staged")))
                cursor.execute(self.write(warehouse.insert_latest(table, "staged")))
            else:
                cursor.execute(self.write(warehouse.delete_touched(table, "staged")))
                cursor.execute(self.write(warehouse.insert_from(table, staging.copy())))
            cursor.execute(self.write(exp.Drop(tables=[staging.copy()], kind="TABLE")))

    def _move_version(self, cursor: duckdb.DuckDBPyConnection, table: Table) -> TableState:
        before = cursor.execute(_READ_STATE, (table.schema, table.name)).fetchone()
        counted = cursor.execute(self.write(warehouse.count_and_watermark(table))).fetchone()
        assert counted is not None
        rows, watermark = counted
        state = TableState(version=(before[0] if before else 0) + 1, rows=rows, watermark=watermark, loaded_at=self._now())
        loaded_at = state.loaded_at.astimezone(UTC).replace(tzinfo=None)
        cursor.execute(_WRITE_STATE, (table.schema, table.name, state.version, rows, state.watermark, loaded_at))
        return state

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        place = (table.schema, table.name)
        if place in self._states:
            return self._states[place]
        with self._root.cursor() as cursor:
            row = cursor.execute(_READ_STATE, place).fetchone()
        found = TableState(row[0], row[1], row[2], row[3].replace(tzinfo=UTC)) if row else None
        return self._states.setdefault(place, found)  # a load may have come between, and knows better

    def close(self) -> None:
        """Write what is pending into the file and let it go."""
        self._root.close()


def _fitted(rows: Iterable[pa.RecordBatch], table: Table, mode: LoadMode, failures: list[Exception]) -> Iterator[pa.RecordBatch]:
    try:
        for batch in rows:
            yield warehouse.fitted(batch, table, mode)
    except Exception as error:
        failures.append(error)
        raise
