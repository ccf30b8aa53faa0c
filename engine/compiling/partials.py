"""What of an indicator can be kept as partial results: which leaves add up over periods and groups, and what of them must be stored."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.expand import Expander
from engine.compiling.leaves import Flow, Level, Reading, Sum
from engine.compiling.modifying import Modifiers
from engine.compiling.periods import day_offset, instant, named_grain
from engine.compiling.reach import column_of
from engine.compiling.refuse import Refused
from engine.compiling.tables import default_time
from engine.compiling.writer import leaves_below
from engine.expression.tree import Binary, Column, Expr, IndicatorCall, IsNull, walk
from engine.kinds.dataset import Dataset, StoredState
from engine.loading.catalog import Catalog
from engine.modifier import Request as Asking
from engine.modifier import Shape, Value

MERGES = {"sum": "sum", "count": "sum", "min": "min", "max": "max", "any": "any", "all": "all"}  # how partial results add up
VALUED = ("count_distinct", "median", "percentile")  # answered from how often each value occurs
VALUE_TYPES = ("text", "integer", "decimal", "float", "date", "timestamp", "enum")


class OfRows(Struct, frozen=True, tag=True):
    """Sums of rows by group and period (部分和)."""


class OfValues(Struct, frozen=True, tag=True):
    """How often each value of a column occurs, by group and period (取值次数)."""

    column: str


class OfOpen(Struct, frozen=True, tag=True):
    """Sums of rows by group, period of opening and period of closing (起止)."""

    opens: str
    closes: str


class OfReadings(Struct, frozen=True, tag=True):
    """The newest, or first, reading of each thing in each period, as a row of its own (末次读数)."""

    time: str | None
    per: tuple[str, ...]
    take: str


Sort = OfRows | OfValues | OfOpen | OfReadings


def kept_by(catalog: Catalog, modifiers: Modifiers, dataset_id: str, state: StoredState, indicator: str) -> Iterator[tuple[Sort, Sum]]:
    """The partial results that one indicator's leaves over the dataset are made of, each with the table it belongs in."""
    dataset = catalog.dataset(dataset_id)
    if dataset is None:
        return
    for leaf in leaves_of(catalog, modifiers, indicator, state.grain):
        if isinstance(leaf, Flow | Level | Reading) and leaf.dataset == dataset_id:
            yield from _kept(dataset, state, leaf)


def leaves_of(catalog: Catalog, modifiers: Modifiers, indicator: str, grain: str) -> list[object]:
    """The leaves of an indicator asked at a grain; none when it cannot be asked so."""
    shape = Shape(axes=(), until=instant("9999-12-31"), grain=named_grain(grain))
    try:
        return list(leaves_below([Expander(catalog, modifiers).tree(Value(Asking(indicator, shape)))]))
    except Refused:
        return []


def _kept(dataset: Dataset, state: StoredState, leaf: Flow | Level | Reading) -> Iterator[tuple[Sort, Sum]]:
    total = leaf.sum
    if depends_on_period(total):
        return
    match leaf:
        case Flow():
            if leaf.before or leaf.since or (leaf.time or _default(dataset)) != (state.time or _default(dataset)):
                return
            if total.agg in VALUED:
                sort = values_of(dataset, total)
                if sort is not None:
                    yield sort, Sum("count", None, total.where)
            else:
                yield from ((OfRows(), part) for part in merged_from(total) or ())
        case Level():
            if levels_unfit(dataset, leaf) is None:
                yield from ((OfOpen(leaf.opens, leaf.closes), part) for part in merged_from(total) or ())
        case Reading():
            if leaf.shape.grain and (leaf.time or _default(dataset)):
                yield OfReadings(leaf.time or _default(dataset), leaf.per, leaf.take), total


def merged_from(total: Sum) -> tuple[Sum, ...] | None:
    """The aggregates whose merged values make this one: itself, or for averages the two that are divided; None when it does not add up."""
    if total.agg == "avg":
        return replace(total, agg="sum"), replace(total, agg="count")
    if total.agg == "weighted_avg" and total.of is not None and total.weight is not None:
        both: Expr = IsNull(total.of, negated=True)
        counted = both if total.where is None else Binary("and", total.where, both)
        return Sum("sum", Binary("*", total.of, total.weight), total.where), Sum("sum", total.weight, counted)
    return (total,) if total.agg in MERGES else None


def values_of(dataset: Dataset, total: Sum) -> OfValues | None:
    """The table of values that answers it exactly: the value must be one column of the rows themselves."""
    if not isinstance(total.of, Column) or len(total.of.path) != 1 or total.method != "continuous":
        return None
    column = column_of(dataset, total.of.path[0])
    if column is None or column.type not in VALUE_TYPES or (column.expr is not None and column.type in ("decimal", "float")):
        return None
    return OfValues(column.name)


def levels_unfit(dataset: Dataset, level: Level) -> tuple[str, str] | None:
    """Why levels cannot be read from days of opening and closing, in Chinese and English."""
    if level.is_open_start:
        return "有效期登记表本来就短，从行读取", "a register with validity is short: it is read from rows"
    for name in (level.opens, level.closes):
        time = next((one for one in dataset.times if one.column == name), None)
        if time is None:
            return f"「{name}」没有在 times 里声明", f"'{name}' is not declared in times"
        if time.zone is not None or day_offset(time):
            return f"「{name}」另有时区或业务日起点", f"'{name}' has a zone or a business day of its own"
    return None


def depends_on_period(total: Sum) -> bool:
    """Whether the aggregate asks another indicator, or when the period ends: such a value is another one in every period."""
    parts = [part for expr in (total.of, total.where, total.weight) if expr is not None for part in walk(expr)]
    return any(isinstance(part, IndicatorCall) or (isinstance(part, Column) and part.path == ("at",)) for part in parts)


def _default(dataset: Dataset) -> str | None:
    time = default_time(dataset)
    return time.name if time is not None else None
