"""Running values on a dense grid of keys and periods: what moves is added up in order, so the cost grows with rows, not with rows times periods."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from engine.compiling.names import column_ref, identifier, named
from engine.compiling.writer import TIME, Writer

ASKED = "is_asked"
DENSE = "dense"

Merge = Callable[[exp.Expression], exp.Expression]


def dense_periods(writer: Writer, source: str, keys: Sequence[str], merges: Sequence[tuple[str, Merge]], spine: str) -> str:
    """CTE of (keys, period, values, is_asked): the rows of `source` merged by key and period, and a row for each period asked of every key.

    Rows are stacked and grouped, not joined: NULL keys meet, and nothing multiplies. is_asked is NULL where the spine has no such period.
    """
    names = [name for name, _ in merges]
    moved = [column_ref(None, name) for name in (*keys, TIME, *names)]
    rows = exp.Select(expressions=[*moved, named(_integer(None), ASKED)]).from_(_table(source), copy=False)
    grid = exp.Select(expressions=[*(column_ref("groups", key) for key in keys), column_ref("periods", TIME)])
    for name in names:
        grid.append("expressions", named(exp.Null(), name))
    grid.append("expressions", named(_integer(1), ASKED))
    grid = grid.from_(exp.Table(this=identifier(spine), alias=exp.TableAlias(this=identifier("periods"))), copy=False)
    if keys:
        groups = exp.Select(expressions=[column_ref(None, key) for key in keys]).distinct(copy=False).from_(_table(source), copy=False)
        grid.append("joins", exp.Join(this=groups.subquery("groups", copy=False), kind="CROSS"))
    stacked = exp.Union(this=rows, expression=grid, distinct=False)
    columns = [named(column_ref("stacked", key), key) for key in (*keys, TIME)]
    columns += [named(merge(column_ref("stacked", name)), name) for name, merge in merges]
    columns.append(named(exp.Max(this=column_ref("stacked", ASKED)), ASKED))
    select = exp.Select(expressions=columns).from_(stacked.subquery("stacked", copy=False), copy=False)
    select.set("group", exp.Group(expressions=[exp.Literal.number(i + 1) for i in range(len(keys) + 1)]))
    return writer.cte("dense", select)


def running(value: exp.Expression, keys: Sequence[str], within: exp.Expression | None = None) -> exp.Window:
    """An aggregate over all periods up to and including this one, for each key; `within` starts again whenever it changes."""
    partition: list[exp.Expression] = [column_ref(DENSE, key) for key in keys]
    if within is not None:
        partition.append(within)
    order = exp.Order(expressions=[exp.Ordered(this=column_ref(DENSE, TIME))])
    spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    return exp.Window(this=value, partition_by=partition, order=order, spec=spec)


def asked_periods(
    writer: Writer,
    dense: str,
    name: str,
    keys: Sequence[str],
    windows: Sequence[tuple[str, exp.Expression]],
    present: str,
    kept: Sequence[str],
) -> str:
    """CTE of the asked periods in which `present` (one of the windows, a count) is above zero: their keys and the windows to be kept."""
    columns = [named(column_ref(DENSE, key), key) for key in (*keys, TIME)] + [named(window, one) for one, window in windows]
    columns.append(named(column_ref(DENSE, ASKED), ASKED))
    source = exp.Table(this=identifier(dense), alias=exp.TableAlias(this=identifier(DENSE)))
    every = writer.cte("running", exp.Select(expressions=columns).from_(source, copy=False))
    chosen = [column_ref(None, one) for one in (*keys, TIME, *kept)]
    is_asked = exp.EQ(this=column_ref(None, ASKED), expression=exp.Literal.number(1))
    is_present = exp.GT(this=column_ref(None, present), expression=exp.Literal.number(0))
    select = exp.Select(expressions=chosen).from_(_table(every), copy=False)
    return writer.cte(name, select.where(exp.And(this=is_asked, expression=is_present), copy=False))


def _table(name: str) -> exp.Table:
    return exp.Table(this=identifier(name))


def _integer(value: int | None) -> exp.Expression:
    literal = exp.Null() if value is None else exp.Literal.number(value)
    return exp.Cast(this=literal, to=exp.DataType(this=exp.DataType.Type.INT))
