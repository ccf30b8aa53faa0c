"""One reading of a stream from begin to end: allowed by pause and breaker, written down as a run, told to who waits for moved rows."""

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.tables import table_of
from engine.connector import Connector, Following, SourceFailed, Surroundings, open_connector, sample, stream_of
from engine.findings import DefinitionsAreWrong
from engine.kinds.source import Source
from engine.loading.catalog import Catalog
from engine.running.breaker import Breaker, Standing, after_failure, after_success, may_try, trying
from engine.running.cursors import Overtaken
from engine.running.drift import Change, after, changes, columns_of, filled_from, refuse_lost
from engine.running.intake import PUSHED, IntakeResult, intake, opened
from engine.running.taking import Taking, stream_for
from engine.running.touched import days_since
from engine.state.runs import Run, begin_run, end_run
from engine.state.sources import ShapeChange, SourceState, change_source, note_changes, remember_shape, source_state, stream_shape
from engine.state.store import Store
from engine.warehouse import Warehouse

log = logging.getLogger("chengmai")
KIND = "intake"


class Moved(Struct, frozen=True):
    """Rows of a dataset have changed (数据已变)."""

    dataset: str
    version: int
    days: frozenset[date] | None  # on which they lie; None: any
    trace: str  # of the run that moved them


class IntakeWorld(Struct, frozen=True):
    """All that a reading needs of the world (取数环境)."""

    catalog: Catalog
    warehouse: Warehouse
    store: Store
    connectors: Mapping[str, type[Connector]]
    around: Callable[[], Surroundings]
    environment: Mapping[str, str]
    clock: Callable[[], datetime]  # instants with a zone
    random: Callable[[], float]  # from 0 to 1
    moved: Callable[[Moved], None] = lambda moved: None


class Read(Struct, frozen=True):
    """What a reading did for one dataset, or why it was not done (读取结果)."""

    dataset: str
    run: Run | None = None  # None: it was not begun
    result: IntakeResult | None = None
    zh: str = ""  # why not, or what failed
    en: str = ""
    changes: tuple[Change, ...] = ()


def streams_of(catalog: Catalog, source: str | None = None, stream: str | None = None) -> list[tuple[str, str, tuple[str, ...]]]:
    """The streams from which datasets are filled, as source id, stream and datasets; of a source, of one stream, or all."""
    found: dict[tuple[str, str], list[str]] = {}
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        of, _, name = (dataset.source or "").rpartition("/") if dataset is not None else ("", "", "")
        spec = catalog.source(of)
        if spec is not None and any(one.name == name for one in spec.streams) and source in (None, of) and stream in (None, name):
            found.setdefault((of, name), []).append(id)
    return [(of, name, tuple(ids)) for (of, name), ids in sorted(found.items())]


def is_followed(world: IntakeWorld, source: str) -> bool:
    """Whether a source pushes its rows."""
    spec = world.catalog.source(source)
    kind = world.connectors.get(spec.connector) if spec is not None else None
    return kind is not None and issubclass(kind, Following)


def held_up(state: SourceState, now: datetime) -> tuple[str, str] | None:
    """Why a source may not be read now, in Chinese and English."""
    if state.paused_at is not None:
        return (
            f"数据源已由 {state.paused_by} 暂停：{state.paused_why}",
            f"the source was paused by {state.paused_by}: {state.paused_why}",
        )
    breaker = breaker_of(state)
    if not may_try(breaker, now):
        said = f"{state.retry_at:%Y-%m-%d %H:%M:%S} UTC" if state.retry_at else ""
        return (
            f"连续失败 {state.failures} 次，已熔断，{said} 再试：{state.reason_zh}",
            f"failed {state.failures} times in a row, tried again at {said}: {state.reason_en}",
        )
    return None


def breaker_of(state: SourceState) -> Breaker:
    """The breaker in a source's state."""
    standing: Standing = "closed" if state.standing == "closed" else "half_open" if state.standing == "half_open" else "open"
    return Breaker(standing, state.failures, state.retry_at)


def may_begin(world: IntakeWorld, source: str, *, is_asked_for: bool) -> tuple[str, str] | None:
    """Why a source may not be read now; None when it may, and then a trial of an open breaker is taken. A person may always try."""
    why: list[tuple[str, str]] = []

    def begun(state: SourceState) -> SourceState | None:
        if (found := held_up(state, world.clock())) is not None and (state.paused_at is not None or not is_asked_for):
            why.append(found)
            return None
        return _with(state, trying(breaker_of(state), world.clock())) if state.standing != "closed" else None

    change_source(world.store, source, begun)
    return why[0] if why else None


def note_success(world: IntakeWorld, source: str) -> None:
    """The source works: its breaker is closed."""
    now = world.clock()
    state = source_state(world.store, source)
    if state.standing != "closed" or state.failures or state.worked_at is None or (now - state.worked_at).total_seconds() > 10:
        change_source(world.store, source, lambda one: replace(_with(one, after_success(breaker_of(one))), worked_at=now))


def note_failure(world: IntakeWorld, source: str, zh: str, en: str) -> Breaker:
    """The source has failed once more; how its breaker stands now."""
    now = world.clock()
    changed = change_source(
        world.store, source,
        lambda one: replace(
            _with(one, after_failure(breaker_of(one), now, world.random)), failed_at=now, reason_zh=zh, reason_en=en
        ),
    )  # fmt: skip
    assert changed is not None
    return breaker_of(changed)


def _with(state: SourceState, breaker: Breaker) -> SourceState:
    return replace(state, standing=breaker.standing, failures=breaker.failures, retry_at=breaker.retry_at)


def read_stream(
    world: IntakeWorld, source: str, stream: str, *,
    from_start: bool = False, is_asked_for: bool = False, slot_at: datetime | None = None, trace: str | None = None,
) -> list[Read]:  # fmt: skip
    """Read a stream for each dataset that is filled from it, each in a run of its own. Raises StateIsAway.

    What fails is in the answer and in the run, and counts against the source; a paused source, or one whose breaker is open, is not
    asked. `is_asked_for`: a person wants it, so an open breaker does not keep it back.
    """
    done: list[Read] = []
    for _, _, datasets in streams_of(world.catalog, source, stream):
        if is_followed(world, source):
            return [Read(id, zh=PUSHED.zh, en=PUSHED.en) for id in datasets]
        if (why := may_begin(world, source, is_asked_for=is_asked_for)) is not None:
            return [Read(id, zh=why[0], en=why[1]) for id in datasets]
        done += [_read(world, source, stream, id, from_start, slot_at, trace) for id in datasets]
    return done


def _read(
    world: IntakeWorld, source: str, stream: str, dataset: str, from_start: bool, slot_at: datetime | None, trace: str | None
) -> Read:
    name = f"{source}/{stream}"
    run = begin_run(world.store, KIND, name, world.clock(), slot_at=slot_at, trace=trace)
    watch = ShapeWatch(world, name, run.id)
    table = table_of(dataset, stream_for(world.catalog, dataset)[0])
    before = world.warehouse.state(table)
    try:
        result = intake(
            world.catalog, dataset, world.warehouse, world.connectors, world.around(), world.environment, from_start=from_start, seen=watch.look
        )  # fmt: skip
    except Overtaken:
        zh, en = "另一次取数已先写入，这次没有装入", "another reading was stored first; this one has loaded nothing"
        return _ended(world, run, Read(dataset, run, None, zh, en, watch.found))
    except SourceFailed as failure:
        note_failure(world, source, failure.zh, failure.en)
        return _ended(world, run, Read(dataset, run, None, failure.zh, failure.en, watch.found))
    except DefinitionsAreWrong as wrong:
        said = wrong.findings[0]
        return _ended(world, run, Read(dataset, run, None, said.zh, said.en, watch.found))
    except Exception as error:
        log.exception("the intake of %s for %s broke", name, dataset)
        zh, en = f"取数出错：{type(error).__name__}", f"the intake broke: {type(error).__name__}"
        note_failure(world, source, zh, en)
        return _ended(world, run, Read(dataset, run, None, zh, en, watch.found))
    note_success(world, source)
    watch.remember()
    read = _ended(world, run, Read(dataset, run, result, changes=watch.found))
    tell_moved(world, dataset, before.version if before else 0, run.trace)
    return read


def _ended(world: IntakeWorld, run: Run, read: Read) -> Read:
    done, result = read.result is not None, read.result
    detail: dict[str, Any] = {"dataset": read.dataset}
    if result is not None:
        detail |= {"warned": result.warned, "version": result.version, "cursor": result.cursor}
    if read.changes:
        detail["columns"] = [{"column": one.column, "change": one.change, "zh": one.zh, "en": one.en} for one in read.changes]
    ended = replace(
        run, status="done" if done else "failed", ended_at=world.clock(),
        rows_in=result.rows_in if result else 0, rows_loaded=result.loaded if result else 0,
        rows_set_aside=result.quarantined if result else 0, reason_zh=read.zh or None, reason_en=read.en or None,
        detail=msgspec.json.encode(detail).decode(),
    )  # fmt: skip
    end_run(world.store, run, ended)
    return replace(read, run=ended)


def tell_moved(world: IntakeWorld, dataset: str, before: int, trace: str) -> None:
    """Tell who waits for it that a dataset has a later version than before, and which days it touched."""
    spec = world.catalog.dataset(dataset)
    assert spec is not None
    table = table_of(dataset, spec)
    state = world.warehouse.state(table)
    if state is not None and state.version > before:
        days = days_since(world.warehouse, table, before, state.version)
        try:
            world.moved(Moved(dataset, state.version, days, trace))
        except Exception:  # rows are in; what is reckoned from them is made up for at the next refresh
            log.exception("%s has moved, and who was told failed", dataset)


class ShapeWatch:
    """Holds the columns of a reading against those of the last one (结构比对)."""

    def __init__(self, world: IntakeWorld, name: str, run: str | None) -> None:
        self._world, self._name, self._run = world, name, run
        self._before = stream_shape(world.store, name)
        self._now: dict[str, str] = {}
        self.found: tuple[Change, ...] = ()

    def look(self, taking: Taking) -> None:
        """Note what is different, and refuse a column that is lost. Raises SourceFailed."""
        now = columns_of(taking.shape)
        if not now:
            return
        self._now = now if not taking.is_sparse else {**self._before, **now}
        if self._before:
            self.found = changes(self._before, self._now, filled_from([taking.stream]))
            note_changes(self._world.store, [self._noted(one) for one in self.found])
            refuse_lost(self.found)

    def remember(self) -> None:
        """The reading is stored: its columns are those to come."""
        if self._now and (known := after(self._before, self._now)) != self._before:
            remember_shape(self._world.store, self._name, known, self._world.clock())
            self._before = known

    def _noted(self, one: Change) -> ShapeChange:
        return ShapeChange(self._name, one.column, one.change, one.was, one.now_is, one.is_mapped, self._run, self._world.clock())


def try_source(world: IntakeWorld, id: str) -> tuple[str, str] | None:
    """Try the way to a source without reading rows: what is in the way, in Chinese and English; None when it is free."""
    source = world.catalog.source(id)
    assert source is not None
    try:
        connector_of(world, source).check(world.around())
    except SourceFailed as failure:
        return failure.zh, failure.en
    return None


def sample_rows(world: IntakeWorld, id: str, stream: str, rows: int = 20) -> pa.Table:
    """The first rows of a stream as the source sends them. Raises SourceFailed."""
    source = world.catalog.source(id)
    assert source is not None
    for _, _, datasets in streams_of(world.catalog, id, stream):
        _, read_by = stream_for(world.catalog, datasets[0])
        connector, read = opened(source, read_by, world.connectors, world.environment)
        return sample(connector, stream_of(connector, read), world.around(), rows)
    spec = next((one for one in source.streams if one.name == stream), None)
    if spec is None:
        names = "、".join(one.name for one in source.streams)
        raise SourceFailed(f"「{id}」没有数据流「{stream}」；有：{names}", f"'{id}' has no stream '{stream}'; it has {names}")
    connector = connector_of(world, source)
    return sample(connector, stream_of(connector, spec.read), world.around(), rows)


def connector_of(world: IntakeWorld, source: Source) -> Connector:
    """The connector of a source with its settings. Raises SourceFailed."""
    kind = world.connectors.get(source.connector)
    if kind is None:
        raise SourceFailed(f"没有连接器「{source.connector}」", f"there is no connector '{source.connector}'")
    return open_connector(kind, source.settings, world.environment)
