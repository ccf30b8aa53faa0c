"""Random indicators and questions over a random city."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.properties.city import (
    DAYS,
    FIRST_DAY,
    FOLDER,
    KINDS,
    Asking,
    Atom,
    Case,
    City,
    Expr,
    Formula,
    Measure,
    Path,
    cities,
    is_many,
    paths,
)
from tests.properties.oracle import roads

GRAINS = (None, None, "day", "week", "ten_day", "month", "quarter")
NUMBERS = ("amount", "score")


def atoms(rng: Random, city: City, start: int, *, many: bool = False) -> Atom:
    """A condition on one column, or two of them joined by or."""
    found = paths(city, start, ("kind", "score", "id"), many=many)
    far = [path for path in found if len(path) > 1]
    path = rng.choice(far if far and rng.random() < 0.5 else found)
    if path[-1] == "score":
        atom: Atom = rng.choice((">", "<=", "<>")), path, rng.randint(0, 3)
    else:
        texts = KINDS if path[-1] == "kind" else ("k0", "k1", "k2")
        atom = rng.choice((("=", path, texts[0]), ("<>", path, texts[1]), ("in", path, texts[:2])))
    if is_many(city, start, path):
        return rng.choice((atom, ("not", atom), ("null", path), ("some", path)))
    atom = rng.choice((atom, atom, ("not", atom), ("null", path), ("some", path)))
    if rng.randint(0, 4) == 0:
        return ("or", atom, atoms(rng, city, start))
    return atom


def amounts(rng: Random, city: City, start: int) -> Expr:
    """A number of a row: a column, its own or along a road; arithmetic; or an aggregate of its many rows."""
    column: Expr = ("col", rng.choice(paths(city, start, NUMBERS)))
    many = [link.name for link in city.sets[start].links if link.is_many]
    choices: list[Expr] = [column, column, ("+", column, ("num", 2)), ("coalesce", column, 1), ("*", column, ("col", ("score",)))]
    if many:
        choices.append(("total", rng.choice(("sum", "count", "max")), rng.choice(many), rng.choice(NUMBERS)))
    return rng.choice(choices)


def measures(rng: Random, city: City, start: int, aggs: tuple[str, ...]) -> Measure:
    """An aggregate over a dataset, often filtered."""
    agg = rng.choice(aggs)
    of: Expr | None = amounts(rng, city, start)
    if agg == "count" and (rng.random() < 0.5):
        of = None
    if agg == "count_distinct":
        of = ("col", rng.choice(paths(city, start, ("kind", "score", "id", "region"))))
    where = atoms(rng, city, start) if rng.randint(0, 2) == 0 else None
    return Measure(start, agg, of, where)


T = TypeVar("T")


def seeded(make: Callable[[Random], T]) -> SearchStrategy[T]:
    """Whatever a random number generator makes of a seed: drawn one by one, choices would be few, alike and slow."""
    return st.integers(0, 2**32 - 1).map(lambda seed: make(Random(seed)))


AGGS = ("sum", "sum", "count", "count_distinct", "min", "max", "avg", "median")


def cases(
    *, aggs: tuple[str, ...] = AGGS, may_drop: bool = True, many: bool = True, asked: int = 3, formulas: bool = True
) -> SearchStrategy[Case]:
    """Cities with measures and formulas over them, and questions of one dataset or of two."""
    return seeded(lambda rng: case(rng, aggs=aggs, may_drop=may_drop, many=many, asked=asked, formulas=formulas))


def case(
    rng: Random, *, aggs: tuple[str, ...] = AGGS, may_drop: bool = True, many: bool = True, asked: int = 3, formulas: bool = True
) -> Case:
    """One of them."""
    city = cities(rng, may_drop=may_drop)
    sets = rng.sample(range(len(city.sets)), min(2, len(city.sets)))
    indicators: dict[str, Measure | Formula] = {
        f"{FOLDER}.m{i}": measures(rng, city, rng.choice(sets), aggs) for i in range(rng.randint(2, 4))
    }
    names = list(indicators)
    for i in range(rng.randint(0, 2) if formulas else 0):
        pair = rng.sample(names, 2)
        indicators[f"{FOLDER}.f{i}"] = Formula(rng.choice(("/", "/", "+", "-", "*")), pair[0], pair[1])
    questions = tuple(asked_by(rng, city, indicators, many) for _ in range(asked))
    return Case(city, indicators, questions)


def sets_of(indicators: dict[str, Measure | Formula], id: str) -> set[int]:
    """The datasets an indicator counts rows of."""
    one = indicators[id]
    if isinstance(one, Measure):
        return {one.set}
    return sets_of(indicators, one.left) | sets_of(indicators, one.right)


def asked_by(rng: Random, city: City, indicators: dict[str, Measure | Formula], many: bool) -> Asking:
    ids = tuple(rng.sample(list(indicators), min(rng.randint(1, 3), len(indicators))))
    sets = set().union(*(sets_of(indicators, id) for id in ids))
    via: dict[str, str] = {}
    by: tuple[Path | str, ...] = ()
    where: tuple[Atom, ...] = ()
    dimensions = _dimensions(city, sets)
    if len(sets) == 1:
        start = next(iter(sets))
        columns = paths(city, start, ("kind", "score", "region", "id"), many=many)
        choices: list[Any] = [*columns, *dimensions]
        where = tuple(atoms(rng, city, start, many=many) for _ in range(rng.choice((0, 0, 0, 1, 2))))
        by = _split(rng, choices)
        via = _via(rng, city, start, by)
    elif dimensions:
        by = _split(rng, dimensions)
        if f"{FOLDER}.kind" in dimensions and (rng.random() < 0.5):
            where = (("in", (FOLDER, "kind"), rng.choice((KINDS[:1], KINDS[:2]))),)
    first, last = rng.choice(((0, 12), (10, 42), (11, DAYS), (12, 73), (-5, DAYS + 5)))
    period = (FIRST_DAY + timedelta(days=first), FIRST_DAY + timedelta(days=last)) if (rng.random() < 0.5) else None
    return Asking(ids, by, via, rng.choice(GRAINS), period, where)


def _split(rng: Random, choices: list[Any]) -> tuple[Path | str, ...]:
    """No axis, one or two; what lies at the end of a road twice as often as the own columns."""
    far = [one for one in choices if isinstance(one, str) or len(one) > 1]
    wanted = rng.choice((0, 1, 1, 2))
    return tuple(dict.fromkeys(rng.choice(far if far and rng.random() < 0.66 else choices) for _ in range(wanted)))


def _dimensions(city: City, sets: set[int]) -> list[str]:
    """Dimensions that each of the datasets reaches by one shortest road; one it only reaches from its many side is left out."""
    names = [f"{FOLDER}.kind", f"{FOLDER}.region", *(f"{FOLDER}.dim{one.number}" for one in city.sets)]
    return [name for name in names if all(len(roads(city, start, name)) == 1 for start in sets)]


def _via(rng: Random, city: City, start: int, by: tuple[Path | str, ...]) -> dict[str, str]:
    """For some dimensions another road than the shortest: the first step is said."""
    found: dict[str, str] = {}
    for name in by:
        links = [link for link in city.sets[start].links if not link.is_many]
        if isinstance(name, str) and links and rng.randint(0, 3):
            link = rng.choice(links)
            if len(roads(city, start, name, link.name)) == 1:
                found[name] = link.name
    return found
