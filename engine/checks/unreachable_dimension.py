"""A dimension that no road leads to would make every answer by it one row of unknowns."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.compiling.reach import road_to_dimension
from engine.compiling.refuse import Refused
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog


class UnreachableDimension(Check, frozen=True):
    """Every dimension in `by` can be reached from each dataset the indicator counts, except where a part says `uncut` (够不到的维度)."""

    tag: ClassVar[str] = "unreachable-dimension"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each dimension and dataset without a road between them."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        for i, dimension in enumerate(spec.by or ()):
            for dataset in sorted(_datasets(catalog, spec, dimension, set())):
                if catalog.dimension(dimension) is not None and not _reaches(catalog, dataset, dimension):
                    said = (
                        f"从数据集「{dataset}」够不到维度「{dimension}」",
                        f"no road leads from the dataset '{dataset}' to the dimension '{dimension}'",
                        f"给「{dataset}」的列写 dimension，或声明一个关系；不随它切分的公式成分写 uncut",
                        f"give a column of '{dataset}' that dimension, or declare a relationship; a part it does not cut says 'uncut'",
                    )
                    yield self.at(catalog, definition, ("by", i), said)


def _datasets(catalog: Catalog, spec: Indicator, dimension: str, seen: set[str]) -> set[str]:
    """The datasets whose rows an indicator counts and a dimension cuts."""
    found = {spec.dataset} if spec.measure is not None and spec.dataset else set()
    if spec.conversion is not None:
        found.add(spec.conversion.base.dataset)
    others = [spec.of] if spec.of else []
    for part in spec.parts:
        if dimension in part.uncut:
            continue
        if part.dataset is not None and part.measure is not None:
            found.add(part.dataset)
        others += [part.of] if part.of else []
    for other in others:
        inner = catalog.indicator(other)
        if inner is not None and other not in seen:
            found |= _datasets(catalog, inner, dimension, seen | {other})
    return {dataset for dataset in found if catalog.dataset(dataset) is not None}


def _reaches(catalog: Catalog, dataset: str, dimension: str) -> bool:
    try:
        return road_to_dimension(catalog, dataset, dimension) is not None
    except Refused:
        return True  # two roads lead there, and the question says which; or something on the way is wrong and said elsewhere
