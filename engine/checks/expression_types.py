"""Names, types and units of an expression must fit before a single row is read."""

from collections.abc import Iterator
from typing import ClassVar

from msgspec.structs import replace

from engine.check import Check
from engine.compiling.typed_site import typed_site
from engine.findings import Finding
from engine.kind import Definition
from engine.loading.catalog import Catalog
from engine.loading.expressions import expressions_of


class ExpressionTypes(Check, frozen=True):
    """Every name is a column that can be reached; what is added or compared is alike; a condition is one (表达式的类型与单位).

    Findings bear the codes of type inference (unknown-column, unit-mismatch, type-mismatch …); its own says that a condition is none.
    """

    tag: ClassVar[str] = "expression-types"
    kinds: ClassVar[tuple[str, ...]] = ("project", "dimension", "dataset", "indicator", "analysis", "access")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """The findings of inference, moved to where the text stands in the file."""
        for site in expressions_of(definition):
            typed, findings = typed_site(catalog, definition, site)
            for finding in findings:
                yield replace(finding, place=catalog.place(definition.kind, definition.id, *site.path, offset=finding.place.column - 1))
            if typed is not None and site.is_condition and typed.sort not in ("boolean", "null"):
                said = (
                    f"「{site.path[-1]}」要写一个条件，「{site.text.strip()[:40]}」不是条件",
                    f"'{site.path[-1]}' is a condition, and '{site.text.strip()[:40]}' is none",
                    "写成比较，例如 kind = 'kitchen' 或 net_ton > 0",
                    "write a comparison: kind = 'kitchen' or net_ton > 0",
                )
                yield self.at(catalog, definition, site.path, said)
