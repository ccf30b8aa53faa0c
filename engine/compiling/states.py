"""Stored states: a dataset's partial sums and counts by day and dimension, described as one more dataset that scans can read."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.aggregates import MERGEABLE
from engine.compiling.expand import Expander
from engine.compiling.leaves import Flow, Sum
from engine.compiling.modifying import Modifiers
from engine.compiling.nodes import is_date_grain
from engine.compiling.periods import day_offset, instant, named_grain
from engine.compiling.reach import column_of, road_to_dimension
from engine.compiling.refuse import Refused
from engine.compiling.tables import default_time, table_of
from engine.compiling.writer import leaves_below
from engine.expression.tree import Column as Name
from engine.expression.tree import Expr, IndicatorCall, walk
from engine.kind import Definition
from engine.kinds.dataset import Column, Dataset, StoredState, Time
from engine.loading.catalog import Catalog
from engine.modifier import Axis, Request, Shape, Value
from engine.warehouse import Table

PERIOD = "period"
ColumnKind = Literal["text", "integer", "decimal", "float", "date", "timestamp"]


class StoredSum(Struct, frozen=True):
    """One partial result: what it is a sum of, and the column it lies in (部分和)."""

    sum: Sum
    column: str
    number: str  # column with how many rows it counted: a group without one is no row of an answer


class Stored(Struct, frozen=True):
    """A state ready to be read, filled and matched (预聚合状态)."""

    id: str  # id of the dataset it is described as
    dataset: str  # whose rows it keeps the sums of
    state: StoredState
    time: str | None
    sums: tuple[StoredSum, ...]
    numbers: tuple[tuple[Expr | None, str], ...]  # condition -> column with the number of its rows
    axes: tuple[Axis, ...]
    spec: Dataset
    definition: str  # changes when what is stored would
    offset: timedelta = timedelta()  # of the business day
    unfit: tuple[str, str] | None = None  # why nothing can be answered from it

    @property
    def table(self) -> Table:
        """Where it lies: beside the datasets, in a schema of its own."""
        return table_of(self.id, self.spec)


def stored_states(catalog: Catalog, modifiers: Modifiers) -> tuple[Stored, ...]:
    """Every state that the datasets declare; one whose indicators cannot be kept as sums is left out (a check says so)."""
    found: list[Stored] = []
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        found += [stored(catalog, modifiers, id, state) for state in (dataset.states if dataset is not None else ())]
    return tuple(found)


def with_states(catalog: Catalog, states: tuple[Stored, ...]) -> Catalog:
    """The catalog with each state as a dataset, so that roads, scope and conditions work on it as on any other."""
    extra = {("dataset", one.id): Definition("dataset", one.id, "", one.spec) for one in states}
    return replace(catalog, definitions={**catalog.definitions, **extra})


def stored(catalog: Catalog, modifiers: Modifiers, dataset_id: str, state: StoredState) -> Stored:
    """What one declared state keeps."""
    dataset = catalog.dataset(dataset_id)
    assert dataset is not None
    time = next((one for one in dataset.times if one.name == state.time), None) if state.time else default_time(dataset)
    sums = list(dict.fromkeys(kept_sums(catalog, modifiers, dataset_id, state)))
    conditions = list(dict.fromkeys(one.where for one in sums))
    numbers = tuple((condition, f"rows_{i + 1}") for i, condition in enumerate(conditions))
    number_of = dict(numbers)
    columns = tuple(
        StoredSum(one, f"{one.agg}_{i + 1}", number_of[one.where]) for i, one in enumerate(sums) if one.agg != "count" or one.of is not None
    )
    counts = tuple(StoredSum(one, number_of[one.where], number_of[one.where]) for one in sums if one.agg == "count" and one.of is None)
    spec = _described(catalog, dataset, state, time, columns, numbers)
    print_of = repr((state, columns, counts, time, [catalog.dimension(one) for one in state.by]))
    axes = tuple(Axis(name=one.replace(".", "_"), dimension=one) for one in state.by)
    id = f"states.{dataset_id}_{state.name}"
    digest = hashlib.sha256(print_of.encode()).hexdigest()[:16]
    every = (*columns, *counts)
    unfit = _unfit(catalog, dataset_id, state, every)
    return Stored(id, dataset_id, state, time.name if time else None, every, numbers, axes, spec, digest, day_offset(time), unfit)


def _unfit(catalog: Catalog, dataset_id: str, state: StoredState, sums: tuple[StoredSum, ...]) -> tuple[str, str] | None:
    """What makes sums by these dimensions differ from sums of the rows, in Chinese and English."""
    if not sums:
        return "没有可以存的聚合", "nothing that adds up is kept"
    for one in state.by:
        why = unfit_dimension(catalog, dataset_id, one)
        if why is not None:
            return why
    for total in (one.sum for one in sums):
        parts = [part for expr in (total.of, total.where, total.weight) if expr is not None for part in walk(expr)]
        if any(isinstance(part, IndicatorCall) or (isinstance(part, Name) and part.path == ("at",)) for part in parts):
            return "聚合依赖于所问的周期", "an aggregate depends on the period asked"
    return None


def unfit_dimension(catalog: Catalog, dataset_id: str, dimension_id: str) -> tuple[str, str] | None:
    """Why sums kept apart by a dimension would differ from sums of the rows, in Chinese and English; None when they would not."""
    try:
        road = road_to_dimension(catalog, dataset_id, dimension_id)
    except Refused:
        return f"到「{dimension_id}」不止一条路", f"more than one road leads to '{dimension_id}'"
    dimension = catalog.dimension(dimension_id)
    if road is None:
        return f"够不到「{dimension_id}」", f"no road leads to '{dimension_id}'"
    if road.is_multiplying:
        return f"「{dimension_id}」一行对应多个", f"a row has several members of '{dimension_id}'"
    if any(hop.drop for hop in road.hops):
        return f"到「{dimension_id}」的路会丢行", f"the road to '{dimension_id}' loses rows"
    if dimension is not None and dimension.is_ragged:
        return f"「{dimension_id}」层级参差", f"'{dimension_id}' is ragged"
    return None


def kept_sums(catalog: Catalog, modifiers: Modifiers, dataset_id: str, state: StoredState) -> Iterator[Sum]:
    """The mergeable aggregates behind the state's indicators; an average is kept as its sum and its number."""
    for indicator in state.of:
        for leaf in _leaves(catalog, modifiers, indicator, state.grain):
            if leaf.dataset != dataset_id or leaf.before or leaf.since:
                continue
            if leaf.sum.agg == "avg":
                yield replace(leaf.sum, agg="sum")
                yield replace(leaf.sum, agg="count")
            elif leaf.sum.agg in MERGEABLE:
                yield leaf.sum


def _leaves(catalog: Catalog, modifiers: Modifiers, indicator: str, grain: str) -> list[Flow]:
    shape = Shape(axes=(), until=instant("9999-12-31"), grain=named_grain(grain))
    try:
        tree = Expander(catalog, modifiers).tree(Value(Request(indicator, shape)))
    except Refused:
        return []
    return [leaf for leaf in leaves_below([tree]) if isinstance(leaf, Flow)]


def _described(
    catalog: Catalog,
    dataset: Dataset,
    state: StoredState,
    time: Time | None,
    sums: tuple[StoredSum, ...],
    numbers: tuple[tuple[Expr | None, str], ...],
) -> Dataset:
    daily = is_date_grain(named_grain(state.grain) or "day")
    keys = tuple(_key_column(catalog, one) for one in state.by)
    period = Column(name=PERIOD, title="周期", type="date" if daily else "timestamp")
    values = tuple(Column(name=one.column, title=one.column, type=_value_type(dataset, one.sum)) for one in sums)
    counted = tuple(Column(name=name, title=name, type="integer") for _, name in numbers)
    times = (
        Time(
            name=time.name if time else "default",
            column=PERIOD,
            day_starts="00:00" if daily or time is None else time.day_starts,
            default=True,
        ),
    )
    region = "public" if dataset.region == "public" else None
    title = f"{dataset.title}·{state.name}"
    return Dataset(title=title, one_row_is="一组", columns=(*keys, period, *values, *counted), times=times, region=region, partition="day")


def _key_column(catalog: Catalog, dimension_id: str) -> Column:
    dimension = catalog.dimension(dimension_id)
    owner = catalog.dataset(dimension.dataset) if dimension is not None and dimension.dataset else None
    column = column_of(owner, dimension.key) if owner is not None and dimension is not None and dimension.key else None
    return Column(name=dimension_id.replace(".", "_"), title=dimension_id, type=column.type if column else "text", dimension=dimension_id)


def _value_type(dataset: Dataset, total: Sum) -> ColumnKind:
    """Exact where the rows are exact: a sum of a decimal column is a decimal, all else a double."""
    if total.agg == "count":
        return "integer"
    column = column_of(dataset, total.of.path[0]) if isinstance(total.of, Name) and len(total.of.path) == 1 else None
    if column is None or column.expr is not None:
        return "float"
    kept: dict[str, ColumnKind] = {"integer": "integer", "decimal": "decimal", "date": "date", "timestamp": "timestamp", "text": "text"}
    return kept.get(column.type, "float")
