"""Every place where one definition names another: what checks follow, and what tells which definitions a change touches."""

from collections.abc import Iterator

from msgspec import Struct

from engine.expression.tree import Column, IndicatorCall, walk
from engine.kind import Definition
from engine.kinds.access import Access
from engine.kinds.analysis import FROM, Analysis, output_of
from engine.kinds.dataset import Dataset
from engine.kinds.dimension import Dimension
from engine.kinds.indicator import Indicator
from engine.kinds.project import Project
from engine.kinds.source import Source
from engine.kinds.test import Test
from engine.loading.expressions import expressions_of
from engine.loading.source_map import Path


class Reference(Struct, frozen=True):
    """One definition named by another: what it is, and the path where the name stands (引用)."""

    kind: str
    id: str
    path: Path
    of_key: bool = False
    offset: int = 0
    is_sure: bool = True  # a name in a formula may be a part instead: then it is looked at elsewhere


def references(definition: Definition) -> list[Reference]:
    """All that a definition names, in the order of its fields."""
    return [*_in_fields(definition), *_in_expressions(definition)]


def _in_fields(definition: Definition) -> Iterator[Reference]:
    match definition.spec:
        case Project() as project:
            yield from _project(project)
        case Source() as source:
            yield from _source(source)
        case Dimension() as dimension:
            yield from _dimension(dimension)
        case Dataset() as dataset:
            yield from _dataset(dataset)
        case Indicator() as indicator:
            yield from _indicator(indicator)
        case Access() as access:
            yield from _access(access)
        case Analysis() as analysis:
            yield from _analysis(analysis)
        case Test() as test:
            yield from _test(definition.id, test)
        case _:
            return


def _one(kind: str, id: str | None, *path: str | int) -> Iterator[Reference]:
    if id is not None:
        yield Reference(kind, id, path)


def _project(spec: Project) -> Iterator[Reference]:
    yield from _one("dimension", spec.region, "region")
    for i, calendar in enumerate(spec.calendars):
        yield from _one("dataset", calendar.dataset, "calendars", i, "dataset")


def _source(spec: Source) -> Iterator[Reference]:
    for i, stream in enumerate(spec.streams):
        for j, field in enumerate(stream.fields):
            if isinstance(field.codes, str):
                yield Reference("dimension", field.codes, ("streams", i, "fields", j, "codes"))


def _dimension(spec: Dimension) -> Iterator[Reference]:
    yield from _one("dataset", spec.dataset, "dataset")
    yield from _one("dimension", spec.rolls_up_to, "rolls_up_to")


def _dataset(spec: Dataset) -> Iterator[Reference]:
    result = output_of(spec.source)
    if result is not None:
        yield Reference("analysis", result[0], ("from",), offset=len(FROM))
    elif spec.source is not None and not spec.source.startswith("platform."):
        yield Reference("source", spec.source.partition("/")[0], ("from",))
    for i, column in enumerate(spec.columns):
        yield from _one("dimension", column.dimension, "columns", i, "dimension")
    for i, column in enumerate(spec.columns):
        if column.area is not None:
            yield Reference("dataset", column.area.dataset, ("columns", i, "area", "dataset"))
    for i, relationship in enumerate(spec.relationships):
        if relationship.to != "self":
            yield Reference("dataset", relationship.to, ("relationships", i, "to"))
    for i, state in enumerate(spec.states):
        for j, dimension in enumerate(state.by):
            yield Reference("dimension", dimension, ("states", i, "by", j))
        for j, indicator in enumerate(state.of):
            yield Reference("indicator", indicator, ("states", i, "of", j))


def _analysis(spec: Analysis) -> Iterator[Reference]:
    for i, one in enumerate(spec.inputs):
        yield from _one("dataset", one.dataset, "inputs", i, "dataset")
        for j, asked in enumerate(one.ask.indicators if one.ask is not None else ()):
            path: Path = ("inputs", i, "ask", "indicators", j)
            yield Reference("indicator", asked if isinstance(asked, str) else asked.of, path if isinstance(asked, str) else (*path, "of"))
        for j, dimension in enumerate(one.ask.by if one.ask is not None else ()):
            if isinstance(dimension, str):
                yield Reference("dimension", dimension, ("inputs", i, "ask", "by", j), is_sure=False)


def _indicator(spec: Indicator) -> Iterator[Reference]:
    yield from _one("dataset", spec.dataset, "dataset")
    yield from _one("indicator", spec.of, "of")
    for i, part in enumerate(spec.parts):
        yield from _one("indicator", part.of, "with", i, "of")
        yield from _one("dataset", part.dataset, "with", i, "dataset")
        for j, dimension in enumerate(part.uncut):
            yield Reference("dimension", dimension, ("with", i, "uncut", j))
    if spec.conversion is not None:
        yield from _one("dataset", spec.conversion.base.dataset, "conversion", "base", "dataset")
        yield from _one("dataset", spec.conversion.then.dataset, "conversion", "then", "dataset")
    for level in spec.where_at:
        yield Reference("dimension", level, ("where_at", level), of_key=True)
    for i, dimension in enumerate(spec.by or ()):
        yield Reference("dimension", dimension, ("by", i))
    if spec.score is not None:
        for i, item in enumerate(spec.score.items):
            yield Reference("indicator", item.of, ("score", "items", i, "of"))
        for i, deduction in enumerate(spec.score.deduct):
            yield Reference("indicator", deduction.of, ("score", "deduct", i, "of"))
    if spec.target is not None:
        yield from _one("indicator", spec.target.of, "target", "of")


def _access(spec: Access) -> Iterator[Reference]:
    for i, case in enumerate(spec.tests):
        yield Reference("indicator", case.ask, ("tests", i, "ask"))
        for j, dimension in enumerate(case.by):
            yield Reference("dimension", dimension, ("tests", i, "by", j))


def _test(id: str, spec: Test) -> Iterator[Reference]:
    yield Reference("indicator", spec.of or id, ("of",) if spec.of else (), is_sure=spec.of is not None)
    blocks: list[tuple[Path, tuple[str, ...], object]] = [((), tuple(given.dataset for given in spec.given), spec.ask)]
    blocks += [(("cases", i), tuple(given.dataset for given in case.given), case.ask) for i, case in enumerate(spec.cases)]
    for path, datasets, ask in blocks:
        for i, dataset in enumerate(datasets):
            yield Reference("dataset", dataset, (*path, "given", i, "dataset"))
        yield from _asked(ask, (*path, "ask"))


def _asked(ask: object, path: Path) -> Iterator[Reference]:
    for i, asked in enumerate(ask.get("indicators") or () if isinstance(ask, dict) else ()):
        if isinstance(asked, str):
            yield Reference("indicator", asked, (*path, "indicators", i))
        elif isinstance(asked, dict) and isinstance(asked.get("of"), str):
            yield Reference("indicator", asked["of"], (*path, "indicators", i, "of"))


def _in_expressions(definition: Definition) -> Iterator[Reference]:
    for site in expressions_of(definition):
        parsed = site.parsed
        for node in walk(parsed.expr) if parsed else ():
            match node:
                case IndicatorCall(id=id):
                    yield Reference("indicator", id, site.path, offset=parsed.offsets.get(f"'{id}'", 0) if parsed else 0)
                case Column() if site.names == "parts" and len(node.path) > 1:
                    offset = parsed.offsets.get(node.name, 0) if parsed else 0
                    yield Reference("indicator", node.name, site.path, offset=offset, is_sure=False)
                case Column() if site.names == "scope":
                    yield Reference("dimension", node.name, site.path, is_sure=False)
                case _:
                    pass
