"""Which datasets an indicator counts: their newest rows decide as of when a question is answered."""

from engine.compiling.rows import parsed
from engine.expression.tree import IndicatorCall, columns, walk
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.question import Asked, Question


def datasets_of(catalog: Catalog, question: Question) -> tuple[str, ...]:
    """The datasets whose rows a question counts, sorted; joined tables are not among them."""
    if question.source is not None:
        return (question.source,)
    found: set[str] = set()
    seen: set[str] = set()
    for one in question.indicators:
        _collect(catalog, one.of if isinstance(one, Asked) else one, found, seen)
    return tuple(sorted(found))


def _collect(catalog: Catalog, id: str, found: set[str], seen: set[str]) -> None:
    indicator = catalog.indicator(id)
    if indicator is None or id in seen:
        return
    seen.add(id)
    for below in used_indicators(indicator):
        _collect(catalog, below, found, seen)
    # A register with validity has no news to be late with: its rows hold until it says otherwise.
    counted = [(indicator.dataset, indicator.stock), *((operand.dataset, operand.stock) for operand in indicator.parts)]
    found.update(dataset for dataset, stock in counted if dataset is not None and (stock is None or stock.valid is None))
    if indicator.conversion is not None:
        found.update((indicator.conversion.base.dataset, indicator.conversion.then.dataset))


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
