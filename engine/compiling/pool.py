"""Rows added up once for a whole batch, by day and by all that its questions split and filter by: each then reads sums, not rows."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from engine.compiling.aggregates import MERGEABLE, aggregate, conjuncts
from engine.compiling.clock import Clock
from engine.compiling.flow import time_of
from engine.compiling.leaves import Cell, Flow, Fold, Seam, Sum
from engine.compiling.names import conjunction
from engine.compiling.nodes import is_date_grain
from engine.compiling.periods import day_offset, named_grain
from engine.compiling.reach import column_of, dataset_of
from engine.compiling.reshape import looked_back
from engine.compiling.rows import inferred
from engine.compiling.scan import Scan
from engine.compiling.writer import grouped
from engine.expression.tree import Aggregate, Binary, Expr, IndicatorCall, Unary, columns, walk
from engine.expression.tree import Column as Name
from engine.kind import Definition
from engine.kinds.dataset import Column, Dataset, Time
from engine.loading.catalog import Catalog
from engine.modifier import Across, Formula, Tree
from engine.warehouse import ColumnType

DAY = "pool_day"
TYPES: dict[str, ColumnType] = {
    "text": "text", "boolean": "boolean", "date": "date", "timestamp": "timestamp", "integer": "integer", "decimal": "decimal",
}  # fmt: skip
Reach = tuple[datetime | None, datetime]  # first instant that counts, and the first that does not


class Partial(Struct, frozen=True):
    """An aggregate of the rows of one group, to be added up (部分和)."""

    sum: Sum  # without a condition
    column: str


class Test(Struct, frozen=True):
    """Whether a row meets a condition, or its time is before an instant: groups are kept apart by it (行判定)."""

    of: Expr | datetime
    column: str


class Pool(Struct, frozen=True):
    """One dataset's rows by one of its times, described as a dataset of its own: its columns, a day, partial sums and tests (共享部分和)."""

    id: str
    dataset: str
    time: Time
    partials: tuple[Partial, ...]
    tests: tuple[Test, ...]


class Pooling:
    """Collects what flows over one dataset and time need of their pool; the state is what was collected."""

    def __init__(self, catalog: Catalog, id: str, dataset_id: str, time: Time, few: frozenset[str]) -> None:
        self.catalog, self.id, self.dataset_id, self.time = catalog, id, dataset_id, time
        self.dataset = dataset_of(catalog, dataset_id)
        self.few = few  # columns with few values: conditions on them are checked on the sums
        column = column_of(self.dataset, time.column)
        self.is_dated = column is not None and column.type == "date"
        self.offset = timedelta() if self.is_dated else day_offset(time)
        self.partials: dict[Sum, str] = {}
        self.tests: dict[Expr | datetime, str] = {}
        self.until: datetime | None = None  # rows from here on are not in the pool

    def pool(self) -> Pool:
        """What was collected."""
        partials = tuple(Partial(total, column) for total, column in self.partials.items())
        return Pool(self.id, self.dataset_id, self.time, partials, tuple(Test(of, column) for of, column in self.tests.items()))

    def tree(self, cell: Cell, flow: Flow) -> Tree:
        """The flow's value from the pool."""
        if flow.sum.agg == "avg":
            ratio = Binary("/", Name(("total",)), Name(("number",)))
            return Formula(ratio, (("total", self._cell(cell, flow, "sum")), ("number", self._cell(cell, flow, "count"))))
        return self._cell(cell, flow, flow.sum.agg)

    def reach(self, flow: Flow) -> Reach:
        """Which rows a flow counts, by their time."""
        shape = looked_back(flow).shape
        end = shape.until if shape.end is None or self.is_open(flow) else self._begins(shape.end)
        return (self._begins(shape.start) if shape.start is not None else None), end

    def is_open(self, flow: Flow) -> bool:
        """Whether it is cut at its as-of instant, and not at the end of its period."""
        shape = looked_back(flow).shape
        return shape.end is None or self._begins(shape.end) > shape.until

    def _begins(self, moment: datetime) -> datetime:
        return moment + self.offset if moment.time() == time.min else moment

    def _cell(self, cell: Cell, flow: Flow, agg: str) -> Cell:
        partial = self.partials.setdefault(Sum(agg, flow.sum.of), f"pool_{agg}_{len(self.partials) + 1}")
        condition: Expr | None = None
        for one in [*(self._checked(one) for one in conjuncts(flow.sum.where)), *self._edges(flow)]:
            condition = one if condition is None else Binary("and", condition, one)
        start = flow.shape.start
        if start is not None and start.time() != time.min and not self.is_dated:
            start = datetime.combine((start - self.offset).date(), time.min)  # the whole day is in the pool, a test cuts it
        shape = replace(flow.shape, start=start)
        return Cell(Flow(self.id, None, Sum(MERGEABLE[agg], Name((partial,)), condition), shape, flow.before, flow.since), cell.is_count)

    def _checked(self, condition: Expr) -> Expr:
        """A condition as it is checked on the sums: by its columns where these have few values or lie elsewhere, else by a test of rows."""
        own = is_own(self.dataset, condition)
        return condition if not own or all(one.name in self.few for one in columns(condition)) else Name((self._test(condition),))

    def _test(self, of: Expr | datetime) -> str:
        return self.tests.setdefault(of, f"pool_test_{len(self.tests) + 1}")

    def _edges(self, flow: Flow) -> list[Expr]:
        """Conditions for the ends of the flow's span that no day begins with."""
        if self.is_dated:
            return []
        shape, found = looked_back(flow).shape, list[Expr]()
        if shape.start is not None and shape.start.time() != time.min:
            found.append(Unary("not", Name((self._test(shape.start),))))
        end = shape.until if self.is_open(flow) else shape.end
        assert end is not None
        is_edge = end.time() == time.min and (not self.offset or not self.is_open(flow))
        if not is_edge and end.year < 9999 and end != self.until:
            found.append(Name((self._test(end),)))
        return found


def pool_time(catalog: Catalog, flow: Flow) -> Time | None:
    """The time by whose days a flow can be added up; None when it cannot be added up from sums by day."""
    dataset, shape = catalog.dataset(flow.dataset), flow.shape
    grain, shift = named_grain(shape.grain), shape.shift
    if (
        dataset is None
        or not dataset.times
        or shape.window is not None
        or (grain is not None and ("." in grain or not is_date_grain(grain)))
    ):
        return None
    if shift is not None and (shift.moves_rows or shift.calendar is not None or shift.by.seconds % 86400):
        return None
    if flow.sum.agg not in (*MERGEABLE, "avg") or flow.sum.weight is not None:
        return None
    if flow.sum.of is not None and not is_own(dataset, flow.sum.of):
        return None
    if any(
        isinstance(node, IndicatorCall | Aggregate) for expr in (flow.sum.where, shape.where) if expr is not None for node in walk(expr)
    ):
        return None
    found = time_of(dataset, flow.time, flow.dataset, shape)
    if found is None or any(
        axis.time is not None and (axis.part == "hour" or axis.time not in ("default", found.name)) for axis in shape.axes
    ):
        return None
    if any(axis.time == "default" for axis in shape.axes) and not found.default and len(dataset.times) > 1:
        return None
    return None if any(edge is not None and len(edge) != 10 for edge in (flow.before, flow.since)) else found


def is_own(dataset: Dataset, expr: Expr) -> bool:
    """Whether an expression is about stored columns of the row alone."""
    if any(isinstance(node, IndicatorCall | Aggregate) for node in walk(expr)):
        return False
    named = [column_of(dataset, one.path[0]) if len(one.path) == 1 else None for one in columns(expr)]
    return all(column is not None and column.expr is None for column in named)


def with_pools(catalog: Catalog, pools: list[Pool]) -> Catalog:
    """The catalog with each pool as a dataset: roads, scope and conditions work on it as on the rows."""
    extra = {("dataset", one.id): Definition("dataset", one.id, "", _described(catalog, one)) for one in pools}
    return replace(catalog, definitions={**catalog.definitions, **extra})


def _described(catalog: Catalog, pool: Pool) -> Dataset:
    dataset = dataset_of(catalog, pool.dataset)
    day = Column(name=DAY, title=DAY, type="date")
    sums = [Column(name=one.column, title=one.column, type=_type(catalog, pool.dataset, one.sum)) for one in pool.partials]
    tests = [Column(name=one.column, title=one.column, type="boolean") for one in pool.tests]
    times = (Time(name=pool.time.name, column=DAY, default=True),)
    return replace(dataset, columns=(*dataset.columns, day, *sums, *tests), times=times, key=(), states=(), quality=(), keep=None)


def _type(catalog: Catalog, dataset_id: str, total: Sum) -> ColumnType:
    if total.agg == "count" or total.of is None:
        return "integer"
    found = inferred(catalog, dataset_id, total.of).typed.type
    return TYPES.get(found, "float")


def pool_select(catalog: Catalog, pool: Pool, read: frozenset[str], reach: Reach) -> exp.Select:
    """One scan of the rows within reach: a group for each combination of the columns read, with the partial sums read."""
    scan = Scan(catalog, pool.dataset)
    clock = Clock(catalog, scan, pool.time)
    keys = [(one.name, scan.own(one.name)) for one in scan.dataset.columns if one.name in read]
    keys += [(DAY, clock.bucket_of("day"))] if DAY in read else []
    keys += [(one.column, _met(scan, clock, one.of)) for one in pool.tests if one.column in read]
    sums = [
        (one.column, aggregate(one.sum.agg, scan.expression(one.sum.of) if one.sum.of is not None else None))
        for one in pool.partials
        if one.column in read
    ]
    select = grouped(scan.select(), keys, sums)
    start, end = reach
    since = exp.GTE(this=clock.needed(), expression=clock.literal(start, is_business=False)) if start is not None else None
    where = conjunction([since, clock.before(end, is_business=False) if end.year < 9999 else None])
    if where is not None:
        select.set("where", exp.Where(this=where))
    return select


def _met(scan: Scan, clock: Clock, of: Expr | datetime) -> exp.Expression:
    return exp.Paren(this=clock.before(of, is_business=False) if isinstance(of, datetime) else scan.expression(of))


def read_from(tree: Tree, change: Callable[[Cell, Flow], Tree]) -> Tree:
    """The tree with the cell of every flow changed, those inside folds and ranks too."""
    match tree:
        case Cell(leaf=Flow() as flow):
            return change(tree, flow)
        case Cell(leaf=Fold() as fold):
            return replace(tree, leaf=replace(fold, inner=read_from(fold.inner, change)))
        case Formula(arguments=arguments):
            return replace(tree, arguments=tuple((name, read_from(one, change)) for name, one in arguments))
        case Across(tree=inner):
            return replace(tree, tree=read_from(inner, change))
        case Seam(old=old, new=new):
            return replace(tree, old=read_from(old, change), new=read_from(new, change))
    return tree


def columns_read(statement: exp.Expression, pool: Pool) -> frozenset[str] | None:
    """The pool's columns that a statement reads; None where it asks more of the table than sums by day can tell."""
    schema, _, name = pool.id.partition(".")
    found: set[str] = set()
    for table in statement.find_all(exp.Table):
        if table.name != name or table.db != schema:
            continue
        select = table.parent.parent if isinstance(table.parent, exp.From) else None
        if not isinstance(select, exp.Select):
            return None
        for column in select.find_all(exp.Column):
            if column.table == table.alias:
                found.add(column.name)
                if column.name == DAY and column.find_ancestor(exp.Join, exp.Select) is not select:
                    return None  # which row of another table held at the row's time is not known by day
            elif not column.table:
                return None
    return frozenset(found)
