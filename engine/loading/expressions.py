"""Every place where a definition holds an expression, with what its names stand for there."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from engine.expression.grammar import Parsed, parse
from engine.findings import Finding, Place
from engine.kind import Definition
from engine.kinds.access import Access
from engine.kinds.analysis import Analysis
from engine.kinds.dataset import Dataset
from engine.kinds.dimension import Dimension
from engine.kinds.indicator import Conversion, CountOverTime, Indicator, Measure
from engine.kinds.project import Project
from engine.kinds.source import Source
from engine.loading.source_map import Path

# rows: columns of a dataset and roads from it. parts: parts of the formula and ids of indicators. value: only `value`.
# pair: base.column and then.column. scope: dimensions, region, viewer.*. source: whatever the source sends.
Names = Literal["rows", "parts", "value", "pair", "scope", "source"]


class Site(Struct, frozen=True):
    """One expression in a definition: its text, where it stands, and what names in it mean (表达式位置)."""

    text: str
    path: Path
    names: Names
    dataset: str | None = None
    is_condition: bool = False

    @property
    def parsed(self) -> Parsed | None:
        """The tree, or None when the text is no expression."""
        return read_expression(self.text, self.names == "rows")[0]

    @property
    def findings(self) -> list[Finding]:
        """Why the text is no expression; columns of their places count from the start of the text."""
        return read_expression(self.text, self.names == "rows")[1]


@lru_cache(maxsize=20_000)
def read_expression(text: str, has_aggregates: bool = False) -> tuple[Parsed | None, list[Finding]]:
    """The tree of a text, remembered: the same text always reads alike, and one project reads each text many times.

    Over rows an aggregate may stand in it, for rows that a one-to-many relationship reaches; the check `fan-out` looks after that.
    """
    return parse(text, Place(""), aggregates=has_aggregates)


def expressions_of(definition: Definition) -> list[Site]:
    """All expressions of a definition, in the order of its fields."""
    match definition.spec:
        case Indicator() as spec:
            return list(_indicator(spec))
        case Dataset() as spec:
            return list(_dataset(definition.id, spec))
        case Dimension(where=str(text), dataset=dataset):
            return [Site(text, ("where",), "rows", dataset, is_condition=True)]
        case Source() as spec:
            streams = enumerate(spec.streams)
            return [Site(f.source, ("streams", i, "fields", j, "from"), "source") for i, s in streams for j, f in enumerate(s.fields)]
        case Access(rows=str(text)):
            return [Site(text, ("rows",), "scope", is_condition=True)]
        case Analysis() as spec:
            return list(_analysis(spec))
        case Project() as spec:
            return [
                Site(c.where, ("calendars", i, "where"), "rows", c.dataset, True)
                for i, c in enumerate(spec.calendars)
                if c.where is not None
            ]
        case _:
            return []


def _dataset(id: str, spec: Dataset) -> Iterator[Site]:
    for i, column in enumerate(spec.columns):
        if column.expr is not None:
            yield Site(column.expr, ("columns", i, "expr"), "rows", id)
    for i, relationship in enumerate(spec.relationships):
        if relationship.where is not None:
            yield Site(relationship.where, ("relationships", i, "where"), "rows", id, is_condition=True)
    for i, rule in enumerate(spec.quality):
        if rule.where is not None:
            yield Site(rule.where, ("quality", i, "where"), "rows", id, is_condition=True)


def _analysis(spec: Analysis) -> Iterator[Site]:
    for i, one in enumerate(spec.inputs):
        if one.dataset is None:  # names of an answer's columns, which the check of inputs looks at
            continue
        for field, texts in (("keys", one.keys), ("columns", one.columns)):
            for name, text in texts.items():
                yield Site(text, ("inputs", i, field, name), "rows", one.dataset)
        if one.where is not None:
            yield Site(one.where, ("inputs", i, "where"), "rows", one.dataset, is_condition=True)


def _indicator(spec: Indicator) -> Iterator[Site]:
    yield from _measure(spec.measure, ("measure",), spec.dataset)
    yield from _over_time(spec.over_time, ("over_time",))
    for level, text in spec.where_at.items():
        yield Site(text, ("where_at", level), "rows", spec.dataset, is_condition=True)
    if spec.formula is not None:
        yield Site(spec.formula, ("formula",), "parts")
    for i, part in enumerate(spec.parts):
        yield from _measure(part.measure, ("with", i, "measure"), part.dataset)
        yield from _over_time(part.over_time, ("with", i, "over_time"))
    if spec.conversion is not None:
        yield from _conversion(spec.conversion)
    for i, version in enumerate(spec.was):
        yield from _measure(version.measure, ("was", i, "measure"), spec.dataset)
        if version.formula is not None:
            yield Site(version.formula, ("was", i, "formula"), "parts")


def _measure(measure: Measure | None, path: Path, dataset: str | None) -> Iterator[Site]:
    if measure is None:
        return
    if measure.of is not None:
        yield Site(measure.of, (*path, "of"), "rows", dataset)
    if measure.where is not None:
        yield Site(measure.where, (*path, "where"), "rows", dataset, is_condition=True)
    if measure.weight is not None:
        yield Site(measure.weight, (*path, "weight"), "rows", dataset)


def _over_time(over_time: object, path: Path) -> Iterator[Site]:
    if isinstance(over_time, CountOverTime):
        for name, text in (("count", over_time.count), ("share", over_time.share)):
            if text is not None:
                yield Site(text, (*path, name), "value", is_condition=True)


def _conversion(conversion: Conversion) -> Iterator[Site]:
    for name, side in (("base", conversion.base), ("then", conversion.then)):
        if side.where is not None:
            yield Site(side.where, ("conversion", name, "where"), "rows", side.dataset, is_condition=True)
    if conversion.condition is not None:
        yield Site(conversion.condition, ("conversion", "if"), "pair", is_condition=True)
