"""Row scope that leads nowhere would hide every row or none."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.compiling.reach import coarser, column_of, dataset_of, road_by_path, road_to_dimension
from engine.compiling.refuse import Refused
from engine.expression.tree import Column, columns
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.access import Access
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog
from engine.loading.expressions import expressions_of


class RegionPath(Check, frozen=True):
    """`region` is `public`, or a relationship or column from which the project's region dimension is reached (行级范围路径)."""

    tag: ClassVar[str] = "region-path"
    kinds: ClassVar[tuple[str, ...]] = ("dataset", "access")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for a path that starts nowhere, or that does not lead to the region; and for a role that needs a region nobody named."""
        spec = definition.spec
        if isinstance(spec, Access):
            yield from self._region_of_a_role(catalog, definition)
        if not isinstance(spec, Dataset) or spec.region in (None, "public"):
            return
        path = spec.region or ""
        first = path.split(".")[0]
        known = [*(one.name for one in spec.relationships), *(column.name for column in spec.columns), "public"]
        if first not in known:
            see = ("写一个关系或列的名称，或 public", "write a relationship or a column, or public")
            advice = did_you_mean(first, known, *see)
            said = (f"没有名为「{first}」的关系或列", f"no relationship or column is named '{first}'", *advice)
            yield self.at(catalog, definition, ("region",), said)
            return
        goal = catalog.project.region
        if goal is None or catalog.dimension(goal) is None:
            return
        if not _reaches(catalog, definition.id, path, goal):
            said = (
                f"经「{path}」到不了区域维度「{goal}」",
                f"'{path}' does not lead to the region dimension '{goal}'",
                f"让这条路上的一列写 dimension: {goal} 或其下级；人人可看写 region: public",
                f"give a column on that road the dimension {goal} or a finer one; or write region: public",
            )
            yield self.at(catalog, definition, ("region",), said)

    def _region_of_a_role(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        for site in expressions_of(definition):
            parsed = site.parsed
            if parsed is not None and Column(("region",)) in columns(parsed.expr) and catalog.project.region is None:
                said = (
                    "没有说明「region」是哪个维度",
                    "which dimension 'region' means is not said",
                    "在 project.yaml 里写 region: 区域维度的标识",
                    "write into project.yaml region: id of the dimension of regions",
                )
                yield self.at(catalog, definition, site.path, said, offset=parsed.offsets.get("region", 0))


def _reaches(catalog: Catalog, dataset_id: str, path: str, goal: str) -> bool:
    try:
        road = road_by_path(catalog, dataset_id, tuple(path.split(".")))
        if road is None:
            return road_to_dimension(catalog, dataset_id, goal, via=path) is not None
        column = column_of(dataset_of(catalog, road.dataset), road.column)
        return column is not None and column.dimension is not None and goal in coarser(catalog, column.dimension)
    except Refused:
        return True  # something on the way is wrong, and said elsewhere
