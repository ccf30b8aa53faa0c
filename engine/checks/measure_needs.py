"""Some aggregates are nothing without a second word: which percentile, weighted by what, the sum of what."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator, Measure
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path


class MeasureNeeds(Check, frozen=True):
    """percentile has `at`, weighted_avg has `weight`, all but count have `of`; and no other has what it would ignore (度量要素)."""

    tag: ClassVar[str] = "measure-needs"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each missing or idle field of each measure."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        measures: list[tuple[Path, Measure | None]] = [(("measure",), spec.measure)]
        measures += [(("with", i, "measure"), part.measure) for i, part in enumerate(spec.parts)]
        measures += [(("was", i, "measure"), version.measure) for i, version in enumerate(spec.was)]
        for path, measure in measures:
            for at, said in _wrong(measure) if measure else ():
                yield self.at(catalog, definition, (*path, at), said, of_key=at != "agg")


def _wrong(measure: Measure) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    agg = measure.agg
    if measure.of is None and agg != "count":
        yield (
            "agg",
            (
                f"「{agg}」没有写汇总什么",
                f"what to aggregate is not said for '{agg}'",
                "加上 of: 列或表达式",
                "add of: a column or an expression",
            ),
        )
    if agg == "percentile" and measure.at is None:
        yield "agg", ("分位数没有写是百分之几", "which percentile is not said", "加上 at，例如 at: 0.9", "add at, for example at: 0.9")
    if agg == "weighted_avg" and measure.weight is None:
        yield (
            "agg",
            (
                "加权平均没有写权重",
                "the weight of the weighted average is not said",
                "加上 weight: 列或表达式",
                "add weight: a column or an expression",
            ),
        )
    for name, fits in (("at", "percentile"), ("weight", "weighted_avg")):
        if getattr(measure, name) is not None and agg != fits:
            yield (
                name,
                (
                    f"「{name}」对「{agg}」不起作用",
                    f"'{name}' has no effect on '{agg}'",
                    f"删除它，或改为 agg: {fits}",
                    f"delete it, or write agg: {fits}",
                ),
            )
