"""Spark, and engines that speak Spark Connect: the warehouse for more rows than one machine holds."""

import hashlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import Column, types
from pyspark.sql.connect import functions
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.plan import SQL
from pyspark.sql.connect.session import SparkSession
from sqlglot import exp

from engine import warehouse
from engine.lake import spark_sql
from engine.lake.lake import Lake
from engine.lake.loads import Loads
from engine.lake.manifest import Manifest
from engine.warehouse import (
    Cancel,
    ColumnType,
    Loaded,
    LoadMode,
    NotOneSelect,
    Slice,
    Statement,
    Table,
    TableState,
    Transaction,
    Value,
    Watch,
)

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",  # our times are wall clock; nothing may depend on the cluster's zone
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
}
_TYPES: Mapping[ColumnType, types.DataType] = {
    "text": types.StringType(), "integer": types.LongType(), "float": types.DoubleType(), "boolean": types.BooleanType(),
    "date": types.DateType(), "timestamp": types.TimestampNTZType(),
    "decimal": types.DecimalType(warehouse.DECIMAL_DIGITS, warehouse.DECIMAL_PLACES),
}  # fmt: skip
_LONG = 3600.0  # seconds that a SELECT within a transaction may take
_SESSION_GONE = ("SESSION_NOT_FOUND", "SESSION_CLOSED", "SESSION_CHANGED")


Held = Callable[[Sequence[tuple[str, str]]], list[Manifest | None]]  # which files are the rows of tables: all told as of one moment


class _Interrupted(Exception):
    """An operation ended in an error after the server was told to stop it."""


class SparkWarehouse:
    """A Spark Connect server (`sc://host:port`), and a folder that it and this process see (Spark 数仓).

    Rows are Parquet files below the folder; loading is done here, on the files that a load touches (see `engine.lake.lake`), and only
    queries run on the cluster. `seen_as` is what the cluster calls the folder, where it is not `file://` and this process's path.
    """

    tag = "spark"
    dialect = "spark"

    def __init__(
        self,
        url: str,
        folder: str | Path,
        seen_as: str | None = None,
        keep_seconds: float = 600.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url, self._lake = url, Lake(Path(folder), keep_seconds, now)
        self.root = self._lake.root
        self._seen_as = seen_as or self._lake.root.as_uri()
        self._one_at_a_time = threading.Lock()
        self._views: dict[str, int] = {}  # name of a view on the server -> queries that run on it
        self._session = self._opened()

    def _opened(self) -> SparkSession:
        session = SparkSession.builder.remote(self._url).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=3)])  # of its own it would try for ten minutes
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # it writes what is raised too, with the server's stack
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that it has tried often enough is in the error as well
            try:
                for name, value in _SETTINGS.items():
                    session.conf.set(name, value)
            except PySparkException:
                session.client.close()  # or it would look for the server again when this process ends
                raise
        return session

    def write(self, tree: exp.Expression, pretty: bool = False) -> str:
        """SQL text of a tree in Spark's dialect, comments off."""
        return spark_sql.written(tree, pretty)

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """Run a SELECT; types as `engine.warehouse.normalised` says. Raises StatementTimedOut, StatementCancelled, NotOneSelect.

        Until the server begins to run it, a statement can't be stopped: what it takes to plan it is added to the time.
        """
        return self.query_over(self._lake.held, statement, seconds, cancel)

    def query_over(self, held: Held, statement: Statement, seconds: float, cancel: Cancel | None) -> pa.Table:
        """The same, over the tables as they are told to be."""
        warehouse.refuse_other_than_one_select(statement.tree)
        try:
            return self._answer(held, statement, seconds, cancel)
        except PySparkException as error:
            if not any(said in str(error) for said in _SESSION_GONE):
                raise
            with self._one_at_a_time:  # the server was started anew, or gave the session up while nobody asked
                self._views.clear()
                self._session = self._opened()
            return self._answer(held, statement, seconds, cancel)

    def _answer(self, held: Held, statement: Statement, seconds: float, cancel: Cancel | None) -> pa.Table:
        session, mark, asked_to_stop = self._session, f"chengmai-{uuid4().hex}", threading.Event()

        def stop() -> None:
            asked_to_stop.set()
            session.interruptTag(mark)

        with self._over_views(held, statement.tree) as tree, Watch(seconds, cancel, stop, _Interrupted):
            session.addTag(mark)
            try:
                values = {name: _literal(value) for name, value in statement.parameters.items()}
                # Not session.sql(…).toArrow(): that asks three times, and casts to the types Sail announced before it had settled them.
                answer, _, _ = session.client.to_table(SQL(spark_sql.written(tree), [], values, []).to_proto(session.client), {})
                return warehouse.normalised(answer)
            except PySparkException as error:
                if asked_to_stop.is_set():  # servers tell it in different words
                    raise _Interrupted from error
                raise
            finally:
                session.removeTag(mark)

    @contextmanager
    def _over_views(self, held: Held, tree: exp.Expression) -> Iterator[exp.Expression]:
        """The tree, over views of the tables' files as they are now; a view goes when its table has moved on and no query runs on it."""
        tree = tree.copy()
        tables = [node for node in tree.find_all(exp.Table) if node.db]
        names = list(dict.fromkeys((node.db, node.name) for node in tables))
        with self._one_at_a_time:
            used = {name: self._view(name, found) for name, found in zip(names, held(names) if names else [], strict=True)}
            for view in used.values():
                self._views[view] += 1
        for node in tables:
            alias = node.args.get("alias") or exp.TableAlias(this=exp.Identifier(this=node.name))
            node.replace(exp.Table(this=exp.Identifier(this=used[node.db, node.name]), alias=alias))
        try:
            yield tree
        finally:
            with self._one_at_a_time:
                for view in used.values():
                    if view in self._views:
                        self._views[view] -= 1

    def _view(self, name: tuple[str, str], found: Manifest | None) -> str:
        if found is None:  # `parquet`.`/a/path` would be a file to Spark
            raise NotOneSelect(f"there is no table {'.'.join(name)}")
        stem = f"t_{_digest(*name)}_"
        view = f"{stem}{_digest(*(file.name for file in found.files), *(column.name for column in found.columns))}"
        if view not in self._views:
            for old in [old for old, queries in self._views.items() if old.startswith(stem) and not queries]:
                self._session.catalog.dropTempView(old)
                del self._views[old]
            self._make_view(view, self._lake.folder(*name), found)
            self._views[view] = 0
        return view

    def _make_view(self, view: str, folder: Path, found: Manifest) -> None:
        below = f"{self._seen_as}/{folder.relative_to(self._lake.root).as_posix()}"
        shape = types.StructType([types.StructField(column.name, _TYPES[column.type]) for column in found.columns])
        rows = self._session.read.schema(shape).parquet(*(f"{below}/{file.name}" for file in found.files))
        rows.createOrReplaceTempView(view)

    def create(self, table: Table) -> None:
        """Make the table's folder when it is missing, add columns that are new."""
        self._lake.create(table)

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version in one step. Raises RowsDoNotFit; then nothing has changed."""
        with self._lake.transaction() as loads:
            return loads.load(table, rows, mode).state

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Several loads that hold from the end of the block, all or none of them."""
        with self._lake.transaction() as loads:
            yield _Transaction(self, loads)

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        return self._lake.state(table)

    def close(self) -> None:
        """End the session on the server."""
        with suppress(PySparkException):
            self._session.stop()


class _Transaction:
    """See `engine.warehouse.Transaction`: what it has written is on the disk, and only itself reads it yet."""

    def __init__(self, house: SparkWarehouse, loads: Loads) -> None:
        self._house, self._loads = house, loads

    def state(self, table: Table) -> TableState | None:
        """As the transaction has left it."""
        return self._loads.state(table)

    def query(self, statement: Statement) -> pa.Table:
        """Over the files that the transaction has written too."""
        return self._house.query_over(lambda names: [self._loads.held(*name) for name in names], statement, _LONG, None)

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> Loaded:
        """Write rows; those that an upsert replaces are looked at, so their days are known."""
        return self._loads.load(table, rows, mode)

    def refill(self, table: Table, selects: Sequence[Statement], instead: Sequence[Slice] | None, by: str | None = None) -> Loaded:
        """The rows of the SELECTs come here and are written from here."""
        rows = [_stored(table, self.query(select)) for select in selects]
        return self._loads.refill(table, rows, instead, by)

    def remove(self, table: Table, slices: Sequence[Slice]) -> Loaded:
        """Only files that hold such rows are written anew."""
        return self._loads.refill(table, [], slices)


def _stored(table: Table, answer: pa.Table) -> pa.Table:
    """The columns of the table, as it keeps them."""
    schema = warehouse.arrow_schema(table)
    return pa.table([answer.column(field.name).cast(field.type, safe=False) for field in schema], schema=schema)


def _digest(*words: str) -> str:
    return hashlib.md5("\n".join(words).encode(), usedforsecurity=False).hexdigest()[:16]


def _literal(value: Value) -> Column:
    """A parameter as Spark takes it: a list of values is an array."""
    return functions.array(*map(_literal, value)) if isinstance(value, tuple) else functions.lit(value)
