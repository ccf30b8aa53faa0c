"""A stored state that can answer nothing would only cost time and space, and nobody would notice."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.compiling.leaves import Level, Sum
from engine.compiling.partials import MERGES, VALUED, levels_unfit, values_of
from engine.compiling.periods import instant
from engine.compiling.refuse import Refused
from engine.compiling.rows import parsed
from engine.compiling.states import unfit_dimension
from engine.compiling.tables import default_time
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.dataset import Dataset, StoredState
from engine.kinds.indicator import Indicator, Operand
from engine.loading.catalog import Catalog
from engine.loading.references import references
from engine.modifier import Shape
from engine.parts import GRAINS

ADDED = (*MERGES, "avg", "weighted_avg")
STOCKS_AND_VALUES = f"{', '.join(VALUED)} of its own columns, levels whose opening and closing are declared times, and readings"


class StateShape(Check, frozen=True):
    """A stored state has its own name, a known grain and time, dimensions that keep sums true, indicators that add up (预聚合要素)."""

    tag: ClassVar[str] = "state-shape"
    kinds: ClassVar[tuple[str, ...]] = ("dataset",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for states that share a name, and for each part of a state that nothing could be read from."""
        spec = definition.spec
        if not isinstance(spec, Dataset):
            return
        for i, state in enumerate(spec.states):
            if state.name in [one.name for one in spec.states[:i]]:
                said = (f"已有名为「{state.name}」的预聚合", f"another state is named '{state.name}'", "换一个名称", "choose another name")
                yield self.at(catalog, definition, ("states", i, "name"), said)
            yield from self._grain(catalog, definition, i, state)
            yield from self._time(catalog, definition, i, state, spec)
            yield from self._dimensions(catalog, definition, i, state)
            yield from self._indicators(catalog, definition, i, state, spec)

    def _grain(self, catalog: Catalog, definition: Definition, i: int, state: StoredState) -> Iterator[Finding]:
        if state.grain in GRAINS:
            return
        advice = did_you_mean(state.grain, GRAINS, f"可写：{'、'.join(GRAINS)}", f"known: {', '.join(GRAINS)}")
        said = (f"预聚合的粒度不能是「{state.grain}」", f"a state cannot have the grain '{state.grain}'", *advice)
        yield self.at(catalog, definition, ("states", i, "grain"), said)

    def _time(self, catalog: Catalog, definition: Definition, i: int, state: StoredState, spec: Dataset) -> Iterator[Finding]:
        names = [time.name for time in spec.times]
        if not names:
            said = (
                "没有时间的数据集不能按周期存预聚合",
                "a dataset without a time has no periods to keep a state by",
                "在 times 里声明时间，或删除 states",
                "declare a time in times, or delete states",
            )
            yield self.at(catalog, definition, ("states", i, "grain"), said)
        elif state.time is not None and state.time not in names:
            advice = did_you_mean(state.time, names, f"已有的时间：{'、'.join(names)}", f"times: {', '.join(names)}")
            said = (f"没有名为「{state.time}」的时间", f"no time is named '{state.time}'", *advice)
            yield self.at(catalog, definition, ("states", i, "time"), said)

    def _dimensions(self, catalog: Catalog, definition: Definition, i: int, state: StoredState) -> Iterator[Finding]:
        for j, one in enumerate(state.by):
            why = unfit_dimension(catalog, definition.id, one) if catalog.dimension(one) is not None else None
            if why is not None:
                said = (
                    f"预聚合不能按「{one}」分开存：{why[0]}",
                    f"a state cannot keep '{one}' apart: {why[1]}",
                    "从 by 里删除它；按它切分的查询从行计算",
                    "delete it from 'by'; questions split by it are computed from rows",
                )
                yield self.at(catalog, definition, ("states", i, "by", j), said)

    def _indicators(self, catalog: Catalog, definition: Definition, i: int, state: StoredState, spec: Dataset) -> Iterator[Finding]:
        time = default_time(spec)
        default = time.name if time is not None else None
        is_known = state.time != default and state.time in [one.name for one in spec.times]  # an unknown one is told once, by itself
        times = (state.time,) if is_known else (None, default)
        for j, one in enumerate(state.of):
            if catalog.indicator(one) is not None and not _is_kept(catalog, one, definition.id, times):
                said = (
                    f"「{one}」没有可以存成部分结果的聚合",
                    f"nothing of '{one}' can be kept as a partial result",
                    f"从 of 里删除它；能存的是本数据集同一时间的 {'、'.join(ADDED)}，本表一列的 {'、'.join(VALUED)}，起止时间已声明的存量，以及读数",
                    f"delete it from 'of'; kept are {', '.join(ADDED)} of this dataset by the same time, {STOCKS_AND_VALUES}",
                )
                yield self.at(catalog, definition, ("states", i, "of", j), said)


def _is_kept(catalog: Catalog, id: str, dataset: str, times: tuple[str | None, ...]) -> bool:
    """Whether something of an indicator, or of one that it is made of, can be kept for the dataset."""
    waiting = [id]
    for one in waiting:
        indicator = catalog.indicator(one)
        if indicator is None:
            continue
        parts: list[Indicator | Operand] = [*indicator.parts, *(() if indicator.was else (indicator,))]
        if any(part.dataset == dataset and _is_part_kept(catalog, dataset, part, times) for part in parts):
            return True
        below = references(catalog.definitions[("indicator", one)])
        waiting += [name for name in dict.fromkeys(each.id for each in below if each.kind == "indicator") if name not in waiting]
    return False


def _is_part_kept(catalog: Catalog, dataset_id: str, part: Indicator | Operand, times: tuple[str | None, ...]) -> bool:
    """Whether one measure adds up, occurs as a value that can be counted, or is a stock that days of opening or readings tell."""
    dataset, measure, stock = catalog.dataset(dataset_id), part.measure, part.stock
    if dataset is None or measure is None:
        return False
    if stock is not None:
        if stock.opens is None:
            return stock.valid is None
        shape = Shape(axes=(), until=instant("9999-12-31"))
        level = Level(dataset_id, stock.opens, stock.closes or "", False, Sum(measure.agg), shape)
        return measure.agg in ADDED and levels_unfit(dataset, level) is None
    if part.time not in times:
        return False
    if measure.agg not in VALUED or measure.of is None:
        return measure.agg in ADDED
    try:
        return values_of(dataset, Sum(measure.agg, parsed(measure.of).expr, method=measure.method)) is not None
    except Refused:
        return False  # what is wrong with the expression is another finding
