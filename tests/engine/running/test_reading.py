"""A reading is written down as a run; a source that is paused or keeps failing is left alone; lost columns stop it, new ones warn."""

import json
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from msgspec import Struct
from msgspec.structs import replace

from connectors.files import Files
from engine.compiling.tables import table_of
from engine.connector import Connector, RowBatch, SourceFailed, Surroundings
from engine.loading.project import load_texts
from engine.parts import Part
from engine.running.quarantine import QUARANTINE
from engine.running.reading import IntakeWorld, Moved, Read, read_stream, sample_rows, try_source
from engine.state.migrate import migrate
from engine.state.runs import runs_of
from engine.state.sources import forget_shape, pause_source, resume_source, shape_changes, source_acts, source_state
from engine.state.store import Store, open_store
from engine.warehouse import Warehouse

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 1, 6, 1, tzinfo=UTC)
WALL = datetime(2026, 1, 6, 9)
CATALOG = load_texts(
    {
        "project.yaml": "title: 试验\n",
        "sources/waste.source.yaml": (
            'title: 垃圾系统\nconnector: files\nsettings: {root: "."}\nstreams:\n'
            '  - {name: rows, read: {path: "*.csv"}, fields: [{from: gross - tare, to: net}]}\n'
            "  - {name: gone, read: {path: nothing.csv}}\n"
        ),
        "w/rows.dataset.yaml": (
            "title: 行\nfrom: sources.waste/rows\none_row_is: 一行\nkey: [id]\nregion: public\ncolumns:\n  - {name: id, title: 号, type: text}\n"
            "  - {name: net, title: 净重, type: decimal}\n  - {name: kind, title: 类, type: text}\n"
        ),
        "w/gone.dataset.yaml": (
            "title: 行\nfrom: sources.waste/gone\none_row_is: 一行\nregion: public\ncolumns: [{name: id, title: 号, type: text}]\n"
        ),
    }
).catalog  # fmt: skip


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store, duckdb_warehouse: Warehouse, tmp_path: Path) -> IntakeWorld:
    def around() -> Surroundings:
        return Surroundings(WALL, tmp_path)

    return IntakeWorld(CATALOG, duckdb_warehouse, store, {"files": Files}, around, {}, Clock(), lambda: 1.0)


def written(folder: Path, *lines: str) -> None:
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(world: IntakeWorld, stream: str = "rows", **how: Any) -> Read:
    [one] = read_stream(world, "sources.waste", stream, **how)
    return one


def rows(world: IntakeWorld, id: str = "w.rows") -> int:
    dataset = CATALOG.dataset(id)
    assert dataset is not None
    state = world.warehouse.state(table_of(id, dataset))
    return state.rows if state is not None else 0


def test_a_reading_is_a_run_with_its_counts_and_tells_who_waits(world: IntakeWorld, tmp_path: Path) -> None:
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a", "2,x,1,b", "3,1")
    told: list[Moved] = []
    done = read(replace(world, moved=told.append))
    [run] = runs_of(world.store, kind="intake")
    assert (run.status, run.subject, run.rows_in, run.rows_loaded, run.rows_set_aside) == ("done", "sources.waste/rows", 3, 1, 2)
    assert json.loads(run.detail or "")["dataset"] == "w.rows"
    assert [(one.dataset, one.version, one.trace) for one in told] == [("w.rows", 1, run.trace)]
    assert done.run == run
    assert source_state(world.store, "sources.waste").worked_at == NOW


def test_a_reading_without_news_moves_nothing(world: IntakeWorld, tmp_path: Path) -> None:
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a")
    read(world)
    told: list[Moved] = []
    done = read(replace(world, moved=told.append))
    assert done.result is not None
    assert (done.result.rows_in, done.result.version, told) == (0, 1, [])


def test_one_that_waits_and_fails_does_not_undo_the_reading(world: IntakeWorld, tmp_path: Path) -> None:
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a")

    def fail(moved: Moved) -> None:
        raise ZeroDivisionError

    assert read(replace(world, moved=fail)).result is not None
    assert rows(world) == 1


def test_three_failures_open_the_breaker_and_a_trial_after_the_pause_closes_it(world: IntakeWorld, tmp_path: Path) -> None:
    clock = world.clock
    assert isinstance(clock, Clock)
    for _ in range(3):
        assert "no file matches" in read(world, "gone").en
    state = source_state(world.store, "sources.waste")
    assert (state.standing, state.failures, state.retry_at) == ("open", 3, NOW + timedelta(seconds=30))
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a")
    kept_back = read(world)
    assert kept_back.run is None and "failed 3 times in a row" in kept_back.en
    clock.now = NOW + timedelta(seconds=30)
    assert read(world, "gone").run is not None
    assert source_state(world.store, "sources.waste").retry_at == clock.now + timedelta(seconds=60)
    clock.now += timedelta(seconds=60)
    assert read(world).result is not None
    state = source_state(world.store, "sources.waste")
    assert (state.standing, state.failures) == ("closed", 0)


def test_a_person_may_try_a_source_whose_breaker_is_open(world: IntakeWorld, tmp_path: Path) -> None:
    for _ in range(3):
        read(world, "gone")
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a")
    assert read(world, is_asked_for=True).result is not None


def test_a_trial_is_made_by_one_only(world: IntakeWorld, tmp_path: Path) -> None:
    clock = world.clock
    assert isinstance(clock, Clock)
    for _ in range(3):
        read(world, "gone")
    clock.now += timedelta(minutes=1)
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a")

    class Meanwhile(Files, frozen=True):
        """While the trial is under way somebody else asks."""

        tag: ClassVar[str] = "meanwhile"

        def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
            assert read(world).run is None
            return super().read(stream, around, since)

    assert read(replace(world, connectors={"files": Meanwhile})).result is not None


def test_a_paused_source_is_not_asked_by_anybody_and_says_who_paused_it_and_why(world: IntakeWorld, tmp_path: Path) -> None:
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a")
    pause_source(world.store, "sources.waste", "王工", "割接", NOW)
    kept_back = read(world, is_asked_for=True)
    assert (kept_back.run, kept_back.zh) == (None, "数据源已由 王工 暂停：割接")
    assert rows(world) == 0 and runs_of(world.store) == []
    resume_source(world.store, "sources.waste", "李工", "割接完成", NOW)
    assert read(world).result is not None
    acts = source_acts(world.store, "sources.waste")
    assert {(one.act, one.by_whom, one.why) for one in acts} == {("pause", "王工", "割接"), ("resume", "李工", "割接完成")}


@pytest.mark.parametrize("lost", ["tare", "kind", "id"])
def test_a_lost_column_that_fills_something_fails_the_run_and_nothing_is_loaded(world: IntakeWorld, tmp_path: Path, lost: str) -> None:
    names = ["id", "gross", "tare", "kind"]
    written(tmp_path, ",".join(names), "1,5,2,a")
    read(world)
    assert isinstance(world.clock, Clock)
    world.clock.now += timedelta(minutes=1)
    left = [name for name in names if name != lost]
    written(tmp_path, ",".join(left), "7,8,9")
    done = read(world, from_start=True)
    assert done.result is None and lost in done.en
    assert rows(world) == 1
    assert world.warehouse.state(QUARANTINE) is None
    assert runs_of(world.store, limit=1)[0].status == "failed"
    assert [(one.column_name, one.change) for one in shape_changes(world.store)] == [(lost, "vanished")]


def test_a_lost_column_is_told_once_until_it_changes_and_can_be_accepted(world: IntakeWorld, tmp_path: Path) -> None:
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a")
    read(world)
    written(tmp_path, "id,gross,tare,colour", "1,5,2,red")
    for _ in range(2):
        assert "the source has lost kind" in read(world, from_start=True).en
    found = [(one.column_name, one.change, one.is_mapped) for one in shape_changes(world.store)]
    assert sorted(found) == [("colour", "appeared", False), ("kind", "vanished", True)]
    assert forget_shape(world.store, "sources.waste/rows")
    assert read(world, from_start=True).result is not None


def test_a_new_column_and_a_lost_one_that_fills_nothing_only_warn(world: IntakeWorld, tmp_path: Path) -> None:
    written(tmp_path, "id,gross,tare,kind,colour", "1,5,2,a,red")
    read(world)
    written(tmp_path, "id,gross,tare,kind,size", "1,5,2,a,9")
    assert isinstance(world.clock, Clock)
    world.clock.now += timedelta(minutes=1)
    done = read(world, from_start=True)
    assert done.result is not None
    assert [(one.column, one.change) for one in done.changes] == [("colour", "vanished"), ("size", "appeared")]
    assert json.loads(runs_of(world.store, limit=1)[0].detail or "")["columns"][0]["zh"] == "列「colour」不见了"


def test_a_column_that_changes_its_type_is_told(world: IntakeWorld, tmp_path: Path) -> None:
    assert isinstance(world.connectors["files"], type)
    turns = iter(
        [pa.table({"id": ["1"], "gross": [5], "tare": [2], "kind": ["a"]}), pa.table({"id": [1], "gross": [5], "tare": [2], "kind": ["a"]})]
    )

    class Turning(Connector, frozen=True):
        """Another table each time."""

        tag: ClassVar[str] = "turning"
        stream: ClassVar[type[Struct]] = Anything
        root: str = "."

        def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
            yield RowBatch(next(turns), pa.array([1]), "turn")

    turning = replace(world, connectors={"files": Turning})
    read(turning)
    assert [(one.column, one.change, one.was, one.now_is) for one in read(turning).changes] == [("id", "retyped", "text", "integer")]


class Anything(Part, frozen=True):
    """Any settings of a stream."""

    path: str = ""


def test_an_intake_that_breaks_is_a_failed_run_and_counts_against_the_source(world: IntakeWorld) -> None:
    class Broken(Files, frozen=True):
        """Code with a fault."""

        tag: ClassVar[str] = "broken"

        def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
            raise ZeroDivisionError

    assert read(replace(world, connectors={"files": Broken})).en == "the intake broke: ZeroDivisionError"
    assert source_state(world.store, "sources.waste").failures == 1


def test_the_way_to_a_source_is_tried_and_its_first_rows_are_shown(world: IntakeWorld, tmp_path: Path) -> None:
    written(tmp_path, "id,gross,tare,kind", "1,5,2,a", "2,6,2,b")
    assert try_source(world, "sources.waste") is None
    assert sample_rows(world, "sources.waste", "rows", 1).to_pylist() == [{"id": "1", "gross": "5", "tare": "2", "kind": "a"}]
    with pytest.raises(SourceFailed, match="has no stream 'nothing'"):
        sample_rows(world, "sources.waste", "nothing")
