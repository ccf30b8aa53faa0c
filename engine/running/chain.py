"""What follows when rows have moved: stored states are counted again where they were touched, results are kept, and whoever shows them hears of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from time import monotonic
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.lineage import lineage
from engine.compiling.modifying import Modifiers
from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.history import keep_results
from engine.running.platform_rows import is_of_platform
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.state.followed import follow_versions, followed_versions
from engine.state.runs import Run, Status, begin_run, end_run
from engine.state.store import Store
from engine.warehouse import Warehouse


class Followed(Struct, frozen=True):
    """What one pass of the chain did (刷新链)."""

    moved: Mapping[str, int]  # dataset -> the version it moved to
    indicators: tuple[str, ...] = ()  # those whose numbers may be others now
    states: int = 0  # stored states that were behind
    results: int = 0  # values kept
    seconds: float = 0.0  # until the states were true again


Push = Callable[[Followed], None]
_SECOND = timedelta(seconds=1)


class Chain:
    """Follows the moves of one catalog's datasets in one warehouse. Safe to share between threads: one pass at a time.

    What has moved is found by comparing versions, not by being told: a process that dies before, in or after a pass leaves nothing out.
    """

    def __init__(
        self, catalog: Catalog, warehouse: Warehouse, store: Store, modifiers: Modifiers, definition_version: str, push: Sequence[Push] = ()
    ) -> None:
        self._catalog, self._warehouse, self._store, self._modifiers = catalog, warehouse, store, modifiers
        self._definition_version, self._push = definition_version, tuple(push)
        self._states = States(catalog, warehouse, modifiers)
        self._fed = cache(lambda: fed_indicators(catalog))
        self._lock = Lock()

    def follow(self, now: datetime) -> Followed | None:
        """One pass: everything that has moved since the last; None when nothing has. `now` is wall clock of the project's zone.

        Many moves are one pass. Raises what the warehouse and the store raise; the moves are then found again by the next pass.
        """
        with self._lock:
            moved = self._moved()
            return self._follow(moved, now) if moved else None

    def _moved(self) -> dict[str, int]:
        known = followed_versions(self._store)
        held = versions(self._catalog, self._warehouse)
        return {dataset: version for dataset, version in held.items() if known.get(dataset) != version}

    def _follow(self, moved: Mapping[str, int], now: datetime) -> Followed:
        zone = ZoneInfo(self._catalog.project.zone)
        # Of rows about runs no run is made: each pass would give rise to the next.
        is_own = all(is_of_platform(self._catalog, dataset) for dataset in moved)
        run = begin_run(self._store, "refresh", "*", now.replace(tzinfo=zone)) if not is_own else None
        begun = monotonic()
        try:
            refreshed = refresh_states(self._catalog, self._warehouse, self._modifiers)
            seconds = monotonic() - begun
            touched = tuple(sorted({id for dataset in moved for id in self._fed().get(dataset, ())}))
            results = keep_results(self._catalog, self._warehouse, self._states, touched, self._definition_version, now)
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
            self._end(run, "failed", now, zh=f"没有刷新完：{error}", en=said)
            raise
        done = Followed(dict(moved), touched, len(refreshed), results, seconds)
        follow_versions(self._store, moved, now.replace(tzinfo=zone))
        self._end(run, "done", now + (monotonic() - begun) * _SECOND, detail=msgspec.json.encode(done).decode())
        for push in self._push:
            push(done)
        return done

    def _end(
        self, run: Run | None, status: Status, at: datetime, zh: str | None = None, en: str | None = None, detail: str | None = None
    ) -> None:
        if run is not None:
            zone = ZoneInfo(self._catalog.project.zone)
            ended = replace(run, status=status, ended_at=at.replace(tzinfo=zone), reason_zh=zh, reason_en=en, detail=detail)
            end_run(self._store, run, ended)


def versions(catalog: Catalog, warehouse: Warehouse) -> dict[str, int]:
    """The version of every dataset that was ever loaded."""
    found: dict[str, int] = {}
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        state = warehouse.state(table_of(id, dataset)) if dataset is not None else None
        if state is not None:
            found[id] = state.version
    return found


def fed_indicators(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """For each dataset the indicators that it feeds, directly or through others."""
    fed: dict[str, list[str]] = {}
    for id in catalog.ids("indicator"):
        trail = lineage(catalog, id)
        for dataset in {use.dataset for use in trail.all_uses} if trail is not None else set():
            fed.setdefault(dataset, []).append(id)
    return {dataset: tuple(ids) for dataset, ids in fed.items()}
