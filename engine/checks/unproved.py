"""A number that nobody has worked out by hand is a number that nobody can vouch for."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.test import Test
from engine.loading.catalog import Catalog


class Unproved(Check, frozen=True):
    """Every indicator has a proof beside it: rows, a question, the answer worked out by hand (没有验证)."""

    tag: ClassVar[str] = "unproved"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for an indicator that no proof asks."""
        if catalog.knows("test", definition.id) or definition.id in _proved(catalog):
            return
        name = definition.id.replace(".", "/")
        said = (
            "这个指标没有验证用例",
            "this indicator has no proof",
            f"在旁边写 {name}.test.yaml：给几行数据、一个提问和手算的答案",
            f"write {name}.test.yaml beside it: some rows, a question, and the answer worked out by hand",
        )
        yield self.at(catalog, definition, (), said)


def _proved(catalog: Catalog) -> set[str]:
    tests = (found.spec for (kind, _), found in catalog.definitions.items() if kind == "test")
    return {id for test in tests if isinstance(test, Test) for id in _asked(test)}


def _asked(test: Test) -> Iterator[str]:
    if test.of:
        yield test.of
    for ask in (test.ask or {}, *(case.ask for case in test.cases)):
        indicators = ask.get("indicators")
        for one in indicators if isinstance(indicators, list | tuple) else ():
            id = one.get("of") if isinstance(one, dict) else one
            if isinstance(id, str):
                yield id
