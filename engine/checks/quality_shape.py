"""A quality rule without its limit passes every row."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.dataset import Dataset, Quality
from engine.loading.catalog import Catalog

_NEEDS: dict[str, tuple[str, ...]] = {
    "not_null": ("column",),
    "range": ("column",),
    "enum": ("column",),
    "unique": ("column",),
    "reference": ("column",),
    "geometry": (),
    "clock": ("column",),
    "rate_of_change": ("column",),
    "condition": ("where",),
    "volume": ("against", "within"),
}


class QualityShape(Check, frozen=True):
    """A rule has what it needs: a column, limits, a condition; and limits in their order (质量规则要素)."""

    tag: ClassVar[str] = "quality-shape"
    kinds: ClassVar[tuple[str, ...]] = ("dataset",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each thing a rule lacks, and for limits that no value can keep."""
        spec = definition.spec
        if not isinstance(spec, Dataset):
            return
        for i, rule in enumerate(spec.quality):
            for name in _NEEDS[rule.rule]:
                if getattr(rule, name) is None:
                    said = (f"规则「{rule.rule}」没有写「{name}」", f"the rule '{rule.rule}' lacks '{name}'", f"加上 {name}", f"add {name}")
                    yield self.at(catalog, definition, ("quality", i), said)
            problem = _limits(spec, rule)
            if problem is not None:
                yield self.at(catalog, definition, ("quality", i, "rule"), problem)


def _limits(spec: Dataset, rule: Quality) -> tuple[str, str, str, str] | None:
    if rule.rule == "range" and rule.min is None and rule.max is None:
        return ("没有写范围", "the range has no limits", "加上 min 或 max", "add min or max")
    if rule.rule == "rate_of_change" and rule.min is None and rule.max is None:
        return ("没有写变化的范围", "the change has no limits", "加上 min 或 max", "add min or max")
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        return (
            f"下限 {rule.min:g} 大于上限 {rule.max:g}",
            f"the least value {rule.min:g} is above the greatest {rule.max:g}",
            "调换两个数",
            "swap them",
        )
    if rule.within is not None and rule.within[0] > rule.within[1]:
        return ("容许比的下限大于上限", "the lower ratio is above the upper", "调换两个数", "swap them")
    return _of_column(spec, rule)


def _of_column(spec: Dataset, rule: Quality) -> tuple[str, str, str, str] | None:
    column = next((one for one in spec.columns if one.name == rule.column), None)
    if rule.rule == "geometry" and spec.geometry is None:
        return (
            "数据集没有写坐标列",
            "the dataset does not say which columns are its points",
            "写上 geometry: [经度列, 纬度列]",
            "say geometry: [longitude, latitude]",
        )
    if rule.rule == "rate_of_change" and not spec.times:
        return ("没有时间就没有先后", "without a time no row is before another", "给数据集写上 times", "give the dataset times")
    if rule.rule in ("range", "rate_of_change") and column is not None and column.type not in ("integer", "decimal", "float"):
        return (f"列「{column.name}」不是数", f"the column '{column.name}' holds no numbers", "换一个数值列", "name a column of numbers")
    if rule.rule == "enum" and column is not None and not column.of and column.dimension is None:
        return (
            f"列「{column.name}」没有代码表",
            f"the column '{column.name}' has no list of codes",
            "给该列写 of 或 dimension",
            "give the column 'of' or 'dimension'",
        )
    return None
