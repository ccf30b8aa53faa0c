"""In which area a point lies: outlines are kept in a tree, and columns of points are looked up in it at once."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely  # type: ignore[import-untyped]
from msgspec import Struct
from numpy.typing import NDArray
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.connector import SourceFailed
from engine.kinds.dataset import Area, Dataset
from engine.loading.catalog import Catalog
from engine.running.coordinates import Degrees, as_stored
from engine.running.points import points_of
from engine.running.quarantine import Flaw
from engine.warehouse import Statement, Warehouse


class Outlines(Struct, frozen=True):
    """Areas in the order of their codes, and a tree over their boxes (边界). A point on a border lies in the first of its areas."""

    codes: tuple[str, ...]
    shapes: tuple[Any, ...]  # prepared: a thousand corners are not gone through for each point
    tree: Any


OutlinesOf = Callable[[Area], Outlines | None]


def outlines(areas: Iterable[tuple[str, str]], area: Area) -> Outlines:
    """The outlines of (code, GeoJSON text), moved into the stored coordinates. Raises SourceFailed for one that is no outline."""
    found: dict[str, list[Any]] = {}
    for code, text in areas:
        found.setdefault(code, []).append(_shape(code, text, area))
    codes = tuple(sorted(found))
    shapes = [shapely.union_all(found[code]) if len(found[code]) > 1 else found[code][0] for code in codes]
    shapely.prepare(shapes)
    return Outlines(codes, tuple(shapes), shapely.STRtree(shapes))


def _shape(code: str, text: str, area: Area) -> Any:
    try:
        given = json.loads(text)
        if isinstance(given, list):
            given = {"type": {3: "Polygon", 4: "MultiPolygon"}[_depth(given)], "coordinates": given}
        shape = shapely.from_geojson(json.dumps(given.get("geometry", given)))
        if shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise ValueError(shape.geom_type)
    except (ValueError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise SourceFailed(
            f"「{area.dataset}」里「{code}」的边界读不出：{error}", f"the outline of '{code}' in '{area.dataset}' cannot be read: {error}"
        ) from None
    moved = shapely.transform(shape, lambda points: np.column_stack(as_stored(points[:, 0], points[:, 1], area.crs)))
    return moved if shapely.is_valid(moved) else shapely.make_valid(moved)


def _depth(given: Any) -> int:
    return 1 + _depth(given[0]) if isinstance(given, list) and given else 0


def areas_at(known: Outlines, lon: Degrees, lat: Degrees) -> NDArray[np.int64]:
    """For each point the place of its area among the codes, -1 where it lies in none. A border belongs to the areas on both its sides: the first code wins."""
    found = np.full(len(lon), -1, dtype=np.int64)
    usable = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if not len(usable) or not known.codes:
        return found
    near, boxes = known.tree.query(shapely.points(lon[usable], lat[usable]))
    by_area = np.argsort(boxes, kind="stable")
    near, boxes = usable[near[by_area]], boxes[by_area]
    for place in reversed(range(len(known.codes))):  # from the last to the first, so that the first stays
        start, end = np.searchsorted(boxes, place, "left"), np.searchsorted(boxes, place, "right")
        rows = near[start:end]
        found[rows[shapely.intersects_xy(known.shapes[place], lon[rows], lat[rows])]] = place
    return found


def located(dataset: Dataset, rows: pa.Table, outlines_of: OutlinesOf) -> tuple[pa.Table, list[Flaw]]:
    """Rows with the columns of areas filled from their points where the source sent nothing; a point in no area is warned of and stays null."""
    points, flaws = points_of(dataset, rows), []
    for column in dataset.columns:
        known = outlines_of(column.area) if column.area is not None and points is not None and column.name in rows.column_names else None
        if known is None or points is None:
            continue
        given = rows[column.name].combine_chunks()
        empty = np.asarray(given.is_null())
        lon, lat = (np.where(empty, one, np.nan) for one in points)
        found = areas_at(known, lon, lat)
        codes = pa.array(known.codes, pa.string()).cast(given.type).take(pa.array(found, mask=found < 0))
        rows = rows.set_column(rows.column_names.index(column.name), column.name, codes if empty.all() else _filled(given, codes))
        lost = (found < 0) & np.isfinite(lon) & np.isfinite(lat)
        if lost.any():
            zh, en = f"坐标 {{value}} 不在任何「{column.title}」里", f"the point {{value}} lies in no '{column.name}'"
            flaws.append(Flaw(lost, column.name, "area", zh, en, _written(points, lost), is_warning=True))
    return rows, flaws


def _filled(given: pa.Array, codes: pa.Array) -> pa.Array:
    return pc.coalesce(given, codes)


def _written(points: tuple[Degrees, Degrees], lost: NDArray[np.bool_]) -> pa.Array:
    texts = np.full(len(lost), None, dtype=object)
    for row in np.flatnonzero(lost).tolist():
        texts[row] = f"{points[0][row]:.12g},{points[1][row]:.12g}"
    return pa.array(texts, pa.string())


def stored_outlines(catalog: Catalog, warehouse: Warehouse) -> OutlinesOf:
    """Reads the outlines of an area out of its dataset, once for as long as the answer is kept; None while that was never loaded."""
    kept: dict[Area, Outlines | None] = {}

    def known(area: Area) -> Outlines | None:
        if area not in kept:
            kept[area] = _read(catalog, warehouse, area)
        return kept[area]

    return known


def _read(catalog: Catalog, warehouse: Warehouse, area: Area) -> Outlines | None:
    dataset = catalog.dataset(area.dataset)
    table = table_of(area.dataset, dataset) if dataset is not None else None
    if table is None or warehouse.state(table) is None:
        return None
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    names = [exp.column(exp.to_identifier(name, quoted=True)) for name in (area.key, area.outline)]
    rows = warehouse.query(Statement(exp.Select(expressions=names).from_(source)))
    pairs = zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True)
    return outlines([(str(code), text) for code, text in pairs if code is not None and text], area)
