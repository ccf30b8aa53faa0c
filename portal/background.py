"""What a server does unasked: rows are taken in when they are due, analyses run, states follow, old rows go; each survives what happens to the others."""

import logging
import os
import random
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.connector import Connector
from engine.loading.catalog import Catalog
from engine.registry import members
from engine.running.analyses import run_analysis
from engine.running.ask import known_modifiers
from engine.running.attachments import collect
from engine.running.chain import Chain, Followed
from engine.running.daily_score import score_sources, volumes
from engine.running.file_store import FolderStore
from engine.running.followers import Followers
from engine.running.history import forget_results
from engine.running.jobs import PostgresJobs
from engine.running.platform_rows import load_platform
from engine.running.reading import IntakeWorld, is_followed, read_stream
from engine.running.retain import retain
from engine.running.scheduler import Scheduler
from engine.running.schedules import ANALYSIS, INTAKE, PLATFORM, RETAIN, schedules_of
from engine.running.worker import Handler, Skipped, Worker
from engine.state.slots import Schedule, Slot, forget_slots
from engine.state.store import StateIsAway, Store
from engine.warehouse import Warehouse
from portal.api.world import World
from portal.opening import Settings, surroundings, with_secrets

log = logging.getLogger("chengmai")
FOLLOW = "follow"
GATHER = 0.2  # seconds in which moves that come together become one pass
KEEP_SLOTS = timedelta(days=30)


class Scene(Struct, frozen=True):
    """What background work is done on: definitions and where their rows are (后台环境)."""

    catalog: Catalog
    warehouse: Warehouse
    clock: Callable[[], datetime]  # wall clock of the project's zone
    definition_version: str


class SourceFellShort(Exception):
    """A stream could not be read; the reason in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Background:
    """Scheduler, workers, followers and jobs of one process; `current` gives the scene as it is now, which changes with the definitions."""

    def __init__(
        self, settings: Settings, store: Store, current: Callable[[], Scene], push: tuple[Callable[[Followed], None], ...] = ()
    ) -> None:
        self._settings, self._store, self._current, self._push = settings, store, current, push
        self._connectors: Mapping[str, type[Connector]] = members("connectors", Connector, "chengmai.connectors")[0]
        self._scene = current()
        zone, name = ZoneInfo(self._scene.catalog.project.zone), f"{socket.gethostname()}-{os.getpid()}"
        handlers: dict[str, Handler] = {INTAKE: self._intake, ANALYSIS: self._analysis, RETAIN: self._retain, PLATFORM: self._platform}
        self.scheduler = Scheduler(store, zone, name, self._instant, monotonic)
        self.worker = Worker(store, name, handlers, self._instant, monotonic)
        self.jobs = PostgresJobs(store, {FOLLOW: self._follow})
        self._stop, self._thread = threading.Event(), threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._followers: Followers | None = None
        self._take_over(self._scene)

    def start(self) -> None:
        """Begin, in threads of its own."""
        self._thread.start()
        self.worker.start()
        self.jobs.start()
        if self._followers is not None:
            self._followers.start()
        self.follow_soon()  # what moved while nobody followed

    def stop(self, seconds: float = 5.0) -> None:
        """End in good order; what is not done by then is taken up by the next."""
        self._stop.set()
        self._thread.join(seconds)
        if self._followers is not None:
            self._followers.stop(seconds, monotonic)
        self.worker.stop(seconds)
        self.jobs.stop(seconds)
        self.scheduler.stop()

    def once(self) -> list[Slot]:
        """Everything that is due, worked off here and now, and what follows from it: the slots as they ended."""
        done: list[Slot] = []
        try:
            while self.scheduler.tick().role == "waiting":
                self._stop.wait(0.5)
            self.worker.beat()
            while (slot := self.worker.work_one()) is not None:
                done.append(slot)
            self._chain.follow(self._scene.clock())
        finally:
            self.worker.stop()
            self.scheduler.stop()
        return done

    def follow_soon(self) -> None:
        """Something has moved: a pass of the chain is due, one for however many ask."""
        self.jobs.enqueue(FOLLOW, {}, key=FOLLOW)

    def _instant(self) -> datetime:
        scene = self._scene
        return scene.clock().replace(tzinfo=ZoneInfo(scene.catalog.project.zone)).astimezone(UTC)

    def _run(self) -> None:
        while not self._stop.wait(1.0):
            try:
                scene = self._current()
                if scene.catalog is not self._scene.catalog:
                    self._take_over(scene)
                    if self._followers is not None:
                        self._followers.start()
                self.scheduler.tick()
            except StateIsAway:
                log.warning("the state store is away; nothing is scheduled")
            except Exception:  # a tick that fails must not be the last
                log.exception("the scheduler stumbled")

    def _take_over(self, scene: Scene) -> None:
        """Work by these definitions from now on."""
        if self._followers is not None:
            self._followers.stop(5.0, monotonic)
        self._scene = scene
        self._chain = Chain(scene.catalog, scene.warehouse, self._store, known_modifiers(), scene.definition_version, self._push)
        self._intake_world = self._world_of(scene)
        self._followers = Followers(self._intake_world)
        self.scheduler.schedule([one for one in schedules_of(scene.catalog) if not self._is_pushed(one)])

    def _is_pushed(self, one: Schedule) -> bool:
        return one.work == INTAKE and is_followed(self._intake_world, one.subject.rpartition("/")[0])

    def _world_of(self, scene: Scene, now: datetime | None = None) -> IntakeWorld:
        """What a reading needs; up to an instant of the past where it makes up for a missed one."""
        return IntakeWorld(
            scene.catalog, scene.warehouse, self._store, self._connectors,
            lambda: surroundings(self._settings, now or scene.clock(), self._store), with_secrets(self._settings, self._store), self._instant,
            random.random, lambda moved: self.follow_soon(),
        )  # fmt: skip

    def _intake(self, slot: Slot) -> Skipped | None:
        scene = self._scene
        source, _, stream = slot.subject.rpartition("/")
        spec = scene.catalog.source(source)
        is_all = any(one.name == stream and one.missed == "all" for one in spec.streams) if spec is not None else False
        due = slot.due_at.astimezone(ZoneInfo(scene.catalog.project.zone)).replace(tzinfo=None)
        world = self._world_of(scene, due) if is_all else self._intake_world
        for read in read_stream(world, source, stream, slot_at=slot.due_at):
            if read.run is None:
                return Skipped(read.zh, read.en)
            if read.zh:
                raise SourceFellShort(read.zh, read.en)
        return None

    def _analysis(self, slot: Slot) -> None:
        scene = self._scene
        run_analysis(
            scene.catalog, scene.warehouse, slot.subject, scene.clock(), store=self._store,
            moved=lambda dataset, version, days: self.follow_soon(), slot_at=slot.due_at,
        )  # fmt: skip

    def _retain(self, slot: Slot) -> None:
        scene = self._scene
        yesterday = scene.clock().date() - timedelta(days=1)
        score_sources(scene.catalog, scene.warehouse, self._store, yesterday, self._instant())
        for volume in volumes(scene.catalog, scene.warehouse, yesterday):
            log.warning("%s", volume.en)
        for one in retain(scene.catalog, scene.warehouse, known_modifiers(), scene.clock()):
            log.info("%s: %s rows older than %s were removed%s", one.dataset, one.rows, one.since, f"; {one.en}" if one.en else "")
        forget_results(scene.warehouse, scene.clock())
        gone = collect(FolderStore(self._settings.var / "files"), self._store, scene.catalog, scene.warehouse, self._instant().timestamp())
        if gone:
            log.info("%d files that nothing names any more were removed", len(gone))
        forget_slots(self._store, self._instant() - KEEP_SLOTS)

    def _platform(self, slot: Slot) -> None:
        scene = self._scene
        if load_platform(scene.catalog, scene.warehouse, self._store):
            self.follow_soon()

    def _follow(self) -> None:
        self._stop.wait(GATHER)
        done = self._chain.follow(self._scene.clock())
        if done is not None:
            log.info(
                "%d datasets moved, %d indicators with them; %d states in %.2f s",
                len(done.moved),
                len(done.indicators),
                done.states,
                done.seconds,
            )


def work_unasked(settings: Settings, current: Callable[[], World], stack: ExitStack) -> Background | None:
    """Begin the background work of a server, which ends when the stack is closed; none where there is no state store."""
    store = current().store
    if store is None:
        log.warning("no state store is open: nothing is taken in by the clock")
        return None
    background = Background(settings, store, lambda: scene_of(current()))
    stack.callback(background.stop)
    background.start()
    return background


def scene_of(world: World) -> Scene:
    """What background work needs of the world."""
    return Scene(world.catalog, world.warehouse, world.clock, world.definition_version)
