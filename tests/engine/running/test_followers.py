"""Pushed rows are acknowledged after they are stored and not before; a follower stops at once, waits while paused, and begins anew."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.tables import table_of
from engine.connector import Following, RefusedRow, RowBatch, SourceFailed, Surroundings
from engine.loading.project import load_texts
from engine.parts import Part
from engine.running.cursors import cursor_of
from engine.running.first_load import load_city
from engine.running.followers import Follower, Followers
from engine.running.intake import intake
from engine.running.reading import IntakeWorld, Moved, read_stream
from engine.state.migrate import migrate
from engine.state.runs import runs_of
from engine.state.sources import pause_source, resume_source, source_state
from engine.state.store import Store, open_store
from engine.warehouse import Warehouse

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 1, 6, 1, tzinfo=UTC)
STREAM = "sources.feed/rows"
CATALOG = load_texts(
    {
        "project.yaml": "title: 试验\n",
        "sources/feed.source.yaml": (
            "title: 感知\nconnector: feed\nstreams:\n"
            "  - {name: rows, promised_delay: PT15M, accept_late: P1D, fields: [{from: deep, to: level, unit: mm}]}\n"
        ),
        "w/rows.dataset.yaml": (
            "title: 读数\nfrom: sources.feed/rows\none_row_is: 一次\nregion: public\ntimes: [{name: at, column: at, default: true}]\n"
            "columns:\n  - {name: n, title: 号, type: integer, required: true}\n  - {name: at, title: 时间, type: timestamp}\n"
            "  - {name: level, title: 水位, type: decimal, unit: m}\n"
        ),
        "w/copies.dataset.yaml": (
            "title: 副本\nfrom: sources.feed/rows\none_row_is: 一次\nregion: public\ncolumns: [{name: n, title: 号, type: integer}]\n"
        ),
    }
).catalog


class Nothing(Part, frozen=True):
    """No settings."""


class Pipe:
    """The world outside: what was sent, what was acknowledged, whether the line is dead."""

    def __init__(self) -> None:
        self.sent: list[list[dict[str, Any]]] = []
        self.acknowledged: list[str | None] = []
        self.rows_when_acknowledged: list[int] = []
        self.begun_at: list[str | None] = []
        self.is_dead = False
        self.count: Callable[[], int] = lambda: 0


PIPE = Pipe()


class Feed(Following, frozen=True):
    """A queue in memory that keeps what was not acknowledged; the cursor is the number of the batch."""

    tag: ClassVar[str] = "feed"
    stream: ClassVar[type[Struct]] = Nothing

    def follow(self, stream: Any, around: Surroundings, since: str | None, stop: threading.Event) -> Generator[RowBatch]:
        PIPE.begun_at.append(since)
        nth = int(since or 0)
        while not stop.wait(0.01):
            if PIPE.is_dead:
                raise SourceFailed("断了", "the line went dead")
            if len(PIPE.sent) > nth:
                rows = [row for row in PIPE.sent[nth] if "n" in row]
                refused = tuple(RefusedRow(1, str(row), "没有号", "it has no n") for row in PIPE.sent[nth] if "n" not in row)
                nth += 1
                yield RowBatch(pa.Table.from_pylist(rows), pa.array(range(len(rows)), pa.int64()), "feed", str(nth), refused)

    def stored(self, batch: RowBatch) -> None:
        PIPE.acknowledged.append(batch.cursor)
        PIPE.rows_when_acknowledged.append(PIPE.count())

    def check(self, around: Surroundings) -> None:
        """Always there."""


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store, duckdb_warehouse: Warehouse) -> IntakeWorld:
    global PIPE
    PIPE = Pipe()
    made = IntakeWorld(
        CATALOG, duckdb_warehouse, store, {"feed": Feed}, lambda: Surroundings(datetime(2026, 1, 6, 9)), {}, lambda: datetime.now(UTC),
        lambda: 0.0,
    )  # fmt: skip
    PIPE.count = lambda: held(made)
    return made


def held(world: IntakeWorld, id: str = "w.rows") -> int:
    dataset = CATALOG.dataset(id)
    assert dataset is not None
    state = world.warehouse.state(table_of(id, dataset))
    return state.rows if state is not None else 0


def send(*rows: dict[str, Any]) -> None:
    PIPE.sent.append(list(rows))


def row(n: int, minutes: int = 1) -> dict[str, Any]:
    return {"n": n, "at": datetime(2026, 1, 6, 9) - timedelta(minutes=minutes), "deep": 1500}


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(2000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


@pytest.fixture
def following(world: IntakeWorld) -> Iterator[Follower]:
    followers = Followers(world)
    followers.start()
    yield followers.all[0]
    assert followers.stop(5.0, time.monotonic)


def test_rows_are_acknowledged_when_every_dataset_of_the_stream_has_them(world: IntakeWorld, following: Follower) -> None:
    send(row(1), row(2))
    send(row(3))
    until(lambda: len(PIPE.acknowledged) == 2)
    assert PIPE.rows_when_acknowledged == [2, 3]
    assert (held(world), held(world, "w.copies")) == (3, 3)
    for id in ("w.rows", "w.copies"):
        cursor = cursor_of(world.warehouse, STREAM, id)
        assert cursor is not None and cursor.cursor == "2"


def test_what_was_stored_and_not_acknowledged_does_not_come_twice(world: IntakeWorld) -> None:
    send(row(1))
    for nth in (1, 2):
        followers = Followers(world)
        followers.start()
        until(lambda nth=nth: held(world) == 1 and len(PIPE.begun_at) == nth)  # type: ignore[misc]
        assert followers.stop(5.0, time.monotonic)
    send(row(2))
    followers = Followers(world)
    followers.start()
    until(lambda: held(world) == 2)
    assert followers.stop(5.0, time.monotonic)
    assert PIPE.begun_at == [None, "1", "1"]


def test_a_message_may_lack_a_column_and_one_without_its_number_is_set_aside(world: IntakeWorld, following: Follower) -> None:
    send({"n": 1, "at": datetime(2026, 1, 6, 9)}, {"at": datetime(2026, 1, 6, 9)})
    until(lambda: len(PIPE.acknowledged) == 1)
    assert held(world) == 1


def test_late_rows_are_taken_and_too_late_ones_set_aside(world: IntakeWorld, following: Follower) -> None:
    send(row(1), row(2, minutes=16), row(3, minutes=24 * 60 + 1))
    until(lambda: len(PIPE.acknowledged) == 1)
    assert (held(world), held(world, "w.copies")) == (2, 3)


def test_a_follower_begins_anew_after_failures_when_the_breaker_lets_it(world: IntakeWorld, following: Follower) -> None:
    send(row(1))
    until(lambda: held(world) == 1)
    PIPE.is_dead = True
    until(lambda: source_state(world.store, "sources.feed").standing == "open")
    assert source_state(world.store, "sources.feed").reason_en == "the line went dead"
    PIPE.is_dead = False
    send(row(2))
    resume_source(world.store, "sources.feed", "王工", "线路修好", NOW)
    until(lambda: held(world) == 2)
    assert {run.status for run in runs_of(world.store)} == {"failed", "running"}


def test_a_paused_source_is_let_go_and_followed_again_when_resumed(world: IntakeWorld, following: Follower) -> None:
    send(row(1))
    until(lambda: held(world) == 1)
    pause_source(world.store, "sources.feed", "王工", "割接", NOW)
    until(lambda: runs_of(world.store)[0].status == "done")
    send(row(2))
    time.sleep(0.1)
    assert held(world) == 1
    resume_source(world.store, "sources.feed", "王工", "完成", NOW)
    until(lambda: held(world) == 2)
    assert PIPE.begun_at == [None, "1"]


def test_who_waits_is_told_of_each_batch(world: IntakeWorld) -> None:
    told: list[Moved] = []
    followers = Followers(replace(world, moved=told.append))
    followers.start()
    send(row(1))
    until(lambda: len(told) == 2)
    assert followers.stop(5.0, time.monotonic)
    assert {one.dataset for one in told} == {"w.rows", "w.copies"}
    assert next(one.days for one in told if one.dataset == "w.rows") == frozenset({datetime(2026, 1, 6).date()})
    assert [(run.status, run.rows_in, run.rows_loaded) for run in runs_of(world.store)] == [("done", 1, 2)]


def test_a_pushed_stream_is_neither_read_by_the_first_load_nor_by_hand(world: IntakeWorld) -> None:
    send(row(1))
    first = load_city(CATALOG, world.warehouse, world.connectors, world.around(), {})
    assert (first.loaded, first.present, first.failed) == ((), (), ())
    assert {one.run for one in read_stream(world, "sources.feed", "rows", is_asked_for=True)} == {None}
    assert source_state(world.store, "sources.feed").failures == 0
    with pytest.raises(SourceFailed, match="chengmai serve"):
        intake(CATALOG, "w.rows", world.warehouse, world.connectors, world.around(), {})
