"""The command line over Spark, as a person meets it who has a cluster, who has none, and who has not installed it."""

from pathlib import Path

import pytest

from portal import opening, wiring
from portal.cli.main import run
from tests.portal.small_city import fill, read_catalog, write_definitions
from tests.warehouse_fixtures import SPARK

pytestmark = [*SPARK]


@pytest.fixture
def places(tmp_path: Path, spark_url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options that name a small city whose project is computed by Spark, at the address that the environment says."""
    folder = write_definitions(tmp_path / "definitions")
    with (folder / "project.yaml").open("a", encoding="utf-8") as project:
        project.write("warehouse: spark\n")
    for name, value in (
        (wiring.SPARK, spark_url),
        (wiring.LAKE, str(tmp_path / "lake")),
        (wiring.LAKE_SEEN_AS, (tmp_path / "lake").as_uri()),
    ):
        monkeypatch.setenv(name, value)
    with wiring.opened_warehouse(wiring.read_this_process(folder, tmp_path / "var"), "spark") as warehouse:
        fill(read_catalog(folder), warehouse)
    return ["--definitions", str(folder), "--var", str(tmp_path / "var")]


def test_a_project_names_its_warehouse_and_its_questions_go_there(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["waste.tons", "--by", "city.district", "--totals", "--as-of", "2026-01-06T09:30", *places]

    assert run(["query", *asked]) == 0
    assert "264" in capsys.readouterr().out
    assert run(["sql", *asked]) == 0
    assert "weighings.`at`" in capsys.readouterr().out  # Spark's own quotes
    assert run(["refresh", *places]) == 0
    assert (tmp_path / "lake/waste/weighings/manifest.json").is_file()
    assert not (tmp_path / "var" / wiring.DUCKDB_FILE).exists()


def test_proofs_run_below_the_lake_and_leave_nothing_there(places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in (tmp_path / "lake").iterdir())

    assert run(["prove", *places[:2]]) == 0

    assert "0 个未通过" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "lake").iterdir()) == before


def test_an_address_where_no_spark_answers_is_said(
    places: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(wiring.SPARK, "sc://127.0.0.1:9")

    assert run(["query", "waste.tons", *places]) == 1

    assert capsys.readouterr().err.splitlines()[0] == "连不上 Spark：sc://127.0.0.1:9"


def test_without_the_extra_the_command_says_what_to_install(
    places: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None)

    assert run(["query", "waste.tons", *places]) == 1

    assert "pip install 'chengmai[spark]'" in capsys.readouterr().err


def test_with_no_address_a_local_one_is_started_and_goes_again(
    places: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(wiring.SPARK)

    assert run(["query", "waste.tons", "--as-of", "2026-01-06T09:30", *places]) == 0

    assert "264" in capsys.readouterr().out


@pytest.mark.parametrize(("size", "count"), [("2GB", 2 * 10**9), ("500 MiB", 500 * 1024**2), ("1.5KB", 1500)])
def test_a_size_of_memory_is_read_as_duckdb_reads_it(size: str, count: int) -> None:
    assert opening.bytes_of(size) == count
