"""A member is found because its file is there; two with one name are told, and the first stays."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import engine.registry
from engine.check import Check, checks
from engine.kind import KindSpec
from engine.modifier import Modifier
from engine.part import PluginPart
from engine.registry import kinds, members

MEMBER = """
from typing import ClassVar
from engine.part import PluginPart
from engine.registry import members
class Thing(PluginPart, frozen=True):
    tag: ClassVar[str] = "{tag}"
class Piece(PluginPart, frozen=True):
    pass
"""


def package(folder: Path, name: str, files: dict[str, str]) -> str:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text('"""Members."""\n', encoding="utf-8")
    for file, text in files.items():
        (folder / name / f"{file}.py").write_text(text, encoding="utf-8")
    return name


def test_the_kinds_are_the_files_of_the_folder() -> None:
    assert sorted(kinds()) == ["access", "analysis", "dataset", "dimension", "indicator", "project", "source", "test"]
    assert all(kind.tag == tag for tag, kind in kinds().items())


def test_a_new_file_is_a_new_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    name = package(tmp_path, "members_of_a_test", {"b": MEMBER.format(tag="b"), "a": MEMBER.format(tag="a")})
    found, findings = members(name, PluginPart)
    assert list(found) == ["a", "b"]
    assert findings == []


def test_one_tag_twice_is_a_finding_and_the_first_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    name = package(tmp_path, "twins_of_a_test", {"one": MEMBER.format(tag="x"), "two": MEMBER.format(tag="x")})
    found, findings = members(name, PluginPart)
    assert found["x"].__module__ == "twins_of_a_test.one"
    assert [(finding.code, finding.place.file) for finding in findings] == [("same-tag", "twins_of_a_test/two.py")]
    assert "'x' is given twice" in findings[0].en


def test_a_member_of_an_installed_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint(name="yoy2", value="engine.modifiers.yoy:YearOnYear", group="chengmai.modifiers")
    monkeypatch.setattr(engine.registry, "entry_points", lambda group: [entry] if group == "chengmai.modifiers" else [])
    found, findings = members("engine.kinds", KindSpec, "chengmai.kinds")
    assert "yoy" not in found
    found_modifiers, findings = members("engine.modifiers", Modifier, "chengmai.modifiers")
    assert found_modifiers["yoy"].tag == "yoy"
    assert findings == []


def test_nothing_of_the_engine_has_one_name_twice() -> None:
    for folder, contract in (("engine.kinds", KindSpec), ("engine.modifiers", Modifier), ("engine.checks", Check)):
        assert members(folder, contract)[1] == []


def test_the_code_of_a_check_is_the_name_of_its_file() -> None:
    for check in checks():
        module = sys.modules[type(check).__module__]
        assert Path(str(module.__file__)).stem == check.tag.replace("-", "_")
        assert check.kinds
        assert set(check.kinds) <= set(kinds())
