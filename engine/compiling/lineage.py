"""Which column feeds which number, both ways, read off the definitions alone."""

from collections.abc import Iterator

from msgspec import Struct

from engine.compiling.reach import road_by_path
from engine.compiling.reads import used_indicators
from engine.compiling.rows import parsed
from engine.compiling.tables import default_time
from engine.expression.tree import columns
from engine.kinds.indicator import Indicator, Measure, Stock
from engine.loading.catalog import Catalog


class Use(Struct, frozen=True, order=True):
    """A column and what it does for a number: measure, filter, weight, join, time, stock or match (列的用途)."""

    dataset: str
    column: str
    role: str


class Lineage(Struct, frozen=True):
    """Where an indicator comes from and where it goes (血缘)."""

    indicator: str
    uses: tuple[Use, ...]  # columns it reads itself
    all_uses: tuple[Use, ...]  # and those of the indicators below it
    streams: tuple[str, ...]  # source streams behind those columns
    indicators: tuple[str, ...]  # indicators it is made of, directly
    used_by: tuple[str, ...]  # indicators made of it, directly


def lineage(catalog: Catalog, id: str) -> Lineage | None:
    """The lineage of an indicator, or None when there is none of that id."""
    indicator = catalog.indicator(id)
    if indicator is None:
        return None
    own = tuple(sorted(set(own_uses(catalog, indicator))))
    below: dict[str, None] = {}
    _below(catalog, id, below)
    every = sorted({use for one in below for use in own_uses(catalog, _indicator(catalog, one))} | set(own))
    datasets = {use.dataset for use in every}
    streams = sorted({dataset.source for one in datasets if (dataset := catalog.dataset(one)) is not None and dataset.source})
    users = tuple(other for other in catalog.ids("indicator") if id in used_indicators(_indicator(catalog, other)))
    return Lineage(id, own, tuple(every), tuple(streams), used_indicators(indicator), users)


def fed_by(catalog: Catalog, dataset_id: str, column: str | None = None) -> tuple[str, ...]:
    """Indicators that a dataset, or one of its columns, feeds, directly or through other indicators; sorted."""
    found: list[str] = []
    for id in catalog.ids("indicator"):
        trail = lineage(catalog, id)
        if trail is not None and any(use.dataset == dataset_id and column in (None, use.column) for use in trail.all_uses):
            found.append(id)
    return tuple(found)


def _indicator(catalog: Catalog, id: str) -> Indicator:
    indicator = catalog.indicator(id)
    assert indicator is not None
    return indicator


def _below(catalog: Catalog, id: str, found: dict[str, None]) -> None:
    for one in used_indicators(_indicator(catalog, id)):
        if one not in found and catalog.indicator(one) is not None:
            found[one] = None
            _below(catalog, one, found)


def own_uses(catalog: Catalog, indicator: Indicator) -> Iterator[Use]:
    """Columns that an indicator reads itself."""
    if indicator.dataset is not None and indicator.measure is not None:
        yield from _measured(catalog, indicator.dataset, indicator.measure, indicator.time, indicator.stock)
    for operand in indicator.parts:
        if operand.dataset is not None and operand.measure is not None:
            yield from _measured(catalog, operand.dataset, operand.measure, operand.time, operand.stock)
    for version in indicator.was:
        if indicator.dataset is not None and version.measure is not None:
            yield from _measured(catalog, indicator.dataset, version.measure, indicator.time, indicator.stock)
    if indicator.conversion is not None:
        pairs = indicator.conversion.same
        matched = pairs.items() if isinstance(pairs, dict) else [(one, one) for one in pairs]
        for base, then in matched:
            yield Use(indicator.conversion.base.dataset, base, "match")
            yield Use(indicator.conversion.then.dataset, then, "match")
        for side in (indicator.conversion.base, indicator.conversion.then):
            yield from _time(catalog, side.dataset, side.time)
            yield from _named(catalog, side.dataset, side.where, "filter")


def _measured(catalog: Catalog, dataset: str, measure: Measure, time: str | None, stock: Stock | None) -> Iterator[Use]:
    yield from _named(catalog, dataset, measure.of, "measure")
    yield from _named(catalog, dataset, measure.where, "filter")
    yield from _named(catalog, dataset, measure.weight, "weight")
    if stock is not None:
        for name in (stock.opens, stock.closes, *(stock.valid or ()), *(stock.per or ()), stock.snapshot, *stock.same):
            if name:
                yield Use(dataset, name, "stock")
    if stock is None or stock.per is not None:
        yield from _time(catalog, dataset, time)


def _time(catalog: Catalog, dataset_id: str, name: str | None) -> Iterator[Use]:
    dataset = catalog.dataset(dataset_id)
    if dataset is None:
        return
    time = next((one for one in dataset.times if one.name == name), None) if name else default_time(dataset)
    if time is not None:
        yield Use(dataset_id, time.column, "time")


def _named(catalog: Catalog, dataset: str, text: str | None, role: str) -> Iterator[Use]:
    if text is None:
        return
    for column in columns(parsed(text).expr):
        road = road_by_path(catalog, dataset, column.path)
        if road is None:
            continue
        here = dataset
        for hop in road.hops:
            for own, theirs in hop.on:
                yield Use(here, own, "join")
                yield Use(hop.target, theirs, "join")
            here = hop.target
        yield Use(here, road.column, role)
