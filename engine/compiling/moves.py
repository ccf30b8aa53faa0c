"""Levels of counts and exact sums by what opens and what closes: each row is read twice at most, whatever the number of periods."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.dense import asked_periods, dense_periods, running
from engine.compiling.leaves import Level
from engine.compiling.names import column_ref, conjunction
from engine.compiling.periods import as_day, named_grain
from engine.compiling.reach import column_of
from engine.compiling.rows import inferred
from engine.compiling.scan import Scan
from engine.compiling.writer import TIME, Relation, Writer, grouped, relation_name
from engine.expression.tree import Column
from engine.modifier import Shape

ROWS = "level_rows"

Condition = exp.Expression | None


def adds_up(writer: Writer, scan: Scan, levels: Sequence[Level], shape: Shape, instant: str, written: Sequence[Condition]) -> bool:
    """Whether levels are running totals: counts and exact sums, nothing in them depending on the instant, each period's end a bucket's.

    Floats are left out: what opened and closed again would not cancel to zero. Validity too: its tables are short, and joining periods is quicker.
    """
    grain = named_grain(shape.grain)
    if grain is None or "." in grain or scan.period_from_indicator is not None or levels[0].is_open_start:
        return False
    if not all(_is_exact(writer, level) for level in levels):
        return False
    are_dates = [_is_date(scan, name) for name in (levels[0].opens, levels[0].closes)]
    if are_dates[0] != are_dates[1] or (are_dates[0] and not nodes.is_date_grain(grain)):
        return False
    parts = [*written, *scan.joins.made]
    return not any(column.table == instant for part in parts if part is not None for column in part.find_all(exp.Column))


def _is_exact(writer: Writer, level: Level) -> bool:
    if level.sum.agg == "count":
        return True
    if level.sum.agg != "sum" or not isinstance(level.sum.of, Column):
        return False
    return inferred(writer.catalog, level.dataset, level.sum.of).typed.type in ("integer", "decimal")


def write_moves(
    writer: Writer, scan: Scan, levels: Sequence[Level], keys: Sequence[tuple[str, exp.Expression]],
    values: Sequence[tuple[str, exp.Expression]], conditions: Sequence[Condition], spine: str,
) -> Relation:  # fmt: skip
    """The relation of the levels: +1 where a row opens, -1 where it closes, added up in the order of the periods.

    `values`: name and aggregate of each level, as over the rows of one instant.
    """
    shape, names = levels[0].shape, [name for name, _ in keys]
    present = next((name for name, one in values if one == exp.Count(this=exp.Star())), ROWS)
    counted: list[tuple[str, exp.Expression]] = [(ROWS, exp.Count(this=exp.Star()))] if present == ROWS else []
    for (name, aggregate), level in zip(values, levels, strict=True):
        counted.append((name, aggregate))
        if level.sum.agg == "sum":
            counted.append((f"{name}_rows", _counting(aggregate)))
    opened, closed = (_branch(writer, scan, levels[0], keys, counted, conditions, is_opening) for is_opening in (True, False))
    moves = writer.cte(f"{scan.alias}_moves", exp.Union(this=opened, expression=closed, distinct=False))
    dense = dense_periods(writer, moves, names, [(name, _sum) for name, _ in counted], spine)
    windows: list[tuple[str, exp.Expression]] = []
    if present == ROWS:
        windows.append((ROWS, running(exp.Sum(this=column_ref("dense", ROWS)), names)))
    windows += [(name, _level(level, name, names)) for (name, _), level in zip(values, levels, strict=True)]
    name = asked_periods(
        writer, dense, relation_name(scan.dataset_id.rpartition(".")[2], shape), names, windows, present, [name for name, _ in values]
    )
    columns: dict[object, str] = {level: name for (name, _), level in zip(values, levels, strict=True)}
    return Relation(name, shape, columns, dict.fromkeys(columns.values(), "number"))


def _counting(aggregate: exp.Expression) -> exp.Expression:
    """COUNT of what the sum adds, under the same condition."""
    if isinstance(aggregate, exp.Filter):
        return exp.Filter(this=_counting(aggregate.this), expression=aggregate.expression.copy())
    return exp.Count(this=aggregate.this.copy())


def _sum(value: exp.Expression) -> exp.Expression:
    return exp.Sum(this=value)


def _level(level: Level, name: str, keys: Sequence[str]) -> exp.Expression:
    total: exp.Expression = running(exp.Sum(this=column_ref("dense", name)), keys)
    if level.sum.agg == "count":
        return nodes.typed(exp.Coalesce(this=total, expressions=[exp.Literal.number(0)]), "integer")
    # A sum of nothing is NULL, also when something stood here before and is gone.
    some = exp.GT(this=running(exp.Sum(this=column_ref("dense", f"{name}_rows")), keys), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=some, true=total)])


def _branch(
    writer: Writer, scan: Scan, level: Level, keys: Sequence[tuple[str, exp.Expression]], counted: Sequence[tuple[str, exp.Expression]],
    conditions: Sequence[Condition], is_opening: bool,
) -> exp.Select:  # fmt: skip
    """Rows by the period they open in, or, counted below zero, by the period they close in."""
    shape, grain = level.shape, named_grain(level.shape.grain) or "day"
    last = shape.until if shape.end is None else min(shape.until, shape.end)
    moment, before = scan.own(level.opens), [_is_before(scan, level.opens, last)]
    if not is_opening:
        # Closed before it opened: it leaves when it comes, and no other condition is needed to keep it out.
        moment = exp.Greatest(this=scan.own(level.closes), expressions=[moment])
        before.append(_is_before(scan, level.closes, last))
    period = nodes.bucket(moment, grain, _is_date(scan, level.opens), writer.catalog.project.week_starts)
    sign: Callable[[exp.Expression], exp.Expression] = (lambda one: one) if is_opening else (lambda one: exp.Neg(this=one))
    keyed = [*((key, node.copy()) for key, node in keys), (TIME, period)]
    select = grouped(scan.select().copy(), keyed, [(name, sign(value.copy())) for name, value in counted])
    where = conjunction([*before, *(one.copy() for one in conditions if one is not None)])
    assert where is not None
    select.set("where", exp.Where(this=where))
    return select


def _is_before(scan: Scan, name: str, moment: datetime) -> exp.Expression:
    """column < moment, as a constant of the column's own type; a row without the time is not."""
    literal = nodes.literal_date(as_day(moment)) if _is_date(scan, name) else nodes.literal_timestamp(moment)
    return exp.LT(this=scan.own(name), expression=literal)


def _is_date(scan: Scan, name: str) -> bool:
    column = column_of(scan.dataset, name)
    return column is not None and column.type == "date"
