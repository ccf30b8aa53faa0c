"""The state store: a pool of connections to the PostgreSQL that remembers everything but the city's own data."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg
from msgspec import Struct
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

SCHEMA = "chengmai_state"
Row = TupleRow
Connection = psycopg.Connection[Row]


class StateIsAway(Exception):
    """The state store cannot be reached; what was asked of it was not done."""


class Store(Struct, frozen=True):
    """Connections to the state store (状态库). Safe to share between threads; what one block writes is committed whole, or not at all."""

    pool: ConnectionPool[Connection]

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed when the block ends well, rolled back when it raises. Raises StateIsAway."""
        try:
            with self.pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if _is_lost(error):
                raise StateIsAway(str(error)) from error
            raise

    def rows(self, query: LiteralString, parameters: dict[str, Any] | None = None) -> list[Row]:
        """The rows of one query."""
        with self.transaction() as connection:
            return connection.execute(query, parameters).fetchall()

    def run(self, statement: LiteralString, parameters: dict[str, Any] | None = None) -> int:
        """Run one statement in a transaction of its own; how many rows it touched."""
        with self.transaction() as connection:
            return connection.execute(statement, parameters).rowcount

    def close(self) -> None:
        """Give the connections back."""
        self.pool.close()


def open_store(dsn: str, *, largest: int = 12, seconds: float = 30.0) -> Store:
    """The store at an address, its schema made if it is missing; migrations are `engine.state.migrate`'s. Raises StateIsAway.

    A connection that died (the server was killed and came back) is noticed when it is lent out and replaced.
    """
    _make_schema(dsn)
    pool = ConnectionPool(
        with_schema(dsn),
        min_size=1,
        max_size=largest,
        timeout=seconds,
        check=ConnectionPool.check_connection,
        configure=_in_utc,
        open=False,
        name="state",
    )
    try:
        pool.open(wait=True, timeout=seconds)
    except psycopg.OperationalError as error:
        pool.close()
        raise StateIsAway(str(error)) from error
    return Store(pool)


def with_schema(dsn: str) -> str:
    """The address, with the store's own schema as where names are looked up."""
    return make_conninfo(dsn, options=f"-c search_path={SCHEMA}")


def _is_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, not the statement refused: a lock that was not granted is no lost server."""
    return error.sqlstate is None or error.sqlstate[:2] in ("08", "57")


def _in_utc(connection: Connection) -> None:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _make_schema(dsn: str) -> None:
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (SCHEMA,)).fetchone()
            if found is None:
                with suppress(psycopg.errors.DuplicateSchema, psycopg.errors.UniqueViolation):  # another process was quicker
                    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
    except psycopg.OperationalError as error:
        raise StateIsAway(str(error)) from error
