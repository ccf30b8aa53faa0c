"""The server as `chengmai serve` runs it, over the benchmark's city, watched from outside: its processor time and its memory."""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

from litestar import Litestar
from msgspec import Struct

from engine.running.definitions import load_checked
from portal import wiring
from portal.app import create_app
from tests.bench.screens import stating
from tests.bench.town import AS_OF

PROJECT = Path(__file__).parent / "project"
HOST = "127.0.0.1"
READY_SECONDS = 60.0


class Served(Struct, frozen=True):
    """A running server (计时服务)."""

    port: int
    process: int

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(_cpu_seconds(one) for one in _with_children(self.process))

    def peak_bytes(self) -> int:
        """Most memory that its largest process, the one that computes, ever held."""
        return max(_peak(one) for one in _with_children(self.process))


def _with_children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    below = [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    return [process, *(each for child in below for each in _with_children(child))]


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time, see proc(5)


def _peak(process: int) -> int:
    said = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    return int(said.partition("VmHWM:")[2].split()[0]) * 1024


def create() -> Litestar:
    """The application over the town: as `portal.app.create` makes it, but for the proofs, which the town's definitions do not have."""
    wiring.leave_with_parent()
    settings = wiring.read_this_process()
    return create_app(wiring.build_world(settings, stating(load_checked(settings.definitions).catalog), wiring.open_duckdb(settings)))


@contextmanager
def serving(folder: Path, memory: str) -> Iterator[Served]:
    """A server over the warehouse file of a folder, its clock stopped at the town's last day; it is gone at the end."""
    port = _free_port()
    environment = {**os.environ, wiring.MEMORY: memory, wiring.CLOCK: AS_OF}
    command = [sys.executable, "-m", "tests.bench.serving", str(folder), str(port)]
    process = subprocess.Popen(command, env=environment, cwd=wiring.REPOSITORY)
    try:
        _wait(process, port)
        yield Served(port, process.pid)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with suppress(OSError), closing(HTTPConnection(HOST, port, timeout=5)) as connection:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the server is not ready")


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        return int(trial.getsockname()[1])


def main(arguments: list[str]) -> int:
    """Serve until the parent is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    asked = parser.parse_args(arguments)
    settings = wiring.read_this_process(PROJECT, asked.folder)
    return wiring.run_server(settings, HOST, asked.port, lambda: None, "tests.bench.serving:create")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
