"""A proof that expects nothing proves nothing."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.test import Test
from engine.loading.catalog import Catalog


class ProofShape(Check, frozen=True):
    """A proof asks and expects, once or in cases; each case expects rows, totals or a finding (验证用例要素)."""

    tag: ClassVar[str] = "proof-shape"
    kinds: ClassVar[tuple[str, ...]] = ("test",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for a proof or case that expects nothing, and for a proof that proves no indicator."""
        spec = definition.spec
        if not isinstance(spec, Test):
            return
        advice = ("加上 expect：手算的答案，每行一个维度组合", "add expect: the rows of the answer, worked out by hand")
        if spec.expect is None and not spec.cases:
            yield self.at(catalog, definition, (), ("验证用例没有写期望的答案", "the proof expects nothing", *advice))
        for i, case in enumerate(spec.cases):
            if all(one is None for one in (case.expect, case.expect_totals, case.expect_finding, case.expect_marks)):
                yield self.at(catalog, definition, ("cases", i), ("这个用例没有写期望的答案", "this case expects nothing", *advice))
        asks = [spec.ask, *(case.ask for case in spec.cases)]
        if (
            spec.of is None
            and not catalog.knows("indicator", definition.id)
            and not all(_names_something(ask) for ask in asks if ask is not None)
        ):
            said = (
                f"没有名为「{definition.id}」的指标可验证",
                f"there is no indicator '{definition.id}' to prove",
                "文件名与指标相同，或加上一行 of: 指标的标识",
                "give the file the name of an indicator, or add a line: of: id of an indicator",
            )
            yield self.at(catalog, definition, (), said)


def _names_something(ask: dict[str, object]) -> bool:
    return bool(ask.get("indicators") or ask.get("values"))
