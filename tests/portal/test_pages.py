"""Pages as they leave the server: complete without a script, free of inline code, marked as demo data."""

import re
from typing import Any

import pytest
from litestar.testing import TestClient

Client = TestClient[Any]
PAGES = [
    "/?plain=1",
    "/?search=清运",
    "/?domain=waste",
    "/?search=nothing-at-all",
    "/indicators/waste.tons",
    "/indicators/waste.loads?by=none",
    "/reference",
    "/api",
]
BROWSER = {"accept": "text/html"}


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_and_is_marked_as_demo_data(client: Client, address: str) -> None:
    page = client.get(address, headers=BROWSER)
    assert page.status_code == 200
    assert "演示数据" in page.text


@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_inline_code_or_a_foreign_host(client: Client, address: str) -> None:
    page = client.get(address, headers=BROWSER)
    assert not re.search(r"<script(?![^>]*\bsrc=\"/static/)|\son\w+=|\sstyle=|<style|javascript:", page.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text)
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_the_catalogue_shows_the_latest_finished_day_and_its_level(client: Client) -> None:
    page = client.get("/?plain=1", headers=BROWSER).text
    assert re.search(r'>69</span><span class="unit">t<', page)  # 13 + 23 + 33 of the fifth; the sixth is not over
    assert "2026年1月5日" in page
    assert "黄色预警" in page


def test_a_domain_without_indicators_is_shown_with_none(client: Client) -> None:
    assert re.search(r"能源运行</span><b>0</b>", client.get("/?plain=1", headers=BROWSER).text)


def test_an_indicator_page_has_table_line_tree_definition_and_sql(client: Client) -> None:
    page = client.get("/indicators/waste.tons", headers=BROWSER).text
    members = re.search(r'<table id="members">.*?</table>', page, re.DOTALL)
    assert members is not None
    assert re.findall(r"<tr><td>(.*?)</td><td class=\"number\">(.*?)</td>", members[0])[:3] == [
        ("海淀区", "33"),
        ("朝阳区", "23"),
        ("东城区", "13"),
    ]
    assert page.count('<svg class="line') == 2  # one drawn for screens, one for phones
    assert "清运量：2026年1月5日为 69 t，比上期增 4.5%" in page
    assert "measure: {agg: sum, of: tons}" in page
    assert "weighings.tons" in page


def test_a_day_without_rows_is_a_gap_in_line_and_table(client: Client) -> None:
    page = client.get("/indicators/waste.tons?last=P7D", headers=BROWSER).text
    assert re.search(r"<td>2026年1月3日</td><td class=\"number\">—</td>", page)
    narrow = page[page.index('<svg class="line narrow') :]
    assert narrow[: narrow.index("</svg>")].count('<polyline class="stroke"') == 2


def test_an_impossible_choice_is_answered_with_its_finding(client: Client) -> None:
    page = client.get("/indicators/waste.tons?grain=fortnight", headers=BROWSER)
    assert page.status_code == 200
    assert "不能这样问" in page.text


def test_text_of_a_search_is_never_markup(client: Client) -> None:
    page = client.get("/", params={"search": '"><script>alert(1)</script>'}, headers=BROWSER).text
    assert "<script>alert" not in page


def test_a_person_who_took_a_wrong_turn_gets_a_page_and_a_program_a_problem(client: Client) -> None:
    person, program = client.get("/indicators/waste.ton", headers=BROWSER), client.get("/indicators/waste.ton")
    assert (person.status_code, program.status_code) == (404, 404)
    assert "是否想写「waste.tons」？" in person.text
    assert program.json()["code"] == "unknown-definition"
    assert client.get("/nowhere").json()["code"] == "not-found"
    assert client.put("/api/query").json()["code"] == "method-not-allowed"


def test_the_reference_names_every_kind_and_modifier_with_its_fields(client: Client) -> None:
    page = client.get("/reference", headers=BROWSER).text
    assert all(word in page for word in ("indicator", "dataset", "question", "yoy", "rolling", "divide_by_zero", "除零"))


def test_the_openapi_document_has_every_address_of_the_page(client: Client) -> None:
    document, page = client.get("/api/openapi.json").json(), client.get("/api", headers=BROWSER).text
    assert set(document["paths"]) >= {"/api/query", "/api/catalog/{kinds}", "/api/indicators/{id}/explain", "/healthz"}
    assert all(path in page for path in document["paths"])
    assert {"Question", "AnswerLine", "Problem"} <= document["components"]["schemas"].keys()
    batch = document["paths"]["/api/query"]["post"]
    assert batch["requestBody"]["content"]["application/json"]["schema"]["items"] == {"$ref": "#/components/schemas/Question"}
    assert all("default" in operation["responses"] for verbs in document["paths"].values() for operation in verbs.values())


def test_a_foreign_host_name_is_turned_away(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
