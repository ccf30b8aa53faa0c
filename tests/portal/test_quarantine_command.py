"""From the terminal: rows that were set aside are listed with their reasons, mended, sent again, given up."""

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
    (tmp_path / "a.csv").write_text("id,n\n1,5\n2,x\n3,y\n", encoding="utf-8")
    os.utime(tmp_path / "a.csv", (1e9, 1e9))  # long finished
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = 0) -> str:
    assert run(arguments) == ends
    out, errors = capsys.readouterr()
    return out + errors


def test_a_row_is_found_mended_and_sent_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "intake")
    two, three = sorted(said(capsys, "quarantine", "list").splitlines(), key=lambda line: "a.csv:4" in line)
    assert "w.rows  a.csv:3  待处理  「数」的值 x 不是整数" in two
    id, other = two.split()[0], three.split()[0]
    assert "写明改成什么" in said(capsys, "quarantine", "correct", id, ends=2)
    assert "已更正" in said(capsys, "quarantine", "correct", id, "--cell", "n=z", "--by", "李四", "--why", "看错了")
    assert "重放后仍不合格：「数」的值 z 不是整数" in said(capsys, "quarantine", "replay", id, ends=1)
    said(capsys, "quarantine", "correct", id, "--cell", "n=7")
    assert "已入库" in said(capsys, "quarantine", "replay", id)
    assert "已入库（早先已处理）" in said(capsys, "quarantine", "replay", id)
    assert '李四 correct {"n": "z"} 看错了' in said(capsys, "quarantine", "show", id)
    assert "要写明为什么" in said(capsys, "quarantine", "discard", other, ends=2)
    assert "已弃用" in said(capsys, "quarantine", "discard", other, "--why", "试车")
    assert said(capsys, "quarantine", "list", "--status", "open") == ""
    assert "隔离区里没有「zzz」" in said(capsys, "quarantine", "replay", "zzz", ends=2)
