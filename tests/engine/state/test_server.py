"""The private PostgreSQL starts anywhere, is shared, and loses nothing when it is killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from engine.state.server import Server, ServerDidNotStart, running, start, stop

pytestmark = pytest.mark.postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a server's data may lie: short, because pytest's own folders are too long for a socket."""
    parent = Path(tempfile.mkdtemp(prefix="chengmai-", dir="/tmp"))
    yield parent / "pg"
    shutil.rmtree(parent)


def ask(server: Server, query: str) -> object:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def write_down(server: Server, number: int) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n bigint)")
        connection.execute("INSERT INTO kept VALUES (%s)", (number,))


def numbers(server: Server) -> list[int]:
    with psycopg.connect(server.dsn()) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM kept ORDER BY n").fetchall()]


def is_alive(server: Server) -> bool:
    return Path(f"/proc/{server.pid}/cwd").exists()


def test_it_starts_in_an_empty_folder_and_keeps_what_was_written(folder: Path) -> None:
    with running(folder) as server:
        write_down(server, 1)

    assert not is_alive(server)
    with running(folder) as server:
        assert numbers(server) == [1]


def test_it_listens_on_a_socket_file_only_and_for_its_owner_only(folder: Path) -> None:
    with running(folder) as server:
        assert ask(server, "SHOW listen_addresses") == ""
        assert (server.socket / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
        assert folder.stat().st_mode & 0o077 == 0


def test_text_is_ordered_by_code_point_and_knows_case(folder: Path) -> None:
    with running(folder) as server:
        assert ask(server, "SELECT 'Z' < 'a' AND 'z' < 'é' AND lower('É') = 'é'") is True
        assert ask(server, "SHOW timezone") == "UTC"


def test_a_second_process_joins_and_its_stop_stops_nothing(folder: Path) -> None:
    with running(folder) as server:
        write_down(server, 1)
        program = (
            "import sys, psycopg; from pathlib import Path; from engine.state.server import start, stop\n"
            "server = start(Path(sys.argv[1])); connection = psycopg.connect(server.dsn())\n"
            "print(server.pid, connection.execute('SELECT n FROM kept').fetchone()[0]); stop(server)"
        )
        joined = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True)

        assert joined.stdout.split() == [str(server.pid), "1"]
        assert numbers(server) == [1]


def test_after_kill_9_it_starts_again_with_every_committed_row(folder: Path) -> None:
    server = start(folder)
    write_down(server, 1)
    os.kill(server.pid, signal.SIGKILL)
    assert server.lock is not None
    server.lock.close()  # as the kernel does for a process that is gone

    again = start(folder)

    assert again.pid != server.pid
    assert numbers(again) == [1]
    stop(again)


def written_until_killed(server: Server) -> Iterator[int]:
    """Writes 0, 1, 2 …, gives each number that was acknowledged, kills the server's processes at 200."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection, suppress(psycopg.OperationalError):
        connection.execute("CREATE TABLE kept (n bigint)")
        for number in range(1_000_000):
            if number == 200:
                os.kill(server.pid, signal.SIGKILL)
                os.kill(connection.info.backend_pid, signal.SIGKILL)
            connection.execute("INSERT INTO kept VALUES (%s)", (number,))
            yield number


def test_a_kill_9_in_the_middle_of_writing_loses_no_acknowledged_row(folder: Path) -> None:
    server = start(folder)
    acknowledged = list(written_until_killed(server))
    assert server.lock is not None
    server.lock.close()

    with running(folder) as again:
        kept = numbers(again)

    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) <= len(acknowledged) + 1


def test_a_server_that_outlived_its_owner_is_taken_over(folder: Path) -> None:
    program = "import sys, os; from pathlib import Path; from engine.state.server import start; start(Path(sys.argv[1])); os._exit(9)"
    subprocess.run([sys.executable, "-c", program, folder], check=False)

    server = start(folder)
    assert server.lock is not None
    stop(server)

    assert not is_alive(server)


def test_a_stale_lock_file_that_names_a_living_stranger_does_not_stop_the_start(folder: Path) -> None:
    with running(folder) as server:
        write_down(server, 1)
        lines = (folder / "postmaster.pid").read_text().splitlines()
    stranger = str(os.getpid())
    (folder / "postmaster.pid").write_text("\n".join([stranger, *lines[1:]]) + "\n")
    (folder / ".s.PGSQL.5432.lock").write_text("\n".join([stranger, *lines[1:]]) + "\n")

    with running(folder) as server:
        assert numbers(server) == [1]


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    (folder.parent / "pg.new" / "base").mkdir(parents=True)

    with running(folder) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_is_no_obstacle(folder: Path) -> None:
    deep = folder.parent / ("城市运行监测平台" * 3) / ("d" * 60) / "pg"

    with running(deep) as server:
        assert ask(server, "SELECT 1") == 1
        assert len(bytes(server.socket)) < 60


def test_a_broken_cluster_is_told_with_the_words_of_its_log(folder: Path) -> None:
    with running(folder):
        pass
    (folder / "global" / "pg_control").unlink()

    with pytest.raises(ServerDidNotStart, match="pg_control"):
        start(folder, seconds=10)
