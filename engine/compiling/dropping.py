"""Roads that drop rows without a match: leaves that walk different ones count different rows, so they cannot share a scan."""

from collections.abc import Iterator

from engine.compiling.leaves import Flow, Leaf, Level, Reading
from engine.compiling.reach import Hop, Road, column_of, dataset_of, road_by_path, road_to_dimension
from engine.compiling.rows import parsed
from engine.expression.tree import Expr, columns
from engine.loading.catalog import Catalog
from engine.modifier import Across


def dropped_by(catalog: Catalog, leaf: Leaf | Across) -> frozenset[tuple[Hop, ...]]:
    """The roads of a leaf's own expressions on which rows get lost; asking another indicator beside it must not lose them too."""
    if not isinstance(leaf, Flow | Level | Reading):
        return frozenset()
    own = [expr for expr in (leaf.sum.of, leaf.sum.where, leaf.sum.weight) if expr is not None]
    return frozenset(road for expr in own for road in _dropping(catalog, leaf.dataset, expr))


def _dropping(catalog: Catalog, dataset_id: str, expr: Expr) -> Iterator[tuple[Hop, ...]]:
    for column in columns(expr):
        road = road_by_path(catalog, dataset_id, column.path)
        if road is None and catalog.dimension(column.name) is not None:
            road = road_to_dimension(catalog, dataset_id, column.name)
        if road is None:
            continue
        yield from _before_many(road)
        declared = column_of(dataset_of(catalog, road.dataset), road.column)
        if declared is not None and declared.expr is not None and not road.hops:
            yield from _dropping(catalog, dataset_id, parsed(declared.expr).expr)


def _before_many(road: Road) -> Iterator[tuple[Hop, ...]]:
    for i, hop in enumerate(road.hops):
        if hop.cardinality == "one_to_many":
            return
        if hop.drop:
            yield road.hops[: i + 1]
