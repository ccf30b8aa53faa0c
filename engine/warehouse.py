"""Contract of a warehouse: it writes SQL from a tree, runs it, and loads rows; it knows datasets only as plain tables."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

ColumnType = Literal["text", "integer", "decimal", "float", "boolean", "date", "timestamp"]
Value = str | int | float | Decimal | bool | date | datetime | None | tuple["Value", ...]
LoadMode = Literal["append", "replace", "upsert", "replace_partitions"]


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
    """Handed to `query`; calling `now()` from another thread stops the statement."""

    def __init__(self) -> None:
        self.asked = False
        self.stop = lambda: None

    def now(self) -> None:
        """Stop the statement that runs under this handle, or never start it."""
        self.asked = True
        self.stop()


class Warehouse(Protocol):
    """A database that computes (数仓). Implementations live in `warehouses/`, each with its SQL dialect."""

    tag: str

    def write(self, tree: exp.Expression) -> str:
        """SQL text of a tree in this warehouse's dialect, comments off; the only place where SQL becomes text."""

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """Run a SELECT; returns an Arrow table. Raises StatementTimedOut or StatementCancelled."""

    def create(self, table: Table) -> None:
        """Make the table if it is missing; add columns that are new; never drops."""

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version, both in one transaction: all or nothing."""

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""

    def close(self) -> None:
        """Give back files and connections."""
