"""A column that does not exist is said where it is named, in joins, keys, times and proofs alike."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.loading.catalog import Catalog
from engine.loading.column_names import column_names


class UnknownColumn(Check, frozen=True):
    """Every column named outside an expression exists in its dataset (未知列)."""

    tag: ClassVar[str] = "unknown-column"
    kinds: ClassVar[tuple[str, ...]] = ("project", "source", "dimension", "dataset", "indicator", "test")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each name that is no column, with the nearest one."""
        for name in column_names(catalog, definition):
            dataset = catalog.dataset(name.dataset)
            if dataset is None or any(column.name == name.column for column in dataset.columns):
                continue
            known = [column.name for column in dataset.columns]
            by_title = next((column.name for column in dataset.columns if column.title == name.column), None)
            if by_title:
                advice = (f"列名用「{by_title}」", f"its name is '{by_title}'")
            else:
                advice = did_you_mean(name.column, known, f"已有的列：{'、'.join(known[:20])}", f"columns: {', '.join(known[:20])}")
            said = (
                f"数据集「{name.dataset}」没有名为「{name.column}」的列",
                f"the dataset '{name.dataset}' has no column '{name.column}'",
                *advice,
            )
            yield self.at(catalog, definition, name.path, said, of_key=name.of_key)
