"""The first pages a reader follows are followed by a test: every file written, every command run."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from portal.cli.main import run
from tests.docs.pages import ROOT

BLOCK = re.compile(r"```(yaml|sh)\n(.*?)```", re.DOTALL)


@pytest.mark.slow
@pytest.mark.xdist_group("serve")
def test_the_first_indicator_can_be_written_as_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given the shipped definitions in a folder of our own
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    # when every block of the page is done in turn
    said = []
    for language, text in BLOCK.findall((ROOT / "docs/getting-started.md").read_text(encoding="utf-8")):
        if language == "yaml":
            name, _, body = text.removeprefix("# ").partition("\n")
            (tmp_path / name).write_text(body, encoding="utf-8")
            continue
        for command in text.splitlines():
            code = run(shlex.split(command)[1:])
            out, err = capsys.readouterr()
            assert code == 0, f"{command}\n{err}"
            said.append(out)

    # then the new indicator is sound, proved, and has a value in every district
    assert any("0 个问题" in out for out in said)
    assert any("1 个用例，0 个未通过" in out for out in said)
    assert any("其他垃圾重载车次（车次）" in out and "16 行" in out for out in said)
