"""A real MariaDB in a folder of its own, on a free port of this machine and a socket, for as long as the tests need it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql
from msgspec import Struct

PROGRAMS = ("mariadbd", "mariadb-install-db")


class MariaDb(Struct, frozen=True):
    """Where it listens; the user `reader` with the password `s3cret` may read, root writes by the socket (测试库)."""

    port: int
    socket: str

    def writer(self, database: str | None = None) -> Any:
        """A connection that may write."""
        return pymysql.connect(unix_socket=self.socket, user="root", database=database, autocommit=True, charset="utf8mb4")


def is_installed() -> bool:
    """Whether its programs are here."""
    return all(_found(name) for name in PROGRAMS)


def _found(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


@contextmanager
def running() -> Iterator[MariaDb]:
    """The server, with an empty database `waste`."""
    folder = Path(tempfile.mkdtemp(prefix="chengmai-maria-", dir="/tmp"))
    rows, listens = folder / "rows", folder / "m.sock"
    said = ["--no-defaults", f"--datadir={rows}", *(["--user=root"] if os.geteuid() == 0 else [])]
    install, server = _found(PROGRAMS[1]), _found(PROGRAMS[0])
    assert install and server, "mariadb-server is not installed: `.ci/setup test` installs it"
    try:
        first = [install, *said, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(first, check=True, capture_output=True, cwd=folder)
        port = _free_port()
        with (folder / "log").open("wb") as log:
            command = [server, *said, f"--socket={listens}", f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}"]
            process = subprocess.Popen(
                [*command, "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"], stdout=log, stderr=log, cwd=folder
            )
        try:
            opened = MariaDb(port, str(listens))
            _wait(opened, process, folder / "log")
            yield opened
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with closing(socket.socket()) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _wait(opened: MariaDb, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            with closing(socket.socket(socket.AF_UNIX)) as knock:  # the driver leaves a socket open when nobody listens
                knock.connect(opened.socket)
            with closing(opened.writer()) as connection, connection.cursor() as cursor:
                for statement in (
                    "CREATE DATABASE waste CHARACTER SET utf8mb4",
                    "CREATE USER reader@'127.0.0.1' IDENTIFIED BY 's3cret'",
                    "CREATE USER reader@localhost IDENTIFIED BY 's3cret'",
                    "GRANT ALL ON waste.* TO reader@'127.0.0.1'",
                    "GRANT ALL ON waste.* TO reader@localhost",
                ):
                    cursor.execute(statement)
            return
        except (OSError, pymysql.OperationalError):
            assert process.poll() is None and time.monotonic() < until, log.read_text(errors="replace")[-2000:]
            time.sleep(0.05)
