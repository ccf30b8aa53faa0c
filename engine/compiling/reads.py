"""Which datasets an indicator counts: their newest rows decide as of when a question is answered."""

from engine.compiling.rows import parsed
from engine.compiling.tables import default_time
from engine.expression.tree import IndicatorCall, columns, walk
from engine.kinds.dataset import Time
from engine.kinds.indicator import Indicator, Operand, Stock
from engine.loading.catalog import Catalog
from engine.question import Asked, Question


def datasets_of(catalog: Catalog, question: Question, *, has_results: bool = True) -> tuple[str, ...]:
    """The datasets whose rows a question counts, sorted; joined tables are not among them.

    Without results: only those whose newest row tells as of when the answer is. Results of runs hold until the next run, or as long as
    they are carried, and forecasts speak of what is still to come.
    """
    if question.source is not None:
        return (question.source,)
    found: set[str] = set()
    for indicator in all_indicators(catalog, question):
        # A register with validity has no news to be late with: its rows hold until it says otherwise.
        counted = [(indicator.dataset, indicator.stock), *((operand.dataset, operand.stock) for operand in indicator.parts)]
        found.update(dataset for dataset, stock in counted if dataset is not None and _counts(stock, has_results))
        if indicator.conversion is not None:
            found.update((indicator.conversion.base.dataset, indicator.conversion.then.dataset))
    return tuple(sorted(found))


def speaks_ahead(catalog: Catalog, question: Question) -> bool:
    """Whether all that a question counts are forecasts: their periods need not be over to be whole."""
    every = all_indicators(catalog, question)
    several = [(one.dataset, one.stock) for one in every] + [(part.dataset, part.stock) for one in every for part in one.parts]
    counted = [stock for dataset, stock in several if dataset is not None]
    return (
        bool(counted)
        and all(stock is not None and stock.lead is not None for stock in counted)
        and not any(one.conversion for one in every)
    )


def _counts(stock: Stock | None, has_results: bool) -> bool:
    return stock is None or (stock.valid is None and (has_results or stock.snapshot is None))


def times_of(catalog: Catalog, question: Question) -> tuple[Time, ...]:
    """The times by which a question's rows are counted; what is open or valid at an instant is counted by none."""
    counted: list[tuple[str | None, str | None]] = [(question.source, None)]
    for indicator in all_indicators(catalog, question):
        several: tuple[Indicator | Operand, ...] = (indicator, *indicator.parts)
        counted += [(one.dataset, one.time) for one in several if one.stock is None or one.stock.per is not None]
        if indicator.conversion is not None:
            side = indicator.conversion.then if indicator.conversion.count == "ratio_of_then" else indicator.conversion.base
            counted.append((side.dataset, side.time))
    found: dict[Time, None] = {}
    for id, name in dict.fromkeys(counted):
        dataset = catalog.dataset(id) if id is not None else None
        if dataset is not None:
            time = next((one for one in dataset.times if one.name == name), None) or default_time(dataset)
            found |= {time: None} if time is not None else {}
    return tuple(found)


def all_indicators(catalog: Catalog, question: Question) -> tuple[Indicator, ...]:
    """The indicators asked and all that they are made of."""
    found: dict[str, Indicator] = {}
    waiting = [one.of if isinstance(one, Asked) else one for one in question.indicators]
    while waiting:
        id = waiting.pop()
        indicator = catalog.indicator(id)
        if indicator is not None and id not in found:
            found[id] = indicator
            waiting.extend(used_indicators(indicator))
    return tuple(found.values())


def used_indicators(indicator: Indicator) -> tuple[str, ...]:
    """Ids of the indicators that an indicator names directly, in its formula, parts, scorecard or conditions."""
    names: list[str] = []
    names += [indicator.of] if indicator.of else []
    names += [operand.of for operand in indicator.parts if operand.of]
    if indicator.score is not None:
        names += [item.of for item in indicator.score.items] + [one.of for one in indicator.score.deduct]
    parts = {operand.name for operand in indicator.parts}
    for formula in (indicator.formula, *(version.formula for version in indicator.was)):
        if formula is not None:
            names += [column.name for column in columns(parsed(formula).expr) if column.name not in parts]
    written = (indicator.measure, *(operand.measure for operand in indicator.parts), *(version.measure for version in indicator.was))
    for measure in written:
        for text in (measure.of, measure.where) if measure is not None else ():
            if text:
                names += [node.id for node in walk(parsed(text).expr) if isinstance(node, IndicatorCall)]
    if indicator.target is not None and indicator.target.of:
        names.append(indicator.target.of)
    return tuple(dict.fromkeys(names))
