"""`chengmai refresh`, as a person who keeps a city's states true meets it."""

from pathlib import Path

import pytest

from portal import wiring
from portal.cli.main import run
from tests.portal.small_city import fill, read_catalog, write_definitions

STATE = "\nstates: [{name: day, grain: day, by: [city.district], of: [waste.tons, waste.loads]}]\n"


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """Options that name a small city with one stored state, its rows loaded and its state never filled."""
    folder = write_definitions(tmp_path / "definitions")
    dataset = folder / "waste/weighings.dataset.yaml"
    dataset.write_text(dataset.read_text("utf-8") + STATE, "utf-8")
    with wiring.opened_warehouse(wiring.read_settings({}, folder, tmp_path / "var"), "duckdb") as warehouse:
        fill(read_catalog(folder), warehouse)
    return ["--definitions", str(folder), "--var", str(tmp_path / "var")]


def test_a_refresh_tells_each_state_and_the_next_has_nothing_to_do(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["refresh", *places]) == 0
    first = capsys.readouterr().out
    assert "预聚合 states.waste.weighings_day：全部，15 行" in first
    assert "1 个预聚合已刷新" in first
    assert run(["refresh", *places]) == 0
    assert capsys.readouterr().out.strip() == "预聚合都是最新的"


def test_sql_and_explain_say_that_the_state_is_read(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(["refresh", *places])
    capsys.readouterr()
    assert run(["sql", "waste.tons", "--by", "city.district", *places]) == 0
    assert capsys.readouterr().out.startswith("-- 从预聚合 states.waste.weighings_day 读取\n")
    assert run(["explain", "waste.tons", *places]) == 0
    assert "从预聚合「过磅·day」读取" in capsys.readouterr().out
