"""Points of rows: written in the coordinates that are stored, and told apart when they cannot be where they say."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.kinds.dataset import Dataset
from engine.running.cells import Bad
from engine.running.coordinates import CHINA, Crs, Degrees, as_stored, in_china
from engine.running.quarantine import Flaw

Box = tuple[float, float, float, float]


def points_of(dataset: Dataset, rows: pa.Table) -> tuple[Degrees, Degrees] | None:
    """Longitudes and latitudes of typed rows, NaN where there is none; None for a dataset without points."""
    if dataset.geometry is None or not set(dataset.geometry) <= set(rows.column_names):
        return None
    lon, lat = (_degrees(rows[name]) for name in dataset.geometry)
    return lon, lat


def converted(dataset: Dataset, crs: Crs | None, rows: pa.Table) -> tuple[pa.Table, list[Flaw]]:
    """Typed rows with their points as they are stored (CGCS2000), and what is wrong with points as the source wrote them.

    Swapped ones are flaws; those outside China, which a Chinese system of coordinates cannot mean, stay as they are and are warned of.
    """
    points = points_of(dataset, rows)
    if points is None or crs is None or dataset.geometry is None:
        return rows, []
    lon, lat = points
    flaws = []
    swapped = _inside(lat, lon, CHINA) & ~_inside(lon, lat, CHINA)
    if swapped.any() and not any(rule.rule == "geometry" for rule in dataset.quality):  # that rule says it too
        flaws.append(_flaw(dataset, swapped, lon, lat, "geometry", *_SWAPPED))
    if crs in ("CGCS2000", "WGS-84"):
        return rows, flaws
    outside = ~in_china(lon, lat) & ~np.isnan(lon) & ~np.isnan(lat) & ~swapped
    if outside.any():
        zh, en = f"坐标 {{value}} 在中国以外，没有按 {crs} 换算", f"the point {{value}} lies outside China and was not converted from {crs}"
        flaws.append(_flaw(dataset, outside, lon, lat, "crs", zh, en, is_warning=True))
    for name, values in zip(dataset.geometry, as_stored(lon, lat, crs), strict=True):
        place, kind = rows.column_names.index(name), rows.schema.field(name).type
        stored = (
            pa.array(np.round(values, 9), mask=np.isnan(values)) if pa.types.is_decimal(kind) else pa.array(values, mask=np.isnan(values))
        )
        rows = rows.set_column(place, name, pc.round(stored, 6).cast(kind) if pa.types.is_decimal(kind) else stored.cast(kind))
    return rows, flaws


_SWAPPED = ("经度和纬度写反了：{value}", "longitude and latitude are swapped: {value}")


def misplaced(dataset: Dataset, rows: pa.Table, box: Box | None) -> Iterator[Flaw]:
    """Flaws of points: half a point, no place on earth, 0/0, swapped (inside the box only the other way round), outside the box."""
    points = points_of(dataset, rows)
    if points is None:
        return
    lon, lat = points
    half = np.isnan(lon) != np.isnan(lat)
    given = ~np.isnan(lon) & ~np.isnan(lat)
    zero = given & (np.abs(lon) < 1e-9) & (np.abs(lat) < 1e-9)
    inside = _inside(lon, lat, box or (-180.0, -90.0, 180.0, 90.0))
    swapped = given & ~inside & ~zero & _inside(lat, lon, box or CHINA)
    nowhere = given & ~swapped & ((np.abs(lon) > 180) | (np.abs(lat) > 90))
    outside = given & ~inside & ~swapped & ~nowhere & ~zero
    yield _flaw(dataset, half, lon, lat, "geometry", "坐标只有一半：{value}", "only one half of the point is there: {value}")
    yield _flaw(dataset, zero, lon, lat, "geometry", "坐标是 0,0，等于没有定位", "the point is 0,0: nothing was located")
    yield _flaw(dataset, swapped, lon, lat, "geometry", *_SWAPPED)
    yield _flaw(dataset, nowhere, lon, lat, "geometry", "坐标 {value} 不在地球上", "the point {value} is nowhere on earth")
    west, south, east, north = box or (-180.0, -90.0, 180.0, 90.0)
    span = f"{west:g}～{east:g}，{south:g}～{north:g}"
    zh, en = f"坐标 {{value}} 在范围（{span}）以外", f"the point {{value}} lies outside {west:g} to {east:g}, {south:g} to {north:g}"
    yield _flaw(dataset, outside, lon, lat, "geometry", zh, en)


def _inside(lon: Degrees, lat: Degrees, box: Box) -> Bad:
    west, south, east, north = box
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _flaw(dataset: Dataset, bad: Bad, lon: Degrees, lat: Degrees, rule: str, zh: str, en: str, *, is_warning: bool = False) -> Flaw:
    """A flaw whose values are the points, written out only where they are wrong."""
    if not bad.any():
        return Flaw(bad, "", rule, zh, en)
    texts = np.full(len(bad), None, dtype=object)
    for row in np.flatnonzero(bad).tolist():
        texts[row] = ",".join("" if np.isnan(number) else f"{number:.12g}" for number in (lon[row], lat[row]))
    column = dataset.geometry[0] if dataset.geometry else ""
    return Flaw(bad, column, rule, zh, en, pa.array(texts, pa.string()), is_warning)


def _degrees(values: pa.ChunkedArray) -> Degrees:
    numbers = values.cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(numbers), numbers, np.nan)
