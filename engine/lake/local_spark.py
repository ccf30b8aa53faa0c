"""`python -m engine.lake.local_spark`: the Spark of those who were given none: Sail, which speaks Spark Connect, in a process of its own."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, Popen

from msgspec import Struct

# With as many threads as processors a query that keeps them busy keeps the server from hearing that it is to stop.
_THREADS = "8"
_GIGABYTE = 1024**3


class SparkDidNotStart(Exception):
    """The local Spark could not be started; the message holds what it said last."""


class LocalSpark(Struct, frozen=True):
    """A running local Spark (本机 Spark)."""

    url: str  # sc://127.0.0.1:port
    pid: int


def is_installed() -> bool:
    """Whether the extra [spark] brought both the client and a server."""
    return find_spec("pyspark") is not None and find_spec("pysail") is not None


@contextmanager
def running(
    memory_bytes: int = 2 * _GIGABYTE, spill: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[LocalSpark]:
    """A server on a free port of this machine, which is gone afterwards, and when this process dies, however it dies.

    What its queries hold is at most `memory_bytes`; beyond it they spill into the folder `spill`, or that of the system for what is
    temporary. `settings` are further ones of Sail's own (`SAIL_EXECUTION__BATCH_SIZE`). Raises SparkDidNotStart.
    """
    around = {
        "PATH": "/usr/bin:/bin", "TZ": "UTC", "RUST_LOG": "error", "TOKIO_WORKER_THREADS": _THREADS,
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair", "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": str(memory_bytes),
        **({"SAIL_RUNTIME__TEMPORARY_FILES__PATHS": f'["{spill}"]'} if spill else {}), **(settings or {}),
    }  # fmt: skip
    program = [sys.executable, str(Path(__file__))]  # by its path: the engine need not be where Python looks for modules
    with Popen(program, env=around, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        try:
            port = process.stdout.readline().strip()
            if not port.isdigit():
                raise SparkDidNotStart(process.stderr.read()[-2000:])
            yield LocalSpark(f"sc://127.0.0.1:{port}", process.pid)
        finally:
            process.stdin.close()
            process.kill()


def main() -> None:
    """Serves until the input ends, which it does when whoever started it is gone."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address = server.listening_address
    assert address is not None
    sys.stdout.write(f"{address[1]}\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # nobody reads what it says later, and a full pipe would stop it
    sys.stdin.read()
    os._exit(0)  # a query that runs on would keep it


if __name__ == "__main__":
    main()
