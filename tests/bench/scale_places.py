"""The three warehouses as the measurement of scale opens them: fresh and empty, and each with a way to tell what it read and what it keeps."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from os import getpid
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

import psycopg
from msgspec import Struct
from sqlglot import exp

from engine.lake import local_spark
from engine.state import server
from engine.warehouse import Statement, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from engine.warehouses.spark import SparkWarehouse

GIGABYTE = 1024**3
MEMORY = 4  # gigabytes for what a query holds
SETTLED = 1.1  # seconds after which a session of PostgreSQL tells its counts at the end of its next transaction


class Place(Struct):
    """A warehouse under measurement (计时数仓)."""

    warehouse: Warehouse
    bytes_read: Callable[[], int]  # since it was opened, by its queries
    bytes_kept: Callable[[], int]
    reopened: Callable[[], Warehouse] | None = None  # where queries run in this process, and keep what they read

    def forget(self) -> None:
        """So that the next question finds nothing of the tables in the warehouse's memory; the system's page cache stays."""
        if self.reopened is not None:
            self.warehouse.close()
            self.warehouse = self.reopened()


@contextmanager
def opened(tag: str, spark_url: str | None) -> Iterator[Place]:
    """A fresh warehouse of the tag in a folder that is gone afterwards."""
    with TemporaryDirectory(prefix="chengmai-scale-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run as an account of its own
        with {"duckdb": _duckdb, "postgres": _postgres}.get(tag, partial(_spark, url=spark_url))(folder) as place:
            yield place


@contextmanager
def _duckdb(folder: Path) -> Iterator[Place]:
    def reopened() -> Warehouse:
        return DuckDbWarehouse(str(folder / "town.duckdb"), memory_limit=f"{MEMORY}GB")

    place = Place(reopened(), partial(_read_by, getpid()), partial(_kept, folder), reopened)
    try:
        yield place
    finally:
        place.warehouse.close()


@contextmanager
def _spark(folder: Path, url: str | None) -> Iterator[Place]:
    if url:
        with closing(SparkWarehouse(url, folder)) as warehouse:
            yield Place(warehouse, lambda: 0, partial(_kept, folder))
        return
    with local_spark.running(MEMORY * GIGABYTE) as spark, closing(SparkWarehouse(spark.url, folder)) as warehouse:
        yield Place(warehouse, partial(_read_by, spark.pid), partial(_kept, folder))


@contextmanager
def _postgres(folder: Path) -> Iterator[Place]:
    with server.running(folder / "pg", durable=False) as running, closing(PostgresWarehouse(running.dsn(), connections=1)) as warehouse:
        yield Place(warehouse, partial(_touched, running.dsn(), warehouse), partial(_kept, folder))


def _read_by(pid: int) -> int:
    """Bytes that a process has asked the system for, from a file's cached pages too."""
    counts = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text(encoding="utf-8").splitlines())
    return int(counts["rchar"])


def _touched(dsn: str, warehouse: Warehouse) -> int:
    """Bytes of the pages that a database's queries looked at, in its own memory too."""
    sleep(SETTLED)
    warehouse.query(Statement(exp.Select(expressions=[exp.Literal.number(1)])))
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT 8192 * (blks_hit + blks_read) FROM pg_stat_database WHERE datname = current_database()").fetchone()
    return int(row[0]) if row else 0


def _kept(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
