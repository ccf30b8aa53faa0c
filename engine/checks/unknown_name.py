"""A formula speaks of its parts and of indicators, never of columns: rows are aggregated before they meet."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.expression.tree import Column, columns
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.loading.expressions import Site, expressions_of


class UnknownName(Check, frozen=True):
    """Every name in a formula is a part of `with` or the id of an indicator (公式中的未知名称)."""

    tag: ClassVar[str] = "unknown-name"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each name that is neither, where it stands in the formula."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        parts = {part.name for part in spec.parts}
        for site in expressions_of(definition):
            parsed = site.parsed
            if site.names == "value":
                parts_here = {"value"}
            elif site.names == "parts":
                parts_here = parts
            else:
                continue
            for column in columns(parsed.expr) if parsed else ():
                known = column.name in parts_here or (site.names == "parts" and catalog.knows("indicator", column.name))
                if not known and parsed:
                    yield self._unknown(catalog, definition, site, column, parsed.offsets.get(column.name, 0), parts_here)

    def _unknown(self, catalog: Catalog, definition: Definition, site: Site, column: Column, offset: int, parts: set[str]) -> Finding:
        name = column.name
        if site.names == "value":
            said = (
                f"这里没有名为「{name}」的值",
                f"no value is named '{name}' here",
                "每一步的值写作 value，例如 value < 850",
                "the value of a step is written value: value < 850",
            )
            return self.at(catalog, definition, site.path, said, offset=offset)
        spec = definition.spec
        datasets = {spec.dataset} if isinstance(spec, Indicator) and spec.dataset else set()
        known = [*sorted(parts), *catalog.ids("indicator")]
        listed_zh = f"在 with 里写出「{name}」，或写一个指标的标识" if len(column.path) == 1 else "用 chengmai list indicators 查看全部指标"
        listed_en = (
            f"list '{name}' under 'with', or write the id of an indicator"
            if len(column.path) == 1
            else "`chengmai list indicators` shows all"
        )
        advice = did_you_mean(name, known, listed_zh, listed_en)
        what = ("指标", "indicator") if len(column.path) > 1 and not datasets else ("成分或指标", "part or indicator")
        said = (f"公式里的「{name}」不是已有的{what[0]}", f"'{name}' in the formula is no known {what[1]}", *advice)
        return self.at(catalog, definition, site.path, said, offset=offset)
