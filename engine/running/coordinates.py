"""The four ways in which coordinates are written in China, and the way from one to another, whole columns at a time."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Crs = Literal["CGCS2000", "WGS-84", "GCJ-02", "BD-09"]
Degrees = NDArray[np.float64]

CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north of where GCJ-02 moves points at all
_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, squared eccentricity
_TURN = np.pi * 3000.0 / 180.0
_CLOSE, _ROUNDS = 1e-10, 12  # degrees (0.01 mm) at which an inverse is found, and the most steps to it


def in_china(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Which points lie in the box of degrees in which GCJ-02 moves points; a point without a number lies nowhere."""
    west, south, east, north = CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def as_stored(lon: Degrees, lat: Degrees, crs: Crs) -> tuple[Degrees, Degrees]:
    """Degrees of CGCS2000 (taken as equal to WGS-84: they differ by centimetres) of points written in `crs`. Outside China nothing moves."""
    if crs == "BD-09":
        return _where(in_china(lon, lat), *_gcj_to_wgs(*_bd_to_gcj(lon, lat)), lon, lat)
    if crs == "GCJ-02":
        moved = _gcj_to_wgs(lon, lat)
        return _where(in_china(*moved), *moved, lon, lat)
    return lon, lat


def written_in(lon: Degrees, lat: Degrees, crs: Crs) -> tuple[Degrees, Degrees]:
    """Degrees of `crs` of points in CGCS2000. Outside China nothing moves."""
    if crs in ("CGCS2000", "WGS-84"):
        return lon, lat
    moved = _wgs_to_gcj(lon, lat)
    return _where(in_china(lon, lat), *(_gcj_to_bd(*moved) if crs == "BD-09" else moved), lon, lat)


def metres_between(lon: Degrees, lat: Degrees, other_lon: Degrees, other_lat: Degrees) -> Degrees:
    """Distance of near points on a sphere of 6,371,008.8 m."""
    one, other = np.radians(lat), np.radians(other_lat)
    half = np.sin((other - one) / 2) ** 2 + np.cos(one) * np.cos(other) * np.sin(np.radians(other_lon - lon) / 2) ** 2
    return np.asarray(2 * 6_371_008.8 * np.arcsin(np.sqrt(half)))


def _where(inside: NDArray[np.bool_], lon: Degrees, lat: Degrees, other_lon: Degrees, other_lat: Degrees) -> tuple[Degrees, Degrees]:
    return np.where(inside, lon, other_lon), np.where(inside, lat, other_lat)


def _wgs_to_gcj(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The published approximation of the obfuscation of GB 20263: two polynomials with waves, scaled to degrees."""
    x, y = lon - 105.0, lat - 35.0
    root, cross = np.sqrt(np.abs(x)), x * y
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * cross + 0.2 * root + waves
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * cross + 0.1 * root + waves
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    flattened = 1.0 - _ECCENTRICITY * np.sin(radians) ** 2
    north = north * 180.0 / (_AXIS * (1.0 - _ECCENTRICITY) / flattened**1.5 * np.pi)
    east = east * 180.0 / (_AXIS / np.sqrt(flattened) * np.cos(radians) * np.pi)
    return lon + east, lat + north


def _gcj_to_wgs(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The point that the forward formula moves here, found by steps: each corrects by what is still missing."""
    x, y = lon.astype(np.float64, copy=True), lat.astype(np.float64, copy=True)
    with np.errstate(invalid="ignore"):
        for _ in range(_ROUNDS):
            east, north = _wgs_to_gcj(x, y)
            off_x, off_y = east - lon, north - lat
            x, y = x - off_x, y - off_y
            if not (np.abs(off_x) > _CLOSE).any() and not (np.abs(off_y) > _CLOSE).any():
                break
    return x, y


def _gcj_to_bd(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    radius = np.sqrt(lon * lon + lat * lat) + 0.00002 * np.sin(lat * _TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd_to_gcj(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """By steps as well: the closed inverse that maps use is half a metre off."""
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(_ROUNDS):
        east, north = _gcj_to_bd(x, y)
        off_x, off_y = east - lon, north - lat
        x, y = x - off_x, y - off_y
        if not (np.abs(off_x) > _CLOSE).any() and not (np.abs(off_y) > _CLOSE).any():
            break
    return x, y
