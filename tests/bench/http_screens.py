"""The cached screen as its readers get it: over HTTP, from the server as it is run, counted by the server's own processor time."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

from tests.bench.clients import JSON, Crowd, forty, in_a_process
from tests.bench.measure import Figure
from tests.bench.serving import HOST, Served, serving

CPU_BAR, P95_BAR = 3.0, 20.0
BATCHES, CLIENTS, SECONDS, EVERY = 400, 150, 30.0, 5.0


def time_http(folder: Path, memory: str, seconds: float = SECONDS) -> Iterator[Figure]:
    """Server's processor time for a screen of forty tiles that is kept; and how soon 150 readers have it who ask every five seconds."""
    with serving(folder, memory) as served:
        yield _one_reader(served)
        yield _readers(served, seconds)


def _one_reader(served: Served) -> Figure:
    with closing(HTTPConnection(HOST, served.port, timeout=60)) as connection:
        size = _asked(connection)
        _asked(connection)
        before, begun = served.cpu_seconds(), perf_counter()
        for _ in range(BATCHES):
            _asked(connection)
        spent, took = served.cpu_seconds() - before, perf_counter() - begun
    detail = {"tiles": 40, "wall_ms": took * 1000 / BATCHES, "batches": BATCHES, "bytes": size}
    return Figure("http.cached_screen", spent * 1000 / BATCHES, "ms", CPU_BAR, detail=detail)


def _asked(connection: HTTPConnection) -> int:
    connection.request("POST", "/api/query", forty(), JSON)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or body.count(b"\n") != 40:
        raise RuntimeError(f"{answer.status}: {body[:300]!r}")
    return len(body)


def _readers(served: Served, seconds: float) -> Figure:
    before = served.cpu_seconds()
    heard = in_a_process(Crowd(served.address, "screen", CLIENTS, seconds, EVERY))
    count = len(heard.milliseconds)
    detail = {
        "p50_ms": heard.percentile(0.50), "p99_ms": heard.percentile(0.99), "clients": CLIENTS, "answers": count,
        "errors": len(heard.errors) + len(heard.refused), "cpu_ms": (served.cpu_seconds() - before) * 1000 / max(count, 1),
    }  # fmt: skip
    return Figure("http.readers_p95", heard.percentile(0.95), "ms", P95_BAR, detail=detail)
