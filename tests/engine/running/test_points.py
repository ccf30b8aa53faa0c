"""Points in four systems of coordinates become one, and find the area they lie in."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connector import RowBatch, SourceFailed
from engine.kinds.dataset import Area
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.areas import areas_at, outlines
from engine.running.coordinates import Crs, as_stored, metres_between, written_in
from engine.running.intake import take_in
from engine.running.taking import Terms
from engine.warehouse import Warehouse
from tests.engine.running.loaded_rows import lines_of, rows_of

NOW = datetime(2026, 1, 6, 9)
SQUARES = {
    "west": [[[116.0, 39.0], [117.0, 39.0], [117.0, 40.0], [116.0, 40.0], [116.0, 39.0]]],
    "east": [[[117.0, 39.0], [118.0, 39.0], [118.0, 40.0], [117.0, 40.0], [117.0, 39.0]]],
    # with a hole, in which an island lies
    "north": [
        [[[116.0, 40.0], [118.0, 40.0], [118.0, 42.0], [116.0, 42.0], [116.0, 40.0]], [[116.5, 40.5], [116.5, 41.5], [117.5, 41.5], [117.5, 40.5], [116.5, 40.5]]],
        [[[116.9, 40.9], [117.1, 40.9], [117.1, 41.1], [116.9, 41.1], [116.9, 40.9]]],
    ],
}  # fmt: skip
PROJECT = {
    "project.yaml": "title: 试验\n",
    "sources/grid.source.yaml": """
title: 网格
connector: files
settings: {root: "."}
streams:
  - {name: outlines, read: {path: o.csv}}
  - {name: cases, read: {path: c.csv}, crs: GCJ-02, identity: [id]}
""",
    "city/outlines.dataset.yaml": """
title: 边界
from: sources.grid/outlines
one_row_is: 一个区
key: [code]
region: public
columns:
  - {name: code, title: 代码, type: text}
  - {name: shape, title: 边界, type: json}
""",
    "grid/cases.dataset.yaml": """
title: 案件
from: sources.grid/cases
one_row_is: 一件
key: [id]
region: public
crs: CGCS2000
geometry: [lon, lat]
columns:
  - {name: id, title: 编号, type: text}
  - {name: lon, title: 经度, type: float}
  - {name: lat, title: 纬度, type: decimal}
  - {name: area, title: 区, type: text, area: {dataset: city.outlines, key: code, outline: shape}}
""",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded = load_texts(PROJECT)
    assert loaded.findings == ()
    return loaded.catalog


def taken(catalog: Catalog, warehouse: Warehouse, dataset: str, *rows: dict[str, Any]) -> None:
    batch = RowBatch(pa.Table.from_pylist(list(rows)), pa.array(range(1, 1 + len(rows)), pa.int64()), "c.csv", is_sparse=True)
    take_in(catalog, dataset, [batch], warehouse, Terms(now=NOW, mode="upsert"))


def points(*pairs: tuple[float, float]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    together = np.array(pairs, dtype=np.float64)
    return together[:, 0], together[:, 1]


@given(
    st.lists(st.tuples(st.floats(73.5, 135.1), st.floats(3.8, 53.6)), min_size=1, max_size=50),
    st.sampled_from(["GCJ-02", "BD-09", "WGS-84", "CGCS2000"]),
)
def test_there_and_back_is_less_than_a_centimetre_everywhere_in_china(pairs: list[tuple[float, float]], crs: Crs) -> None:
    lon, lat = points(*pairs)
    back = as_stored(*written_in(lon, lat, crs), crs)
    assert metres_between(lon, lat, *back).max() < 0.01
    other_way = written_in(*as_stored(lon, lat, crs), crs)
    assert metres_between(lon, lat, *other_way).max() < 0.01


def test_the_axis_of_the_city_stands_where_surveys_and_maps_have_it() -> None:
    """Published pairs: the axis at 116.3912 is drawn at 116.3974; Baidu's own example of its conversion."""
    lon, _ = written_in(*points((116.3912, 39.9073)), "GCJ-02")
    assert lon[0] == pytest.approx(116.3974, abs=1e-4)
    assert np.ravel(written_in(*points((114.21892734521, 29.575429778924)), "BD-09")) == pytest.approx([114.23075, 29.57908], abs=2e-5)


def test_points_outside_china_stay_where_they_are() -> None:
    lon, lat = points((-71.06, 42.36), (151.2, -33.9), (2.35, 48.86), (np.nan, 40.0))
    for crs in ("GCJ-02", "BD-09"):
        assert np.array_equal(as_stored(lon, lat, crs), (lon, lat), equal_nan=True)
        assert np.array_equal(written_in(lon, lat, crs), (lon, lat), equal_nan=True)


def test_a_stream_says_in_which_coordinates_it_writes_and_rows_are_stored_in_one(catalog: Catalog, warehouse: Warehouse) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "axis", "lon": "116.397428", "lat": "39.90923"}, {"id": "boston", "lon": "-71.06", "lat": "42.36"},
        {"id": "swapped", "lon": "39.90923", "lat": "116.397428"}, {"id": "nowhere", "lon": None, "lat": None},
    ]  # fmt: skip
    taken(catalog, warehouse, "grid.cases", *rows)
    stored = {row["id"]: (row["lon"], row["lat"], row["quality_flag"]) for row in rows_of(catalog, warehouse, "grid.cases")}
    lon, lat, flag = stored["axis"]
    # the pair that is quoted everywhere for the gate, to the metre: 116.391184, 39.907826
    assert [lon, float(lat)] == pytest.approx([116.391184, 39.907826], abs=1e-5)
    assert flag == "ok"
    assert stored["boston"] == (-71.06, Decimal("42.36"), "suspect")
    assert stored["nowhere"] == (None, None, "ok")
    assert [line["reason_zh"] for line in lines_of(warehouse)] == ["经度和纬度写反了：39.90923,116.397428"]


def test_a_column_is_filled_with_the_area_of_the_point_unless_the_source_says_one(catalog: Catalog, warehouse: Warehouse) -> None:
    taken(catalog, warehouse, "city.outlines", *({"code": code, "shape": json.dumps(shape)} for code, shape in SQUARES.items()))
    rows: list[dict[str, Any]] = [
        {"id": "a", "lon": 116.5, "lat": 39.5, "area": None}, {"id": "b", "lon": 117.5, "lat": 39.5, "area": "said"}, {"id": "c", "lon": 117.5, "lat": 39.5},
        {"id": "d", "lon": 100.0, "lat": 30.0}, {"id": "e"},
    ]  # fmt: skip
    taken(catalog, warehouse, "grid.cases", *rows)
    stored = [(row["id"], row["area"], row["quality_flag"]) for row in rows_of(catalog, warehouse, "grid.cases")]
    assert stored == [("a", "west", "ok"), ("b", "said", "ok"), ("c", "east", "ok"), ("d", None, "suspect"), ("e", None, "ok")]


def test_holes_islands_and_borders_are_decided_the_same_way_each_time() -> None:
    area = Area(dataset="city.outlines", key="code", outline="shape")
    cases = {
        (116.7, 40.7): None,
        (117.0, 41.0): "north",
        (117.0, 39.5): "east",
        (117.0, 40.0): "east",
        (116.5, 41.0): "north",
        (118.5, 40.0): None,
    }
    lon, lat = points(*cases)
    for order in (list(SQUARES), list(reversed(SQUARES))):
        known = outlines([(code, json.dumps(SQUARES[code])) for code in order], area)
        found = [known.codes[place] if place >= 0 else None for place in areas_at(known, lon, lat)]
        assert found == list(cases.values())


def test_an_outline_that_is_none_is_said_with_its_code() -> None:
    area = Area(dataset="city.outlines", key="code", outline="shape")
    with pytest.raises(SourceFailed, match=r"the outline of 'x' in 'city.outlines' cannot be read"):
        outlines([("x", '{"type": "Point", "coordinates": [1, 2]}')], area)
    with pytest.raises(SourceFailed, match="cannot be read"):
        outlines([("x", "[[1, 2]]")], area)


FOLDER = Path(__file__).parents[4] / "shared" / "data" / "beijing_districts"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the outlines of the districts are not part of the repository")
def test_the_districts_of_beijing_hold_the_places_everybody_knows() -> None:
    area = Area(dataset="city.outlines", key="code", outline="shape", crs="GCJ-02")
    features = json.loads((FOLDER / "beijing_districts_16.geojson").read_text(encoding="utf-8"))["features"]
    known = outlines([(one["properties"]["name"], json.dumps(one)) for one in features], area)
    # WGS-84, from any atlas: 天安门, 颐和园, 首都机场 T3, 大兴黄村, 延庆城, 门头沟城, 石家庄
    places = {(116.3912, 39.9055): "东城区", (116.2680, 39.9950): "海淀区", (116.6090, 40.0560): "顺义区", (116.3380, 39.7300): "大兴区",
              (115.9750, 40.4570): "延庆区", (116.1020, 39.9400): "门头沟区", (114.5150, 38.0420): None}  # fmt: skip
    found = [known.codes[place] if place >= 0 else None for place in areas_at(known, *points(*places))]
    assert found == list(places.values())
