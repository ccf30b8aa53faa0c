"""Tables of the databases that business systems keep, read through SQLAlchemy so that one connector speaks to all of them."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
from msgspec import Meta, Struct
from sqlalchemy import Connection, MetaData, Table, select
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from connectors.tables.columns import array_of, arrow_type, cursor_text, cursor_value
from connectors.tables.opening import Login, open_engine
from engine.connector import Connector, RowBatch, SourceFailed, Surroundings
from engine.parts import AtLeastOne, Duration, Part


class DatabaseStream(Part, frozen=True):
    """One table, or view, of the database (库表流)."""

    table: Annotated[str, Meta(title="表", description="Table or view", examples=["t_weigh"])]
    schema: Annotated[str | None, Meta(title="模式", description="Schema of the table; unsaid: the user's own")] = None
    columns: Annotated[tuple[str, ...], Meta(title="列", description="Which columns; unsaid: all")] = ()
    cursor: Annotated[
        str | None, Meta(title="游标列", description="Column that grows when a row is written; later readings begin at its last value")
    ] = None
    overlap: Annotated[
        Duration | AtLeastOne | None,
        Meta(
            title="重叠",
            description="Read again before the cursor, for rows that were written earlier and committed later: a duration, or a number",
            examples=["PT10M"],
        ),
    ] = None


class Database(Connector, frozen=True):
    """Rows of tables in PostgreSQL, MySQL, Oracle, SQL Server or 达梦 (数据库)."""

    tag: ClassVar[str] = "database"
    stream: ClassVar[type[Struct]] = DatabaseStream
    dialect: Annotated[
        Literal["postgresql", "mysql", "oracle", "mssql", "dm"], Meta(title="数据库", description="Kind of database; MariaDB is mysql")
    ]
    host: Annotated[str, Meta(title="主机", description="Host name, or the path of a local socket", examples=["waste-db"])]
    database: Annotated[str, Meta(title="库名", description="Name of the database", examples=["waste"])]
    user: Annotated[str | None, Meta(title="用户", description="A reading user; {env: NAME} takes it from the environment")] = None
    password: Annotated[str | None, Meta(title="口令", description="{secret: name} or {env: NAME}; never written here")] = None
    port: Annotated[Annotated[int, Meta(ge=1, le=65535)] | None, Meta(title="端口", description="Unsaid: the database's usual one")] = None
    batch: Annotated[AtLeastOne, Meta(title="批行数", description="Rows fetched at a time")] = 50_000
    seconds: Annotated[AtLeastOne, Meta(title="连接超时", description="Seconds to wait for a connection")] = 10

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """The table's rows in batches, in order of the cursor column when there is one, from the row at `since` on, less the overlap.

        Rows whose cursor column is empty come with the first reading only.
        """
        with self._connected(around) as connection:
            try:
                table = Table(stream.table, MetaData(), schema=stream.schema, autoload_with=connection, resolve_fks=False)
            except NoSuchTableError as error:
                raise SourceFailed(f"库里没有表「{stream.table}」", f"the database has no table '{stream.table}'") from error
            _refuse_unknown_columns(table, stream)
            yield from self._rows(connection, table, stream, since)

    def comes_again(self, stream: Any) -> bool:
        """The rows at the cursor do; all that say the same have the same cursor, where it is among the columns."""
        return stream.cursor is not None and (not stream.columns or stream.cursor in stream.columns)

    def check(self, around: Surroundings) -> None:
        """Connects and asks for the constant 1."""
        with self._connected(around) as connection:
            connection.execute(select(1))

    @contextmanager
    def _connected(self, around: Surroundings) -> Iterator[Connection]:
        """A connection for the time of the block; what the database says becomes SourceFailed."""
        login = Login(self.dialect, self.host, self.database, self.user, self.password, self.port, self.seconds)
        engine = open_engine(login, around)
        try:
            with engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _failed(self.host, error) from error

    def _rows(self, connection: Connection, table: Table, stream: DatabaseStream, since: str | None) -> Iterator[RowBatch]:
        columns = [table.columns[name] for name in stream.columns] or list(table.columns)
        statement: Any = select(*columns)
        cursor = table.columns[stream.cursor] if stream.cursor else None
        if cursor is not None:
            statement = select(*columns, cursor.label("chengmai_cursor")).order_by(cursor)
            # At the cursor too: another row may have been written in the same instant after the last reading.
            statement = statement.where(cursor >= cursor_value(cursor, since, stream.overlap)) if since is not None else statement
        names, kinds = [column.name for column in columns], [arrow_type(column) for column in columns]
        done, last = 0, since
        streamed = connection.execution_options(stream_results=True, yield_per=self.batch)
        with streamed.execute(statement) as answer:  # closed, for the server would keep the rest of the answer for us
            try:
                for rows in answer.partitions():
                    cells = list(zip(*rows, strict=True))
                    if cursor is not None:
                        last = next((cursor_text(value) for value in reversed(cells[-1]) if value is not None), last)
                    arrays = [array_of(cells[place], kind) for place, kind in enumerate(kinds)]
                    numbers = pa.array(range(done + 1, done + 1 + len(rows)), pa.int64())
                    yield RowBatch(pa.table(arrays, names=names), numbers, stream.table, last)
                    done += len(rows)
            except GeneratorExit:
                if self.dialect == "mysql":  # its driver closes an answer by reading all of it: the line is cut instead
                    _cut(connection)
                raise


def _refuse_unknown_columns(table: Table, stream: DatabaseStream) -> None:
    wanted = [*stream.columns, *([stream.cursor] if stream.cursor else [])]
    unknown = next((name for name in wanted if name not in table.columns), None)
    if unknown is not None:
        names = "、".join(column.name for column in table.columns)
        raise SourceFailed(
            f"表「{stream.table}」没有列「{unknown}」；有：{names}", f"table '{stream.table}' has no column '{unknown}'; it has {names}"
        )


def _cut(connection: Connection) -> None:
    """Close the line under a connection, so that what is still to come stays where it is."""
    driver: Any = connection.connection.dbapi_connection
    if driver._result is not None:
        driver._result.unbuffered_active = False
    connection.invalidate()


def _failed(host: str, error: SQLAlchemyError) -> SourceFailed:
    """The database's own words without the statement and its values, which may hold what nobody should read in a log."""
    cause = getattr(error, "orig", None) or error
    words = (str(cause).strip().splitlines() or [type(error).__name__])[0][:200]
    return SourceFailed(f"数据库「{host}」读不了：{words}", f"the database '{host}' cannot be read: {words}")
