"""Whether the server lives, whether it is ready, how fresh everything is, and what it counts: for people and for whoever watches over it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from engine.kinds.dataset import Dataset
from engine.kinds.indicator import Indicator
from engine.kinds.source import Source
from engine.running.freshness import GRAVITY
from engine.running.freshness import Freshness as Judged
from engine.running.health import Health
from engine.state.health import ended_runs, late_slots
from engine.state.store import StateIsAway
from portal.api.freshness import Freshness, said, world_health
from portal.api.readiness import Part, parts
from portal.api.world import World

BACK = timedelta(minutes=15)  # how far back a look for ended runs goes: a slow commit and a missed scrape are caught up
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Alive(Struct, frozen=True):
    """What is alive (存活)."""

    status: str
    indicators: int
    definition_version: str
    warehouse: str


class Readiness(Struct, frozen=True):
    """Whether everything is there that answers need (就绪)."""

    status: str  # ready or down
    parts: list[Part]


class HealthEntry(Struct, frozen=True):
    """The freshness of one thing (健康条目)."""

    kind: Annotated[str, Meta(title="类型", description="source stream dataset indicator")]
    id: Annotated[str, Meta(title="标识", description="Its id; of a stream `source/stream`")]
    title: Annotated[str, Meta(title="标题", description="What people call it")]
    freshness: Annotated[Freshness, Meta(title="新鲜度", description="State, since when, why")]


class HealthReport(Struct, frozen=True):
    """How fresh everything is (健康报告)."""

    at: Annotated[str, Meta(title="时间", description="Wall clock of the project when this was looked at")]
    state: Annotated[str, Meta(title="总状态", description="The gravest of all")]
    counts: Annotated[dict[str, dict[str, int]], Meta(title="计数", description="Kind to state to how many")]
    entries: Annotated[list[HealthEntry], Meta(title="条目", description="The gravest first")]


class HealthController(Controller):
    """GET /healthz, /readyz, /metrics and /api/health."""

    tags = ["health 健康"]

    @get("/healthz", summary="存活检查 · Is the server alive", sync_to_thread=False)
    def alive(self, world: NamedDependency[World]) -> Alive:
        """Definitions are loaded and the warehouse is open."""
        return Alive("ok", len(world.catalog.ids("indicator")), world.definition_version, world.warehouse.tag)

    @get("/readyz", summary="就绪检查 · Is every part there", sync_to_thread=True)
    def ready(self, world: NamedDependency[World]) -> Response[bytes]:
        """A line each for definitions, warehouse, state store and scheduler; 503 when one of them is down."""
        found = parts(world, datetime.now(UTC))
        is_ready = all(part.is_up for part in found)
        body = msgspec.json.encode(Readiness("ready" if is_ready else "down", found))
        return Response(body, status_code=200 if is_ready else 503, media_type="application/json", headers={"cache-control": "no-store"})

    @get("/metrics", summary="Prometheus 度量 · What is counted", media_type=PROMETHEUS, sync_to_thread=True)
    def metrics(self, world: NamedDependency[World]) -> Response[bytes]:
        """Questions, answers, rows taken in, runs, lag, freshness, connections: the text format of Prometheus."""
        measure(world, datetime.now(UTC))
        return Response(world.metrics.text(), media_type=PROMETHEUS, headers={"cache-control": "no-store"})

    @get("/api/health", summary="新鲜度：数据源、数据流、数据集、指标 · How fresh everything is", sync_to_thread=True)
    def health(self, world: NamedDependency[World]) -> HealthReport:
        """Every source, stream, dataset and indicator: fresh, late, stale, failed or unknown, since when and why."""
        return report(world)


def report(world: World) -> HealthReport:
    """The report on everything, the gravest first."""
    found = world_health(world)
    entries = [HealthEntry(kind, id, title_of(world, kind, id), said(one)) for kind, id, one in found.every()]
    entries.sort(key=lambda one: (-GRAVITY[one.freshness.state], one.kind, one.id))
    worst = entries[0].freshness.state if entries else "unknown"
    return HealthReport(world.clock().isoformat(timespec="seconds"), worst, counts_of(found), entries)


def title_of(world: World, kind: str, id: str) -> str:
    """What people call it; a stream is called by its source and its own name."""
    source, _, name = id.partition("/")
    spec = world.catalog.spec("source" if kind == "stream" else kind, source)
    title = spec.title if isinstance(spec, Source | Dataset | Indicator) else id
    return f"{title} · {name}" if kind == "stream" else title


def counts_of(found: Health) -> dict[str, dict[str, int]]:
    """How many of each kind are in each state, zeros included."""
    counts = {kind: dict.fromkeys(map(str, GRAVITY), 0) for kind in ("source", "stream", "dataset", "indicator")}
    for kind, _, one in found.every():
        counts[kind][one.state] += 1
    return counts


def measure(world: World, instant: datetime) -> None:
    """Bring the numbers that are read, not counted, up to date; what cannot be reached now keeps its last number and is down in `up`."""
    parts(world, instant)
    found, now = world_health(world), world.clock()
    states: dict[str, list[Judged]] = {}
    for kind, _, one in found.every():
        states.setdefault(kind, []).append(one)
    for kind, several in states.items():
        world.metrics.judged(kind, [one.state for one in several])
    for id, one in found.datasets.items():
        if one.known_until is not None:
            world.metrics.lag.labels(id).set((now.replace(tzinfo=None) - one.known_until).total_seconds())
    if world.store is None:
        return
    world.metrics.pooled(world.store.pool)
    try:
        world.metrics.ended(ended_runs(world.store, instant - BACK))
        world.metrics.slots_late.set(late_slots(world.store, instant - timedelta(minutes=1)))
    except StateIsAway:
        return
