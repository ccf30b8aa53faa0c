"""A name that leads nowhere is the most frequent slip of all."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition, plural
from engine.loading.catalog import Catalog
from engine.loading.references import Reference, references
from engine.loading.shape import label
from engine.registry import kinds


class UnknownReference(Check, frozen=True):
    """Whatever a definition names must be defined: datasets, indicators, dimensions, sources (未知引用)."""

    tag: ClassVar[str] = "unknown-reference"
    kinds: ClassVar[tuple[str, ...]] = ("project", "source", "dimension", "dataset", "indicator", "analysis", "access", "test")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each name that no file bears."""
        for reference in references(definition):
            if reference.is_sure and not catalog.knows(reference.kind, reference.id):
                yield self._unknown(catalog, definition, reference)

    def _unknown(self, catalog: Catalog, definition: Definition, reference: Reference) -> Finding:
        name, kind = reference.id, reference.kind
        kind_zh = label(kinds()[kind])
        other = next((other for other in sorted(kinds()) if catalog.knows(other, name) and other != kind), None)
        if other:
            advice = (f"「{name}」是{label(kinds()[other])}，这里要写{kind_zh}", f"'{name}' is a {other}; here stands a {kind}")
        else:
            advice = did_you_mean(
                name, catalog.ids(kind), f"用 chengmai list {plural(kind)} 查看全部{kind_zh}", f"`chengmai list {plural(kind)}` shows all"
            )
        said = (f"没有名为「{name}」的{kind_zh}", f"no {kind} is named '{name}'", *advice)
        return self.at(catalog, definition, reference.path, said, of_key=reference.of_key, offset=reference.offset)
