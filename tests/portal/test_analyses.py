"""Analyses as a person at the terminal, a program and a page meet them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from litestar.testing import TestClient

from engine.question import Question
from engine.running.analyses import run_analysis
from engine.running.definitions import load_checked
from engine.running.explain import Explained, explain
from engine.warehouses.duckdb import DuckDbWarehouse
from portal import wiring
from portal.api.definition_version import definition_version
from portal.api.titles import Titles
from portal.api.tree import Node, node_of
from portal.api.world import World
from portal.app import create_app
from portal.cli.main import run
from tests.engine.running.analysed_city import EIGHT, FILES, read

NOON, ONE = datetime(2026, 1, 5, 12), datetime(2026, 1, 5, 13)
PROOF = """given: [{dataset: %s, rows: []}]
ask: {period: {from: 2026-01-01, to: 2026-01-02}}
expect: [{value: null}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The definitions of the small city as files, with a proof each."""
    files = dict(FILES)
    for name, dataset in (("eta", "pits.etas"), ("level", "pits.readings"), ("next_hours", "pits.forecasts")):
        files[f"pits/{name}.test.yaml"] = PROOF % dataset
    for name, text in files.items():
        path = tmp_path / "definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return tmp_path / "definitions"


@pytest.fixture
def places(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options that name the small city, its rows loaded, its clock standing at noon."""
    monkeypatch.setenv("CHENGMAI_CLOCK", NOON.isoformat())
    with wiring.opened_warehouse(wiring.read_settings({}, folder, tmp_path / "var"), "duckdb") as warehouse:
        read(load_checked(folder).catalog, warehouse, {"a": [10, 20, 30], "b": [40, 50, 60]})
    return ["--definitions", str(folder), "--var", str(tmp_path / "var")]


@pytest.fixture
def world(folder: Path) -> World:
    """The small city in memory, with one result."""
    catalog, warehouse = load_checked(folder).catalog, DuckDbWarehouse(memory_limit="1GB")
    wiring.create_tables(catalog, warehouse)
    read(catalog, warehouse, {"a": [10, 20, 30], "b": [40, 50, 60]})
    run_analysis(catalog, warehouse, "pits.fill", NOON)
    return World(catalog, warehouse, lambda: ONE, definition_version(catalog), folder, Titles(catalog, warehouse))


def test_an_analysis_runs_at_the_terminal_and_says_when_nothing_is_new(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyse", "pits.fill", *places]) == 0
    told = capsys.readouterr()  # the first command loads what is missing, results too
    assert "满坑（pits.fill）有解：pits.etas 2 行；截至 2026-01-05 10:00" in told.err
    assert "满坑（pits.fill）数据没有变化，仍是 2026-01-05 12:00 的结果" in told.out
    assert run(["query", "pits.eta", "--as-of", "2026-01-05T12:01", *places]) == 0
    assert "4" in capsys.readouterr().out


def test_all_analyses_are_listed_and_one_that_is_not_there_is_told_with_the_nearest(
    places: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["list", "analyses", *places[:2]]) == 0
    assert "pits.fill" in capsys.readouterr().out
    assert run(["list", "analysis", *places[:2]]) == 0
    assert run(["analyse", "pits.fil", *places]) == 2
    assert "是否想写「pits.fill」" in capsys.readouterr().err


def test_the_interface_gives_an_analysis_with_its_last_results(world: World) -> None:
    with TestClient(create_app(world), base_url="http://127.0.0.1:8000") as client:
        found = client.get("/api/analyses/pits.fill").json()
        assert (found["operator"], found["operator_title"], found["outputs"]) == ("threshold_eta", "越限预计时间", {"pits.etas": "eta"})
        [result] = found["results"]
        assert (result["status"], result["rows"], result["params"]["points"]) == ("optimal", 2, 12)
        assert (result["computed_at"], result["inputs"]) == ("2026-01-05T12:00:00", {"pits.pits": 1, "pits.readings": 1})
        assert client.get("/api/analyses/pits.ahead").json()["results"] == []
        missing = client.get("/api/analyses/pits.fil")
        assert (missing.status_code, "pits.fill" in missing.text) == (404, True)
        assert [one["id"] for one in client.get("/api/catalog/analyses").json()] == ["pits.ahead", "pits.fill"]


def test_a_number_over_an_analysis_says_by_what_it_was_computed(world: World) -> None:
    explained = explain(world.catalog, world.warehouse, Question(indicators=("pits.eta",)), now=ONE)
    assert isinstance(explained, Explained)
    leaf = explained
    while leaf.children:
        leaf = leaf.children[0]
    assert (leaf.value, len(leaf.analyses)) == (4.0, 1)
    assert leaf.analyses[0].model_version == "threshold_eta-1"
    assert json.loads(leaf.analyses[0].params)["anchor"] == "last"
    [said] = leaf.read_zh
    for part in (
        "由分析「满坑」给出",
        "算子 threshold_eta",
        '"points":12',
        leaf.analyses[0].run_id[:8],
        "2026-01-05 12:00:00",
        "threshold_eta-1",
    ):
        assert part in said
    assert said in [one for node in _every(node_of(explained)) for one in node.read]
    before = explain(world.catalog, world.warehouse, Question(indicators=("pits.eta",), as_of=EIGHT.isoformat()))
    assert isinstance(before, Explained)
    assert any("还没有运行过" in one for node in _every(node_of(before)) for one in node.read)


def _every(node: Node) -> list[Node]:
    return [node, *(found for child in node.children for found in _every(child))]
