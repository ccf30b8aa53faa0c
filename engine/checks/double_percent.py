"""A ratio in per cent that is multiplied by 100 once more says 8 500 % where 85 % was meant."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

from engine.check import Check
from engine.compiling.typed_site import typed_site
from engine.expression.tree import Binary, Expr, Literal, walk
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.loading.expressions import expressions_of
from engine.unit import is_dimensionless, is_percent, parse_unit


class DoublePercent(Check, frozen=True):
    """A formula whose unit is % does not multiply by 100: a plain ratio becomes % by itself (重复乘以 100)."""

    tag: ClassVar[str] = "double-percent"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for a product with 100 in a formula that gives a plain number."""
        spec = definition.spec
        if not isinstance(spec, Indicator) or not is_percent(parse_unit(spec.unit)):
            return
        for site in expressions_of(definition):
            if site.names != "parts" or site.parsed is None or not _has_hundred(site.parsed.expr):
                continue
            typed, findings = typed_site(catalog, definition, site)
            if not findings and typed is not None and is_dimensionless(typed.typed.unit) and not is_percent(typed.typed.unit):
                said = (
                    f"单位是 {spec.unit}，公式里又乘了 100",
                    f"the unit is {spec.unit}, and the formula multiplies by 100 as well",
                    "删除「100 *」：比值会自动换算成百分数",
                    "delete '100 *': a ratio becomes per cent by itself",
                )
                yield self.at(catalog, definition, site.path, said, offset=max(site.text.find("100"), 0))


def _has_hundred(expr: Expr) -> bool:
    products = (node for node in walk(expr) if isinstance(node, Binary) and node.op == "*")
    return any(side in (Literal(100), Literal(Decimal(100)), Literal(100.0)) for node in products for side in (node.left, node.right))
