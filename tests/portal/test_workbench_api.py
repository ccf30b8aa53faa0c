"""Formulas on the spot and correlations: right numbers, findings at their place in the text, and reasons instead of coefficients."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from engine.running.definitions import load_checked
from portal.api.api_page import document_of
from portal.api.correlation import pearson
from portal.api.formula_reading import read_formula
from portal.api.world import World
from portal.app import create_app

Client = TestClient[Any]
CITY = load_checked(Path(__file__).parents[2] / "definitions").catalog


def formula(client: Client, text: str, **more: Any) -> dict[str, Any]:
    """What a formula is answered with."""
    response = client.post("/api/formula", json={"formula": text, **more})
    assert response.status_code == 200, response.text
    said: dict[str, Any] = response.json()
    return said


def correlation(client: Client, **more: Any) -> dict[str, Any]:
    """The correlation of two indicators."""
    response = client.post("/api/correlation", json={"grain": "day", "min_n": 3, **more})
    assert response.status_code == 200, response.text
    said: dict[str, Any] = response.json()
    return said


def test_a_formula_is_answered_like_an_indicator_with_the_unit_it_gives(client: Client) -> None:
    said = formula(client, "waste.tons/waste.loads", by=["city.district"], period={"from": "2026-01-04", "to": "2026-01-06"})
    assert (said["canonical"], said["unit"], said["findings"]) == ("waste.tons / waste.loads", "t/车次", [])
    assert [(one["id"], one["title"], one["start"], one["end"]) for one in said["indicators"]] == [
        ("waste.tons", "清运量", 0, 10), ("waste.loads", "车次", 11, 22),
    ]  # fmt: skip
    columns = {column["name"]: column for column in said["answer"]["columns"]}
    assert (columns["value"]["title"], columns["value"]["unit"]) == ("清运量 / 车次", "t/车次")
    assert said["answer"]["rows"]["columns"]["value"] == [12.5, 22.5, 32.5]
    assert said["answer"]["rows"]["columns"]["city.district.label"] == ["东城区", "朝阳区", "海淀区"]


def test_a_formula_may_be_wanted_in_another_unit_and_under_a_title(client: Client) -> None:
    said = formula(client, "waste.tons", unit="kg", title="公斤", period={"from": "2026-01-05", "to": "2026-01-06"})
    (column,) = said["answer"]["columns"]
    assert (column["title"], column["unit"], said["answer"]["rows"]["columns"]["value"]) == ("公斤", "kg", [69000.0])


def test_each_formula_has_its_own_values_though_all_are_asked_alike(client: Client) -> None:
    period = {"from": "2026-01-05", "to": "2026-01-06"}
    once, twice, again = (formula(client, text, period=period) for text in ("waste.tons * 2", "waste.tons * 3", "waste.tons * 2"))
    assert [said["answer"]["rows"]["columns"]["value"] for said in (once, twice, again)] == [[138.0], [207.0], [138.0]]
    assert [said["answer"]["columns"][0]["title"] for said in (once, twice)] == ["清运量 * 2", "清运量 * 3"]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("sanitation.msw_day * sanitation.kw_rate", "t"),
        ("sanitation.kw_rate * sanitation.plant_load", "%"),
        ("sanitation.msw_day * sanitation.kw_rate / city.population", "t/人"),
        ("sanitation.msw_day / city.population", "t/人"),
        ("1 / sanitation.pit_eta", "1/h"),
        ("sanitation.msw_day / 100", "t"),
    ],
)
def test_the_unit_of_a_formula_has_no_number_in_it(text: str, unit: str) -> None:
    reading = read_formula(CITY, text, None, None)
    assert (reading.unit, reading.findings) == (unit, ())


def test_a_percentage_is_not_divided_by_a_hundred_again() -> None:
    text = "sanitation.msw_day * sanitation.kw_rate / 100"
    (finding,) = read_formula(CITY, text, None, None).findings
    assert (finding.code, text[finding.start : finding.end]) == ("double-percent", "/ 100")


def test_a_formula_that_is_only_checked_is_not_answered(client: Client) -> None:
    said = formula(client, "waste.tons * 2", check_only=True)
    assert (said["unit"], said["findings"], said["answer"]) == ("t", [], None)


@pytest.mark.parametrize(
    ("text", "code", "span"),
    [
        ("waste.tons / waste.load", "unknown-indicator", "waste.load"),
        ("waste.tons + waste.loads", "unit-mismatch", "waste.loads"),
        ("waste.tons / ", "expression-syntax", "/"),
        ("waste.tons / fo(waste.loads)", "unknown-function", "fo"),
        ("sum(waste.tons)", "aggregate-not-allowed", "sum"),
        ("waste.tons; drop table x", "more-than-one-statement", ";"),
        ("1 + 1", "no-indicator", "1"),
        ("waste.tons > 3", "no-number", "waste.tons"),
        ("", "expression-empty", ""),
    ],
)
def test_a_finding_stands_where_the_fault_is(client: Client, text: str, code: str, span: str) -> None:
    said = formula(client, text)
    (finding,) = said["findings"]
    assert (finding["code"], text[finding["start"] : finding["end"]]) == (code, span)
    assert finding["zh"]
    assert said["answer"] is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"unit": "人"}, "indicator-unit"),
        ({"unit": "qq"}, "unknown-unit"),
        ({"by": ["city.planet"]}, "unknown-split"),
        ({"grain": "hour"}, "grain-too-fine"),
        ({"where": "tons = ("}, "expression-syntax"),
    ],
)
def test_what_is_wrong_with_the_rest_of_the_question_is_a_finding_too(client: Client, more: dict[str, Any], code: str) -> None:
    said = formula(client, "waste.tons", **more)
    assert [finding["code"] for finding in said["findings"]] == [code]
    assert said["answer"] is None


def test_a_formula_is_stored_nowhere(client: Client, world: World) -> None:
    formula(client, "waste.tons * 3")
    assert "formula" not in world.catalog.ids("indicator")
    assert client.get("/api/indicators/formula").status_code == 404
    assert client.post("/api/query", json=[{"indicators": ["waste.tons"]}]).json()["rows"]["columns"]["waste.tons"] == [264.0]


@pytest.mark.parametrize("address", ["/api/formula", "/api/correlation"])
@pytest.mark.parametrize(
    ("body", "status", "code", "place"),
    [
        (b'{"formla": "x"}', 400, "unknown-field", "$.formla"),
        (b"{}", 400, "missing-field", "$"),
        (b"[]", 400, "not-an-object", "$"),
        (b'{"by": ', 400, "json-syntax", "$"),
        (b'{"grain": "day", "grain": "week"}', 400, "duplicate-key", "$"),
        (b'{"period": {"last": "soon"}}', 400, "wrong-form", "$.period.last"),
    ],
)
def test_a_wrong_body_is_a_problem_with_its_place(client: Client, address: str, body: bytes, status: int, code: str, place: str) -> None:
    response = client.post(address, content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert (response.json()["code"], response.json()["place"]) == (code, place)


def test_a_plain_form_of_another_site_is_not_read(client: Client) -> None:
    assert client.post("/api/formula", content=b'{"formula": "waste.tons"}', headers={"content-type": "text/plain"}).status_code == 415


def test_two_series_are_paired_by_period_and_member(client: Client) -> None:
    said = correlation(client, a="waste.tons", b={"of": "waste.tons", "modifier": "prev"}, by=["city.district"])
    assert (said["n"], said["r"], said["r_squared"], said["reason"]) == (6, pytest.approx(1.0), pytest.approx(1.0), None)
    assert said["points"][0] == {"time": "2026-01-02", "keys": {"city.district": "110101"}, "a": 11.0, "b": 10.0}
    assert said["a"] == {"of": "waste.tons", "title": "清运量", "unit": "t"}
    assert said["sentence_zh"] == "清运量与清运量·前 n 期按日的相关系数为 1.00（6 个点），强正相关；相关不等于因果。"


def test_a_day_that_is_not_over_does_not_count(client: Client) -> None:
    said = correlation(client, a="waste.tons", b="waste.tons")
    assert [point["time"] for point in said["points"]] == ["2026-01-01", "2026-01-02", "2026-01-04", "2026-01-05"]


def test_without_enough_points_or_without_variation_there_is_a_reason(client: Client) -> None:
    few, still = correlation(client, a="waste.tons", b="waste.loads", min_n=8), correlation(client, a="waste.tons", b="waste.loads")
    assert (few["reason"]["code"], few["r"], few["n"]) == ("too-few-points", None, 4)
    assert (still["reason"]["code"], still["r"]) == ("no-variation", None)
    assert "车次在这段时间没有变化" in still["sentence_zh"]


def test_a_wrong_correlation_is_a_problem(client: Client) -> None:
    response = client.post("/api/correlation", json={"a": "waste.tons", "b": "waste.tonz", "grain": "day"})
    assert (response.status_code, response.json()["code"]) == (422, "unknown-indicator")


def test_the_coefficient_of_a_worked_example_is_right() -> None:
    # Deviations -2 -1 0 1 2 and -4 -2 2 0 4 (of 2 4 8 6 10 about 6): 18 over the root of 10 times 40.
    assert pearson([1, 2, 3, 4, 5], [2, 4, 8, 6, 10]) == pytest.approx(18 / 20)
    assert pearson([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)


@given(
    st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=3, max_size=30).filter(
        lambda p: all(len({v[i] for v in p}) > 1 for i in (0, 1))
    )
)
def test_a_coefficient_knows_neither_scale_nor_order(pairs: list[tuple[int, int]]) -> None:
    xs, ys = [float(x) for x, _ in pairs], [float(y) for _, y in pairs]
    r = pearson(xs, ys)
    assert -1 <= r <= 1
    assert pearson(ys, xs) == pytest.approx(r, abs=1e-9)
    assert pearson([3 * x + 7 for x in xs], ys) == pytest.approx(r, abs=1e-9)
    assert pearson([-x for x in xs], ys) == pytest.approx(-r, abs=1e-9)


def test_every_new_address_stands_in_the_api_document(world: World) -> None:
    document = document_of(create_app(world))
    addresses = {
        "/api/indicators/{id}", "/api/indicators/{id}/why", "/api/indicators/{id}/values.csv", "/api/indicators/{id}/values.xlsx",
        "/api/catalog/search", "/api/dimensions/{id}/members", "/api/formula", "/api/correlation",
    }  # fmt: skip
    assert addresses <= set(document["paths"])
    body = document["paths"]["/api/formula"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "formula" in document["components"]["schemas"][body["$ref"].rpartition("/")[2]]["properties"]
    assert json.dumps(document)
