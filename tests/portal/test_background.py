"""A process that works unasked: what is due is taken in, states follow, results are kept; nothing is done twice, nothing forgotten."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from msgspec.structs import replace

from engine.loading.catalog import Catalog
from engine.running.chain import Followed
from engine.running.definitions import load_checked
from engine.running.history import history_of
from engine.state.migrate import migrate
from engine.state.runs import runs_of
from engine.state.scores import scores_of
from engine.state.slots import slots_of
from engine.state.store import Store, open_store
from engine.warehouse import Warehouse
from portal import wiring
from portal.background import Background, Scene

pytestmark = pytest.mark.postgres
EIGHT = datetime(2026, 5, 1, 8, 2)
TEXTS = {
    "project.yaml": "title: 小城\n",
    "sources/plants.source.yaml": """title: 处理设施
connector: simulator
settings: {seed: 7}
streams:
  - {name: readings, read: {stream: plant_readings, days: 1}, every: PT10M, identity: [facility_id, read_at]}
  - {name: furnaces, read: {stream: furnace_temperatures, days: 1}, every: PT5M, missed: all, identity: [facility_id, line_no, at]}
""",
    "plants/readings.dataset.yaml": """title: 贮坑读数
one_row_is: 一次读数
from: sources.plants/readings
columns:
  - {name: facility_id, title: 设施, type: text}
  - {name: read_at, title: 时间, type: timestamp}
  - {name: stock_ton, title: 存量, type: decimal, unit: t}
key: [facility_id, read_at]
times: [{name: read_at, column: read_at, default: true}]
region: public
states:
  - {name: hour, grain: hour, by: [], of: [plants.count]}
""",
    "plants/furnaces.dataset.yaml": """title: 炉温
one_row_is: 一次测温
from: sources.plants/furnaces
columns:
  - {name: facility_id, title: 设施, type: text}
  - {name: line_no, title: 线, type: integer}
  - {name: at, title: 时间, type: timestamp}
key: [facility_id, line_no, at]
times: [{name: at, column: at, default: true}]
region: public
""",
    "plants/count.indicator.yaml": "title: 读数次数\ndataset: plants.readings\nmeasure: {agg: count}\nunit: 次\ngrain: day\n",
    "plants/furnace_count.indicator.yaml": "title: 测温次数\ndataset: plants.furnaces\nmeasure: {agg: count}\nunit: 次\ngrain: day\n",
}


class Clock:
    """A wall clock that is put on by hand."""

    def __init__(self) -> None:
        self.now = EIGHT

    def __call__(self) -> datetime:
        return self.now

    def on(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for name, text in TEXTS.items():
        path = tmp_path / "definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    checked = load_checked(tmp_path / "definitions")
    assert {finding.code for finding in checked.findings} <= {"unproved"}
    return checked.catalog


@pytest.fixture
def clock() -> Clock:
    return Clock()


def background(tmp_path: Path, store: Store, catalog: Catalog, warehouse: Warehouse, clock: Clock, *push: object) -> Background:
    settings = wiring.read_settings({}, tmp_path / "definitions", tmp_path / "var")
    scene = Scene(catalog, warehouse, clock, "v1")
    return Background(settings, store, lambda: scene, tuple(push))  # type: ignore[arg-type]


def rows(warehouse: Warehouse, catalog: Catalog, id: str) -> int:
    from engine.compiling.tables import table_of

    dataset = catalog.dataset(id)
    state = warehouse.state(table_of(id, dataset)) if dataset is not None else None
    return state.rows if state is not None else 0


def test_one_pass_takes_in_what_is_due_and_the_chain_follows(
    tmp_path: Path, store: Store, catalog: Catalog, duckdb_warehouse: Warehouse, clock: Clock
) -> None:
    told: list[Followed] = []
    assert background(tmp_path, store, catalog, duckdb_warehouse, clock, told.append).once() == []
    clock.on(minutes=10)
    done = background(tmp_path, store, catalog, duckdb_warehouse, clock, told.append).once()
    taken = [(slot.subject.partition("/")[2], slot.due_at.minute, slot.status) for slot in done if slot.work == "intake"]
    assert sorted(taken) == [("furnaces", 5, "done"), ("furnaces", 10, "done"), ("readings", 10, "done")]
    (followed,) = told
    assert set(followed.moved) >= {"plants.readings", "plants.furnaces"}
    assert set(followed.indicators) >= {"plants.count", "plants.furnace_count"}
    assert next(value["value"] for value in history_of(duckdb_warehouse, "plants.count")) is not None
    assert {run.subject for run in runs_of(store, kind="intake")} == {"sources.plants/readings", "sources.plants/furnaces"}
    assert all(run.slot_at is not None for run in runs_of(store, kind="intake"))


def test_by_night_the_day_before_is_scored(
    tmp_path: Path, store: Store, catalog: Catalog, duckdb_warehouse: Warehouse, clock: Clock
) -> None:
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    clock.on(minutes=10)
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    clock.on(hours=20)
    night = background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    assert ("retain", "done") in {(slot.work, slot.status) for slot in night}
    (score,) = scores_of(store, source="sources.plants")
    assert (score.day, score.quarantined) == (EIGHT.date(), 0)
    assert score.rows_in == score.loaded > 0


def test_a_missed_window_is_read_up_to_its_own_time(
    tmp_path: Path, store: Store, catalog: Catalog, duckdb_warehouse: Warehouse, clock: Clock
) -> None:
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    clock.on(minutes=21)
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    windows = slots_of(store, subject="sources.plants/furnaces")
    latest = slots_of(store, subject="sources.plants/readings")
    assert [(slot.due_at.minute, slot.status) for slot in windows] == [(20, "done"), (15, "done"), (10, "done"), (5, "done")]
    assert [(slot.due_at.minute, slot.status) for slot in latest] == [(20, "done"), (10, "skipped")]


def test_a_pass_without_news_does_nothing_and_news_after_a_death_are_found(
    tmp_path: Path, store: Store, catalog: Catalog, duckdb_warehouse: Warehouse, clock: Clock
) -> None:
    told: list[Followed] = []
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    clock.on(minutes=10)
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    background(tmp_path, store, catalog, duckdb_warehouse, clock, told.append).once()
    assert told == []
    store.run("DELETE FROM followed_versions")  # as if it had died before it wrote down how far it went
    background(tmp_path, store, catalog, duckdb_warehouse, clock, told.append).once()
    (followed,) = told
    assert followed.states == 0, "the states were true already"
    assert len({(row["period"], row["dataset_versions"]) for row in history_of(duckdb_warehouse, "plants.count")}) == len(
        history_of(duckdb_warehouse, "plants.count")
    )


def test_a_running_process_lets_numbers_move_as_time_goes_by_and_stops_in_good_order(
    tmp_path: Path, store: Store, catalog: Catalog, duckdb_warehouse: Warehouse, clock: Clock
) -> None:
    moved = threading.Event()
    running = background(tmp_path, store, catalog, duckdb_warehouse, clock, lambda done: moved.set())
    running.start()
    try:
        until = monotonic() + 30
        while not store.rows("SELECT 1 FROM schedules") and monotonic() < until:
            sleep(0.1)
        clock.on(minutes=10)
        assert moved.wait(30)
    finally:
        running.stop()
    assert rows(duckdb_warehouse, catalog, "plants.furnaces") > 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("worker", "scheduler", "jobs"))]


def test_a_source_that_fails_is_told_in_its_slot(
    tmp_path: Path, store: Store, catalog: Catalog, duckdb_warehouse: Warehouse, clock: Clock
) -> None:
    source = catalog.source("sources.plants")
    assert source is not None
    broken = replace(source, connector="nowhere")
    key = ("source", "sources.plants")
    catalog.definitions[key] = replace(catalog.definitions[key], spec=broken)  # type: ignore[index]
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    clock.on(minutes=10)
    background(tmp_path, store, catalog, duckdb_warehouse, clock).once()
    (slot,) = slots_of(store, subject="sources.plants/readings")
    assert slot.status == "waiting"
    assert slot.reason_zh is not None and slot.reason_zh.startswith("没有连接器「nowhere」")
