"""Each source's day is scored by what came: sound, in time, as much as usual; every part is said."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from engine.connector import RowBatch
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.daily_score import score_sources, volumes
from engine.running.intake import take_in
from engine.running.taking import Terms
from engine.state.migrate import migrate
from engine.state.scores import scores_of
from engine.state.store import Store, open_store
from engine.warehouse import Warehouse

pytestmark = pytest.mark.postgres
DAY = date(2026, 1, 6)
NOW = datetime(2026, 1, 7, tzinfo=UTC)
PROJECT = {
    "project.yaml": "title: 试验\n",
    "sources/waste.source.yaml": """
title: 垃圾系统
connector: files
settings: {root: "."}
streams: [{name: bills, read: {path: "*.csv"}, identity: [bill], promised_delay: PT1H}]
""",
    "sources/quiet.source.yaml": "title: 安静\nconnector: files\nsettings: {root: '.'}\nstreams: [{name: none, read: {path: x.csv}}]\n",
    "waste/bills.dataset.yaml": """
title: 过磅
from: sources.waste/bills
one_row_is: 一次过磅
key: [bill]
region: public
times: [{name: at, column: at, default: true, day_starts: "04:00"}]
columns:
  - {name: bill, title: 单号, type: text}
  - {name: at, title: 时间, type: timestamp}
  - {name: ton, title: 净重, type: float, unit: t}
quality:
  - {rule: range, column: ton, min: 0, max: 60}
  - {rule: volume, against: same_weekday, within: [0.5, 1.5], else: warn}
""",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded = load_texts(PROJECT)
    assert loaded.findings == ()
    return loaded.catalog


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


def sent(catalog: Catalog, warehouse: Warehouse, day: date, good: int, bad: int = 0, late: int = 0) -> None:
    """Rows of nine o'clock come at half past; late ones tell of five."""
    noon = datetime(day.year, day.month, day.day, 9)
    kinds = [("g", 5, noon)] * good + [("b", 500, noon)] * bad + [("l", 5, noon - timedelta(hours=4))] * late
    rows = [{"bill": f"{day}{kind}{n}", "at": str(at), "ton": ton} for n, (kind, ton, at) in enumerate(kinds)]
    batch = RowBatch(pa.Table.from_pylist(rows), pa.array(range(len(rows)), pa.int64()), f"{day}.csv")
    take_in(catalog, "waste.bills", [batch], warehouse, Terms(now=noon + timedelta(minutes=30), mode="upsert"))


def test_a_day_is_scored_by_sound_timely_and_complete_rows(catalog: Catalog, warehouse: Warehouse, store: Store) -> None:
    for week in (1, 2):
        sent(catalog, warehouse, DAY - timedelta(weeks=week), 100)
        score_sources(catalog, warehouse, store, DAY - timedelta(weeks=week), NOW)
    sent(catalog, warehouse, DAY, good=32, bad=10, late=8)
    quiet, waste = score_sources(catalog, warehouse, store, DAY, NOW)
    assert (waste.rows_in, waste.loaded, waste.late, waste.quarantined, waste.expected) == (50, 40, 8, 10, 100)
    assert waste.score == 50 * 0.8 + 25 * 0.8 + 25 * 0.5
    assert waste.said_zh == "合格 80.0%；及时 80.0%；齐全 50.0%；「过磅」2026-01-06 有 40 行，往常同一星期几有 100 行"
    assert (quiet.score, quiet.said_zh) == (None, "没有到达的行，也不知道该有多少")


def test_a_source_that_falls_silent_scores_nothing_and_a_day_can_be_scored_again(
    catalog: Catalog, duckdb_warehouse: Warehouse, store: Store
) -> None:
    sent(catalog, duckdb_warehouse, DAY - timedelta(weeks=1), 10)
    score_sources(catalog, duckdb_warehouse, store, DAY - timedelta(weeks=1), NOW)
    assert [one.score for one in score_sources(catalog, duckdb_warehouse, store, DAY, NOW)] == [None, 0.0]
    sent(catalog, duckdb_warehouse, DAY, 10)
    score_sources(catalog, duckdb_warehouse, store, DAY, NOW)
    assert [one.score for one in scores_of(store, source="sources.waste")] == [100.0, 100.0]


def test_the_volume_of_a_business_day_is_held_against_its_weekday(catalog: Catalog, duckdb_warehouse: Warehouse) -> None:
    for week, rows in ((0, 16), (1, 10), (2, 10)):
        sent(catalog, duckdb_warehouse, DAY - timedelta(weeks=week), rows)
    [odd] = volumes(catalog, duckdb_warehouse, DAY)
    assert (odd.rows, odd.usual) == (16, 10)
    assert volumes(catalog, duckdb_warehouse, DAY - timedelta(weeks=1)) == []
    assert volumes(catalog, duckdb_warehouse, DAY - timedelta(weeks=2)) == []
