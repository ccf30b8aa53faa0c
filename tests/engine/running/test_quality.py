"""Rules that rows must keep: each in words of the business, against rows of this reading and rows that lie there already."""

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engine.connector import RowBatch
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.intake import IntakeResult, take_in
from engine.running.taking import Terms
from engine.warehouse import Warehouse
from tests.engine.running.loaded_rows import lines_of, rows_of

NOW = datetime(2026, 1, 6, 9)
PROJECT = {
    "project.yaml": "title: 试验\n",
    "sources/grid.source.yaml": """
title: 监测
connector: files
settings: {root: "."}
streams:
  - {name: readings, read: {path: "*.csv"}, identity: [id], crs: WGS-84}
""",
    "grid/kinds.dimension.yaml": """
title: 类别
codes:
  - {code: wet, title: 餐厨, until: 2020-05-01}
  - {code: kitchen, title: 厨余, from: 2020-05-01}
  - {code: "07", title: 餐厨, from: 2025-01-01}
  - {code: other, title: 其他}
""",
    "grid/readings.dataset.yaml": """
title: 读数
from: sources.grid/readings
one_row_is: 一次读数
key: [id]
region: public
geometry: [lon, lat]
times: [{name: at, column: at, default: true}]
columns:
  - {name: id, title: 编号, type: text}
  - {name: at, title: 时间, type: timestamp, required: true}
  - {name: sensor, title: 测点, type: text}
  - {name: pressure, title: 压力, type: float, unit: MPa}
  - {name: seal, title: 封签, type: text}
  - {name: kind, title: 类别, type: text, dimension: grid.kinds}
  - {name: lon, title: 经度, type: float}
  - {name: lat, title: 纬度, type: float}
quality:
  - {rule: unique, column: seal}
  - {rule: rate_of_change, column: pressure, same: [sensor], min: -0.2, max: 0.2, per: PT1M, gap: PT10M}
  - {rule: geometry, box: [115.4, 39.4, 117.6, 41.1]}
  - {rule: range, column: pressure, min: 0, max: 5, reason: "压力表不会到 {value} 兆帕"}
""",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded = load_texts(PROJECT)
    assert loaded.findings == ()
    return loaded.catalog


def minute(n: float) -> str:
    return str(datetime(2026, 1, 6, 8) + timedelta(minutes=n))


def taken(catalog: Catalog, warehouse: Warehouse, *batches: list[dict[str, Any]], now: datetime = NOW) -> IntakeResult:
    given = [
        RowBatch(pa.Table.from_pylist(rows), pa.array(range(1, 1 + len(rows)), pa.int64()), "r.csv", is_sparse=True) for rows in batches
    ]
    return take_in(catalog, "grid.readings", given, warehouse, Terms(now=now, mode="upsert"))


def loaded(catalog: Catalog, warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for row in rows_of(catalog, warehouse, "grid.readings")]


def reasons(warehouse: Warehouse) -> list[tuple[int, str, str]]:
    return [(line["row_number"], line["rule"], line["reason_zh"]) for line in lines_of(warehouse)]


def reading(id: str, n: float, pressure: float, **more: Any) -> dict[str, Any]:
    return {"id": id, "at": minute(n), "sensor": "s1", "pressure": pressure, **more}


def test_a_reading_that_leaps_is_set_aside_and_is_no_measure_for_the_next(catalog: Catalog, warehouse: Warehouse) -> None:
    taken(catalog, warehouse, [reading("a", 0, 1.0), reading("b", 1, 1.9), reading("c", 2, 1.1), reading("d", 2, 1.9, sensor="s2")])
    assert loaded(catalog, warehouse, "id") == [("a",), ("c",), ("d",)]
    assert reasons(warehouse) == [(2, "rate_of_change", "「压力」变到 1.9 太快：每 PT1M 的变化应不小于 -0.2、不大于 0.2")]


def test_a_leap_is_seen_across_batches_and_against_stored_rows_in_any_order(catalog: Catalog, warehouse: Warehouse) -> None:
    taken(catalog, warehouse, [reading("a", 0, 1.0)], [reading("b", 1, 2.0)])
    taken(catalog, warehouse, [reading("e", 5, 4.0), reading("c", 2, 1.3)])
    assert loaded(catalog, warehouse, "id") == [("a",), ("c",)]
    assert [(number, rule) for number, rule, _ in reasons(warehouse)] == [(1, "rate_of_change"), (1, "rate_of_change")]


def test_rows_further_apart_than_the_gap_and_a_row_that_comes_again_are_not_compared(catalog: Catalog, warehouse: Warehouse) -> None:
    taken(catalog, warehouse, [reading("a", 0, 1.0), reading("b", 11, 4.9)])
    taken(catalog, warehouse, [reading("b", 11, 4.0)])
    assert loaded(catalog, warehouse, "id", "pressure") == [("a", 1.0), ("b", 4.0)]


def test_a_second_row_of_the_same_value_is_repeated_in_a_batch_between_batches_and_in_the_warehouse(
    catalog: Catalog, warehouse: Warehouse
) -> None:
    taken(catalog, warehouse, [reading("a", 0, 1, seal="x"), reading("b", 0, 1, seal="x")], [reading("c", 0, 1, seal="x")])
    taken(catalog, warehouse, [reading("d", 0, 1, seal="x"), reading("a", 0, 1, seal="x"), reading("e", 0, 1), reading("f", 0, 1)])
    assert loaded(catalog, warehouse, "id") == [("a",), ("e",), ("f",)]
    assert {reason for _, _, reason in reasons(warehouse)} == {"「封签」x 重复"}


def test_more_values_than_are_asked_one_by_one_are_still_compared_with_stored_rows(catalog: Catalog, duckdb_warehouse: Warehouse) -> None:
    taken(catalog, duckdb_warehouse, [reading(f"a{n}", 0, 1, seal=f"{n:05}") for n in range(0, 6000, 3)])
    result = taken(catalog, duckdb_warehouse, [reading(f"b{n}", 0, 1, seal=f"{n:05}") for n in range(0, 6000, 2)])
    assert (result.loaded, result.quarantined) == (2000, 1000)


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ({"lon": 39.9, "lat": 116.4}, "经度和纬度写反了：39.9,116.4"),
        ({"lon": 121.5, "lat": 31.2}, "坐标 121.5,31.2 在范围（115.4～117.6，39.4～41.1）以外"),
        ({"lon": 0.0, "lat": 0.0}, "坐标是 0,0，等于没有定位"),
        ({"lon": 116.4, "lat": None}, "坐标只有一半：116.4,"),
        ({"lon": 11640.0, "lat": 39.9}, "坐标 11640,39.9 不在地球上"),
    ],
)
def test_a_point_that_cannot_be_is_told_why(catalog: Catalog, duckdb_warehouse: Warehouse, point: dict[str, float], reason: str) -> None:
    taken(catalog, duckdb_warehouse, [reading("a", 0, 1, **point), reading("b", 0, 1, lon=116.4, lat=39.9), reading("c", 0, 1)])
    assert loaded(catalog, duckdb_warehouse, "id") == [("b",), ("c",)]
    assert reasons(duckdb_warehouse) == [(1, "geometry", reason)]


def test_the_authors_own_words_are_said_with_the_value(catalog: Catalog, duckdb_warehouse: Warehouse) -> None:
    taken(catalog, duckdb_warehouse, [reading("a", 0, 7.5)])
    assert reasons(duckdb_warehouse) == [(1, "range", "压力表不会到 7.5 兆帕")]


def test_a_code_is_judged_by_the_rows_own_day(catalog: Catalog, duckdb_warehouse: Warehouse) -> None:
    days = ["2020-04-30", "2020-05-01", "2020-04-30", "2025-01-01", "2021-01-01", "2021-01-01", ""]
    kinds = ["餐厨", "厨余", "kitchen", "餐厨", "餐厨", "wat", "wet"]
    rows = [{"id": str(n), "at": day, "kind": kind} for n, (day, kind) in enumerate(zip(days, kinds, strict=True))]
    taken(catalog, duckdb_warehouse, rows)
    assert loaded(catalog, duckdb_warehouse, "id", "kind") == [("0", "wet"), ("1", "kitchen"), ("3", "07")]
    assert reasons(duckdb_warehouse) == [
        (3, "code", "「类别」的代码 kitchen（2020-05-01～） 在这一行的日期不可用"),
        (5, "code", "「类别」的代码 餐厨（～2020-05-01；2025-01-01～） 在这一行的日期不可用"),
        (6, "code", "「类别」没有代码 wat"),
        (7, "not_null", "缺少「时间」"),
    ]
