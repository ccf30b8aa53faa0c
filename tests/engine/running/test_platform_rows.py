"""The platform's own runs and slots come back as rows: each once, none before it has ended, and nothing moves when nothing has happened."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.question import Question
from engine.running.ask import ask
from engine.running.definitions import load_checked
from engine.running.platform_rows import load_platform
from engine.state.runs import begin_run, end_run
from engine.state.scores import Score, keep_score
from engine.state.slots import Schedule
from engine.state.store import Store
from engine.warehouse import Warehouse
from tests.engine.running.scheduling import Clock, does_nothing, empty_store, scheduler_of, worker_of

pytestmark = pytest.mark.postgres
DEFINITIONS = Path(__file__).parents[3] / "definitions"
AT = datetime(2026, 5, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_checked(DEFINITIONS).catalog


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    with empty_store(postgres_dsn) as opened:
        yield opened


@pytest.fixture
def empty(catalog: Catalog, duckdb_warehouse: Warehouse) -> Warehouse:
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        assert dataset is not None
        duckdb_warehouse.create(table_of(id, dataset))
    return duckdb_warehouse


def ran(store: Store, seconds: float, minute: int, *, is_done: bool = True) -> None:
    begun = AT + timedelta(minutes=minute)
    run = begin_run(store, "refresh", "*", begun)
    if is_done:
        end_run(store, run, replace(run, status="done", ended_at=begun + timedelta(seconds=seconds)))


def value(catalog: Catalog, warehouse: Warehouse, id: str) -> object:
    (answer,) = ask(catalog, warehouse, [Question(indicators=(id,))])
    assert answer.frame is not None, answer.findings
    (row,) = answer.frame.rows()
    return row[answer.frame.of_role("value")[0].name]


def test_runs_that_have_ended_are_rows_on_the_project_s_clock(catalog: Catalog, store: Store, empty: Warehouse) -> None:
    ran(store, 1, 0)
    ran(store, 2, 1)
    ran(store, 9, 2)
    ran(store, 100, 3, is_done=False)
    assert load_platform(catalog, empty, store) == {"platform.runs": 3}
    assert value(catalog, empty, "platform.refresh_seconds") == 2
    dataset = catalog.dataset("platform.runs")
    assert dataset is not None
    state = empty.state(table_of("platform.runs", dataset))
    assert state is not None and state.watermark == datetime(2026, 5, 1, 10, 2, 9)


def test_what_was_loaded_moves_nothing_and_what_ends_later_is_added_once(catalog: Catalog, store: Store, empty: Warehouse) -> None:
    ran(store, 1, 0)
    load_platform(catalog, empty, store)
    assert load_platform(catalog, empty, store) == {}
    ran(store, 3, 5)
    load_platform(catalog, empty, store)
    assert load_platform(catalog, empty, store) == {}
    assert value(catalog, empty, "platform.refresh_seconds") == 2


def test_slots_tell_their_source_and_how_late_they_were_done(catalog: Catalog, store: Store, empty: Warehouse) -> None:
    clock = Clock()
    leader = scheduler_of(store, clock, "one", Schedule("intake", "sources.waste/weighings", "PT5M", "all"))
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    worker = worker_of(store, clock, does_nothing)
    worker.work_one()
    clock.on(minutes=7)  # the slot of ten past is done two minutes late
    leader.tick()
    worker.work_one()
    assert load_platform(catalog, empty, store) == {"platform.slots": 2}
    assert value(catalog, empty, "platform.on_time") == 50.0
    assert clock.now().tzinfo == ZoneInfo("Asia/Shanghai")


def test_scores_of_sources_are_rows_and_a_day_that_is_scored_again_replaces_itself(catalog: Catalog, store: Store, empty: Warehouse) -> None:
    day = AT.date()
    keep_score(store, Score("sources.waste", day, 50.0, 100, 50, 0, 0, 50, None, "合格", "sound", AT))
    assert load_platform(catalog, empty, store) == {"platform.quality": 1}
    keep_score(store, Score("sources.waste", day, 95.0, 100, 95, 0, 0, 5, None, "合格", "sound", AT))
    keep_score(store, Score("sources.waste", day + timedelta(days=1), 95.0, 100, 95, 0, 0, 5, None, "合格", "sound", AT))
    assert load_platform(catalog, empty, store) == {"platform.quality": 2}
    assert load_platform(catalog, empty, store) == {}
    assert value(catalog, empty, "platform.set_aside_share") == 5
