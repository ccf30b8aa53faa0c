"""A folder that is looked at again and again: what changed is seen, once, whatever the change was."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.running.watched import Watched
from tests.portal.small_city import write_definitions

TONS = "waste/tons.indicator.yaml"


def renamed(folder: Path) -> None:
    (folder / TONS).rename(folder / "waste/weight.indicator.yaml")
    (folder / "waste/tons.test.yaml").rename(folder / "waste/weight.test.yaml")


def same_size_same_time(folder: Path) -> None:
    """As an editor that restores the time of a file it saves."""
    before = (folder / TONS).stat()
    (folder / TONS).write_text((folder / TONS).read_text(encoding="utf-8").replace("清运量", "运清量"), encoding="utf-8")
    os.utime(folder / TONS, ns=(before.st_atime_ns, before.st_mtime_ns))


def swapped(folder: Path) -> None:
    """As an editor that writes beside and renames."""
    (folder / "waste/.tons.tmp").write_text("title: 清运\ndataset: waste.weighings\nmeasure: {agg: count}\nunit: 车\n", encoding="utf-8")
    (folder / "waste/.tons.tmp").rename(folder / TONS)


def removed(folder: Path) -> None:
    (folder / TONS).unlink()
    (folder / "waste/tons.test.yaml").unlink()


@pytest.mark.parametrize("change", [renamed, same_size_same_time, swapped, removed])
def test_a_change_is_seen_once(tmp_path: Path, change: Callable[[Path], None]) -> None:
    watched = Watched(write_definitions(tmp_path))
    before = watched.checked.catalog.definitions
    assert watched.look() is None

    change(tmp_path)

    newer = watched.look()
    assert newer is not None
    assert newer.catalog.definitions != before
    assert watched.look() is None


def test_what_is_no_definition_is_no_change(tmp_path: Path) -> None:
    watched = Watched(write_definitions(tmp_path))
    (tmp_path / "waste/rows.csv").write_text("a,b\n", encoding="utf-8")
    (tmp_path / "waste/.tons.indicator.yaml.swp").write_text("half", encoding="utf-8")
    assert watched.look() is None


def test_a_wrong_file_is_told_and_its_repair_is_seen(tmp_path: Path) -> None:
    watched = Watched(write_definitions(tmp_path))
    right = (tmp_path / TONS).read_text(encoding="utf-8")
    (tmp_path / TONS).write_text("title: 清运量\nmeasure: {agg: sum", encoding="utf-8")
    broken = watched.look()
    (tmp_path / TONS).write_text(right, encoding="utf-8")
    repaired = watched.look()

    assert broken is not None
    assert any(finding.place.file.endswith(TONS) for finding in broken.findings)
    assert repaired is not None
    assert repaired.findings == ()


def test_a_folder_that_is_away_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    folder = write_definitions(tmp_path / "definitions")
    watched = Watched(folder)
    folder.rename(tmp_path / "away")
    assert watched.look() is None
    (tmp_path / "away").rename(folder)
    assert watched.look() is None
