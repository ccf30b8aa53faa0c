"""Rows that belong to no region would be seen by nobody or by everybody; which of the two must be said."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog


class MissingRegion(Check, frozen=True):
    """Every dataset says by which path row scope applies to it, or that it is public (未声明行级范围)."""

    tag: ClassVar[str] = "missing-region"
    kinds: ClassVar[tuple[str, ...]] = ("dataset",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for a dataset without `region`."""
        spec = definition.spec
        if isinstance(spec, Dataset) and spec.region is None:
            said = (
                "没有说明哪些人能看哪些行",
                "who may see which rows is not said",
                "写 region: 通向区域的关系或列；人人可看写 region: public",
                "write region: the relationship or column that leads to the region, or region: public",
            )
            yield self.at(catalog, definition, (), said)
