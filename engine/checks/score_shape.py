"""A score whose item has no width, or whose veto has no limit, cannot be told."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog


class ScoreShape(Check, frozen=True):
    """Items of a scorecard run from one value to another, and a veto says above or below what (评分卡要素)."""

    tag: ClassVar[str] = "score-shape"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for a card without items, items without width and vetoes without a limit."""
        spec = definition.spec
        if not isinstance(spec, Indicator) or spec.score is None:
            return
        if not spec.score.items:
            said = ("评分卡没有评分项", "the scorecard has no items", "在 items 里写出评分项", "list what is scored under 'items'")
            yield self.at(catalog, definition, ("score", "items"), said, of_key=True)
        for i, item in enumerate(spec.score.items):
            if item.start == item.full:
                said = (
                    f"零分值和满分值都是 {item.start:g}",
                    f"the values worth 0 and 100 are both {item.start:g}",
                    "写两个不同的数，例如 from: 85、to: 100",
                    "write two different numbers: from: 85, to: 100",
                )
                yield self.at(catalog, definition, ("score", "items", i, "to"), said)
            if item.veto is not None and (item.veto.above is None) == (item.veto.below is None):
                said = (
                    "否决要写 above 或 below 之一",
                    "a veto has one of 'above' and 'below'",
                    "例如 veto: {above: 150, then: 0}",
                    "for example veto: {above: 150, then: 0}",
                )
                yield self.at(catalog, definition, ("score", "items", i, "veto"), said, of_key=True)
