"""The state store as one file and back, by PostgreSQL's own pg_dump: all of one instant, whatever is written meanwhile."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine.state.server import binaries
from engine.state.store import SCHEMA, Store


class DumpFailed(Exception):
    """PostgreSQL could not write itself down, or could not be filled again; the message is its own."""


def address_of(store: Store) -> str:
    """Where a store's database is."""
    said = store.pool.conninfo
    return said if isinstance(said, str) else said()


@contextmanager
def instant_of(dsn: str) -> Iterator[str]:
    """The name of a snapshot of a database, good until the block ends: who dumps under it sees the same instant."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield str(row[0])


def dump(dsn: str, snapshot: str, file: Path) -> None:
    """Everything in a database at the instant of a snapshot, as one compressed file. Raises DumpFailed."""
    _run(dsn, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}")


def fill(dsn: str, file: Path, *, instead: bool = False) -> None:
    """What a dump holds, whole or not at all; `instead`: of what is there under the same names. Raises DumpFailed."""
    _run(
        dsn, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
        *(("--clean", "--if-exists") if instead else ()), str(file),
    )  # fmt: skip


def is_filled(dsn: str) -> bool:
    """Whether a database holds a state store."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (SCHEMA,)).fetchone()
    return found is not None


def _run(dsn: str, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on a database; the password goes by its environment, which other users cannot read."""
    parts = {name: value for name, value in conninfo_to_dict(dsn).items() if name != "options"}
    password = str(parts.pop("password", "") or "")
    environment = {"PATH": os.defpath, "LC_ALL": "C", **({"PGPASSWORD": password} if password else {})}
    command = [str(binaries() / program), f"--dbname={make_conninfo('', **parts)}", *arguments]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DumpFailed(f"{program}: {done.stderr.strip()[-2000:]}")
