"""Definitions that change under a running application: sound ones take over, wrong ones are told, and no kept answer outlives its definition."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from engine.running.watched import Watched
from portal import wiring
from portal.app import create_app
from portal.following import Following
from tests.portal.small_city import DISTRICTS, fill, write_definitions

TONS = "waste/tons.indicator.yaml"
ALL = 10 + 20 + 30 + 11 + 21 + 31 + 12 + 22 + 32 + 13 + 23 + 33 + 1 + 2 + 3
QUESTION = {"indicators": ["waste.tons"]}


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    """The small city's application over a folder of its own."""
    settings = wiring.Settings(write_definitions(tmp_path / "definitions"), tmp_path / "var")
    watched = Watched(settings.definitions)
    warehouse = wiring.open_duckdb(settings)
    fill(watched.checked.catalog, warehouse)
    yield Following(settings, watched, wiring.build_world(settings, watched.checked.catalog, warehouse), create_app)
    warehouse.close()


@pytest.fixture
def client(following: Following) -> Iterator[TestClient[Any]]:
    """HTTP to whatever application is the newest."""
    with TestClient(following, base_url="http://127.0.0.1:8000") as client:
        yield client


def rewrite(following: Following, old: str, new: str, file: str = TONS) -> None:
    """A change of a file, and the next look at the folder."""
    path = following.world.folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert following.look()


def asked(client: TestClient[Any], question: dict[str, Any] = QUESTION) -> dict[str, Any]:
    """The one line of the answer."""
    found: dict[str, Any] = json.loads(client.post("/api/query", json=[question]).text)
    return found


def value(line: dict[str, Any]) -> Any:
    """The value of an answer with one row."""
    assert not line.get("findings"), line
    [found] = line["rows"]["columns"]["waste.tons"]
    return found


def test_an_answer_that_was_kept_is_computed_anew_by_the_new_definition(client: TestClient[Any], following: Following) -> None:
    first, again = asked(client), asked(client)
    rewrite(following, "{agg: sum, of: tons}", "{agg: max, of: tons}")
    after = asked(client)
    rewrite(following, "{agg: max, of: tons}", "{agg: sum, of: tons}")
    back = asked(client)

    assert [value(line) for line in (first, again, after, back)] == [ALL, ALL, 33, ALL]
    assert after["definition_version"] != first["definition_version"]
    assert back["definition_version"] == first["definition_version"]


def test_wrong_definitions_are_told_on_pages_and_by_the_interface_and_the_old_ones_answer(
    client: TestClient[Any], following: Following
) -> None:
    sound = client.get("/api/definitions").json()
    rewrite(following, "of: tons", "of: tonnes")
    told = client.get("/api/definitions").json()
    page = client.get("/?plain=1", headers={"accept": "text/html"}).text
    still = value(asked(client))
    rewrite(following, "of: tonnes", "of: tons")
    mended = client.get("/api/definitions").json()

    assert sound["is_newest"] is True
    assert sound["findings"] == []
    assert told["is_newest"] is False
    assert told["definition_version"] == sound["definition_version"]
    [finding] = told["findings"]
    assert finding["code"] == "unknown-column"
    assert f"{TONS}:4:25" in finding["place"]
    assert "上一次正确的定义" in page
    assert "tonnes" in page
    assert still == ALL
    assert mended == sound
    assert "上一次正确的定义" not in client.get("/?plain=1", headers={"accept": "text/html"}).text


def test_a_new_indicator_is_found_searched_and_asked(client: TestClient[Any], following: Following) -> None:
    assert client.get("/api/catalog/search", params={"q": "最重"}).json()["count"] == 0
    folder = following.world.folder / "waste"
    (folder / "heaviest.indicator.yaml").write_text(
        "title: 最重一车\ndataset: waste.weighings\nmeasure: {agg: max, of: tons}\nunit: t\n", encoding="utf-8"
    )
    (folder / "heaviest.test.yaml").write_text(
        "given: [{dataset: waste.weighings, rows: [{id: 1, at: 2026-01-01, tons: 3}, {id: 2, at: 2025-12-31, tons: 9}]}]\n"
        "ask: {period: {from: 2026-01-01}}\nexpect: [{value: 3}]\n",
        encoding="utf-8",
    )
    following.look()

    assert client.get("/api/catalog/search", params={"q": "最重"}).json()["count"] == 1
    assert client.get("/api/indicators/waste.heaviest").status_code == 200
    assert asked(client, {"indicators": ["waste.heaviest"]})["rows"]["columns"] == {"waste.heaviest": [33]}


def test_an_indicator_that_is_gone_is_not_answered(client: TestClient[Any], following: Following) -> None:
    for name in ("loads.indicator.yaml", "loads.test.yaml"):
        (following.world.folder / "waste" / name).unlink()
    following.look()

    assert client.get("/api/indicators/waste.loads").status_code == 404
    assert [one["code"] for one in asked(client, {"indicators": ["waste.loads"]})["findings"]] == ["unknown-indicator"]


def test_the_catalogue_that_a_browser_holds_is_asked_for_again(client: TestClient[Any], following: Following) -> None:
    held = client.get("/api/catalog/indicators").headers["etag"]
    assert client.get("/api/catalog/indicators", headers={"if-none-match": held}).status_code == 304
    rewrite(following, "title: 清运量", "title: 清运总量")
    newer = client.get("/api/catalog/indicators", headers={"if-none-match": held})

    assert newer.status_code == 200
    assert "清运总量" in newer.text


def test_a_new_column_is_there_without_values_and_a_column_of_another_type_does_not_take_over(
    client: TestClient[Any], following: Following
) -> None:
    at = "  - {name: tons, title: 净重, type: decimal, unit: t}\n"
    rewrite(following, at, at + "  - {name: plate, title: 车牌, type: text}\n", "waste/weighings.dataset.yaml")
    split = asked(client, {"indicators": ["waste.loads"], "by": ["plate"]})
    rewrite(following, "name: plate, title: 车牌, type: text", "name: plate, title: 车牌, type: integer", "waste/weighings.dataset.yaml")
    told = client.get("/api/definitions").json()

    assert split["rows"]["columns"] == {"plate": [None], "waste.loads": [15]}
    assert [one["code"] for one in told["findings"]] == ["retyped-column"]
    assert "weighings.dataset.yaml" in told["findings"][0]["place"]


def test_names_of_members_are_read_by_the_new_label(client: TestClient[Any], following: Following) -> None:
    def titles() -> set[str]:
        return {one["title"] for one in client.get("/api/dimensions/city.district/members").json()["members"]}

    assert titles() == set(DISTRICTS.values())
    rewrite(following, "label: name", "label: code", "city/district.dimension.yaml")
    assert titles() == set(DISTRICTS)
