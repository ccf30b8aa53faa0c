"""The command line: answers, refusals and exit codes, as a person at a terminal meets them."""

import csv
import io
import json
from pathlib import Path

import pytest

from engine.warehouses.duckdb import DuckDbWarehouse
from portal import wiring
from portal.cli.main import run
from tests.portal.small_city import fill, read_catalog, write_definitions


class Terminal:
    """A folder of definitions with its data, and what a command said there."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def says(self, *arguments: str, var: bool = False) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command in this folder."""
        places = ["--definitions", str(self.folder / "definitions"), *(["--var", str(self.folder / "var")] if var else [])]
        code = run([*arguments, *places])
        out, err = self.capsys.readouterr()
        return code, out, err

    def asks(self, *arguments: str) -> tuple[int, str, str]:
        """The same for commands that need data, as of the sixth day."""
        return self.says(*arguments, "--as-of", "2026-01-06T09:30", var=True)


@pytest.fixture(scope="module")
def city_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Definitions and a DuckDB file of the small city."""
    folder = tmp_path_factory.mktemp("city")
    write_definitions(folder / "definitions")
    settings = wiring.read_settings({}, folder / "definitions", folder / "var")
    with wiring.opened_warehouse(settings, "duckdb") as warehouse:
        fill(read_catalog(folder / "definitions"), warehouse)
    return folder


@pytest.fixture
def terminal(city_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 120 columns in the small city."""
    monkeypatch.setenv("COLUMNS", "120")
    return Terminal(city_folder, capsys)


def test_an_answer_is_a_table_with_names_units_and_a_line_that_says_what_it_rests_on(terminal: Terminal) -> None:
    code, out, _ = terminal.asks("query", "waste.tons", "--by", "city.district", "--totals")
    assert code == 0
    assert "清运量（t）" in out
    assert [line.split() for line in out.splitlines() if "区 " in line and "（" not in line][:1] == [["东城区", "47"]]
    assert "合计" in out
    assert "264" in out
    assert "截至 2026-01-06 09:30:00 · 数据版本 waste.weighings 1" in out


def test_csv_has_titles_with_units_and_json_is_the_line_of_the_api(terminal: Terminal) -> None:
    _, text, _ = terminal.asks("query", "waste.tons", "--grain", "day", "--format", "csv")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["时间", "清运量（t）", "完整"]
    assert rows[-1] == ["2026-01-06", "6.0", "0"]
    _, text, _ = terminal.asks("query", "waste.tons", "--format", "json")
    assert json.loads(text)["rows"]["columns"] == {"waste.tons": [264.0]}


def test_a_modifier_adds_a_column_and_order_and_limit_hold(terminal: Terminal) -> None:
    _, text, _ = terminal.asks(
        "query", "waste.tons", "--by", "city.district", "--modifier", "share", "--order=-share", "--limit", "1", "--format", "json"
    )
    line = json.loads(text)
    assert line["rows"]["columns"]["city.district.label"] == ["海淀区"]
    assert line["rows"]["columns"]["share"] == [pytest.approx(129 / 264 * 100)]
    assert line["truncated"] is True


def test_a_modifier_with_settings_is_written_as_in_yaml(terminal: Terminal) -> None:
    _, text, _ = terminal.asks("query", "waste.tons", "--grain", "day", "--modifier", "rolling: {over: P2D}", "--format", "json")
    assert json.loads(text)["rows"]["columns"]["rolling"][1] == 123.0


def test_a_viewer_sees_the_rows_of_the_scope_and_no_others(terminal: Terminal) -> None:
    _, text, _ = terminal.asks("query", "waste.tons", "--as", "district_user:regions=110105", "--format", "json")
    assert json.loads(text)["rows"]["columns"]["waste.tons"] == [88.0]


def test_an_unknown_role_is_refused_with_the_known_ones(terminal: Terminal) -> None:
    code, _, err = terminal.asks("query", "waste.tons", "--as", "mayor")
    assert (code, "access.district_user" in err) == (2, True)


def test_findings_exit_with_two_and_go_to_stderr(terminal: Terminal) -> None:
    code, out, err = terminal.asks("query", "waste.tons", "--by", "city.street")
    assert (code, out) == (2, "")
    assert "city.street" in err


def test_a_misspelt_indicator_is_answered_with_the_nearest(terminal: Terminal) -> None:
    code, _, err = terminal.asks("query", "waste.ton")
    assert (code, "是否想写「waste.tons」？" in err) == (2, True)


def test_sql_explain_and_lineage_say_where_a_number_comes_from(terminal: Terminal) -> None:
    assert "weighings.tons" in terminal.asks("sql", "waste.tons")[1]
    explained = terminal.asks("explain", "waste.tons")[1]
    assert "264 t" in explained
    assert "waste.weighings · 数据版本 1" in explained
    assert "tons  度量" in terminal.says("lineage", "waste.tons")[1]


def test_sound_definitions_exit_with_nothing_and_wrong_ones_with_two(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.says("check")[0] == 0
    folder = write_definitions(tmp_path / "definitions")
    (folder / "waste/tons.indicator.yaml").write_text(
        "title: 清运量\nunit: t\ndataset: waste.weighing\nmeasure: {agg: sum, of: tons}\n", "utf-8"
    )
    code, out, err = Terminal(tmp_path, terminal.capsys).says("check")
    assert code == 2
    assert "waste/tons.indicator.yaml:3:10: unknown-reference" in err
    assert "个问题" in out
    assert Terminal(tmp_path, terminal.capsys).asks("query", "waste.tons")[0] == 2


def test_definitions_are_listed_by_kind_and_search(terminal: Terminal) -> None:
    _, out, _ = terminal.says("list", "indicators", "--search", "清运")
    assert "waste.tons" in out
    assert "waste.loads" not in out
    assert terminal.says("list", "indicatrs")[0] == 2


def test_proofs_are_run(terminal: Terminal) -> None:
    assert "2 个用例，0 个未通过" in terminal.says("prove", var=True)[1]


@pytest.mark.parametrize("kind", ["indicator", "dataset", "dimension", "source", "access", "test"])
def test_a_new_definition_can_be_read_and_only_lacks_its_meaning(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    terminal = Terminal(tmp_path, capsys)
    write_definitions(tmp_path / "definitions")
    assert terminal.says("schema")[0] == 0
    assert terminal.says("new", kind, "waste.fresh")[0] == 0
    text = (tmp_path / "definitions" / "waste" / f"fresh.{kind}.yaml").read_text("utf-8")
    assert text.startswith(f"# yaml-language-server: $schema=../_schema/{kind}.schema.json\n")
    _, _, err = terminal.says("check")
    shape = {"unknown-field", "wrong-type", "yaml-syntax", "schema-header", "duplicate-key"}
    assert not [line for line in err.splitlines() if "fresh" in line and set(line.split(": ")) & shape]
    assert terminal.says("new", kind, "waste.fresh")[0] == 2


def test_an_id_that_leads_out_of_the_folder_is_refused(terminal: Terminal) -> None:
    for id in ("../evil", "a/b", "Waste.Tons", "waste..tons", "."):
        assert terminal.says("new", "indicator", id)[0] == 2


def test_schemas_that_are_not_the_newest_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(tmp_path, capsys)
    write_definitions(tmp_path / "definitions")
    assert terminal.says("schema", "--check")[0] == 2
    assert terminal.says("schema")[0] == 0
    assert terminal.says("schema", "--check")[0] == 0


def test_the_doctor_tells_every_fact(terminal: Terminal) -> None:
    code, out, _ = terminal.says("doctor", var=True)
    assert code == 0
    for name in ("Python", "DuckDB", "PostgreSQL", "端口", "数据文件夹", "定义", "中文字体"):
        assert name in out


def test_a_missing_folder_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = Terminal(tmp_path, capsys).says("check")
    assert code == 1
    assert str(tmp_path / "definitions") in err


def test_serving_to_others_is_refused_with_the_reason(terminal: Terminal) -> None:
    code, _, err = terminal.says("serve", "--host", "0.0.0.0", var=True)
    assert (code, "还没有账号" in err) == (2, True)


def test_memory_that_is_no_size_is_said_plainly(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGMAI_MEMORY", "plenty")
    code, _, err = terminal.asks("query", "waste.tons")
    assert code == 2
    assert "「plenty」" in err
    assert "2GB" in err


def test_the_warehouse_has_no_more_memory_than_the_environment_says(tmp_path: Path) -> None:
    settings = wiring.read_settings({"CHENGMAI_MEMORY": "300MB"}, tmp_path, tmp_path / "var")
    with wiring.opened_warehouse(settings, "duckdb") as warehouse:
        assert isinstance(warehouse, DuckDbWarehouse)
        held = warehouse._root.execute("SELECT current_setting('memory_limit')").fetchone()
    assert held == ("286.1 MiB",)
