"""Fixtures of warehouses: DuckDB in memory, a fresh database on one PostgreSQL and a fresh folder under one Sail, each started once."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from engine.lake import local_spark
from engine.state.server import Server, running
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse

_NUMBERS = count(1)
BOTH = ["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)]
# One group: every process of a parallel run would start a server of its own, and no two of them answer faster than one.
SPARK = (pytest.mark.spark, pytest.mark.xdist_group("spark"))
EVERY = [*BOTH, pytest.param("spark", marks=SPARK)]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One server per test process; its folder is short, because a socket's path may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="chengmai-", dir="/tmp"))
    try:
        with running(folder / "pg", durable=False) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of one Spark Connect server per test process: what `--spark-url` says, or else a Sail that is started here."""
    given = request.config.getoption("--spark-url")
    if given:
        yield given
        return
    if not local_spark.is_installed():
        pytest.skip("the extra [spark] is not installed")
    # Without a limit: Sail 0.7 books a join without equal keys, such as the endless one, as hundreds of times what it holds (see docs/warehouses.md).
    with local_spark.running(settings={"SAIL_RUNTIME__MEMORY_POOL__TYPE": "unbounded"}) as spark:
        yield spark.url


@contextmanager
def fresh_lake(url: str) -> Iterator[Warehouse]:
    """A Spark warehouse over an empty folder, which is gone afterwards."""
    from engine.warehouses.spark import SparkWarehouse  # the extra may be missing

    with tempfile.TemporaryDirectory(prefix="chengmai-", dir="/tmp") as folder:
        spark = SparkWarehouse(url, folder)
        yield spark
        spark.close()


@contextmanager
def fresh_database(server: Server) -> Iterator[str]:
    """Connection string of a new, empty database, which is gone afterwards."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} STRATEGY file_copy").format(sql.Identifier(name)))
        yield server.dsn(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def fresh_warehouse(tag: str, request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """A new, empty warehouse of that tag; the server is started only when it is needed."""
    if tag == "duckdb":
        duckdb = DuckDbWarehouse(memory_limit="1GB")
        yield duckdb
        duckdb.close()
        return
    if tag == "spark":
        with fresh_lake(request.getfixturevalue("spark_url")) as spark:
            yield spark
        return
    with fresh_database(request.getfixturevalue("postgres_server")) as dsn:
        postgres = PostgresWarehouse(dsn)
        yield postgres
        postgres.close()


@pytest.fixture
def postgres_dsn(postgres_server: Server) -> Iterator[str]:
    """Connection string of a fresh PostgreSQL database."""
    with fresh_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def duckdb_warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """An empty DuckDB in memory."""
    with fresh_warehouse("duckdb", request) as made:
        yield made


@pytest.fixture
def postgres_warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """An empty PostgreSQL database; the test needs the mark `postgres`."""
    with fresh_warehouse("postgres", request) as made:
        yield made


@pytest.fixture(params=EVERY)
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """An empty warehouse, one after the other; the others carry the marks `postgres` and `spark`."""
    with fresh_warehouse(request.param, request) as made:
        yield made


@pytest.fixture(params=EVERY, scope="module")
def shared_warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """A warehouse that the tests of one module share; they must not load into each other's tables."""
    with fresh_warehouse(request.param, request) as made:
        yield made
