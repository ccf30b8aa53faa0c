"""Tables of the databases that business systems keep, read through SQLAlchemy so that one connector speaks to all of them."""

from collections.abc import Generator, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
from msgspec import Meta, Struct
from sqlalchemy import URL, Column, Connection, Engine, MetaData, Table, create_engine, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from engine.connector import Connector, RowBatch, SourceFailed, Surroundings
from engine.parts import AtLeastOne, Part

# Driver that SQLAlchemy uses for each dialect; openGauss and KingbaseES speak PostgreSQL's protocol.
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "oracle": "oracle+oracledb",
    "mssql": "mssql+pyodbc",
    "dm": "dm+dmPython",
}


class DatabaseStream(Part, frozen=True):
    """One table, or view, of the database (库表流)."""

    table: Annotated[str, Meta(title="表", description="Table or view", examples=["t_weigh"])]
    schema: Annotated[str | None, Meta(title="模式", description="Schema of the table; unsaid: the user's own")] = None
    columns: Annotated[tuple[str, ...], Meta(title="列", description="Which columns; unsaid: all")] = ()
    cursor: Annotated[
        str | None, Meta(title="游标列", description="Column that grows when a row is written; later readings begin at its last value")
    ] = None


class Database(Connector, frozen=True):
    """Rows of tables in PostgreSQL, MySQL, Oracle, SQL Server or 达梦 (数据库)."""

    tag: ClassVar[str] = "database"
    stream: ClassVar[type[Struct]] = DatabaseStream
    dialect: Annotated[Literal["postgresql", "mysql", "oracle", "mssql", "dm"], Meta(title="数据库", description="Kind of database")]
    host: Annotated[str, Meta(title="主机", description="Host name, or the folder of a local socket", examples=["waste-db"])]
    database: Annotated[str, Meta(title="库名", description="Name of the database", examples=["waste"])]
    user: Annotated[str | None, Meta(title="用户", description="A reading user; {env: NAME} takes it from the environment")] = None
    password: Annotated[str | None, Meta(title="口令", description="{env: NAME}; never written here")] = None
    port: Annotated[Annotated[int, Meta(ge=1, le=65535)] | None, Meta(title="端口", description="Unsaid: the database's usual one")] = None
    batch: Annotated[AtLeastOne, Meta(title="批行数", description="Rows fetched at a time")] = 50_000
    seconds: Annotated[AtLeastOne, Meta(title="连接超时", description="Seconds to wait for a connection")] = 10

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """The table's rows in batches, in order of the cursor column when there is one, from the row at `since` on."""
        try:
            with self._engine(around).connect() as connection:
                table = self._table(stream, connection)
                yield from self._rows(connection, table, stream, since)
        except NoSuchTableError as error:
            raise SourceFailed(f"库里没有表「{error}」", f"the database has no table '{error}'") from error
        except SQLAlchemyError as error:
            raise _failed(self.host, error) from error

    def check(self, around: Surroundings) -> None:
        """Connects and asks for the constant 1."""
        try:
            with self._engine(around).connect() as connection:
                connection.execute(select(1))
        except SQLAlchemyError as error:
            raise _failed(self.host, error) from error

    def _engine(self, around: Surroundings) -> Engine:
        """A connection is built from the typed fields alone: no setting can smuggle in another host, option or file."""
        if around.hosts is not None and self.host not in around.hosts:
            raise SourceFailed(
                f"主机「{self.host}」不在允许连接的名单里", f"the host '{self.host}' is not on the list of hosts that may be reached"
            )
        is_socket = self.host.startswith("/")
        url = URL.create(
            DRIVERS[self.dialect],
            username=self.user,
            password=self.password,
            host=None if is_socket else self.host,
            port=self.port,
            database=self.database,
            query={"host": self.host} if is_socket else {},
        )
        timeout = {"postgresql": "connect_timeout", "mysql": "connect_timeout", "mssql": "timeout"}.get(self.dialect)
        try:
            engine = create_engine(url, poolclass=NullPool, connect_args={timeout: self.seconds} if timeout else {})
            return engine.execution_options(postgresql_readonly=True) if self.dialect == "postgresql" else engine
        except (ImportError, NoSuchModuleError, ArgumentError) as error:
            raise SourceFailed(f"没有安装 {self.dialect} 的驱动", f"the driver for {self.dialect} is not installed") from error

    def _table(self, stream: DatabaseStream, connection: Connection) -> Table:
        table = Table(stream.table, MetaData(), schema=stream.schema, autoload_with=connection, resolve_fks=False)
        wanted = [*stream.columns, *([stream.cursor] if stream.cursor else [])]
        unknown = next((name for name in wanted if name not in table.columns), None)
        if unknown is not None:
            names = "、".join(column.name for column in table.columns)
            raise SourceFailed(
                f"表「{stream.table}」没有列「{unknown}」；有：{names}", f"table '{stream.table}' has no column '{unknown}'; it has {names}"
            )
        return table

    def _rows(self, connection: Connection, table: Table, stream: DatabaseStream, since: str | None) -> Iterator[RowBatch]:
        columns = [table.columns[name] for name in stream.columns] or list(table.columns)
        statement: Any = select(*columns)
        cursor = table.columns[stream.cursor] if stream.cursor else None
        if cursor is not None:
            statement = select(*columns, cursor.label("chengmai_cursor")).order_by(cursor)
            # At the cursor too: another row may have been written in the same instant after the last reading.
            statement = statement.where(cursor >= _cursor_value(cursor, since)) if since is not None else statement
        names = [column.name for column in columns]
        done, last = 0, since
        # Closed by `with`, for a reading may be given up halfway: the server would keep the rest of the answer for it.
        with connection.execution_options(stream_results=True, yield_per=self.batch).execute(statement) as answer:
            for part in answer.partitions():
                rows = [tuple(row) for row in part]
                if cursor is not None:
                    last = next((_cursor_text(row[-1]) for row in reversed(rows) if row[-1] is not None), last)
                arrays = [_array([row[place] for row in rows]) for place in range(len(names))]
                yield RowBatch(
                    pa.table(arrays, names=names), pa.array(range(done + 1, done + 1 + len(rows)), pa.int64()), stream.table, last
                )
                done += len(rows)


def _cursor_value(column: Column[Any], since: str) -> Any:
    """A remembered cursor as a value of the column's own type."""
    kind = column.type.python_type
    readers = {datetime: datetime.fromisoformat, date: date.fromisoformat, int: int, float: float, Decimal: Decimal}
    return readers.get(kind, str)(since)  # type: ignore[operator]


def _cursor_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _array(cells: list[Any]) -> pa.Array:
    """The cells in their own type; what Arrow has no type for (UUID, ranges, mixed) becomes text."""
    try:
        array = pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        array = None
    if array is None or isinstance(array.type, pa.BaseExtensionType):
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
    return array


def _failed(host: str, error: SQLAlchemyError) -> SourceFailed:
    """The database's own words without the statement and its values, which may hold what nobody should read in a log."""
    cause = getattr(error, "orig", None) or error
    words = (str(cause).strip().splitlines() or [type(error).__name__])[0][:200]
    return SourceFailed(f"数据库「{host}」读不了：{words}", f"the database at '{host}' cannot be read: {words}")
