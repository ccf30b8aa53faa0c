"""The state store: transactions, migrations that go forward only, a server that dies and comes back."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.state.floor import breaches
from engine.state.migrate import Migration, MigrationChanged, StoreIsNewer, migrate, shipped
from engine.state.runs import abandon_runs, begin_run, end_run, runs_of
from engine.state.server import Server, start, stop
from engine.state.store import StateIsAway, Store, open_store

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
FIRST = Migration(1, "first", "CREATE TABLE one (n bigint PRIMARY KEY);")
SECOND = Migration(2, "second", "ALTER TABLE one ADD COLUMN said text;")


@pytest.fixture
def empty(postgres_dsn: str) -> Iterator[Store]:
    """A store without a table."""
    store = open_store(postgres_dsn)
    yield store
    store.close()


@pytest.mark.postgres
def test_a_transaction_is_kept_whole_or_not_at_all(empty: Store) -> None:
    migrate(empty, [FIRST])
    with suppress(ZeroDivisionError), empty.transaction() as connection:
        connection.execute("INSERT INTO one (n) VALUES (1)")
        raise ZeroDivisionError
    assert empty.rows("SELECT n FROM one") == []


@pytest.mark.postgres
def test_migrations_are_applied_once_and_in_order_from_empty_and_from_each_earlier_version(postgres_dsn: str) -> None:
    store = open_store(postgres_dsn)
    every = shipped()
    for upto in range(1, len(every) + 1):
        assert migrate(store, every[:upto]) == [every[upto - 1]]
    assert migrate(store) == []
    assert store.rows("SELECT number FROM migrations ORDER BY number") == [(one.number,) for one in every]
    store.close()


@pytest.mark.postgres
def test_a_store_of_a_later_program_and_a_changed_migration_are_refused(empty: Store) -> None:
    migrate(empty, [FIRST, SECOND])
    with pytest.raises(StoreIsNewer, match="migration 2"):
        migrate(empty, [FIRST])
    with pytest.raises(MigrationChanged, match="0002"):
        migrate(empty, [FIRST, replace(SECOND, text=SECOND.text + " ")])


@pytest.mark.postgres
def test_a_migration_that_fails_leaves_nothing_behind(empty: Store) -> None:
    broken = Migration(2, "broken", "CREATE TABLE two (n bigint); CREATE TABLE one (n bigint);")
    migrate(empty, [FIRST])
    with pytest.raises(Exception, match="already exists"):
        migrate(empty, [FIRST, broken])
    assert migrate(empty, [FIRST, SECOND]) == [SECOND]


@pytest.mark.postgres
def test_processes_that_start_at_once_migrate_once(postgres_dsn: str) -> None:
    done: list[list[Migration]] = []

    def begin() -> None:
        store = open_store(postgres_dsn)
        done.append(migrate(store))
        store.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, done)) == [0, 0, 0, len(shipped())]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a server's data may lie: short, because pytest's own folders are too long for a socket."""
    parent = Path(tempfile.mkdtemp(prefix="chengmai-", dir="/tmp"))
    yield parent / "pg"
    shutil.rmtree(parent)


@pytest.mark.postgres
def test_a_store_goes_on_after_its_server_was_killed_and_came_back(folder: Path) -> None:
    server = start(folder)
    store = open_store(server.dsn(), seconds=5)
    migrate(store, [FIRST])
    store.run("INSERT INTO one (n) VALUES (1)")
    kill(server)
    with pytest.raises(StateIsAway):
        store.rows("SELECT n FROM one")
    server = start(folder)
    assert store.rows("SELECT n FROM one") == [(1,)]
    store.close()
    stop(server)


def kill(server: Server) -> None:
    """Kill -9 of the server and of all that it started."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for pid in (server.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    if server.lock:
        server.lock.close()


@pytest.mark.postgres
def test_a_run_ends_once_and_one_that_nobody_works_on_is_given_up(empty: Store) -> None:
    migrate(empty)
    first, second = begin_run(empty, "intake", "sources.waste", NOW), begin_run(empty, "intake", "sources.heat", NOW)
    assert end_run(empty, first, replace(first, status="done", ended_at=NOW, rows_in=3, rows_loaded=2, rows_set_aside=1))
    assert abandon_runs(empty, NOW, ("intake",)) == 1
    assert not end_run(empty, second, replace(second, status="done", ended_at=NOW))
    assert {run.subject: run.status for run in runs_of(empty, kind="intake")} == {"sources.waste": "done", "sources.heat": "abandoned"}
    assert runs_of(empty, subject="sources.waste")[0].rows_set_aside == 1


@pytest.mark.parametrize("one", shipped(), ids=lambda one: one.name)
def test_every_migration_keeps_to_the_floor(one: Migration) -> None:
    assert breaches(one.text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("INSERT INTO a (n) VALUES (1) ON CONFLICT DO NOTHING;", "ON CONFLICT"),
        ("CREATE TABLE a (n bigint GENERATED ALWAYS AS IDENTITY);", "GENERATED"),
        ("CREATE TABLE a (said jsonb);", "json"),
        ("CREATE TABLE a (n bigserial);", "serial"),
        ("CREATE TABLE a (n text[]);", "arrays"),
        ("DROP TABLE a;", "forward"),
        ("CREATE INDEX a ON b USING gin (c);", "btree"),
        ("CREATE EXTENSION pg_trgm;", "do not travel"),
        ("CREATE TABLE a (n uuid);", "uuid"),
        ("SELECT 1;", "SELECT"),
        ("CREATE TABLE a (n bigint;", "not read"),
    ],
)
def test_what_not_every_database_understands_is_told(text: str, says: str) -> None:
    assert any(says in one.why for one in breaches(text))
