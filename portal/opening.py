"""How the warehouse that somebody asked for is opened and closed again: a file, a server that is there, or one that is started for it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from msgspec import Struct
from msgspec.structs import replace

from engine.connector import Surroundings
from engine.lake import local_spark
from engine.running.form_rows import written_rows
from engine.state import server
from engine.state.migrate import migrate
from engine.state.secrets import SecretsToo, key_in, key_of
from engine.state.store import Store, open_store
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse

DUCKDB_FILE = "warehouse.duckdb"
USUAL_MEMORY = "2GB"
KEY, KEY_FILE = "CHENGMAI_KEY", "secret.key"  # of the stored secrets


class WarehouseIsBusy(Exception):
    """Another process has the DuckDB file open; one process at a time may."""


class SparkIsMissing(Exception):
    """CHENGMAI_SPARK names no server, and the extra [spark], which brings one and the client, is not installed."""


class SparkIsUnreachable(Exception):
    """The server that CHENGMAI_SPARK names does not answer, or not as Spark Connect does."""


class MemoryIsNoSize(Exception):
    """CHENGMAI_MEMORY is no size such as 2GB or 500MB."""


class Settings(Struct, frozen=True):
    """What the environment says (设置)."""

    definitions: Path
    var: Path  # everything the program writes
    database_url: str | None = None
    environment: Mapping[str, str] = {}  # for secrets that definitions name as {env: NAME}
    memory: str = USUAL_MEMORY  # that DuckDB may take; the rest of the server takes up to 800 MB beside it
    spark: str | None = None  # sc://host:port; without it a local one is started
    lake: Path | None = None  # the folder of Parquet files that this process and the cluster see; without it var/lake
    hosts: frozenset[str] = frozenset()  # that sources may be read from; none unless the administrator lists them
    lake_seen_as: str | None = None  # what the cluster calls that folder, where it is another name


def surroundings(settings: Settings, now: datetime, store: Store | None = None) -> Surroundings:
    """What a connector may see of the world; rows of forms only where a state store keeps them."""
    written = written_rows(store) if store is not None else None
    return Surroundings(now, settings.definitions, (settings.definitions, settings.var), settings.hosts, written)


def secret_key(settings: Settings, *, make: bool = False) -> bytes | None:
    """The key of the stored secrets: CHENGMAI_KEY, or the file below var/, which is made when asked for. Raises KeyIsWrong."""
    said = settings.environment.get(KEY)
    return key_of(said) if said else key_in(settings.var / KEY_FILE, make=make)


def with_secrets(settings: Settings, store: Store) -> Mapping[str, str]:
    """What {env: NAME} and {secret: name} of sources stand for."""
    return SecretsToo(settings.environment, store, lambda: secret_key(settings))


@contextmanager
def opened_warehouse(settings: Settings, tag: str) -> Iterator[Warehouse]:
    """The warehouse of a tag, closed at the end: the DuckDB file, or PostgreSQL at DATABASE_URL, or else the private server below var/.

    Spark: see `opened_spark`. Raises WarehouseIsBusy when another process holds the DuckDB file.
    """
    if tag == "duckdb":
        with closing(open_duckdb(settings)) as warehouse:
            yield warehouse
    elif tag == "spark":
        with opened_spark(settings, settings.lake or settings.var / "lake") as warehouse:
            yield warehouse
    elif settings.database_url:
        with closing(postgres(settings.database_url)) as warehouse:
            yield warehouse
    else:
        with server.running(settings.var / "postgres") as private, closing(postgres(private.dsn())) as warehouse:
            yield warehouse


@contextmanager
def opened_database(settings: Settings) -> Iterator[str]:
    """The address of the state store's database, as long as the block lasts: DATABASE_URL, or the private server below var/."""
    if settings.database_url:
        yield settings.database_url
        return
    with server.running(settings.var / "postgres") as private:
        yield private.dsn()


@contextmanager
def opened_state(settings: Settings) -> Iterator[Store]:
    """The state store, brought forward and closed at the end: at DATABASE_URL, or on the private server below var/.

    Raises StateIsAway, ServerDidNotStart, StoreIsNewer, MigrationChanged.
    """
    with opened_database(settings) as dsn, closing(open_store(dsn)) as store:
        migrate(store)
        yield store


def has_state(settings: Settings) -> bool:
    """Whether a state store was ever made: to look at one is no reason to make it."""
    return bool(settings.database_url) or (settings.var / "postgres" / "PG_VERSION").exists()


@contextmanager
def opened_spark(settings: Settings, folder: Path) -> Iterator[Warehouse]:
    """Spark at CHENGMAI_SPARK, or else a local one that goes when the block ends, over a folder of Parquet files.

    Raises SparkIsMissing, SparkIsUnreachable, or SparkDidNotStart for the local one.
    """
    if find_spec("pyspark") is None or not (settings.spark or local_spark.is_installed()):
        raise SparkIsMissing
    from pyspark.errors import PySparkException

    from engine.warehouses.spark import SparkWarehouse

    with ExitStack() as stack:
        url = settings.spark or stack.enter_context(local_spark.running(bytes_of(settings.memory))).url
        try:
            warehouse = stack.enter_context(closing(SparkWarehouse(url, folder, settings.lake_seen_as)))
        except PySparkException as error:
            raise SparkIsUnreachable(url) from error
        yield warehouse


def bytes_of(size: str) -> int:
    """The bytes of a size such as 2GB or 500 MiB; raises MemoryIsNoSize for another word."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", size)
    if found is None:
        raise MemoryIsNoSize(size)
    return int(float(found[1]) * (1024 if found[3] else 1000) ** ("KMGT".index(found[2]) + 1))


def open_duckdb(settings: Settings) -> Warehouse:
    """The DuckDB file below var/; raises WarehouseIsBusy when another process holds it, MemoryIsNoSize for another word than a size."""
    bytes_of(settings.memory)
    settings.var.mkdir(parents=True, exist_ok=True)
    path = settings.var / DUCKDB_FILE
    try:
        return DuckDbWarehouse(str(path), settings.memory)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WarehouseIsBusy(path) from None
        raise


def postgres(dsn: str) -> Warehouse:
    """PostgreSQL at an address; only who asks for it pays for its driver."""
    from engine.warehouses.postgres import PostgresWarehouse

    return PostgresWarehouse(dsn)


@contextmanager
def scratch_warehouse(settings: Settings, tag: str) -> Iterator[Warehouse]:
    """An empty warehouse whose tables may be overwritten: DuckDB in memory, a folder for Spark, or a PostgreSQL that goes when it ends."""
    if tag == "duckdb":
        with closing(DuckDbWarehouse()) as warehouse:
            yield warehouse
        return
    if tag == "spark":
        # Below the lake, because a cluster sees no other folder of this machine.
        with scratch_folder(settings) as (folder, there), opened_spark(there, folder) as warehouse:
            yield warehouse
        return
    with (
        TemporaryDirectory(prefix="chengmai-") as name,
        server.running(Path(name) / "postgres", durable=False) as private,
        closing(postgres(private.dsn())) as warehouse,
    ):
        yield warehouse


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[tuple[Path, Settings]]:
    """A folder that goes at the end, below the lake where there is one, and settings in which the cluster calls it by its own name."""
    if settings.lake:
        settings.lake.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="chengmai-", dir=settings.lake) as name:
        seen_as = settings.lake_seen_as
        yield Path(name), replace(settings, lake_seen_as=f"{seen_as}/{Path(name).name}" if seen_as else None)
