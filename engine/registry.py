"""Finds members by scanning a folder, so that adding one is adding a file and no list is edited."""

import importlib
import pkgutil
from functools import lru_cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, TypeVar

from engine.findings import Finding, Place
from engine.kind import KindSpec
from engine.part import PluginPart

Member = TypeVar("Member", bound=PluginPart)


def members(package: str, contract: type[Member], group: str = "") -> tuple[dict[str, type[Member]], list[Finding]]:
    """The members of a contract by their tag, sorted: those in the modules of the package, then those of installed packages.

    `group` names the entry points of installed packages (`chengmai.connectors`). Two members with one tag are a finding; the first stays.
    """
    found: dict[str, type[Member]] = {}
    findings: list[Finding] = []
    for member in [*_in_package(package, contract), *_installed(group, contract)]:
        first = found.setdefault(member.tag, member)
        if first is not member:
            findings.append(_same_tag(member, first))
    return dict(sorted(found.items())), findings


@lru_cache(maxsize=1)
def kinds() -> dict[str, type[KindSpec]]:
    """Every kind of definition by its suffix."""
    return members("engine.kinds", KindSpec, "chengmai.kinds")[0]


def _in_package(package: str, contract: type[Member]) -> list[type[Member]]:
    folder = importlib.import_module(package)
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__) if not module.ispkg)
    return [member for name in names for member in _in_module(importlib.import_module(f"{package}.{name}"), contract)]


def _in_module(module: ModuleType, contract: type[Member]) -> list[type[Member]]:
    """Members a module itself defines: an imported one would count twice, a shape without a tag is only a piece."""
    things = [thing for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == module.__name__]
    return [thing for thing in things if issubclass(thing, contract) and thing.tag]


def _installed(group: str, contract: type[Member]) -> list[type[Member]]:
    if not group:
        return []
    loaded: list[Any] = [entry_point.load() for entry_point in sorted(entry_points(group=group), key=lambda entry: entry.name)]
    return [thing for thing in loaded if isinstance(thing, type) and issubclass(thing, contract) and thing.tag]


def _same_tag(member: type[PluginPart], first: type[PluginPart]) -> Finding:
    names = (f"{thing.__module__}.{thing.__name__}" for thing in (first, member))
    one, other = names
    return Finding(
        place=Place(member.__module__.replace(".", "/") + ".py"),
        code="same-tag",
        zh=f"「{member.tag}」有两个实现：{one} 和 {other}",
        en=f"'{member.tag}' is given twice, by {one} and {other}",
        advice_zh="改其中一个的 tag",
        advice_en="change the tag of one",
    )
