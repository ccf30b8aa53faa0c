"""The catalogue found by what people type, the facts of an indicator, and the members of a dimension."""

from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from litestar.testing import TestClient

from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog, build_catalog
from engine.running.definitions import load_checked, load_texts_checked
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.search_index import SearchIndex
from portal.api.titles import Titles
from portal.api.world import World
from portal.app import create_app
from tests.portal.small_city import NOW, load

Client = TestClient[Any]
SHIPPED = Path(__file__).parents[2] / "definitions"


@pytest.fixture(scope="module")
def shipped() -> SearchIndex:
    """The index of the definitions that the product comes with."""
    return SearchIndex(load_checked(SHIPPED).catalog)


def found(index: SearchIndex, text: str) -> list[tuple[str, str]]:
    """Indicators found and by what, the best first."""
    hits = index.found(text, lambda one: one.definition.kind == "indicator")
    return [(hit.indexed.definition.id, hit.match) for hit in hits]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("生活垃圾清运", "title_prefix"), ("清运量", "title"), ("shljqyl", "initials"), ("SHLJ", "initials"), ("shenghuolajiqing", "pinyin"),
        ("msw_day", "id"), ("渗滤液", "meaning"),
    ],
)  # fmt: skip
def test_an_indicator_is_found_in_whatever_way_it_is_half_remembered(shipped: SearchIndex, text: str, match: str) -> None:
    assert ("sanitation.msw_day", match) in found(shipped, text)


def test_the_beginning_of_a_title_comes_before_what_only_means_it() -> None:
    index = SearchIndex(indicators({"a.mean": ("出车", "清运的车次"), "a.inside": ("人均清运量", ""), "a.prefix": ("清运量", "")}))
    assert [id for id, _ in found(index, "清运")] == ["a.prefix", "a.inside", "a.mean"]


def test_every_word_must_be_met(shipped: SearchIndex) -> None:
    assert [id for id, _ in found(shipped, "清运 人均")] == ["sanitation.waste_per_head"]
    assert found(shipped, "清运 不存在") == []


def test_five_hundred_definitions_are_searched_in_no_time() -> None:
    index = SearchIndex(indicators({f"a.n{n}": (f"第{n}号生活垃圾清运量", "每车次首次进场过磅的净重之和" * 4) for n in range(500)}))
    index.indexed()
    begin = process_time()
    assert len(found(index, "shljqyl")) == 500
    assert process_time() - begin < 0.5  # about five milliseconds; ten times the bar would be a wrong way of searching, not a slow machine


def indicators(said: dict[str, tuple[str, str]]) -> Catalog:
    """A catalog of indicators by id, title and meaning."""
    spec = {id: Indicator(title=title, unit="", meaning=meaning, formula="1") for id, (title, meaning) in said.items()}
    return build_catalog([Definition("indicator", id, f"{id}.yaml", one) for id, one in spec.items()])


def test_a_result_carries_all_that_the_list_shows(client: Client) -> None:
    said = client.get("/api/catalog/search", params={"q": "qyl"}).json()
    (entry,) = said["results"]
    assert {**entry, "freshness": None} == {
        "id": "waste.tons", "kind": "indicator", "title": "清运量", "unit": "t", "meaning": "每日清运的净重", "owner": "设施处", "domain": "waste",
        "domain_title": "环境卫生", "used_by": 0, "freshness": None, "match": "initials", "default_grain": "day", "default_last": "P30D",
        "display": None, "direction": "down",
        "levels": [{"comparison": "at_or_above", "level": "yellow", "limit": 50.0}, {"comparison": "at_or_above", "level": "red", "limit": 500.0}],
    }  # fmt: skip
    assert {**entry["freshness"], "since": None} == {
        "as_of": "2026-01-06T09:30:00", "state": "fresh", "word": "及时", "since": None, "zh": "数据已装入，没有约定时延",
        "en": "rows are loaded, and no delay is promised", "of": "",
    }  # fmt: skip
    assert said["domains"] == [{"name": "waste", "title": "环境卫生", "count": 1}]


def test_facets_count_all_that_was_found_and_cut_the_list(client: Client) -> None:
    everything = client.get("/api/catalog/search").json()
    owned = client.get("/api/catalog/search", params={"owner": "设施处", "limit": 1}).json()
    none = client.get("/api/catalog/search", params={"domain": "energy"}).json()
    assert (everything["count"], [one["match"] for one in everything["results"]]) == (2, ["all", "all"])
    assert [one["id"] for one in owned["results"]] == ["waste.tons"]
    assert (none["count"], none["domains"]) == (0, [{"name": "waste", "title": "环境卫生", "count": 2}])


def test_other_kinds_are_found_too(client: Client) -> None:
    assert [one["id"] for one in client.get("/api/catalog/search", params={"q": "guobang", "kind": "dataset"}).json()["results"]] == [
        "waste.weighings"
    ]
    kinds = {one["kind"] for one in client.get("/api/catalog/search", params={"kind": "all"}).json()["results"]}
    assert {"indicator", "dataset", "dimension", "access", "test"} <= kinds
    assert client.get("/api/catalog/search", params={"kind": "nonsense"}).json()["code"] == "unknown-kind"


def test_the_facts_of_an_indicator_are_what_may_be_asked_of_it(client: Client) -> None:
    said = client.get("/api/indicators/waste.tons").json()
    assert (said["title"], said["unit"], said["formula"], said["file"]) == ("清运量", "t", "sum(tons)", "waste/tons.indicator.yaml")
    assert [grain["value"] for grain in said["grains"]] == ["day", "week", "month", "quarter", "year"]
    assert (said["default_grain"], said["default_last"]["month"], said["spans"]["day"][0]["value"]) == ("day", "P24M", "P7D")
    assert said["dimensions"] == [{"id": "city.district", "title": "区", "coarser": [], "finer": [], "has_labels": True, "is_region": True}]
    assert "begin" in said
    assert said["levels"][1] == {"comparison": "at_or_above", "level": "red", "limit": 500.0}
    assert said["lineage"]["nodes"] == [
        {"id": "waste.tons", "kind": "indicator", "title": "清运量", "depth": 0, "detail": []},
        {"id": "waste.weighings", "kind": "dataset", "title": "过磅", "depth": 1, "detail": ["净重", "时间"]},
    ]
    assert said["lineage"]["edges"] == [{"from": "waste.weighings", "to": "waste.tons"}]


def test_every_modifier_comes_with_settings_that_the_engine_takes(client: Client) -> None:
    modifiers = client.get("/api/indicators/waste.tons").json()["modifiers"]
    by_tag = {modifier["tag"]: modifier for modifier in modifiers}
    assert (by_tag["yoy"]["title"], by_tag["yoy"]["unit"], by_tag["yoy"]["default"]) == ("同比", "%", {})
    assert by_tag["rolling"]["default"] == {"over": "P7D"}
    assert by_tag["rolling"]["schema"]["required"] == ["over"]
    assert all(set(modifier["schema"].get("required", ())) <= set(modifier["default"]) for modifier in modifiers)


def test_members_have_names_and_are_found_by_pinyin(client: Client) -> None:
    said = client.get("/api/dimensions/city.district/members").json()
    assert [(one["key"], one["title"]) for one in said["members"]] == [("110101", "东城区"), ("110105", "朝阳区"), ("110108", "海淀区")]
    for text in ("朝阳", "cyq", "chaoyang", "110105"):
        assert [one["title"] for one in client.get("/api/dimensions/city.district/members", params={"q": text}).json()["members"]] == [
            "朝阳区"
        ]
    page = client.get("/api/dimensions/city.district/members", params={"limit": 1, "offset": 2}).json()
    assert (page["count"], [one["title"] for one in page["members"]]) == (3, ["海淀区"])


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/dimensions/city.distric/members", 404, "unknown-definition"),
        ("/api/dimensions/city.district/members?within=110105", 400, "wrong-parameter"),
        ("/api/dimensions/city.district/members?within=city.planet:1", 404, "unknown-definition"),
        ("/api/indicators/waste.tonz", 404, "unknown-definition"),
        ("/api/catalog/search?limit=0", 400, "wrong-parameter"),
    ],
)
def test_what_is_not_there_is_refused_with_advice(client: Client, address: str, status: int, code: str) -> None:
    response = client.get(address)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["advice_zh"]


def test_hostile_text_finds_nothing_and_breaks_nothing(client: Client) -> None:
    for text in ("' or 1=1 --", "%", "\u202e", "(" * 300):
        assert client.get("/api/catalog/search", params={"q": text}).status_code == 200
    said = client.get("/api/dimensions/city.district/members", params={"within": "city.district:110105' or 1=1 --"}).json()
    assert said["members"] == []


HIERARCHY = {
    "project.yaml": "title: 城\nregion: r.district\n",
    "r/places.dataset.yaml": (
        "title: 区划\none_row_is: 一个区划\nkey: [code]\nregion: public\ncolumns:\n  - {name: code, title: 代码, type: text}\n"
        "  - {name: name, title: 名, type: text}\n  - {name: level, title: 级, type: text}\n  - {name: up, title: 上级, type: text}\n"
    ),
    "r/city.dimension.yaml": "title: 市\ndataset: r.places\nwhere: level = 'city'\nkey: code\nlabel: name\n",
    "r/district.dimension.yaml": "title: 区\ndataset: r.places\nwhere: level = 'district'\nkey: code\nlabel: name\nrolls_up_to: r.city\nparent: up\n",
    "r/street.dimension.yaml": "title: 街道\ndataset: r.places\nwhere: level = 'street'\nkey: code\nlabel: name\nrolls_up_to: r.district\nparent: up\n",
    "r/class.dimension.yaml": "title: 大类\ncodes: [{code: x, title: 甲类}, {code: y, title: 乙类}]\n",
    "r/kind.dimension.yaml": "title: 小类\nrolls_up_to: r.class\ncodes: [{code: x1, title: 甲一, parent: x}, {code: y1, title: 乙一, parent: y}]\n",
    "r/bins.dataset.yaml": (
        "title: 桶站\none_row_is: 一个桶站\nkey: [id]\nregion: place\ncolumns:\n  - {name: id, title: 号, type: text}\n"
        "  - {name: place, title: 街道, type: text, dimension: r.street}\n"
    ),
    "r/bin.dimension.yaml": "title: 桶站\ndataset: r.bins\nkey: id\n",
}  # fmt: skip
PLACES = [
    ("1", "京", "city", None),
    ("11", "东", "district", "1"),
    ("12", "西", "district", "1"),
    ("111", "东甲街", "street", "11"),
    ("121", "西甲街", "street", "12"),
]


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A city of three levels, with bins in its streets."""
    checked = load_texts_checked(HIERARCHY)
    assert [finding.text("en") for finding in checked.findings] == []
    catalog, warehouse = checked.catalog, DuckDbWarehouse(memory_limit="500MB")
    load(catalog, warehouse, "r.places", [dict(zip(("code", "name", "level", "up"), place, strict=True)) for place in PLACES])
    load(catalog, warehouse, "r.bins", [{"id": "b1", "place": "111"}, {"id": "b2", "place": "121"}])
    world = World(catalog, warehouse, lambda: NOW, "v", tmp_path_factory.mktemp("none"), Titles(catalog, warehouse))
    with TestClient(create_app(world), base_url="http://127.0.0.1:8000") as client:
        yield client


def keys(client: Client, dimension: str, *within: str) -> list[str]:
    """Keys of the members within others."""
    return [one["key"] for one in client.get(f"/api/dimensions/{dimension}/members", params={"within": list(within)}).json()["members"]]


def test_a_reader_drills_down_from_the_city_to_a_street_and_up_again(levels: Client) -> None:
    assert keys(levels, "r.district", "r.city:1") == ["11", "12"]
    assert keys(levels, "r.street", "r.district:11") == ["111"]
    assert keys(levels, "r.street", "r.city:1") == ["111", "121"]
    assert keys(levels, "r.street", "r.city:1", "r.district:12") == ["121"]
    assert keys(levels, "r.street", "r.district:99") == []
    (street,) = levels.get("/api/dimensions/r.street/members", params={"within": "r.district:11"}).json()["members"]
    assert street == {
        "key": "111",
        "title": "东甲街",
        "parent": {"dimension": "r.district", "key": "11", "title": "东"},
        "has_finer": False,
    }
    assert [one["has_finer"] for one in levels.get("/api/dimensions/r.district/members").json()["members"]] == [True, True]


def test_codes_and_things_in_a_place_are_found_within_it_too(levels: Client) -> None:
    assert keys(levels, "r.kind", "r.class:x") == ["x1"]
    assert keys(levels, "r.bin", "r.street:121") == ["b2"]
    assert keys(levels, "r.bin", "r.district:11") == ["b1"]


def test_an_indicator_that_is_not_there_is_told_in_the_readers_words(client: Client) -> None:
    said = client.get("/api/indicators/waste.tonz")
    assert (said.status_code, said.json()["zh"], said.json()["advice_zh"]) == (
        404,
        "没有名为「waste.tonz」的指标",
        "是否想写「waste.tons」？",
    )
