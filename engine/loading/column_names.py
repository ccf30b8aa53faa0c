"""Every place where a definition names a column outside an expression: keys, times, joins, stocks."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from engine.kind import Definition
from engine.kinds.dataset import Dataset, Relationship
from engine.kinds.dimension import Dimension
from engine.kinds.indicator import Indicator, Stock
from engine.kinds.project import Project
from engine.kinds.source import Source
from engine.kinds.test import Given, Test
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path


class ColumnName(Struct, frozen=True):
    """One column named by a definition: of which dataset, and the path where the name stands (列名引用)."""

    dataset: str
    column: str
    path: Path
    of_key: bool = False


def column_names(catalog: Catalog, definition: Definition) -> list[ColumnName]:
    """All columns a definition names outside expressions."""
    match definition.spec:
        case Dataset() as dataset:
            return list(_dataset(definition.id, dataset))
        case Dimension(dataset=str(dataset_id)) as dimension:
            fields = (("key", dimension.key), ("label", dimension.label), ("parent", dimension.parent))
            return [ColumnName(dataset_id, column, (name,)) for name, column in fields if column]
        case Indicator() as indicator:
            return list(_indicator(indicator))
        case Project() as project:
            return list(_project(project))
        case Source():
            return list(_source(catalog, definition))
        case Test() as test:
            return list(_test(test))
        case _:
            return []


def _many(dataset: str, columns: Iterable[str], *path: str | int) -> Iterator[ColumnName]:
    for i, column in enumerate(columns):
        yield ColumnName(dataset, column, (*path, i))


def _one(dataset: str, column: str | None, *path: str | int) -> Iterator[ColumnName]:
    if column is not None:
        yield ColumnName(dataset, column, path)


def _dataset(id: str, spec: Dataset) -> Iterator[ColumnName]:
    yield from _many(id, spec.key, "key")
    yield from _many(id, spec.geometry or (), "geometry")
    for i, time in enumerate(spec.times):
        yield from _one(id, time.column, "times", i, "column")
    for i, rule in enumerate(spec.quality):
        yield from _one(id, rule.column, "quality", i, "column")
        yield from _many(id, rule.same, "quality", i, "same")
    for i, column in enumerate(spec.columns):
        if column.area is not None:
            yield ColumnName(column.area.dataset, column.area.key, ("columns", i, "area", "key"))
            yield ColumnName(column.area.dataset, column.area.outline, ("columns", i, "area", "outline"))
    for i, relationship in enumerate(spec.relationships):
        yield from _relationship(id, relationship, ("relationships", i))


def _relationship(id: str, spec: Relationship, path: Path) -> Iterator[ColumnName]:
    target = id if spec.to == "self" else spec.to
    for own, theirs in spec.on.items():
        yield ColumnName(id, own, (*path, "on", own), of_key=True)
        yield ColumnName(target, theirs, (*path, "on", own))
    if spec.valid is not None:
        yield ColumnName(target, spec.valid.start, (*path, "valid", "from"))
        yield ColumnName(target, spec.valid.end, (*path, "valid", "to"))
    if spec.previous_by is not None:
        yield from _many(id, spec.previous_by.same, *path, "previous_by", "same")
        yield from _many(id, spec.previous_by.order, *path, "previous_by", "order")


def _indicator(spec: Indicator) -> Iterator[ColumnName]:
    stocks: list[tuple[str | None, Stock | None, Path]] = [(spec.dataset, spec.stock, ("stock",))]
    stocks += [(part.dataset, part.stock, ("with", i, "stock")) for i, part in enumerate(spec.parts)]
    for dataset, stock, path in stocks:
        if dataset is not None and stock is not None:
            yield from _one(dataset, stock.opens, *path, "opens")
            yield from _one(dataset, stock.closes, *path, "closes")
            yield from _many(dataset, stock.per or (), *path, "per")
            yield from _many(dataset, stock.valid or (), *path, "valid")
            yield from _one(dataset, stock.snapshot, *path, "snapshot")
            yield from _many(dataset, stock.same, *path, "same")
    if spec.conversion is not None:
        base, then, same = spec.conversion.base.dataset, spec.conversion.then.dataset, spec.conversion.same
        for i, (own, theirs) in enumerate(same.items() if isinstance(same, dict) else ((name, name) for name in same)):
            step: str | int = own if isinstance(same, dict) else i
            yield ColumnName(base, own, ("conversion", "same", step), of_key=isinstance(same, dict))
            yield ColumnName(then, theirs, ("conversion", "same", step))


def _project(spec: Project) -> Iterator[ColumnName]:
    for i, calendar in enumerate(spec.calendars):
        path = ("calendars", i)
        for name in ("day", "cycle", "position"):
            yield from _one(calendar.dataset, getattr(calendar, name), *path, name)
        yield from _many(calendar.dataset, calendar.spans or (), *path, "spans")
        for j, grain in enumerate(calendar.grains):
            yield from _one(calendar.dataset, grain.column, *path, "grains", j, "column")


def _source(catalog: Catalog, definition: Definition) -> Iterator[ColumnName]:
    """The columns that a stream fills, where exactly one dataset takes its rows from it."""
    spec: Any = definition.spec
    for i, stream in enumerate(spec.streams):
        name = f"{definition.id}/{stream.name}"
        takers = [id for id in catalog.ids("dataset") if getattr(catalog.dataset(id), "source", None) == name]
        for j, field in enumerate(stream.fields if len(takers) == 1 else ()):
            yield ColumnName(takers[0], field.to, ("streams", i, "fields", j, "to"))


def _test(spec: Test) -> Iterator[ColumnName]:
    blocks: list[tuple[Path, tuple[Given, ...]]] = [((), spec.given), *((("cases", i), case.given) for i, case in enumerate(spec.cases))]
    for path, block in blocks:
        for i, given in enumerate(block):
            for j, row in enumerate(given.rows):
                for column in row:
                    yield ColumnName(given.dataset, column, (*path, "given", i, "rows", j, column), of_key=True)
