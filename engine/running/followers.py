"""Streams that are pushed: a thread for each takes in what comes, acknowledges what is stored, and begins anew when it fails."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count

import msgspec
from msgspec.structs import replace

from engine.connector import Following, RowBatch, SourceFailed, stream_of
from engine.running.cursors import Cursor, Overtaken, cursor_of, mark_of
from engine.running.intake import opened, store
from engine.running.reading import (
    KIND,
    IntakeWorld,
    ShapeWatch,
    held_up,
    may_begin,
    note_failure,
    note_success,
    streams_of,
    tell_moved,
)
from engine.running.reading import is_followed as is_followed  # who asks for followers asks this too
from engine.running.taking import Taking, Terms, stream_for
from engine.state.runs import Run, begin_run, end_run
from engine.state.sources import source_state
from engine.state.store import StateIsAway
from engine.warehouse import LoadMode

log = logging.getLogger("chengmai")
WORKS = 5  # glances after which a source that has not failed is said to work
ROLL = timedelta(hours=1)  # a run that goes on and on is written down by the hour
GLANCE = 1.0  # seconds between two looks at whether the source is paused


class Follower:
    """Follows one stream for all datasets that are filled from it (推送取数)."""

    def __init__(self, world: IntakeWorld, source: str, stream: str, datasets: Sequence[str]) -> None:
        self._world, self.source, self.stream, self.datasets = world, source, stream, tuple(datasets)
        self.name = f"{source}/{stream}"
        self._stop, self._pause = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follow {self.name}", daemon=True)
        self.stored_rows = 0

    def start(self) -> None:
        """Begin to follow, in a thread."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Take no more; `join` waits for what is under way."""
        self._stop.set()
        self._pause.set()

    def join(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if may_begin(self._world, self.source, is_asked_for=False) is not None:
                    self._stop.wait(GLANCE)
                    continue
                self._follow()
            except StateIsAway:
                log.warning("%s is not followed while the state store is away", self.name)
                self._stop.wait(GLANCE)
            except Exception:
                log.exception("following %s broke", self.name)
                self._stop.wait(GLANCE)

    def _follow(self) -> None:
        """One connection, until it is to stop, the source fails or is paused."""
        self._pause.clear()
        if self._stop.is_set():  # asked between two connections
            return
        session = _Session(self._world, self.name)
        zh = en = ""
        try:
            self._take_all(session)
        except Overtaken:
            zh, en = "另一个进程也在取这个数据流", "another process takes in this stream too"
            note_failure(self._world, self.source, zh, en)
        except SourceFailed as failure:
            zh, en = failure.zh, failure.en
            note_failure(self._world, self.source, zh, en)
        except StateIsAway:
            raise
        except Exception as error:
            log.exception("following %s broke", self.name)
            zh, en = f"取数出错：{type(error).__name__}", f"the intake broke: {type(error).__name__}"
            note_failure(self._world, self.source, zh, en)
        session.end(zh, en)
        if zh:
            self._stop.wait(GLANCE)

    def _take_all(self, session: "_Session") -> None:
        world = self._world
        source = world.catalog.source(self.source)
        assert source is not None
        _, by = stream_for(world.catalog, self.datasets[0])
        connector, read = opened(source, by, world.connectors, world.environment)
        assert isinstance(connector, Following)
        held = {id: cursor_of(world.warehouse, self.name, id) for id in self.datasets}
        watching = threading.Thread(target=self._watch_pause, name=f"pause of {self.name}", daemon=True)
        watching.start()
        try:
            with closing(connector.follow(stream_of(connector, read), world.around(), _agreed(held), self._pause)) as batches:
                for batch in batches:
                    before, takings = self._stored(batch, held, mark_of(read), session)
                    connector.stored(batch)
                    self._told(takings, before, session)
                    if self._pause.is_set():
                        break
        finally:
            self._pause.set()
            watching.join()

    def _stored(
        self, batch: RowBatch, held: dict[str, Cursor | None], reads: str, session: "_Session"
    ) -> tuple[dict[str, int], list[Taking]]:
        """Store a batch for every dataset of the stream in one transaction; the versions of the datasets before it."""
        world, takings, before = self._world, list[Taking](), dict[str, int]()
        now = world.around().now
        batch = replace(batch, is_sparse=True)  # a message leaves out what it has no value for
        for id in self.datasets:
            mode: LoadMode = "upsert" if stream_for(world.catalog, id)[0].key else "append"
            begun = held[id]
            terms = Terms(now, mode, is_resumed=True, begun_at=begun.cursor if begun else None, reads=reads)
            takings.append(Taking(world.catalog, id, world.warehouse, terms))
            before[id] = takings[-1].state.version if takings[-1].state is not None else 0
            takings[-1].add(batch)
        session.watch.look(takings[0])
        store(takings, world.warehouse)
        for taking in takings:
            if taking.cursor is not None:
                held[taking.id] = Cursor(taking.cursor, 0, reads, now)
        return before, takings

    def _told(self, takings: list[Taking], before: dict[str, int], session: "_Session") -> None:
        """Write down what was stored and acknowledged, and tell who waits for it."""
        self.stored_rows += sum(one.loaded for one in takings)
        session.add(takings)
        for one in takings:
            tell_moved(self._world, one.id, before[one.id], session.run.trace)

    def _watch_pause(self) -> None:
        """Set `_pause` once somebody has paused the source; a source that has held for a while works, though it sends nothing."""
        for glance in count(1):
            if self._pause.wait(GLANCE):
                return
            try:
                if glance % WORKS == 0:
                    note_success(self._world, self.source)
                state = source_state(self._world.store, self.source)
                if state.paused_at is not None and held_up(state, self._world.clock()) is not None:
                    self._pause.set()
            except StateIsAway:
                continue  # the rows go on; the state store is looked at again


class _Session:
    """The run of a follower, rolled over by the hour (推送运行)."""

    def __init__(self, world: IntakeWorld, name: str) -> None:
        self._world, self._name = world, name
        self._begin()
        self.watch = ShapeWatch(world, name, self.run.id)

    def _begin(self) -> None:
        self.run: Run = begin_run(self._world.store, KIND, self._name, self._world.clock())
        self._in = self._loaded = self._aside = 0
        self._cursor: str | None = None

    def add(self, takings: Sequence[Taking]) -> None:
        """Count what was stored."""
        self.watch.remember()
        self._in += takings[0].rows_in
        self._loaded += sum(one.loaded for one in takings)
        self._aside += sum(one.quarantined for one in takings)
        self._cursor = takings[0].cursor or self._cursor
        if self._world.clock() - self.run.started_at > ROLL:
            self.end("", "")
            self._begin()

    def end(self, zh: str, en: str) -> None:
        """Write down how it went; with a reason it has failed."""
        ended: datetime = self._world.clock()
        detail = msgspec.json.encode({"cursor": self._cursor, "is_followed": True}).decode()
        end_run(
            self._world.store, self.run,
            replace(
                self.run, status="failed" if zh else "done", ended_at=ended, rows_in=self._in, rows_loaded=self._loaded,
                rows_set_aside=self._aside, reason_zh=zh or None, reason_en=en or None, detail=detail,
            ),
        )  # fmt: skip


def _agreed(held: dict[str, Cursor | None]) -> str | None:
    """Datasets of a stream are stored together, so they agree; one that is new joins where the others are."""
    return next((one.cursor for one in held.values() if one is not None), None)


class Followers:
    """All streams that are pushed (推送数据流)."""

    def __init__(self, world: IntakeWorld) -> None:
        self.all = [
            Follower(world, source, stream, datasets)
            for source, stream, datasets in streams_of(world.catalog)
            if is_followed(world, source)
        ]

    def start(self) -> None:
        """Begin to follow each in a thread of its own."""
        for one in self.all:
            one.start()

    def stop(self, seconds: float, monotonic: Callable[[], float]) -> bool:
        """Take no more, finish what is under way; whether all has ended within so many seconds."""
        for one in self.all:
            one.ask_to_stop()
        until = monotonic() + seconds
        left = [one for one in self.all if not one.join(max(0.0, until - monotonic()))]  # each is waited for
        return not left
