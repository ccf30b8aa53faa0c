"""Rows are put into periods by a time, and a text that looks like one sorts and shifts wrongly."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.dataset import Dataset
from engine.kinds.indicator import Indicator, Stock
from engine.kinds.project import Project
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path


class TimeType(Check, frozen=True):
    """Columns that say when are of type date or timestamp (时间列类型)."""

    tag: ClassVar[str] = "time-type"
    kinds: ClassVar[tuple[str, ...]] = ("dataset", "indicator", "project")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each column of another type."""
        for dataset_id, name, path in _named(definition):
            dataset = catalog.dataset(dataset_id)
            column = next((one for one in dataset.columns if one.name == name), None) if dataset else None
            if column is not None and column.type not in ("date", "timestamp"):
                said = (
                    f"「{name}」的类型是 {column.type}，不能当时间用",
                    f"'{name}' is of type {column.type} and cannot serve as a time",
                    "换一列，或把该列的 type 改为 date 或 timestamp",
                    "use another column, or give it the type date or timestamp",
                )
                yield self.at(catalog, definition, path, said)


def _named(definition: Definition) -> Iterator[tuple[str, str, Path]]:
    match definition.spec:
        case Dataset() as spec:
            for i, time in enumerate(spec.times):
                yield definition.id, time.column, ("times", i, "column")
            for i, relationship in enumerate(spec.relationships):
                if relationship.valid is not None and relationship.to != "self":
                    yield relationship.to, relationship.valid.start, ("relationships", i, "valid", "from")
                    yield relationship.to, relationship.valid.end, ("relationships", i, "valid", "to")
        case Project() as project:
            for i, calendar in enumerate(project.calendars):
                if calendar.day is not None:
                    yield calendar.dataset, calendar.day, ("calendars", i, "day")
        case Indicator() as indicator:
            yield from _stock(indicator.dataset, indicator.stock, ("stock",))
            for i, part in enumerate(indicator.parts):
                yield from _stock(part.dataset, part.stock, ("with", i, "stock"))
        case _:
            return


def _stock(dataset: str | None, stock: Stock | None, path: Path) -> Iterator[tuple[str, str, Path]]:
    if dataset is None or stock is None:
        return
    for name, column in (("opens", stock.opens), ("closes", stock.closes)):
        if column is not None:
            yield dataset, column, (*path, name)
    for i, column in enumerate(stock.valid or ()):
        yield dataset, column, (*path, "valid", i)
