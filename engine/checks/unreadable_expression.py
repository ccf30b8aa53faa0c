"""What no expression is must be said where it was written, in the words of the grammar."""

from collections.abc import Iterator
from typing import ClassVar

from msgspec.structs import replace

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.loading.catalog import Catalog
from engine.loading.expressions import expressions_of


class UnreadableExpression(Check, frozen=True):
    """Every expression belongs to the closed grammar; its findings bear the grammar's own codes (读不懂的表达式)."""

    tag: ClassVar[str] = "unreadable-expression"
    kinds: ClassVar[tuple[str, ...]] = ("project", "dimension", "dataset", "indicator", "analysis", "access")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """The grammar's findings, moved to where the text stands in the file."""
        for site in expressions_of(definition):
            for finding in site.findings:
                place = catalog.place(definition.kind, definition.id, *site.path, offset=finding.place.column - 1)
                yield replace(finding, place=place)
