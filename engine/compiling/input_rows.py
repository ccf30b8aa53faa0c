"""What an analysis reads: the columns of its inputs with their types and units, and the SELECT of those that are rows of a dataset."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

from msgspec import Struct
from sqlglot import exp

from engine.compiling.asking import asked_columns
from engine.compiling.clock import Clock
from engine.compiling.expand import Expander
from engine.compiling.flow import cut, open_scan
from engine.compiling.modifying import Modifiers
from engine.compiling.names import conjunction, named
from engine.compiling.periods import asked_period
from engine.compiling.reach import column_of, dataset_of, road_by_path
from engine.compiling.relations import new_writer
from engine.compiling.rows import row_expression
from engine.compiling.scope import Scope
from engine.compiling.tables import default_time
from engine.compiling.units import scaled
from engine.expression.alike import Inferred, Typed
from engine.expression.tree import columns
from engine.kinds.analysis import Input
from engine.loading.catalog import Catalog
from engine.modifier import Shape
from engine.operator import OperatorTable
from engine.question import EVERYTHING
from engine.unit import ONE, Unit, conversion, parse_unit
from engine.warehouse import Statement


class InputRows(Struct, frozen=True):
    """The rows of one input, ready to be read: keys first, then the operator's columns (输入行)."""

    statement: Statement
    datasets: tuple[str, ...]  # all that it reads, joined ones too


def input_rows(catalog: Catalog, modifiers: Modifiers, one: Input, shape: OperatorTable, as_of: datetime) -> InputRows:
    """Rows of a dataset as the input names them, those before as_of and within the period. Raises Refused."""
    writer = new_writer(catalog, Scope(EVERYTHING), Expander(catalog, modifiers))
    scan = open_scan(writer, one.dataset or "")
    start, end = asked_period(one.period, as_of, catalog.project.zone, None)
    span = Shape(axes=(), until=as_of, start=start, end=end)
    time = next((each for each in scan.dataset.times if each.name == one.time), None) or default_time(scan.dataset)
    clock = Clock(catalog, scan, time)
    if clock.column is None and (start or end):
        clock.needed()
    scan.shape, scan.at = span, clock.end_of_period(span)
    bounds = clock.bounds(span)
    factors = factors_of(column_types(catalog, modifiers, one), shape)
    values = [named(scan.text(text), name) for name, text in one.keys.items()]
    for name, text in one.columns.items():
        expr = row_expression(catalog, scan.dataset_id, text).expr
        values.append(named(scan.expression(scaled(expr, factors.get(name, Fraction(1)))), name))
    conditions = [*bounds, *cut(writer, scan, span), scan.text(one.where) if one.where else None]
    select = scan.select()
    select.set("expressions", values)
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
    statement = Statement(writer.statement(select), dict(writer.parameters))
    return InputRows(statement, tuple(sorted({*writer.tables, *_joined(select, catalog)})))


def _joined(select: exp.Select, catalog: Catalog) -> set[str]:
    """Datasets among the tables of a statement: a change of a joined one changes the rows too."""
    lies = {}
    for id in catalog.ids("dataset"):
        *folders, name = id.split(".")
        lies["_".join(folders) or "project", name] = id
    return {lies[table.db, table.name] for table in select.find_all(exp.Table) if (table.db, table.name) in lies}


def column_types(catalog: Catalog, modifiers: Modifiers, one: Input) -> dict[str, Typed]:
    """Type and unit of each column of an input, keys too; a number written as such has no unit and takes any. Raises Refused for what means nothing."""
    texts = {**one.keys, **one.columns}
    if one.dataset is not None:
        found = {name: row_expression(catalog, one.dataset, text) for name, text in texts.items()}
        return {name: Typed(each.typed.type, _unit_of(catalog, one.dataset, each)) for name, each in found.items()}
    known = answer_types(catalog, modifiers, one)
    return {name: known[text] for name, text in texts.items() if text in known}


def _unit_of(catalog: Catalog, dataset: str, found: Inferred) -> Unit | None:
    """The unit that a value comes in; None for a written number, and where a column's unit cannot be read, which is said elsewhere."""
    for column in columns(found.expr):
        road = road_by_path(catalog, dataset, column.path)
        declared = column_of(dataset_of(catalog, road.dataset), road.column) if road is not None else None
        if declared is not None and declared.unit and parse_unit(declared.unit) is None:
            return None
    return None if found.is_constant else found.typed.unit or ONE


def answer_types(catalog: Catalog, modifiers: Modifiers, one: Input) -> dict[str, Typed]:
    """Type and unit of each column that the answer of an input's question has, by the name it bears there."""
    if one.ask is None:
        return {}
    found: dict[str, Typed] = {"time": Typed("timestamp")} if one.ask.grain else {}
    found |= {text: Typed("text") for text in one.ask.by if isinstance(text, str)}
    for column in asked_columns(catalog, modifiers, one.ask):
        found[column.name] = Typed("float", parse_unit(column.unit) if column.unit else ONE)
    return found


def factors_of(types: Mapping[str, Typed], shape: OperatorTable) -> dict[str, Fraction]:
    """What a column is multiplied by to stand in the unit of the column it is like; columns of unlike units have none."""
    factors: dict[str, Fraction] = {}
    for column in shape.columns:
        model = column.like.partition(".")[2]
        own, wanted = (types[name].unit if name in types else None for name in (column.name, model))
        if own is not None and wanted is not None and model != column.name:
            factor = conversion(own, wanted)
            if factor is not None:
                factors[column.name] = factor
    return factors
