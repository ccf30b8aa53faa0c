"""Random small cities: datasets joined at random, rows with gaps, and what may be asked of them, as data that an oracle can read too."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

FOLDER = "n"
KINDS = ("a", "b", "c")
REGIONS = ("r1", "r2", "r3")
FIRST_DAY = date(2024, 12, 20)
DAYS = 80

Row = Mapping[str, Any]
Path = tuple[str, ...]
Expr = tuple[Any, ...]  # ("col", path) ("num", n) ("+", a, b) ("coalesce", a, n) ("total", agg, link, column); conditions in `Atom`
Atom = tuple[Any, ...]  # ("=", path, text) (">", path, n) ("in", path, texts) ("null", path) ("some", path) ("or", a, b) ("not", a)


class Link(NamedTuple):
    """A declared relationship."""

    name: str
    target: int
    own: str
    theirs: str
    is_many: bool = False
    drops: bool = False


class Set(NamedTuple):
    """A dataset; its columns are id, at, amount, score, region, perhaps kind, and one for each foreign key."""

    number: int
    time_type: str
    has_kind: bool
    keys: Mapping[str, bool]  # foreign key column -> whether it carries the dimension of its target
    links: tuple[Link, ...]
    region: str = "region"  # by which row scope applies: the own column, or a link to a dataset that has one

    @property
    def id(self) -> str:
        return f"{FOLDER}.d{self.number}"


class City(NamedTuple):
    """Datasets and their rows."""

    sets: tuple[Set, ...]
    rows: tuple[tuple[Row, ...], ...]


class Measure(NamedTuple):
    """An indicator that aggregates rows."""

    set: int
    agg: str
    of: Expr | None
    where: Atom | None = None


class Formula(NamedTuple):
    """An indicator over two others: quotient, sum, difference or product."""

    op: str
    left: str
    right: str


class Asking(NamedTuple):
    """A question: each axis is a path, or a dimension with the relationship that leads to it (or none)."""

    indicators: tuple[str, ...]
    by: tuple[Path | str, ...] = ()
    via: Mapping[str, str] = {}
    grain: str | None = None
    period: tuple[date, date] | None = None
    where: tuple[Atom, ...] = ()


class Case(NamedTuple):
    """A city, its indicators by id, and questions."""

    city: City
    indicators: Mapping[str, Measure | Formula]
    questions: tuple[Asking, ...]


# -- the graph and its rows ----------------------------------------------------------------------


def cities(rng: Random, *, may_drop: bool = True, most: int = 4) -> City:
    """One to four datasets; a later one may be the target of an earlier one, by one or two foreign keys, and may look back at its many rows."""
    count = min(rng.choice((1, 2, 2, 3, 3, 3, 4, 4)), most)
    keys: list[dict[str, bool]] = [{} for _ in range(count)]
    links: list[list[Link]] = [[] for _ in range(count)]
    for owner in range(count):
        for target in range(owner + 1, count):
            for nth in range(rng.choice((0, 1, 1, 1, 2))):
                own = f"fk{target}{'xy'[nth]}"
                keys[owner][own] = rng.random() < 0.5
                links[owner].append(Link(f"to{target}{'xy'[nth]}", target, own, "id", drops=may_drop and rng.random() < 0.25))
                if rng.random() < 0.5:
                    links[target].append(Link(f"from{owner}{'xy'[nth]}", owner, "id", own, is_many=True))
    sets = tuple(
        Set(i, rng.choice(("timestamp", "date")), rng.random() < 0.75, keys[i], tuple(links[i]), rng.choice(_regions(links[i])))
        for i in range(count)
    )
    rows = tuple(tuple(_row(rng, one, nth) for nth in range(rng.choice((0, 2, 4, 5, 6, 7, 8, 9)))) for one in sets)
    return City(sets, rows)


def _regions(links: list[Link]) -> tuple[str, ...]:
    return ("region", *(link.name for link in links if not link.is_many))


def _row(rng: Random, one: Set, nth: int) -> Row:
    def mostly(value: Any) -> Any:
        return value if rng.random() < 0.85 else None

    row: dict[str, Any] = {
        "id": f"k{nth}",
        "at": mostly(moment(rng, one.time_type)),
        "amount": mostly(Decimal(rng.randint(-4, 40)) / 2),
        "score": mostly(rng.randint(0, 4)),
        "region": rng.choice((*REGIONS, None)),
    }
    if one.has_kind:
        row["kind"] = rng.choice((*KINDS, None))
    for key in one.keys:
        row[key] = rng.choice(("k0", "k0", "k1", "k1", "k2", "k99", None))  # k99 is nobody's id
    return row


def moment(rng: Random, time_type: str) -> Any:
    """A time of the sort the column holds, often on either side of a month's, a week's or a year's end."""
    day = FIRST_DAY + timedelta(days=rng.choice((0, 9, 10, 11, 12, 13, 42, 72, 73, DAYS)))
    if time_type == "date":
        return day
    return datetime(day.year, day.month, day.day) + timedelta(seconds=rng.choice((0, 1, 3 * 3600, 43_200, 86_399)))


def reached(city: City, start: int, *, many: bool = False, steps: int = 2) -> Iterable[tuple[Path, int]]:
    """Every road along declared links from a dataset, with where it ends; over at most one one-to-many link, and only when `many`."""
    yield (), start
    if not steps:
        return
    for link in city.sets[start].links:
        if link.is_many and not many:
            continue
        for path, end in reached(city, link.target, many=many and not link.is_many, steps=steps - 1):
            yield (link.name, *path), end


def is_many(city: City, start: int, path: Path) -> bool:
    """Whether the road meets many rows."""
    here = start
    for name in path[:-1]:
        link = next(one for one in city.sets[here].links if one.name == name)
        if link.is_many:
            return True
        here = link.target
    return False


def drops(city: City, start: int, path: Path) -> bool:
    """Whether the road drops rows without a match."""
    here, found = start, False
    for name in path[:-1]:
        link = next(one for one in city.sets[here].links if one.name == name)
        here, found = link.target, found or link.drops
    return found


def paths(city: City, start: int, columns: tuple[str, ...], *, many: bool = False) -> list[Path]:
    """Paths to columns of those names. After a one-to-many link nothing is dropped: whose row that would drop is not said."""
    found = [
        (*road, column)
        for road, end in reached(city, start, many=many)
        for column in columns
        if column != "kind" or city.sets[end].has_kind
    ]
    return [path for path in found if not (is_many(city, start, path) and drops(city, start, path))]


# -- definitions ---------------------------------------------------------------------------------


def definitions(city: City, indicators: Mapping[str, Measure | Formula], more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The project as files."""
    files = {"project.yaml": f"title: 城\nzone: Asia/Shanghai\nregion: {FOLDER}.region\n"}
    for one in city.sets:
        files[f"{FOLDER}/d{one.number}.dataset.yaml"] = _dataset(one)
        files[f"{FOLDER}/dim{one.number}.dimension.yaml"] = f"title: 维\ndataset: {one.id}\nkey: id\n"
    for name, codes in (("kind", KINDS), ("region", REGIONS)):
        files[f"{FOLDER}/{name}.dimension.yaml"] = (
            f"title: 码\ncodes: [{', '.join(f'{{code: {code}, title: {code}}}' for code in codes)}]\n"
        )
    for id, indicator in indicators.items():
        files[f"{id.replace('.', '/')}.indicator.yaml"] = f'title: 数\nunit: ""\n{_said(indicator)}'
    return {**files, **(more or {})}


def _dataset(one: Set) -> str:
    columns = [
        "{name: id, title: 号, type: text}",
        f"{{name: at, title: 时, type: {one.time_type}}}",
        "{name: amount, title: 量, type: decimal}",
    ]
    columns += ["{name: score, title: 分, type: integer}", f"{{name: region, title: 区, type: text, dimension: {FOLDER}.region}}"]
    if one.has_kind:
        columns.append(f"{{name: kind, title: 类, type: text, dimension: {FOLDER}.kind}}")
    columns += [
        f"{{name: {key}, title: 键, type: text{f', dimension: {FOLDER}.dim{key[2]}' if carries else ''}}}"
        for key, carries in one.keys.items()
    ]
    lines = [
        "title: 表",
        "one_row_is: 一行",
        "key: [id]",
        "times: [{name: at, column: at, default: true}]",
        f"region: {one.region}",
        "columns:",
    ]
    lines += [f"  - {column}" for column in columns]
    if one.links:
        lines.append("relationships:")
    for link in one.links:
        more = ", cardinality: one_to_many" if link.is_many else ", unmatched: drop" if link.drops else ""
        lines.append(f"  - {{name: {link.name}, to: {FOLDER}.d{link.target}, on: {{{link.own}: {link.theirs}}}{more}}}")
    return "\n".join(lines) + "\n"


def _said(indicator: Measure | Formula) -> str:
    if isinstance(indicator, Formula):
        return f"formula: {indicator.left} {indicator.op} {indicator.right}\n"
    of = f', of: "{expression(indicator.of)}"' if indicator.of is not None else ""
    where = f', where: "{condition(indicator.where)}"' if indicator.where is not None else ""
    return f"dataset: {FOLDER}.d{indicator.set}\nmeasure: {{agg: {indicator.agg}{of}{where}}}\n"


def expression(expr: Expr) -> str:
    """An expression as definitions write it."""
    match expr:
        case ("col", path):
            return ".".join(path)
        case ("num", number):
            return str(number)
        case ("coalesce", inner, number):
            return f"coalesce({expression(inner)}, {number})"
        case ("total", agg, link, column):
            return f"{agg}({link}.{column})"
        case (op, left, right):
            return f"({expression(left)} {op} {expression(right)})"
    raise TypeError(expr)


def condition(atom: Atom) -> str:
    """A condition as definitions and questions write it."""
    match atom:
        case ("in", path, texts):
            return f"{'.'.join(path)} in ({', '.join(repr(text) for text in texts)})"
        case ("null", path):
            return f"{'.'.join(path)} is null"
        case ("some", path):
            return f"{'.'.join(path)} is not null"
        case ("or", left, right):
            return f"({condition(left)} or {condition(right)})"
        case ("not", inner):
            return f"not ({condition(inner)})"
        case (op, path, value):
            return f"{'.'.join(path)} {op} {value!r}"
    raise TypeError(atom)
