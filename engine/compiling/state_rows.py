"""The rows of a stored state as one statement: what a refresh writes, for all periods or for some."""

from collections.abc import Iterator
from datetime import datetime

from sqlglot import exp

from engine.compiling.clock import Clock
from engine.compiling.expand import Expander
from engine.compiling.flow import open_scan, time_of
from engine.compiling.leaves import Cell, Flow, Reading, Sum
from engine.compiling.modifying import Modifiers
from engine.compiling.names import column_ref, conjunction, named
from engine.compiling.partials import OfReadings
from engine.compiling.periods import named_grain
from engine.compiling.relations import new_writer
from engine.compiling.scope import Scope
from engine.compiling.states import Stored
from engine.compiling.stock import newest_readings
from engine.compiling.writer import TIME, Writer
from engine.loading.catalog import Catalog
from engine.modifier import Shape
from engine.question import EVERYTHING
from engine.warehouse import Statement

FAR = datetime(9999, 12, 31)
ROWS = "state_rows"


def state_rows(
    catalog: Catalog, modifiers: Modifiers, state: Stored, start: datetime | None = None, end: datetime | None = None
) -> Statement:
    """SELECT of the columns of the state's table, in their order, for the periods from `start` to just before `end`."""
    shape = Shape(axes=state.axes, until=FAR, grain=named_grain(state.state.grain), start=start, end=end)
    writer = new_writer(catalog, Scope(EVERYTHING), Expander(catalog, modifiers))
    if isinstance(state.sort, OfReadings):
        body = _readings(writer, state, state.sort, shape)
    else:
        body = writer.answer(writer, list(_cells(state, shape)), shape, None)
    names = [TIME if one.name == state.table.time else one.name for one in state.table.columns]
    chosen = [named(column_ref(ROWS, name), one.name) for name, one in zip(names, state.table.columns, strict=True)]
    select = exp.Select(expressions=chosen).from_(body.subquery(ROWS, copy=False), copy=False)
    return Statement(writer.statement(select), dict(writer.parameters))


def _cells(state: Stored, shape: Shape) -> Iterator[tuple[str, Cell]]:
    names = {name for _, name in state.numbers}
    for one in state.sums:
        if one.column not in names:
            yield one.column, Cell(Flow(state.dataset, state.time, one.sum, shape))
    for condition, name in state.numbers:
        yield name, Cell(Flow(state.dataset, state.time, Sum("count", None, condition), shape))


def _readings(writer: Writer, state: Stored, sort: OfReadings, shape: Shape) -> exp.Select:
    """The readings that count in their period, whole rows."""
    reading = Reading(state.dataset, state.time, sort.per, sort.take, None, Sum("count"), shape)
    scan = open_scan(writer, state.dataset)
    clock = Clock(writer.catalog, scan, time_of(scan.dataset, state.time, state.dataset, shape))
    scan.joins.newest = newest_readings(writer, scan, clock, reading, shape)
    select = scan.select()
    select.set("expressions", [exp.Star()])
    dated = exp.Not(this=exp.Is(this=column_ref(scan.alias, TIME), expression=exp.Null()))
    is_newest = exp.EQ(this=column_ref(scan.alias, "newest"), expression=exp.Literal.number(1))
    select.set("where", exp.Where(this=conjunction([is_newest, dated])))
    return select
