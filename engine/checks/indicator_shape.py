"""An indicator says in exactly one way how its number comes about, and nothing that this way would ignore."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog

# What each way of defining takes beside the fields that all take.
_WITH: dict[str, tuple[str, ...]] = {
    "measure": ("dataset", "time", "stock", "step", "over_time", "per", "where_at"),
    "formula": ("with", "null", "divide_by_zero"),
    "conversion": (),
    "of": ("modifier",),
    "score": (),
}
_SPECIAL = ("dataset", "time", "stock", "step", "over_time", "per", "where_at", "with", "modifier")


class IndicatorShape(Check, frozen=True):
    """Exactly one of measure, formula, conversion, of, score; and only the fields that go with it (指标形态)."""

    tag: ClassVar[str] = "indicator-shape"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for no way, for two ways, for a missing companion and for fields that would be ignored."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        ways = [way for way in _WITH if getattr(spec, way) is not None]
        written = [name for name in _SPECIAL if _is_written(catalog, definition, name)]
        if not ways:
            yield self.at(
                catalog,
                definition,
                (),
                (
                    "没有写这个指标怎么算",
                    "how this indicator is worked out is not said",
                    "写 measure、formula、conversion、of 或 score 之一",
                    "write one of measure, formula, conversion, of, score",
                ),
            )
            return
        for second in ways[1:]:
            said = (
                f"「{ways[0]}」和「{second}」只能写一个",
                f"'{ways[0]}' and '{second}' exclude each other",
                "算法只写一种；公式用到的度量写进 with",
                "say it in one way; measures used by a formula stand in 'with'",
            )
            yield self.at(catalog, definition, (second,), said, of_key=True)
        yield from self._companions(catalog, definition, spec, ways[0])
        for name in written if len(ways) == 1 else ():
            if name not in _WITH[ways[0]]:
                yield self._ignored(catalog, definition, name, ways[0])

    def _companions(self, catalog: Catalog, definition: Definition, spec: Indicator, way: str) -> Iterator[Finding]:
        if way == "measure" and spec.dataset is None:
            said = (
                "度量没有写数据集",
                "the measure has no dataset",
                "加上一行 dataset: 数据集的标识",
                "add a line: dataset: id of a dataset",
            )
            yield self.at(catalog, definition, ("measure",), said, of_key=True)
        if way == "of" and spec.modifier is None:
            said = (
                f"这个指标与「{spec.of}」完全相同",
                f"this indicator is the same as '{spec.of}'",
                "加上 modifier，或直接用原指标",
                "add a modifier, or use the other one",
            )
            yield self.at(catalog, definition, ("of",), said, of_key=True)
        for i, part in enumerate(spec.parts):
            if (part.of is None) == (part.measure is None):
                said = (
                    f"公式成分「{part.name}」要写 of 或 measure 之一",
                    f"the part '{part.name}' has one of 'of' and 'measure'",
                    "of 引用一个指标，measure 汇总一个数据集",
                    "'of' names an indicator, 'measure' aggregates a dataset",
                )
                yield self.at(catalog, definition, ("with", i), said)
            elif part.measure is not None and part.dataset is None:
                said = ("度量没有写数据集", "the measure has no dataset", "加上 dataset: 数据集的标识", "add dataset: id of a dataset")
                yield self.at(catalog, definition, ("with", i, "measure"), said, of_key=True)

    def _ignored(self, catalog: Catalog, definition: Definition, name: str, way: str) -> Finding:
        fits = next(other for other, fields in _WITH.items() if name in fields)
        said = (
            f"「{name}」与「{way}」不能同时写：它不起作用",
            f"'{name}' has no effect beside '{way}'",
            f"删除它；它与「{fits}」同用" + ("，也可写在 with 的成分里" if fits == "measure" and way == "formula" else ""),
            f"delete it; it goes with '{fits}'" + (", or into a part of 'with'" if fits == "measure" and way == "formula" else ""),
        )
        return self.at(catalog, definition, (name,), said, of_key=True)


def _is_written(catalog: Catalog, definition: Definition, name: str) -> bool:
    source_map = catalog.source_maps.get((definition.kind, definition.id))
    return source_map is not None and source_map.has(name)
