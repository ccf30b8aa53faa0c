"""Which codes a column may hold, when its definition lists them."""

from engine.compiling.reach import column_of, dataset_of, road_by_path
from engine.compiling.refuse import Refused
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.loading.expressions import Site
from engine.parts import Code


def codes_of(catalog: Catalog, definition: Definition, site: Site, path: tuple[str, ...]) -> tuple[Code, ...]:
    """The codes of the column or dimension that a name means at a site; nothing when they are not listed."""
    spec = definition.spec
    dataset = site.dataset
    if site.names == "pair" and isinstance(spec, Indicator) and spec.conversion and len(path) > 1:
        dataset = {"base": spec.conversion.base, "then": spec.conversion.then}[path[0]].dataset if path[0] in ("base", "then") else None
        path = path[1:]
    if site.names == "scope" or dataset is None:
        return _of_dimension(catalog, ".".join(path)) if site.names == "scope" else ()
    try:
        road = road_by_path(catalog, dataset, path)
        column = column_of(dataset_of(catalog, road.dataset), road.column) if road else None
    except Refused:
        return ()
    if column is None:
        return _of_dimension(catalog, ".".join(path))
    return column.of or (_of_dimension(catalog, column.dimension) if column.dimension else ())


def _of_dimension(catalog: Catalog, id: str) -> tuple[Code, ...]:
    dimension = catalog.dimension(id)
    return dimension.codes if dimension else ()
