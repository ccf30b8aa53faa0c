"""Percentiles from how often each value occurs: exact, and as cheap as there are different values, whatever the number of rows."""

from collections.abc import Sequence

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import Clock
from engine.compiling.flow import axis_keys, cut, open_scan, time_of
from engine.compiling.leaves import Spread
from engine.compiling.names import column_ref, conjunction, identifier, named
from engine.compiling.writer import TIME, Relation, Writer, grouped, key_columns, relation_name

VALUE, NUMBER, UPTO, TOTAL = "value", "number", "up_to", "total"


def write_spreads(writer: Writer, spreads: Sequence[Spread]) -> Relation:
    """The value at place (n - 1) * at of the sorted rows, counted from 0 and read between its two neighbours, as PERCENTILE_CONT does."""
    first = spreads[0]
    shape, keys = first.shape, key_columns(first.shape)
    counted = writer.cte("values_counted", _counted(writer, first))
    ranked = writer.cte("values_ranked", _ranked(counted, keys))
    names: dict[object, str] = {}
    values: list[tuple[str, exp.Expression]] = []
    for nth, spread in enumerate(spreads):
        names[spread] = f"percentile_{nth + 1}"
        values.append((names[spread], _percentile(spread.at)))
    source = exp.Select().from_(exp.Table(this=identifier(ranked)), copy=False)
    select = grouped(source, [(key, column_ref(None, key)) for key in keys], values)
    name = writer.cte(relation_name(f"{first.dataset.rpartition('.')[2]}_spread", shape), select)
    return Relation(name, shape, names, dict.fromkeys(names.values(), "number"))


def _counted(writer: Writer, spread: Spread) -> exp.Select:
    """How often each value occurs in each group asked; a group whose values are all empty stays one."""
    shape = spread.shape
    scan = open_scan(writer, spread.dataset)
    clock = Clock(writer.catalog, scan, time_of(scan.dataset, None, spread.dataset, shape))
    conditions = list(clock.bounds(shape))
    scan.shape = shape
    keys = axis_keys(writer, scan, shape, clock)
    number = scan.own(spread.number)
    conditions += [*cut(writer, scan, shape), exp.GT(this=number, expression=exp.Literal.number(0))]
    if shape.grain:
        keys.append((TIME, clock.bucket(shape)))
    value = scan.own(spread.value)
    occurs = exp.Case(
        ifs=[exp.If(this=exp.Is(this=value.copy(), expression=exp.Null()), true=exp.Literal.number(0))],
        default=nodes.typed(exp.Sum(this=number.copy()), "integer"),
    )
    select = grouped(scan.select(), [*keys, (VALUE, nodes.typed(value, "float"))], [(NUMBER, occurs)])
    select.set("group", exp.Group(expressions=[*select.args["group"].expressions[: len(keys)], value.copy()]))
    where = conjunction(conditions)
    assert where is not None
    select.set("where", exp.Where(this=where))
    return select


def _ranked(counted: str, keys: Sequence[str]) -> exp.Select:
    """Each value with how many rows there are up to it, and in all."""

    def total(order: exp.Order | None) -> exp.Window:
        spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW") if order is not None else None
        partition = [column_ref(None, key) for key in keys]
        return exp.Window(this=exp.Sum(this=column_ref(None, NUMBER)), partition_by=partition, order=order, spec=spec)

    rising = exp.Order(expressions=[exp.Ordered(this=column_ref(None, VALUE))])
    chosen = [*(column_ref(None, key) for key in keys), column_ref(None, VALUE), named(total(rising), UPTO), named(total(None), TOTAL)]
    return exp.Select(expressions=chosen).from_(exp.Table(this=identifier(counted)), copy=False)


def _percentile(at: float) -> exp.Expression:
    one = nodes.typed(exp.Literal.number(1), "float")
    place = exp.Mul(
        this=exp.Paren(this=exp.Sub(this=nodes.typed(column_ref(None, TOTAL), "float"), expression=one)),
        expression=nodes.typed(exp.Literal.number(repr(at)), "float"),
    )
    below, above = exp.Floor(this=place), exp.Ceil(this=place.copy())
    low, high = (_value_at(one) for one in (below, above))
    part = exp.Max(this=exp.Sub(this=exp.Paren(this=place.copy()), expression=below.copy()))
    difference = exp.Paren(this=exp.Sub(this=high, expression=low.copy()))
    return exp.Add(this=low, expression=exp.Mul(this=difference, expression=part))


def _value_at(place: exp.Expression) -> exp.Expression:
    """The value that stands at a place: the least one with more rows up to it."""
    reached = exp.GT(this=column_ref(None, UPTO), expression=place.copy())
    return nodes.filtered(exp.Min(this=column_ref(None, VALUE)), reached)
