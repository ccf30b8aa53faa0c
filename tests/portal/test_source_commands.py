"""From the terminal: rows are taken in from where the last reading ended, a source is tried, looked into, paused with a reason, resumed."""

import json
import os
from pathlib import Path

import pytest

from portal.cli.main import run

pytestmark = pytest.mark.postgres
PROJECT = {
    "project.yaml": "title: 试验\n",
    "sources/waste.source.yaml": (
        'title: 垃圾系统\nconnector: files\nsettings: {root: "."}\nstreams:\n  - {name: rows, read: {path: "*.csv"}}\n'
    ),
    "w/rows.dataset.yaml": (
        "title: 行\nfrom: sources.waste/rows\none_row_is: 一行\nkey: [id]\nregion: public\ncolumns:\n"
        "  - {name: id, title: 号, type: text}\n  - {name: n, title: 数, type: integer}\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in PROJECT.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    for name, value in {"CHENGMAI_DEFINITIONS": tmp_path, "CHENGMAI_VAR": tmp_path / "var", "DATABASE_URL": postgres_dsn}.items():
        monkeypatch.setenv(name, str(value))
    write(tmp_path / "a.csv", "id,n", "1,5", "2,x")
    return tmp_path


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.utime(path, (1e9, 1e9))  # long finished


def said(capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = 0) -> str:
    assert run(arguments) == ends
    out, errors = capsys.readouterr()
    return out + errors


def test_rows_are_taken_in_once_and_then_only_new_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "读到 2 行，装入 1 行，1 行隔离，现有 1 行" in said(capsys, "intake")
    assert "读到 0 行" in said(capsys, "intake", "sources.waste/rows")
    write(folder / "b.csv", "id,n", "3,7")
    assert "读到 1 行，装入 1 行，现有 2 行" in said(capsys, "intake", "sources.waste")
    assert "读到 3 行，装入 2 行，1 行隔离，现有 2 行" in said(capsys, "intake", "--from-start")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [("sources.wast", "没有名为「sources.wast」的数据源"), ("sources.waste/lines", "有数据集的数据流：sources.waste/rows")],
)
def test_a_stream_that_is_not_there_is_told_with_those_that_are(
    folder: Path, capsys: pytest.CaptureFixture[str], asked: str, answer: str
) -> None:
    assert answer in said(capsys, "intake", asked, ends=2)


def test_a_source_that_fails_ends_with_1_and_its_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.csv").unlink()
    assert "没有装入：没有文件与「*.csv」相符" in said(capsys, "intake", ends=1)
    assert "上次失败：没有文件与「*.csv」相符" in said(capsys, "source", "list").replace("\n", "").replace(" ", "")


def test_a_paused_source_is_not_read_until_it_is_resumed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "写明为什么" in said(capsys, "source", "pause", "sources.waste", ends=2)
    assert "已暂停" in said(capsys, "source", "pause", "sources.waste", "--why", "割接", "--by", "王工")
    assert "王工 暂停：割接" in said(capsys, "intake", ends=1)
    assert "王工暂停：割接" in said(capsys, "source", "list").replace("\n", "").replace(" ", "")
    assert "已恢复" in said(capsys, "source", "resume", "sources.waste", "--why", "好了")
    assert "装入 1 行" in said(capsys, "intake")


def test_a_source_is_tried_and_its_first_rows_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "连得上" in said(capsys, "source", "test", "sources.waste")
    rows = said(capsys, "source", "sample", "sources.waste/rows", "--rows", "1")
    assert json.loads(rows) == {"id": "1", "n": "5"}
    assert "没有数据流「lines」" in said(capsys, "source", "sample", "sources.waste/lines", ends=1)


def test_a_lost_column_stops_the_intake_until_it_is_accepted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "intake")
    write(folder / "a.csv", "id,m", "1,5")
    assert "来源少了列「n」" in said(capsys, "intake", "--from-start", ends=1)
    assert "nvanished" in said(capsys, "source", "list").replace("\n", "").replace(" ", "")
    assert "按来源当时的列" in said(capsys, "source", "accept", "sources.waste/rows")
    assert "装入 1 行" in said(capsys, "intake", "--from-start")
