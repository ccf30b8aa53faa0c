"""How fresh every source, stream, dataset and indicator is, gathered once and each judged by the same rule."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.lineage import own_uses
from engine.compiling.reads import datasets_of, used_indicators
from engine.compiling.tables import table_of
from engine.kinds.analysis import output_of
from engine.kinds.source import Source, Stream
from engine.loading.catalog import Catalog
from engine.parts import span_of
from engine.question import Question
from engine.running.freshness import Facts, Failing, Freshness, Paused, judged, outdated, worst
from engine.running.lateness import known_until
from engine.state.health import LastRun, last_runs
from engine.state.store import Store
from engine.warehouse import Warehouse

INTAKE, ANALYSIS = "intake", "analysis"  # kinds of runs that bring rows
NO_ROWS = Freshness("unknown", None, "没有数据集", "no dataset stands behind it")


class Health(Struct, frozen=True):
    """The freshness of everything, by id; streams as `source/stream` (健康状况)."""

    sources: Mapping[str, Freshness]
    streams: Mapping[str, Freshness]
    datasets: Mapping[str, Freshness]
    indicators: Mapping[str, Freshness]

    def every(self) -> Iterator[tuple[str, str, Freshness]]:
        """Kind, id and freshness of each."""
        for kind, found in (
            ("source", self.sources), ("stream", self.streams), ("dataset", self.datasets), ("indicator", self.indicators),
        ):  # fmt: skip
            for id, freshness in found.items():
                yield kind, id, freshness


class Trails:
    """Which datasets stand behind each indicator, worked out once for a catalog; safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}
        self._counted: dict[str, tuple[str, ...]] = {}

    def of(self, catalog: Catalog, id: str) -> frozenset[str]:
        """Datasets that an indicator or one of those it is made of reads."""
        if id not in self._known:
            indicator = catalog.indicator(id)
            if indicator is None:
                return frozenset()
            below = [self.of(catalog, one) for one in used_indicators(indicator)]
            self._known[id] = frozenset({use.dataset for use in own_uses(catalog, indicator)}).union(*below)
        return self._known[id]

    def counted(self, catalog: Catalog, id: str) -> tuple[str, ...]:
        """Those of them whose newest rows say as of when its number is."""
        if id not in self._counted:
            self._counted[id] = datasets_of(catalog, Question(indicators=(id,)), has_results=False)
        return self._counted[id]


class Ends(Struct, frozen=True):
    """How the work that brings rows went lately, wall clock of the project (运行结果)."""

    failing: Mapping[tuple[str, str], Failing] = {}
    paused: Mapping[str, Paused] = {}  # by source


def ends_of(catalog: Catalog, store: Store | None, paused: Mapping[str, Paused] | None = None) -> Ends:
    """What the state store knows of the runs of all streams, datasets and analyses; nothing without a store. Raises StateIsAway."""
    if store is None:
        return Ends(paused=paused or {})
    zone = ZoneInfo(catalog.project.zone)
    streams = [name for id in catalog.ids("source") for name, _ in streams_of(catalog, id)]
    subjects = [(INTAKE, one) for one in (*streams, *catalog.ids("dataset"))] + [(ANALYSIS, one) for one in catalog.ids("analysis")]
    failing = {(run.kind, run.subject): failing_of(run, zone) for run in last_runs(store, subjects) if run.status == "failed"}
    return Ends(failing, paused or {})


def failing_of(run: LastRun, zone: ZoneInfo) -> Failing:
    """A run that failed as the reason why something is not fresh."""
    since = wall_of(run.failing_since or run.started_at, zone)
    return Failing(since, run.reason_zh or "最近一次运行失败，没有说明原因", run.reason_en or "the latest run failed and gave no reason")


def health_of(catalog: Catalog, warehouse: Warehouse, ends: Ends, now: datetime, trails: Trails) -> Health:
    """The freshness of everything at `now`, wall clock of the project."""
    datasets = _datasets(catalog, warehouse, ends, now)
    streams = _streams(catalog, datasets, ends, now)
    sources = {
        id: worst([(f"stream:{name}", streams[name]) for name, _ in streams_of(catalog, id)], NO_ROWS) for id in catalog.ids("source")
    }
    indicators = {id: of_indicator(catalog, id, datasets, now, trails) for id in catalog.ids("indicator")}
    return Health(sources, streams, datasets, indicators)


def of_indicator(catalog: Catalog, id: str, datasets: Mapping[str, Freshness], now: datetime, trails: Trails) -> Freshness:
    """As bad as the worst of its lineage, or as old as its own `stale_after` does not allow; it names what it is bad for."""
    indicator = catalog.indicator(id)
    behind = [(f"dataset:{one}", datasets[one]) for one in sorted(trails.of(catalog, id)) if one in datasets]
    gravest = worst(behind, NO_ROWS)
    newest = [datasets[one].known_until for one in trails.counted(catalog, id) if one in datasets]
    known = min((one for one in newest if one is not None), default=None)
    allowed = span_of(indicator.stale_after) if indicator is not None and indicator.stale_after is not None else None
    own = outdated(known, allowed, now)
    chosen = own if own is not None and own.gravity > gravest.gravity else gravest
    return replace(chosen, known_until=known)


def facts_of(catalog: Catalog, warehouse: Warehouse, id: str, ends: Ends) -> Facts:
    """What is known of a dataset: its rows, its promise, its runs."""
    dataset = catalog.dataset(id)
    state = warehouse.state(table_of(id, dataset)) if dataset is not None else None
    loaded = wall_of(state.loaded_at, ZoneInfo(catalog.project.zone)) if state is not None and state.rows else None
    source, _, name = (dataset.source or "").partition("/") if dataset is not None else ("", "", "")
    stream = dict(streams_of(catalog, source)).get(f"{source}/{name}")
    promised = span_of(stream.promised_delay) if stream is not None and stream.promised_delay is not None else None
    return Facts(
        known_until=known_until(catalog, warehouse, id), loaded_at=loaded, promised=promised, failing=_failing(catalog, id, ends),
        paused=ends.paused.get(source),
    )  # fmt: skip


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """The wall clock of an instant; a warehouse writes its instants down in UTC."""
    return (instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)).astimezone(zone).replace(tzinfo=None)


def _failing(catalog: Catalog, id: str, ends: Ends) -> Failing | None:
    dataset = catalog.dataset(id)
    origin = dataset.source if dataset is not None else None
    given = output_of(origin)
    if given is not None:
        return ends.failing.get((ANALYSIS, given[0]))
    return ends.failing.get((INTAKE, id)) or (ends.failing.get((INTAKE, origin)) if origin is not None else None)


def _datasets(catalog: Catalog, warehouse: Warehouse, ends: Ends, now: datetime) -> dict[str, Freshness]:
    """Every dataset; what an analysis gives is no fresher than the worst of what the analysis reads."""
    found = {id: judged(facts_of(catalog, warehouse, id, ends), now) for id in catalog.ids("dataset")}
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        given = output_of(dataset.source) if dataset is not None else None
        analysis = catalog.analysis(given[0]) if given is not None else None
        if analysis is not None:
            read = [(f"dataset:{one.dataset}", found[one.dataset]) for one in analysis.inputs if one.dataset in found]
            found[id] = replace(worst([(f"dataset:{id}", found[id]), *read], found[id]), known_until=found[id].known_until)
    return found


def _streams(catalog: Catalog, datasets: Mapping[str, Freshness], ends: Ends, now: datetime) -> dict[str, Freshness]:
    """As bad as the worst dataset that it fills; one that fills none is unknown, unless its runs fail."""
    filled: dict[str, list[tuple[str, Freshness]]] = {}
    for id, freshness in datasets.items():
        dataset = catalog.dataset(id)
        if dataset is not None and dataset.source is not None:
            filled.setdefault(dataset.source, []).append((f"dataset:{id}", freshness))
    found = {}
    for source in catalog.ids("source"):
        for name, _ in streams_of(catalog, source):
            alone = Facts(failing=ends.failing.get((INTAKE, name)), paused=ends.paused.get(source))
            found[name] = worst(filled.get(name, ()), judged(alone, now))
    return found


def streams_of(catalog: Catalog, source: str) -> list[tuple[str, Stream]]:
    """The streams of a source under the names by which datasets say them: `source/stream`."""
    found = catalog.spec("source", source)
    return [(f"{source}/{one.name}", one) for one in found.streams] if isinstance(found, Source) else []


def failed(found: Iterable[Freshness]) -> int:
    """How many have failed."""
    return sum(1 for one in found if one.state == "failed")
