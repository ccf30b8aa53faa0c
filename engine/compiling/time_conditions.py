"""Time in a question's `where` says which rows of the answer are wanted, as `period` does: no window or comparison is cut by it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct

from engine.compiling.aggregates import conjuncts
from engine.compiling.periods import wall
from engine.compiling.reach import column_of
from engine.compiling.reads import used_indicators
from engine.compiling.refuse import refuse
from engine.compiling.tables import default_time
from engine.expression.tree import Between, Binary, Column, Expr, In, Literal, columns, walk
from engine.kinds.dataset import Time
from engine.loading.catalog import Catalog

TIME_NAME = "time"
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


class Cut(Struct, frozen=True):
    """A condition apart: the span of time it leaves, and what is left of it (时间条件)."""

    start: datetime | None
    end: datetime | None
    rest: Expr | None


def time_apart(catalog: Catalog, indicators: tuple[str, ...], where: Expr | None) -> Cut:
    """Comparisons of `time`, or of the one column that all the indicators count by, taken out of what `and` joins."""
    column = _counted_column(catalog, indicators)
    start: datetime | None = None
    end: datetime | None = None
    rest: Expr | None = None
    for one in conjuncts(where):
        span = _span(catalog, one, column)
        if span is None:
            if any(name.path == (TIME_NAME,) for name in columns(one)) and column != TIME_NAME:
                raise refuse(
                    "time-condition", "where 里的 time 只能与日期比较，并用 and 连接", "`time` in `where` is compared with dates only, joined by `and`",
                    ("例如 time >= '2026-01-01'；其他条件写时间列的名字", "for example time >= '2026-01-01'; other conditions name the column"),
                )  # fmt: skip
            rest = one if rest is None else Binary("and", rest, one)
            continue
        start = max((moment for moment in (start, span[0]) if moment is not None), default=None)
        end = min((moment for moment in (end, span[1]) if moment is not None), default=None)
    return Cut(start, end, rest)


def refuse_cut_windows(catalog: Catalog, indicators: tuple[str, ...], is_modified: bool, rest: Expr | None) -> None:
    """What is left of a condition may name the time only where nothing looks beyond its own period: a window would be cut by it."""
    column = _counted_column(catalog, indicators)
    named = [node for node in walk(rest) if isinstance(node, Binary | Between | In) and _compares(node, column)] if rest is not None else []
    if named and (is_modified or any(_looks_beyond(catalog, id, set()) for id in indicators)):
        raise refuse(
            "time-condition",
            f"where 里关于时间「{column}」的条件会切断窗口或比较所读的行",
            f"the condition on the time '{column}' would cut what a window or comparison reads",
            ("与日期比较并用 and 连接，或写在 period 里", "compare it with dates, joined by `and`, or write a `period`"),
        )


def _compares(node: Binary | Between | In, column: str | None) -> bool:
    sides = (node.left, node.right) if isinstance(node, Binary) else (node.of,)
    return any(isinstance(side, Column) and _is_time(side, column) for side in sides)


def _looks_beyond(catalog: Catalog, id: str, seen: set[str]) -> bool:
    indicator = catalog.indicator(id)
    if indicator is None or id in seen:
        return False
    seen.add(id)
    if indicator.modifier is not None or any(part.modifier is not None for part in indicator.parts):
        return True
    return any(_looks_beyond(catalog, below, seen) for below in used_indicators(indicator))


def _span(catalog: Catalog, one: Expr, column: str | None) -> tuple[datetime | None, datetime | None] | None:
    """The half-open span a comparison leaves; None when it is no comparison of the time with a date."""
    match one:
        case Between(of=Column() as name, low=Literal(value=low), high=Literal(value=high)) if _is_time(name, column):
            first, last = _moment(catalog, low), _moment(catalog, high)
            return None if first is None or last is None else (first[0], last[1])
        case Binary(op=op, left=Column() as name, right=Literal(value=value)) if _is_time(name, column) and op in _TURNED:
            return _side(catalog, op, value)
        case Binary(op=op, left=Literal(value=value), right=Column() as name) if _is_time(name, column) and op in _TURNED:
            return _side(catalog, _TURNED[op], value)
    return None


def _side(catalog: Catalog, op: str, value: object) -> tuple[datetime | None, datetime | None] | None:
    moment = _moment(catalog, value)
    if moment is None:
        return None
    first, after = moment
    return {"<": (None, first), "<=": (None, after), ">": (after, None), ">=": (first, None), "=": (first, after)}[op]


def _moment(catalog: Catalog, value: object) -> tuple[datetime, datetime] | None:
    """First instant of what is written, and the first after it: a day lasts a day."""
    if isinstance(value, str):
        moment = wall(value, catalog.project.zone)
        return (moment, moment + timedelta(days=1)) if len(value) == 10 else (moment, moment + timedelta(microseconds=1))
    if isinstance(value, datetime):
        return value, value + timedelta(microseconds=1)
    if isinstance(value, date):
        day = datetime(value.year, value.month, value.day)
        return day, day + timedelta(days=1)
    return None


def _is_time(name: Column, column: str | None) -> bool:
    return name.path == (TIME_NAME,) or (column is not None and name.path == (column,))


def _counted_column(catalog: Catalog, indicators: tuple[str, ...]) -> str | None:
    """The column of the time that every one of the indicators counts by; None when they differ."""
    found = {column for id in indicators for column in _columns(catalog, id, set())}
    return next(iter(found)) if len(found) == 1 else None


def _columns(catalog: Catalog, id: str, seen: set[str]) -> Iterator[str | None]:
    indicator = catalog.indicator(id)
    if indicator is None or id in seen:
        return
    seen.add(id)
    parts = [(indicator.dataset, indicator.time, indicator.stock), *((one.dataset, one.time, one.stock) for one in indicator.parts)]
    for dataset, time, stock in parts:
        if dataset is not None:
            yield None if stock is not None and stock.per is None else _column(catalog, dataset, time)
    if indicator.conversion is not None:
        base = indicator.conversion.base if indicator.conversion.count != "ratio_of_then" else indicator.conversion.then
        yield _column(catalog, base.dataset, base.time)
    for below in used_indicators(indicator):
        yield from _columns(catalog, below, seen)


def _column(catalog: Catalog, dataset_id: str, name: str | None) -> str | None:
    dataset = catalog.dataset(dataset_id)
    if dataset is None:
        return None
    time: Time | None = next((one for one in dataset.times if one.name == name), None) or default_time(dataset)
    return time.column if time is not None and column_of(dataset, time.column) is not None else None
