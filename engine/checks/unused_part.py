"""A part that the formula does not use is a slip of the pen or a forgotten term: the number would be wrong without a word."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.expression.tree import Column, walk
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.loading.expressions import read_expression


class UnusedPart(Check, frozen=True):
    """Every part listed in `with` stands in the formula (未用成分)."""

    tag: ClassVar[str] = "unused-part"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each part that no formula of the indicator names."""
        spec = definition.spec
        if not isinstance(spec, Indicator) or spec.formula is None:
            return
        texts = [spec.formula, *(version.formula for version in spec.was if version.formula)]
        trees = [parsed for parsed, _ in map(read_expression, texts)]
        if None in trees:
            return
        used = {node.name for tree in trees if tree for node in walk(tree.expr) if isinstance(node, Column)}
        for i, part in enumerate(spec.parts):
            if part.name not in used:
                said = (
                    f"公式没有用到「{part.name}」",
                    f"the formula does not use '{part.name}'",
                    "写进公式，或删除这一项",
                    "use it, or delete it",
                )
                yield self.at(catalog, definition, ("with", i, "name"), said)
