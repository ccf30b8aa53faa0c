"""Random indicators and questions over a random city."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

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


@st.composite
def atoms(draw: DrawFn, city: City, start: int, *, many: bool = False) -> Atom:
    """A condition on one column, or two of them joined by or."""
    found = paths(city, start, ("kind", "score", "id"), many=many)
    path = draw(st.sampled_from(found))
    if path[-1] == "score":
        atom: Atom = draw(st.sampled_from((">", "<=", "<>"))), path, draw(st.integers(0, 3))
    else:
        texts = KINDS if path[-1] == "kind" else ("k0", "k1", "k2")
        atom = draw(st.sampled_from((("=", path, texts[0]), ("<>", path, texts[1]), ("in", path, texts[:2]))))
    if is_many(city, start, path):  # whether a row without any of the many is "null" there is not said, so it is not asked
        return draw(st.sampled_from((atom, ("not", atom), ("some", path))))
    atom = draw(st.sampled_from((atom, atom, ("not", atom), ("null", path), ("some", path))))
    if draw(st.integers(0, 4)) == 0:
        return ("or", atom, draw(atoms(city, start)))
    return atom


@st.composite
def amounts(draw: DrawFn, city: City, start: int) -> Expr:
    """A number of a row: a column, its own or along a road; arithmetic; or an aggregate of its many rows."""
    column: Expr = ("col", draw(st.sampled_from(paths(city, start, NUMBERS))))
    many = [link.name for link in city.sets[start].links if link.is_many]
    choices: list[Expr] = [column, column, ("+", column, ("num", 2)), ("coalesce", column, 1), ("*", column, ("col", ("score",)))]
    if many:
        choices.append(
            ("total", draw(st.sampled_from(("sum", "count", "max"))), draw(st.sampled_from(many)), draw(st.sampled_from(NUMBERS)))
        )
    return draw(st.sampled_from(choices))


@st.composite
def measures(draw: DrawFn, city: City, start: int, aggs: tuple[str, ...]) -> Measure:
    """An aggregate over a dataset, often filtered."""
    agg = draw(st.sampled_from(aggs))
    of: Expr | None = draw(amounts(city, start))
    if agg == "count" and draw(st.booleans()):
        of = None
    if agg == "count_distinct":
        of = ("col", draw(st.sampled_from(paths(city, start, ("kind", "score", "id", "region")))))
    where = draw(atoms(city, start)) if draw(st.integers(0, 2)) == 0 else None
    return Measure(start, agg, of, where)


AGGS = ("sum", "sum", "count", "count_distinct", "min", "max", "avg", "median")


@st.composite
def cases(
    draw: DrawFn, *, aggs: tuple[str, ...] = AGGS, may_drop: bool = True, many: bool = True, asked: int = 3, formulas: bool = True
) -> Case:
    """A city with measures and formulas over them, and questions of one dataset or of two."""
    city = draw(cities(may_drop=may_drop))
    count = len(city.sets)
    indicators: dict[str, Measure | Formula] = {
        f"{FOLDER}.m{i}": draw(measures(city, draw(st.integers(0, min(1, count - 1))), aggs)) for i in range(draw(st.integers(2, 4)))
    }
    names = list(indicators)
    for i in range(draw(st.integers(0, 2)) if formulas else 0):
        pair = draw(st.permutations(names))
        indicators[f"{FOLDER}.f{i}"] = Formula(draw(st.sampled_from(("/", "/", "+", "-", "*"))), pair[0], pair[1])
    questions = tuple(draw(asked_by(city, indicators, many)) for _ in range(asked))
    return Case(city, indicators, questions)


def sets_of(indicators: dict[str, Measure | Formula], id: str) -> set[int]:
    """The datasets an indicator counts rows of."""
    one = indicators[id]
    if isinstance(one, Measure):
        return {one.set}
    return sets_of(indicators, one.left) | sets_of(indicators, one.right)


@st.composite
def asked_by(draw: DrawFn, city: City, indicators: dict[str, Measure | Formula], many: bool) -> Asking:
    ids = tuple(draw(st.permutations(list(indicators)))[: draw(st.integers(1, 3))])
    sets = set().union(*(sets_of(indicators, id) for id in ids))
    via: dict[str, str] = {}
    by: tuple[Path | str, ...] = ()
    where: tuple[Atom, ...] = ()
    dimensions = _dimensions(city, sets)
    if len(sets) == 1:
        start = next(iter(sets))
        columns = paths(city, start, ("kind", "score", "region", "id"), many=many)
        choices: list[Any] = [*columns, *dimensions]
        where = tuple(draw(atoms(city, start, many=many)) for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))))
        by = tuple(draw(st.lists(st.sampled_from(choices), max_size=2, unique=True)))
        via = _via(draw, city, start, by)
    elif dimensions:
        by = tuple(draw(st.lists(st.sampled_from(dimensions), max_size=2, unique=True)))
        if f"{FOLDER}.kind" in dimensions and draw(st.booleans()):
            where = (("in", (FOLDER, "kind"), draw(st.sampled_from((KINDS[:1], KINDS[:2])))),)
    first, last = draw(st.sampled_from(((0, 12), (10, 42), (11, DAYS), (12, 73), (-5, DAYS + 5))))
    period = (FIRST_DAY + timedelta(days=first), FIRST_DAY + timedelta(days=last)) if draw(st.booleans()) else None
    return Asking(ids, by, via, draw(st.sampled_from(GRAINS)), period, where)


def _dimensions(city: City, sets: set[int]) -> list[str]:
    """Dimensions that each of the datasets reaches by one shortest road; one it only reaches from its many side is left out."""
    names = [f"{FOLDER}.kind", f"{FOLDER}.region", *(f"{FOLDER}.dim{one.number}" for one in city.sets)]
    return [name for name in names if all(len(roads(city, start, name)) == 1 for start in sets)]


def _via(draw: DrawFn, city: City, start: int, by: tuple[Path | str, ...]) -> dict[str, str]:
    """For some dimensions another road than the shortest: the first step is said."""
    found: dict[str, str] = {}
    for name in by:
        links = [link for link in city.sets[start].links if not link.is_many]
        if isinstance(name, str) and links and draw(st.integers(0, 3)):
            link = draw(st.sampled_from(links))
            if len(roads(city, start, name, link.name)) == 1:
                found[name] = link.name
    return found
