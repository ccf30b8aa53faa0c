"""Contract of a warehouse: it writes SQL from a tree, runs it, and loads rows; it knows datasets only as plain tables."""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Literal, Protocol, Self

import pyarrow as pa
from msgspec import Struct
from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

from engine.alarm import ALARMS

ColumnType = Literal["text", "integer", "decimal", "float", "boolean", "date", "timestamp"]
Value = str | int | float | Decimal | bool | date | datetime | None | tuple["Value", ...]
LoadMode = Literal["append", "replace", "upsert", "replace_partitions"]

# How each column type travels and is stored. 18 digits keep a decimal in one machine word; six of them are decimals, so that
# grams survive in a column of tonnes, and a city's budget in yuan still fits.
DECIMAL_DIGITS, DECIMAL_PLACES = 18, 6
ARROW_TYPES: Mapping[ColumnType, pa.DataType] = {
    "text": pa.string(), "integer": pa.int64(), "decimal": pa.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES), "float": pa.float64(),
    "boolean": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us"),
}  # fmt: skip


class TableColumn(Struct, frozen=True):
    """A physical column (物理列)."""

    name: str
    type: ColumnType


class Table(Struct, frozen=True):
    """A physical table: where a dataset's rows lie (物理表). `schema.name` is unique in a warehouse."""

    schema: str
    name: str
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...] = ()
    time: str | None = None  # the default time column: rows are kept clustered by it, the watermark is its greatest value


class Statement(Struct, frozen=True):
    """A query ready to run: the tree, and a value for each `exp.Placeholder(this=name)` in it (语句)."""

    tree: exp.Expression
    parameters: Mapping[str, Value] = {}
    text: str = ""  # what the warehouse that will run it wrote for the tree, where that is known; spares writing it again


class TableState(Struct, frozen=True):
    """What a warehouse knows about a loaded table (表状态)."""

    version: int  # moved in the transaction of each load
    rows: int
    watermark: datetime | None
    loaded_at: datetime


class StatementTimedOut(Exception):
    """A statement ran past its limit and was interrupted."""


class StatementCancelled(Exception):
    """A statement was cancelled by whoever asked."""


class Cancel:
    """Handed to `query`, to several if they belong together; calling `now()` from another thread stops them."""

    def __init__(self) -> None:
        self.asked = False
        self.stops: set[Callable[[], object]] = set()

    def now(self) -> None:
        """Stop the statements that run under this handle; those that come later never start."""
        self.asked = True
        for stop in tuple(self.stops):
            stop()


class RowsDoNotFit(Exception):
    """Rows handed to `load` do not have the table's columns, or a value does not fit its column."""


class NotOneSelect(Exception):
    """A statement that is not one single SELECT of known functions was refused before it reached the database."""


class Slice(Struct, frozen=True):
    """Rows of a table by its time: from `start` on and before `end`, wall clock; None: without that edge (时段)."""

    start: datetime | None
    end: datetime | None


class Loaded(Struct, frozen=True):
    """What one load of a transaction did (装载结果)."""

    state: TableState  # as it will be when the transaction has ended well
    replaced: frozenset[date] | None = frozenset()  # days on which rows lay that an upsert replaced; None: nobody looked


class Transaction(Protocol):
    """Loads that become true together, or not at all (装载事务).

    Who holds one reads what it has written itself, and loads by its methods only: the warehouse's own would wait for it.
    """

    def state(self, table: Table) -> TableState | None:
        """As `Warehouse.state`; from here to the end of the transaction nobody else can load the table."""

    def query(self, statement: Statement) -> pa.Table:
        """As `Warehouse.query`, what this transaction has written included."""

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> Loaded:
        """As `Warehouse.load`, and tells which days an upsert touched."""

    def refill(self, table: Table, selects: Sequence[Statement], instead: Sequence[Slice] | None, by: str | None = None) -> Loaded:
        """Rows of SELECTs that have the table's columns, instead of those in the slices of its time or of the column `by`; None: of all.

        They never leave the warehouse.
        """

    def remove(self, table: Table, slices: Sequence[Slice]) -> Loaded:
        """Delete the rows whose time lies in one of the slices; the version moves as by a load."""


class Warehouse(Protocol):
    """A database that computes (数仓). Implementations live in `warehouses/`, each with its SQL dialect."""

    tag: str

    def write(self, tree: exp.Expression, pretty: bool = False) -> str:
        """SQL text of a tree in this warehouse's dialect, comments off; the only place where SQL becomes text."""

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """Run a SELECT; returns an Arrow table. Raises StatementTimedOut or StatementCancelled."""

    def create(self, table: Table) -> None:
        """Make the table if it is missing; add columns that are new; never drops."""

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version, both in one transaction: all or nothing."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Several loads in one transaction, which ends with the block: well, or by an exception with nothing changed."""

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""

    def close(self) -> None:
        """Give back files and connections."""


class Watch:
    """Runs beside one statement and interrupts it when its time is up or when its `Cancel` is used.

    An interrupt that comes before the statement has begun is lost by every driver, so it is repeated until the block is left.
    """

    def __init__(self, seconds: float, cancel: Cancel | None, interrupt: Callable[[], object], raised: type[Exception]) -> None:
        self._seconds, self._cancel, self._interrupt, self._raised = seconds, cancel, interrupt, raised
        self._left, self._lock = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None  # only for a statement that has to be stopped

    def __enter__(self) -> Self:
        if self._cancel:
            self._cancel.stops.add(self._stop)
            if self._cancel.asked:
                raise StatementCancelled
        self._alarm = ALARMS.set(self._seconds, self._stop)
        return self

    def _stop(self) -> None:
        with self._lock:
            if self._thread is None and not self._left.is_set():
                self._thread = threading.Thread(target=self._run, name="statement-watch", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._left.is_set():
            with suppress(Exception):  # a connection that is gone needs no interrupting
                self._interrupt()
            self._left.wait(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._alarm.drop()
        with self._lock:
            self._left.set()
        if self._thread is not None:
            self._thread.join()  # so that no interrupt can hit the connection's next statement
        if self._cancel:
            self._cancel.stops.discard(self._stop)
        if isinstance(error, self._raised):
            if self._cancel and self._cancel.asked:
                raise StatementCancelled from error
            raise StatementTimedOut(f"stopped after {self._seconds:g} s") from error


ARRIVED = "_arrived"  # column of a staging table: the order in which rows came, so that the last one wins
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(DuckDBGenerator.RESERVED_KEYWORDS) | frozenset(
    "between coalesce current_schema exists extract greatest grouping int integer interval least nullif position row substring "
    "system_user time timestamp treat trim values window".split()
)
_REFUSED = (exp.DML, exp.DDL, exp.Command, exp.Anonymous, exp.Into, exp.Lock, exp.Parameter, exp.SessionParameter)


def refuse_other_than_one_select(tree: exp.Expression) -> None:
    """Raises NotOneSelect unless the tree is a query that writes nothing and calls only functions that have a node of their own."""
    if not isinstance(tree, exp.Query):
        raise NotOneSelect(f"a {tree.key} is not a query")
    for node in tree.walk():
        if isinstance(node, _REFUSED):
            raise NotOneSelect(f"a query may not hold a {node.key}: {node.name}")


def with_safe_names(tree: exp.Expression) -> exp.Expression:
    """A copy whose identifiers are quoted where a database would read them otherwise, and whose sorting puts NULLs last."""
    tree = tree.copy()
    for node in tree.walk():
        if isinstance(node, exp.Identifier):
            if not _PLAIN.fullmatch(node.this) or node.this in _RESERVED:
                node.set("quoted", True)
        elif isinstance(node, exp.Ordered) and node.args.get("nulls_first") is None:
            node.set("nulls_first", False)
    return tree


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema in which a table's rows travel."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.columns])


def fitted(batch: pa.RecordBatch, table: Table, mode: LoadMode) -> pa.RecordBatch:
    """The batch with exactly the table's columns, in their order and types; a missing column is NULL. Raises RowsDoNotFit."""
    columns, schema = [], arrow_schema(table)
    needed = {"upsert": table.key, "replace_partitions": (table.time,)}.get(mode, ())
    if mode in ("upsert", "replace_partitions") and not any(needed):
        raise RowsDoNotFit(f"{table.schema}.{table.name} has no key or time by which its rows could be replaced")
    if unknown := [name for name in batch.schema.names if schema.get_field_index(name) < 0]:
        raise RowsDoNotFit(f"{table.schema}.{table.name} has no column {', '.join(unknown)}")
    for field in schema:
        if batch.schema.get_field_index(field.name) < 0:
            columns.append(pa.nulls(batch.num_rows, field.type))
            continue
        try:
            columns.append(batch.column(field.name).cast(field.type))
        except pa.ArrowInvalid as error:
            raise RowsDoNotFit(f"{table.schema}.{table.name}, column {field.name}: {error}") from error
        if field.name in needed and columns[-1].null_count:
            raise RowsDoNotFit(f"{table.schema}.{table.name}, column {field.name}: a row without it can't be replaced later")
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def normalised(answer: pa.Table) -> pa.Table:
    """The answer in the types both warehouses agree on.

    Integers of any width, and decimals without places that fit, become int64; other decimals decimal128(38, places); floats double;
    times timestamp[us] of wall clock. An author who needs a type in an empty answer casts in the tree.
    """
    return pa.table([_normalised(column) for column in answer.columns], names=answer.column_names)


_AGREED = (
    (pa.types.is_integer, pa.int64()), (pa.types.is_floating, pa.float64()), (pa.types.is_timestamp, pa.timestamp("us")), (pa.types.is_large_string, pa.string()),
)  # fmt: skip


def _normalised(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_decimal(column.type):
        try:
            return column.cast(pa.decimal128(38, column.type.scale) if column.type.scale else pa.int64())
        except pa.ArrowInvalid:  # a whole number of more than 64 bits stays exact
            return column.cast(pa.decimal128(38, 0))
    return next((column.cast(target) for is_of, target in _AGREED if is_of(column.type)), column)


def table_node(table: Table) -> exp.Table:
    """`schema.name` as a node."""
    return exp.table_(table.name, db=table.schema)
