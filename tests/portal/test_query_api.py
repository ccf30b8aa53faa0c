"""Questions over HTTP: right numbers with their meaning, and refusals that say where and what to do."""

import json
from typing import Any

import pytest
from litestar.testing import TestClient

Client = TestClient[Any]


def lines(client: Client, body: object) -> list[dict[str, Any]]:
    """The lines of an answer, by their place in the batch."""
    response = client.post("/api/query", json=body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/x-ndjson")
    return sorted((json.loads(line) for line in response.text.splitlines()), key=lambda line: int(line["index"]))


def problem(client: Client, body: bytes, status: int) -> dict[str, Any]:
    """The problem that a body meets."""
    response = client.post("/api/query", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/problem+json")
    said: dict[str, Any] = response.json()
    return said


def test_a_batch_comes_back_a_line_for_each_question(client: Client) -> None:
    first, second = lines(client, [{"indicators": ["waste.tons"]}, {"indicators": ["waste.loads"]}])
    assert (first["index"], first["rows"]["columns"]["waste.tons"]) == (0, [264.0])
    assert (second["index"], second["rows"]["columns"]["waste.loads"]) == (1, [15])


def test_a_column_says_its_title_unit_type_and_role(client: Client) -> None:
    (line,) = lines(client, [{"indicators": ["waste.tons"], "by": ["city.district"]}])
    assert [(column["name"], column["title"], column["unit"], column["role"]) for column in line["columns"]] == [
        ("city.district", "区", None, "dimension"),
        ("city.district.label", "区", None, "label"),
        ("waste.tons", "清运量", "t", "value"),
    ]
    assert line["rows"]["columns"]["city.district.label"] == ["东城区", "朝阳区", "海淀区"]
    assert line["rows"]["columns"]["waste.tons"] == [47.0, 88.0, 129.0]


def test_a_row_of_an_unfinished_period_says_so(client: Client) -> None:
    (line,) = lines(client, [{"indicators": ["waste.tons"], "grain": "day", "period": {"from": "2026-01-05", "to": "2026-01-08"}}])
    assert line["rows"]["columns"]["time"] == ["2026-01-05", "2026-01-06"]
    assert line["rows"]["complete"] == [True, False]


def test_an_answer_names_its_data_version_definition_version_and_as_of(client: Client) -> None:
    (line,) = lines(client, [{"indicators": ["waste.tons"]}])
    assert line["data_version"] == {"waste.weighings": 1}
    assert len(line["definition_version"]) == 12
    assert line["as_of"] == "2026-01-06T09:30:00"
    assert line["explain"] == ["/api/indicators/waste.tons/explain"]


def test_rows_over_the_limit_are_cut_and_the_answer_says_so(client: Client) -> None:
    cut, whole = lines(
        client, [{"indicators": ["waste.tons"], "by": ["city.district"], "grain": "day"}, {"indicators": ["waste.tons"], "grain": "day"}]
    )
    assert (cut["rows"]["count"], cut["truncated"]) == (6, True)
    assert (whole["rows"]["count"], whole["truncated"]) == (5, False)


def test_a_wrong_question_has_findings_and_stops_no_other(client: Client) -> None:
    wrong, right = lines(client, [{"indicators": ["waste.tonnes"]}, {"indicators": ["waste.loads"]}])
    assert wrong["rows"] is None
    assert wrong["findings"][0]["code"] == "unknown-indicator"
    assert "waste.tonnes" in wrong["findings"][0]["zh"]
    assert right["rows"]["columns"]["waste.loads"] == [15]


def test_totals_are_recomputed(client: Client) -> None:
    (line,) = lines(client, [{"indicators": ["waste.tons"], "by": ["city.district"], "totals": True}])
    assert line["totals"]["columns"]["waste.tons"] == [264.0]


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b'[{"indicators": ["waste.tons"], "gran": "day"}]', "unknown-field", "$[0].gran"),
        (b'[{"indicators": ["waste.tons"]}, {"period": {"last": "1 week"}}]', "wrong-form", "$[1].period.last"),
        (b'[{"indicators": "waste.tons"}]', "wrong-type", "$[0].indicators"),
        (b'[{"limit": 0}]', "out-of-range", "$[0].limit"),
        (b'{"indicators": ["waste.tons"]}', "not-a-list", "$"),
        (b"[]", "no-question", "$"),
        (b'[{"limit": 1, "limit": 2}]', "duplicate-key", "$"),
        (b'[{"indicators": [', "json-syntax", "$"),
        (b'[{"limit": NaN}]', "json-syntax", "$"),
        (b"", "json-syntax", "$"),
        (b"\xff\xfe", "json-syntax", "$"),
        (b"[" * 1900, "too-deep", "$"),
    ],
)
def test_a_wrong_body_is_refused_with_code_and_place(client: Client, body: bytes, code: str, place: str) -> None:
    said = problem(client, body, 400)
    assert (said["code"], said["place"]) == (code, place)
    assert said["zh"]
    assert said["en"]


def test_a_misspelt_field_is_answered_with_the_right_one(client: Client) -> None:
    assert problem(client, b'[{"indicatrs": []}]', 400)["advice_en"] == "did you mean 'indicators'?"


def test_too_many_questions_and_too_long_a_body_are_refused(client: Client) -> None:
    assert problem(client, json.dumps([{"indicators": ["waste.tons"]}] * 4).encode(), 413)["code"] == "too-many-questions"
    assert problem(client, b'[{"indicators": ["' + b"x" * 3000 + b'"]}]', 413)["code"] == "body-too-large"


def test_a_body_that_is_no_json_by_name_is_refused(client: Client) -> None:
    response = client.post("/api/query", content=b'[{"indicators": ["waste.tons"]}]', headers={"content-type": "text/plain"})
    assert (response.status_code, response.json()["code"]) == (415, "not-json")


@pytest.mark.parametrize("text", ["1; DROP TABLE waste.weighings", "tons = (SELECT 1)", "x' OR '1'='1", "(" * 900, "\u202etons = 1"])
def test_hostile_text_in_a_question_is_a_finding(client: Client, text: str) -> None:
    (line,) = lines(client, [{"indicators": ["waste.tons"], "where": text}])
    assert line["rows"] is None
    assert line["findings"]


def test_how_a_batch_is_read_is_told_without_reading_anything(client: Client) -> None:
    batch = [{"indicators": ["waste.tons"]}, {"indicators": ["waste.loads"]}, {"indicators": ["waste.tosn"]}]
    told = client.post("/api/query/plan", json=batch).json()
    assert [one["index"] for one in told] == [0, 1, 2]
    assert all(one["zh"].startswith("没有并入") and one["en"] for one in told[:2])  # so few rows are not worth adding up beforehand
    assert [finding["code"] for finding in told[2]["findings"]] == ["unknown-indicator"]
    (alone,) = client.post("/api/query/plan", json=batch[:1]).json()
    assert alone["en"] == "it is the only question and is read alone"
