"""Stored states: a dataset's partial results by period and dimension, each described as one more dataset that scans can read."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.described import CLOSES, PERIOD, READ_IN, VALUE, described, described_readings
from engine.compiling.leaves import Sum
from engine.compiling.modifying import Modifiers
from engine.compiling.partials import OfOpen, OfReadings, OfRows, OfValues, Sort, kept_by
from engine.compiling.periods import day_offset
from engine.compiling.reach import Hop, road_by_path, road_to_dimension
from engine.compiling.refuse import Refused
from engine.compiling.tables import default_time, table_of
from engine.expression.tree import Expr, columns
from engine.kind import Definition
from engine.kinds.dataset import Dataset, StoredState, Time
from engine.loading.catalog import Catalog
from engine.modifier import Axis
from engine.warehouse import Table

__all__ = ["Stored", "StoredSum", "stored_states", "unfit_dimension", "with_states"]


class StoredSum(Struct, frozen=True):
    """One partial result: what it is a sum of, and the column it lies in (部分和)."""

    sum: Sum
    column: str
    number: str  # column with how many rows it counted: a group without one is no row of an answer


class Stored(Struct, frozen=True):
    """One table of a state, ready to be read, filled and matched; a state has one for each sort of partial result (预聚合状态)."""

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
    sort: Sort = OfRows()
    is_by_watermark: bool = True  # its time is the table's own: what is newer than the newest row is not there yet
    joined: tuple[str, ...] = ()  # other datasets its rows were looked up in while it was filled

    @property
    def table(self) -> Table:
        """Where it lies: beside the datasets, in a schema of its own; a refresh replaces it by period."""
        return replace(table_of(self.id, self.spec), time=READ_IN if isinstance(self.sort, OfReadings) else PERIOD)


def stored_states(catalog: Catalog, modifiers: Modifiers) -> tuple[Stored, ...]:
    """Every table of every state that the datasets declare."""
    found: list[Stored] = []
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        for state in dataset.states if dataset is not None else ():
            found += stored(catalog, modifiers, id, state)
    return tuple(found)


def with_states(catalog: Catalog, states: Sequence[Stored]) -> Catalog:
    """The catalog with each state as a dataset, so that roads, scope and conditions work on it as on any other."""
    extra = {("dataset", one.id): Definition("dataset", one.id, "", one.spec) for one in states}
    return replace(catalog, definitions={**catalog.definitions, **extra})


def stored(catalog: Catalog, modifiers: Modifiers, dataset_id: str, state: StoredState) -> tuple[Stored, ...]:
    """The tables of one declared state: one without anything to keep says so."""
    sums: dict[Sort, dict[Sum, None]] = {}
    for indicator in state.of:
        for sort, part in kept_by(catalog, modifiers, dataset_id, state, indicator):
            sums.setdefault(sort, {})[part] = None
    if not sums:
        sums[OfRows()] = {}
    return tuple(_stored(catalog, dataset_id, state, sort, tuple(parts), nth) for nth, (sort, parts) in enumerate(sums.items()))


def _stored(catalog: Catalog, dataset_id: str, state: StoredState, sort: Sort, sums: tuple[Sum, ...], nth: int) -> Stored:
    dataset = catalog.dataset(dataset_id)
    assert dataset is not None
    time = _time(dataset, state, sort)
    id = f"states.{dataset_id}_{state.name}{_suffix(sort, nth)}"
    axes = tuple(Axis(name=one.replace(".", "_"), dimension=one) for one in state.by)
    every: tuple[StoredSum, ...] = ()
    numbers: tuple[tuple[Expr | None, str], ...] = ()
    if isinstance(sort, OfReadings):
        axes, spec = (), described_readings(catalog, dataset_id, state, time, sort, sums)
    else:
        conditions = list(dict.fromkeys(one.where for one in sums))
        numbers = tuple((condition, f"rows_{i + 1}") for i, condition in enumerate(conditions))
        every = _columns(sums, dict(numbers))
        axes = (*axes, *_own_axis(dataset_id, dataset, state, sort))
        spec = described(catalog, dataset, state, time, sort, [(one.sum, one.column) for one in every], [name for _, name in numbers])
    joined = joined_datasets(catalog, dataset_id, state, sums)
    roads = [catalog.dimension(one) for one in state.by]
    print_of = repr((state, sort, every, sums, time, roads, spec, dataset.columns, dataset.relationships, catalog.project.zone))
    digest = hashlib.sha256(print_of.encode()).hexdigest()[:16]
    own_time = default_time(dataset)
    is_own = time is not None and own_time is not None and time.column == own_time.column and time.zone in (None, catalog.project.zone)
    return Stored(
        id, dataset_id, state, time.name if time else None, every, numbers, axes, spec, digest, day_offset(time),
        _unfit(catalog, dataset_id, state, sort, sums), sort, is_own, joined,
    )  # fmt: skip


def _time(dataset: Dataset, state: StoredState, sort: Sort) -> Time | None:
    """The time whose period a row of the state lies in."""
    if isinstance(sort, OfOpen):
        return next((one for one in dataset.times if one.column == sort.opens), None)
    name = sort.time if isinstance(sort, OfReadings) else state.time
    return next((one for one in dataset.times if one.name == name), None) if name else default_time(dataset)


def _suffix(sort: Sort, nth: int) -> str:
    match sort:
        case OfValues(column=column):
            return f"_each_{column}"
        case OfOpen(opens=opens, closes=closes):
            return f"_open_{opens}_{closes}"
        case OfReadings(take=take):
            return f"_{take}_{nth + 1}"
    return ""


def _columns(sums: tuple[Sum, ...], number_of: dict[Expr | None, str]) -> tuple[StoredSum, ...]:
    columns = [
        StoredSum(one, f"{one.agg}_{i + 1}", number_of[one.where]) for i, one in enumerate(sums) if one.agg != "count" or one.of is not None
    ]
    counts = [StoredSum(one, number_of[one.where], number_of[one.where]) for one in sums if one.agg == "count" and one.of is None]
    return (*columns, *counts)


def _own_axis(dataset_id: str, dataset: Dataset, state: StoredState, sort: Sort) -> tuple[Axis, ...]:
    """What a sort of table is split by beside the dimensions: the value itself, or the period of closing."""
    match sort:
        case OfValues(column=column):
            return (Axis(name=VALUE, path=(column,), dataset=dataset_id, column=column),)
        case OfOpen(closes=closes):
            time = next(one for one in dataset.times if one.column == closes)
            return (Axis(name=CLOSES, time=time.name, grain=state.grain),)
    return ()


def _unfit(catalog: Catalog, dataset_id: str, state: StoredState, sort: Sort, sums: tuple[Sum, ...]) -> tuple[str, str] | None:
    """What makes sums by these dimensions differ from sums of the rows, in Chinese and English."""
    if not sums:
        return "没有可以存的聚合", "nothing that adds up is kept"
    for one in state.by:
        why = unfit_dimension(catalog, dataset_id, one)
        if why is not None:
            return why
        if isinstance(sort, OfOpen) and any(hop.valid for hop in _hops(catalog, dataset_id, one)):
            return f"「{one}」随时间变化，存量按所问时刻取", f"'{one}' changes over time, and a level takes it at the instant asked"
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


def joined_datasets(catalog: Catalog, dataset_id: str, state: StoredState, sums: Sequence[Sum]) -> tuple[str, ...]:
    """The datasets that rows are looked up in while the state is filled: new rows there may move any row of the state."""
    found = {hop.target for one in state.by for hop in _hops(catalog, dataset_id, one)}
    for total in sums:
        for expr in (total.of, total.where, total.weight):
            for column in columns(expr) if expr is not None else ():
                road = road_by_path(catalog, dataset_id, column.path)
                hops = road.hops if road is not None else _hops(catalog, dataset_id, column.name)
                found |= {hop.target for hop in hops}
    return tuple(sorted(found))


def _hops(catalog: Catalog, dataset_id: str, dimension_id: str) -> tuple[Hop, ...]:
    if catalog.dimension(dimension_id) is None:
        return ()
    try:
        road = road_to_dimension(catalog, dataset_id, dimension_id)
    except Refused:
        return ()
    return road.hops if road is not None else ()
