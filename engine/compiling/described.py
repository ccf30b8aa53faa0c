"""A table of a stored state described as a dataset: its keys keep their dimensions, its numbers their types."""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from engine.compiling.leaves import Sum
from engine.compiling.nodes import is_date_grain
from engine.compiling.partials import OfOpen, OfReadings, OfValues, Sort
from engine.compiling.periods import named_grain
from engine.compiling.reach import column_of, road_to_dimension
from engine.compiling.refuse import Refused
from engine.compiling.rows import parsed
from engine.expression.tree import Column as Name
from engine.expression.tree import columns
from engine.kinds.dataset import Column, Dataset, Relationship, StoredState, Time
from engine.loading.catalog import Catalog

PERIOD, VALUE, CLOSES = "period", "value", "closes"
READ_IN = "read_in"  # period of a reading; the reading keeps its own time, and what ranks readings calls its periods `period`
ColumnKind = Literal["text", "integer", "decimal", "float", "date", "timestamp", "boolean"]
KINDS: dict[str, ColumnKind] = {
    "integer": "integer", "decimal": "decimal", "date": "date", "timestamp": "timestamp", "text": "text", "enum": "text", "boolean": "boolean",
}  # fmt: skip


def described(
    catalog: Catalog, dataset: Dataset, state: StoredState, time: Time | None, sort: Sort, sums: Sequence[tuple[Sum, str]], numbers: Sequence[str]
) -> Dataset:  # fmt: skip
    """The dataset of a table of sums: keys, what the sort is split by beside them, the period, sums, numbers of rows."""
    daily = is_date_grain(named_grain(state.grain) or "day")
    when: ColumnKind = "date" if daily else "timestamp"
    keys = [_key_column(catalog, one) for one in state.by]
    if isinstance(sort, OfValues):
        own = column_of(dataset, sort.column)
        assert own is not None
        keys.append(Column(name=VALUE, title=own.title, type=KINDS.get(own.type, "float"), unit=own.unit))
    if isinstance(sort, OfOpen):
        keys.append(Column(name=CLOSES, title="结束周期", type=when))
    period = Column(name=PERIOD, title="周期", type=when)
    values = [Column(name=name, title=name, type=_value_type(dataset, total)) for total, name in sums if name not in numbers]
    counted = [Column(name=name, title=name, type="integer") for name in numbers]
    starts = "00:00" if daily or time is None else time.day_starts
    times = (Time(name=time.name if time else "default", column=PERIOD, day_starts=starts, default=True),)
    region = "public" if dataset.region == "public" else None
    title = f"{dataset.title}·{state.name}"
    every = (*keys, period, *values, *counted)
    return Dataset(title=title, one_row_is="一组", columns=every, times=times, region=region, partition="day")


def described_readings(
    catalog: Catalog, dataset_id: str, state: StoredState, time: Time | None, sort: OfReadings, sums: Sequence[Sum]
) -> Dataset:
    """The dataset of a table of readings: rows as they came, but only the columns that the state speaks of, beside their period."""
    dataset = catalog.dataset(dataset_id)
    assert dataset is not None
    daily = is_date_grain(named_grain(state.grain) or "day")
    period = Column(name=READ_IN, title="周期", type="date" if daily else "timestamp")
    needed = set(_needed(catalog, dataset_id, dataset, state, time, sort, sums))
    kept = [one for one in dataset.columns if one.name in needed and one.expr is None and one.name not in (PERIOD, READ_IN)]
    names = {one.name for one in kept}
    kept += [one for one in dataset.columns if one.expr is not None and _written(one.expr) <= names]
    own = tuple(one for one in dataset.relationships if _is_kept(one, names))
    times = (replace(time, default=True),) if time is not None else ()
    return replace(
        dataset, title=f"{dataset.title}·{state.name}", columns=(period, *kept), source=None, key=(), times=times, relationships=own, quality=(),
        states=(), keep=None, partition="day", region=dataset.region,
    )  # fmt: skip


def _needed(
    catalog: Catalog, dataset_id: str, dataset: Dataset, state: StoredState, time: Time | None, sort: OfReadings, sums: Sequence[Sum]
) -> Iterator[str]:
    """Own columns that the readings, their measures, the dimensions and the row scope are read from."""
    yield from (time.column,) if time is not None else ()
    yield from sort.per
    names = {
        column.name for total in sums for expr in (total.of, total.where, total.weight) if expr is not None for column in columns(expr)
    }
    names |= set(state.by)
    names |= {dataset.region} if dataset.region not in (None, "public") else set()
    for name in names:
        yield from _own_columns(catalog, dataset_id, dataset, name or "")


def _own_columns(catalog: Catalog, dataset_id: str, dataset: Dataset, name: str) -> Iterator[str]:
    """The dataset's own columns that a name begins with: a column, those a relationship is joined on, or the road to a dimension."""
    first = name.split(".")[0]
    column = column_of(dataset, first)
    if column is not None:
        yield from _written(column.expr) if column.expr is not None else (first,)
        return
    relationship = next((one for one in dataset.relationships if one.name == first), None)
    if relationship is not None:
        yield from relationship.on
        yield from _written(relationship.where) if relationship.where else ()
        return
    if catalog.dimension(name) is None:
        return
    try:
        road = road_to_dimension(catalog, dataset_id, name)
    except Refused:
        return
    if road is not None and road.hops:
        yield from (own for own, _ in road.hops[0].on)
        yield from _written(road.hops[0].where) if road.hops[0].where else ()
    elif road is not None:
        yield road.column


def _written(text: str) -> set[str]:
    return {column.path[0] for column in columns(parsed(text).expr)}


def _is_kept(relationship: Relationship, names: set[str]) -> bool:
    if relationship.previous_by is not None or relationship.to == "self":
        return False
    return set(relationship.on) <= names and (relationship.where is None or _written(relationship.where) <= names)


def _key_column(catalog: Catalog, dimension_id: str) -> Column:
    dimension = catalog.dimension(dimension_id)
    owner = catalog.dataset(dimension.dataset) if dimension is not None and dimension.dataset else None
    column = column_of(owner, dimension.key) if owner is not None and dimension is not None and dimension.key else None
    return Column(name=dimension_id.replace(".", "_"), title=dimension_id, type=column.type if column else "text", dimension=dimension_id)


def _value_type(dataset: Dataset, total: Sum) -> ColumnKind:
    """Exact where the rows are exact: a sum of a decimal column is a decimal, all else a double."""
    if total.agg == "count":
        return "integer"
    if total.agg in ("any", "all"):
        return "boolean"
    column = column_of(dataset, total.of.path[0]) if isinstance(total.of, Name) and len(total.of.path) == 1 else None
    if column is None or column.expr is not None:
        return "float"
    return KINDS.get(column.type, "float")
