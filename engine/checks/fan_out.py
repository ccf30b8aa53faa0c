"""A column of many rows cannot stand beside one row: joined bare it would count the row once for each of them."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.compiling.reach import Road, road_by_path
from engine.compiling.refuse import Refused
from engine.expression.tree import Aggregate, Column, Expr, columns, parts
from engine.findings import Finding
from engine.kind import Definition
from engine.loading.catalog import Catalog
from engine.loading.expressions import Site, expressions_of


class FanOut(Check, frozen=True):
    """Over a one_to_many relationship a column is aggregated first, and nowhere else in a row is anything aggregated (一对多须先汇总)."""

    tag: ClassVar[str] = "fan-out"
    kinds: ClassVar[tuple[str, ...]] = ("project", "dimension", "dataset", "indicator", "analysis")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each bare column of many rows, and for each aggregate of the row's own columns."""
        for site in expressions_of(definition):
            parsed = site.parsed
            if parsed is None or site.names != "rows" or site.dataset is None:
                continue
            for column in _bare(parsed.expr):
                road = _road(catalog, site, column)
                if road is not None and road.is_multiplying:
                    yield self._bare(catalog, definition, site, column, parsed.offsets.get(column.name, 0))
            for aggregate in _aggregates(parsed.expr):
                roads = [_road(catalog, site, column) for column in columns(aggregate)]
                if not any(road is not None and road.is_multiplying for road in roads):
                    said = (
                        f"这里逐行计算，「{aggregate.agg}」没有多行可汇总",
                        f"this is worked out row by row, and '{aggregate.agg}' has no rows to aggregate",
                        "汇总方式写在 measure 的 agg 里；只有一对多关系的列可在这里汇总",
                        "say how to aggregate in the agg of the measure; only columns over a one_to_many relationship are aggregated here",
                    )
                    yield self.at(catalog, definition, site.path, said, offset=parsed.offsets.get(aggregate.agg, 0))

    def _bare(self, catalog: Catalog, definition: Definition, site: Site, column: Column, offset: int) -> Finding:
        said = (
            f"一行对应多个「{column.name}」，直接使用会重复计数",
            f"one row meets many '{column.name}', so rows would be counted several times",
            f"先汇总，例如 count({column.name}) > 0 或 max({column.name})",
            f"aggregate it first, for example count({column.name}) > 0 or max({column.name})",
        )
        return self.at(catalog, definition, site.path, said, offset=offset)


def _road(catalog: Catalog, site: Site, column: Column) -> Road | None:
    try:
        return road_by_path(catalog, site.dataset or "", column.path)
    except Refused:
        return None


def _bare(expr: Expr) -> Iterator[Column]:
    if isinstance(expr, Column):
        yield expr
    elif not isinstance(expr, Aggregate):
        for part in parts(expr):
            yield from _bare(part)


def _aggregates(expr: Expr) -> Iterator[Aggregate]:
    if isinstance(expr, Aggregate):
        yield expr
    for part in parts(expr):
        yield from _aggregates(part)
