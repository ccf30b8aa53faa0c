"""Definitions and explanations over HTTP."""

from typing import Any

import pytest
from litestar.testing import TestClient

Client = TestClient[Any]


def test_a_kind_is_listed_in_the_singular_and_in_the_plural(client: Client) -> None:
    assert [entry["id"] for entry in client.get("/api/catalog/indicators").json()] == ["waste.loads", "waste.tons"]
    assert client.get("/api/catalog/indicator").json() == client.get("/api/catalog/indicators").json()


@pytest.mark.parametrize(
    ("search", "found"), [("清运", ["waste.tons"]), ("设施处 净重", ["waste.tons"]), ("LOADS", ["waste.loads"]), ("没有", [])]
)
def test_a_search_finds_what_has_all_its_words(client: Client, search: str, found: list[str]) -> None:
    assert [entry["id"] for entry in client.get("/api/catalog/indicators", params={"search": search}).json()] == found


def test_a_definition_is_shown_under_the_names_it_is_written_with(client: Client) -> None:
    detail = client.get("/api/catalog/indicator/waste.tons").json()
    assert detail["definition"]["measure"] == {"agg": "sum", "of": "tons"}
    assert "absent" not in detail["definition"]


def test_an_unknown_kind_and_an_unknown_id_are_answered_with_the_nearest(client: Client) -> None:
    kind, id = client.get("/api/catalog/indicater"), client.get("/api/catalog/indicator/waste.ton")
    assert (kind.status_code, kind.json()["code"], id.status_code) == (404, "unknown-kind", 404)
    assert id.json()["advice_en"] == "did you mean 'waste.tons'?"


def test_an_explanation_has_value_unit_tables_version_and_sql(client: Client) -> None:
    explained = client.get("/api/indicators/waste.tons/explain", params={"from": "2026-01-01", "to": "2026-01-03"}).json()
    assert (explained["value"], explained["unit"], explained["data_version"]) == (123.0, "t", {"waste.weighings": 1})
    assert explained["tables"] == ["waste.weighings"]


def test_an_explanation_says_why_there_is_no_value(client: Client) -> None:
    explained = client.get("/api/indicators/waste.tons/explain", params={"from": "2026-01-03", "to": "2026-01-04"}).json()
    assert explained["value"] is None
    assert explained["why_null_zh"] == "这个周期与范围内没有计入的行"


def test_lineage_names_the_columns_that_feed_a_number(client: Client) -> None:
    uses = client.get("/api/indicators/waste.tons/lineage").json()["all_uses"]
    assert {"dataset": "waste.weighings", "column": "tons", "role": "measure"} in uses


def test_the_sql_is_that_of_the_question(client: Client) -> None:
    said = client.get("/api/indicators/waste.tons/sql", params={"by": "city.district", "grain": "day"}).json()
    assert said["dialect"] == "duckdb"
    assert "weighings.tons" in said["sql"]


def test_a_wrong_split_is_refused_with_a_finding(client: Client) -> None:
    refused = client.get("/api/indicators/waste.tons/sql", params={"by": "city.street"})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert refused.json()["findings"]


def test_health_says_what_is_loaded(client: Client) -> None:
    assert client.get("/healthz").json()["indicators"] == 2
