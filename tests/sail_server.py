"""`python -m tests.sail_server`: a Spark Connect server of Sail on a free port, which it prints; it goes when its input ends."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE, Popen

# With as many threads as processors a query that keeps them busy keeps the server from hearing that it is to stop.
THREADS = "8"


@contextmanager
def running_sail(environment: Mapping[str, str] = os.environ, **settings: str) -> Iterator[str]:
    """Address of a server of its own process, which is gone afterwards; settings are Sail's own (`SAIL_EXECUTION__BATCH_SIZE`)."""
    around = {"TOKIO_WORKER_THREADS": THREADS, "RUST_LOG": "error", **environment, **settings}
    with Popen([sys.executable, "-m", "tests.sail_server"], env=around, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield f"sc://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.kill()


def main() -> None:
    """Serves until the input ends."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address = server.listening_address
    assert address is not None
    print(address[1], flush=True)
    sys.stdin.read()
    os._exit(0)  # a query that runs on would keep it


if __name__ == "__main__":
    main()
