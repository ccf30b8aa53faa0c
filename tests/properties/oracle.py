"""The answer in plain Python, from the rules of the language and nothing else: loop over rows, follow links, put values in lists, aggregate."""

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from statistics import mean, median
from typing import Any

from tests.properties.city import FOLDER, Asking, Atom, City, Expr, Formula, Link, Measure, Path, Row

Answer = dict[tuple[Any, ...], dict[str, Any]]
Indicators = Mapping[str, Measure | Formula]


class Dropped(Exception):
    """The row meets no row over a link that drops those."""


# -- following links -----------------------------------------------------------------------------


def link_of(city: City, here: int, name: str) -> Link:
    return next(link for link in city.sets[here].links if link.name == name)


def values(city: City, here: int, row: Row | None, path: Path) -> list[Any]:
    """What a path gives for a row: one value, or over a one-to-many link those of all its rows; None where nothing is met."""
    if len(path) == 1:
        return [row[path[0]] if row is not None else None]
    link = link_of(city, here, path[0])
    own = row[link.own] if row is not None else None
    met = [other for other in city.rows[link.target] if own is not None and other[link.theirs] == own]
    if not met and link.drops:
        raise Dropped
    if not met:
        return [] if link.is_many else values(city, link.target, None, path[1:])
    return [value for other in met for value in values(city, link.target, other, path[1:])]


def roads(city: City, start: int, dimension: str, via: str | None = None) -> list[Path]:
    """The shortest roads to a dimension over many-to-one links, each as the path to the column in which its keys stand."""
    frontier: list[tuple[Path, int]] = [((), start)]
    if via is not None:
        frontier = [((via,), link_of(city, start, via).target)]
    while frontier:
        found = [path for road, here in frontier for path in _ends(city, road, here, dimension)]
        if found:
            best = min(len(path) for path in found)
            return sorted({path for path in found if len(path) == best})
        frontier = [((*road, link.name), link.target) for road, here in frontier for link in city.sets[here].links if not link.is_many]
    return []


def _ends(city: City, road: Path, here: int, dimension: str) -> list[Path]:
    one = city.sets[here]
    if dimension == f"{FOLDER}.dim{here}":
        if not road:
            return [("id",)]
        start = next(
            owner.number
            for owner in city.sets
            for link in owner.links
            if link.name == road[-1] and link.target == here and not link.is_many
        )
        return [(*road[:-1], link_of(city, start, road[-1]).own)]  # the foreign key is the key; it need not have a match
    if dimension == f"{FOLDER}.region":
        return [(*road, "region")]
    if dimension == f"{FOLDER}.kind":
        return [(*road, "kind")] if one.has_kind else []
    return [(*road, key) for key, carries in one.keys.items() if carries and dimension == f"{FOLDER}.dim{key[2]}"]


# -- one row -------------------------------------------------------------------------------------


def number(city: City, here: int, row: Row, expr: Expr) -> Any:
    match expr:
        case ("num", constant):
            return constant
        case ("col", path):
            return values(city, here, row, path)[0]
        case ("coalesce", inner, constant):
            found = number(city, here, row, inner)
            return constant if found is None else found
        case ("total", agg, link, column):
            return AGGREGATES[agg]([value for value in values(city, here, row, (link, column)) if value is not None])
        case (op, left, right):
            return calculated(op, number(city, here, row, left), number(city, here, row, right))
    raise TypeError(expr)


def calculated(op: str, left: Any, right: Any) -> Any:
    if left is None or right is None or (op == "/" and right == 0):
        return None
    a, b = Fraction(left), Fraction(right)
    return a / b if op == "/" else a + b if op == "+" else a - b if op == "-" else a * b


COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, ">": operator.gt, "<=": operator.le, "in": lambda found, wanted: found in wanted,
}  # fmt: skip


def holds(atom: Atom, value: Callable[[Path], Any]) -> bool | None:
    """Three-valued: None is unknown."""
    match atom:
        case ("not", inner):
            found = holds(inner, value)
            return None if found is None else not found
        case ("or", left, right):
            both = (holds(left, value), holds(right, value))
            return True if True in both else None if None in both else False
        case ("null", path):
            return value(path) is None
        case ("some", path):
            return value(path) is not None
    op, path, wanted = atom
    found = value(path)
    if found is None:
        return None
    return bool(COMPARED[op](found, wanted))


def first_path(atom: Atom) -> Path:
    path: Path = first_path(atom[1]) if atom[0] == "not" else atom[1]
    return path


# -- the answer ----------------------------------------------------------------------------------

AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "count_distinct": lambda found: len(set(found)),
    "sum": lambda found: sum(map(Fraction, found)) if found else None,
    "min": lambda found: min(found, default=None),
    "max": lambda found: max(found, default=None),
    "avg": lambda found: mean(map(Fraction, found)) if found else None,
    "median": lambda found: median(map(Fraction, found)) if found else None,
}


def bucket(day: date, grain: str) -> date:
    """First day of the period that holds the day."""
    match grain:
        case "week":
            return day - timedelta(days=day.weekday())
        case "ten_day":
            return day.replace(day=1 if day.day <= 10 else 11 if day.day <= 20 else 21)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day


def counted(city: City, measure: Measure, asking: Asking) -> dict[tuple[Any, ...], list[Any]]:
    """Rows that count, by key: the value to be aggregated of each row, once in every group the row reaches."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in city.rows[measure.set]:
        try:
            keys = keys_of(city, measure, asking, row)
            given = number(city, measure.set, row, measure.of) if measure.of is not None else True
        except Dropped:
            continue
        for key in keys:
            groups.setdefault(key, []).append(given)
    return groups


def keys_of(city: City, measure: Measure, asking: Asking, row: Row) -> set[tuple[Any, ...]]:
    """Groups of the answer in which a row counts; none when it is cut."""
    here = measure.set

    def path_of(axis: Path | str) -> Path:
        return roads(city, here, axis, asking.via.get(axis))[0] if isinstance(axis, str) else axis

    day = row["at"].date() if hasattr(row["at"], "date") else row["at"]
    axes = [values(city, here, row, path_of(axis)) or [None] for axis in asking.by]  # all roads are walked: one may drop the row
    kept = measure.where is None or holds(measure.where, lambda path: values(city, here, row, path)[0]) is True
    kept = kept and all(meets(city, here, row, atom) for atom in asking.where)
    if not kept or day is None or (asking.period is not None and not asking.period[0] <= day < asking.period[1]):
        return set()
    keys: set[tuple[Any, ...]] = {()}
    for axis in axes:
        keys = {(*key, value) for key in keys for value in axis}
    return {(*key, bucket(day, asking.grain)) for key in keys} if asking.grain else keys


def meets(city: City, here: int, row: Row, atom: Atom) -> bool:
    """Whether the question's condition holds; a row with many counts when one of them will do, a row with none of them when null will."""
    if atom[0] == "or":
        return holds(atom, lambda path: values(city, here, row, path)[0]) is True
    path = first_path(atom)
    road = roads(city, here, f"{FOLDER}.kind")[0] if path == (FOLDER, "kind") else path
    return any(holds(atom, {path: one}.__getitem__) is True for one in values(city, here, row, road) or [None])


def answer(city: City, indicators: Indicators, asking: Asking) -> Answer:
    """Rows are the union of the keys with a counted row in any leaf; an absent count is zero, anything else absent is null."""
    leaves = {
        id: counted(city, one, asking)
        for id, one in indicators.items()
        if isinstance(one, Measure) and id in _leaves(indicators, asking.indicators)
    }
    keys = {key for groups in leaves.values() for key in groups} or (set() if asking.by or asking.grain else {()})

    def value(id: str, key: tuple[Any, ...]) -> Any:
        one = indicators[id]
        if isinstance(one, Formula):
            return calculated(one.op, value(one.left, key), value(one.right, key))
        return AGGREGATES[one.agg]([given for given in leaves[id].get(key, []) if given is not None])

    return {key: {id: value(id, key) for id in asking.indicators} for key in keys}


def _leaves(indicators: Indicators, asked: tuple[str, ...]) -> set[str]:
    parts = [(one.left, one.right) for id in asked if isinstance(one := indicators[id], Formula)]
    return set(asked) | {leaf for pair in parts for leaf in pair}
