"""Whatever stands in a file, loading says what is wrong: it accepts nothing hostile, refuses nothing harmless, never crashes, hangs or swells."""

import resource
import time
from pathlib import Path

import pytest

from engine.loading.files import find_files
from engine.loading.project import load
from tests.engine.loading.hostile import Case, cases

PROJECT = "title: x\n"
CASES = cases()


def folder_with(tmp_path: Path, case: Case, content: bytes) -> Path:
    (tmp_path / "a").mkdir(parents=True)
    (tmp_path / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / case.file).write_bytes(content)
    return tmp_path


def test_there_are_as_many_as_promised() -> None:
    assert len(CASES) >= 200
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_file_is_a_finding_and_nothing_worse(case: Case, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, case, case.hostile)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()

    loaded = load(folder)

    assert time.process_time() - started < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024
    assert loaded.findings
    assert loaded.catalog.ids("indicator") == []
    assert all(len(finding.zh) + len(finding.en) < 1_000 for finding in loaded.findings)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_harmless_twin_is_read(case: Case, tmp_path: Path) -> None:
    loaded = load(folder_with(tmp_path, case, case.benign))

    assert [finding.text("en") for finding in loaded.findings] == []
    assert loaded.catalog.ids("indicator") == ["a.c"]


NAMES = (
    "../escape.indicator.yaml", "a/..b.indicator.yaml", "a/b.c.indicator.yaml", "a/B.indicator.yaml", "a/1b.indicator.yaml", "a/b-c.indicator.yaml",
    "a/清运.indicator.yaml", "a/b c.indicator.yaml", "a/b\u202e.indicator.yaml", "a/b.indicator.YAML", "a/b.indicator.yml", "a/b.yaml", "a/.indicator.yaml.yaml",
    "a/b.indikator.yaml", "a/project.yaml", "a/b.project.yaml", "A/b.indicator.yaml", "a b/c.indicator.yaml", f"a/{'b' * 100}.indicator.yaml",
)  # fmt: skip
GOOD_NAMES = (
    "a.indicator.yaml", "a/b.indicator.yaml", "a/b_1.indicator.json", "a/b/c.indicator.yaml", "a_b/c.indicator.yaml", f"a/{'b' * 60}.indicator.yaml",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_that_is_no_id_is_a_finding(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    path = folder / name if ".." not in Path(name).parts else folder / name.replace("../", "..")
    path.parent.mkdir(parents=True)
    path.write_text("title: x\nunit: t\n", encoding="utf-8")

    found, findings = find_files(folder)

    assert [file.id for file in found] == []
    assert len(findings) == (0 if path.name.startswith(".") else 1)


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_file_name_that_is_an_id_is_found(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}", encoding="utf-8")

    found, findings = find_files(tmp_path)

    assert findings == []
    assert [file.kind for file in found] == ["indicator"]


def test_links_are_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.indicator.yaml").write_text("title: x\nunit: t\n", encoding="utf-8")
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "one.indicator.yaml").symlink_to(outside / "x.indicator.yaml")
    (folder / "all").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "gone.indicator.yaml").symlink_to(outside / "nothing")

    found, findings = find_files(folder)

    assert found == []
    assert sorted((Path(finding.place.file).name, finding.code) for finding in findings) == [
        ("all", "symlink"),
        ("gone.indicator.yaml", "symlink"),
        ("loop", "symlink"),
        ("one.indicator.yaml", "symlink"),
    ]


def test_folders_and_files_set_aside_are_left_alone(tmp_path: Path) -> None:
    for name in ("_schema/x.indicator.yaml", ".git/x.indicator.yaml", "a/_draft.indicator.yaml", "a/rows.csv", "a/notes.md", "a/check.sql"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(":", encoding="utf-8")

    assert find_files(tmp_path) == ([], [])
