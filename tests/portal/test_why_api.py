"""Why a number changed, over HTTP and on the command line: parts that sum to the change, reasons instead of numbers, refusals with advice."""

import json
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from portal import wiring
from portal.cli.main import run
from tests.portal.small_city import fill, read_catalog, write_definitions

Client = TestClient[Any]


def why(client: Client, query: str = "", id: str = "waste.tons") -> dict[str, Any]:
    """The change of an indicator."""
    response = client.get(f"/api/indicators/{id}/why{query}")
    assert response.status_code == 200, response.text
    said: dict[str, Any] = response.json()
    return said


def problem(client: Client, query: str, id: str = "waste.tons") -> tuple[int, str]:
    """Status and code of a refusal."""
    response = client.get(f"/api/indicators/{id}/why{query}")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["zh"]
    return response.status_code, response.json()["code"]


def test_without_a_period_the_latest_finished_day_is_divided_by_region(client: Client) -> None:
    said = why(client)
    assert (said["now"]["label"], said["then"]["label"], said["now"]["value"], said["then"]["value"]) == ("昨日", "前一日", 69.0, 66.0)
    assert (said["change"], said["change_unit"], said["method"]) == (3.0, "t", "shapley")
    (dimension,) = said["dimensions"]
    assert dimension["dimension"] == "city.district"
    assert [(part["key"], part["title"], part["contribution"]) for part in dimension["parts"]] == [
        ("110101", "东城区", 1.0), ("110105", "朝阳区", 1.0), ("110108", "海淀区", 1.0),
    ]  # fmt: skip
    assert said["sentence_zh"].startswith("昨日清运量比前一日增加 4.5%（由 66 t 到 69 t），其中东城区增加 1 t、占 33.3%")
    assert len(said["definition_version"]) == 12


def test_the_period_and_the_one_it_is_compared_with_may_be_chosen(client: Client) -> None:
    said = why(client, "?from=2026-01-04&to=2026-01-06&against_from=2026-01-01&against_to=2026-01-03&top=1")
    assert (said["against"], said["then"]["value"], said["now"]["value"], said["change"]) == ("period", 123.0, 135.0, 12.0)
    assert [part["kind"] for part in said["dimensions"][0]["parts"]] == ["member", "others"]
    assert sum(part["contribution"] for part in said["dimensions"][0]["parts"]) == 12.0


def test_a_modifier_is_divided_too(client: Client) -> None:
    said = why(client, '?modifier={"prev":{"give":"rate"}}&from=2026-01-05&to=2026-01-06&against_from=2026-01-02&against_to=2026-01-03')
    assert (said["unit"], said["change_unit"]) == ("%", "pp")
    assert sum(leaf["contribution"] for leaf in said["leaves"]) == pytest.approx(said["change"])


def test_a_period_without_a_value_has_a_reason_and_no_number(client: Client) -> None:
    said = why(client, "?against=yoy")
    assert (said["reason"]["code"], said["change"], said["leaves"], said["dimensions"]) == ("no-value", None, [], [])
    assert "去年同期" in said["sentence_zh"]


def test_a_count_without_rows_is_zero_and_can_be_compared(client: Client) -> None:
    said = why(client, "?from=2026-01-04&to=2026-01-05&by=city.district", "waste.loads")
    assert (said["then"]["value"], said["now"]["value"], said["rate"]) == (0.0, 3.0, None)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?against=decade", 400, "wrong-parameter"),
        ("?last=soon", 400, "wrong-parameter"),
        ("?top=0", 400, "wrong-parameter"),
        ("?modifier={", 400, "wrong-parameter"),
        ("?grain=fortnight", 422, "unknown-grain"),
        ("?from=2026-01-01", 422, "open-period"),
        ("?from=2027-01-01&to=2027-01-02", 422, "period-to-come"),
        ("?from=2026-01-05&to=2026-01-06&modifier=yay", 422, "unknown-modifier"),
        ("?where=tons+%3D+(", 422, "expression-syntax"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_code(client: Client, query: str, status: int, code: str) -> None:
    assert problem(client, query) == (status, code)


def test_an_unknown_indicator_is_not_found(client: Client) -> None:
    assert problem(client, "", "waste.tonz") == (404, "unknown-definition")


def test_the_command_line_says_the_sentence_and_the_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    write_definitions(tmp_path / "definitions")
    settings = wiring.read_settings({}, tmp_path / "definitions", tmp_path / "var")
    with wiring.opened_warehouse(settings, "duckdb") as warehouse:
        fill(read_catalog(tmp_path / "definitions"), warehouse)
    places = ["--definitions", str(settings.definitions), "--var", str(settings.var), "--as-of", "2026-01-06"]

    assert run(["why", "waste.tons", *places]) == 0
    table = capsys.readouterr().out
    assert run(["why", "waste.tons", "--format", "json", *places]) == 0
    said = json.loads(capsys.readouterr().out)
    assert run(["why", "waste.tonz", *places]) == 2
    assert "waste.tons" in capsys.readouterr().err

    assert "清运量比前一日增加 4.5%" in table
    assert "海淀区" in table
    assert said["change"] == 3.0
