"""Two-step values and windows: finer periods are computed first, then become one value for each period or window asked."""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.leaves import Fold
from engine.compiling.names import column_ref, conjunction, identifier
from engine.compiling.periods import bucket_start, moved, named_grain
from engine.compiling.reshape import reshaped
from engine.compiling.rolling import runs, write_running
from engine.compiling.spine import spine_join, write_spine
from engine.compiling.writer import TIME, Relation, Writer, grouped, relation_name
from engine.expression.build import build
from engine.expression.tree import Expr
from engine.modifier import Shape

STEP = "step"


def write_folds(writer: Writer, folds: Sequence[Fold]) -> Relation:
    """One relation over the finer values of all folds of a shape."""
    first = folds[0]
    fill = "steps" if first.is_filled else None
    shape, inner_shape = first.shape, _widened(first.shape, first.inner_shape)
    trees = list(dict.fromkeys(fold.inner for fold in folds))
    columns = {tree: f"value_{i + 1}" for i, tree in enumerate(trees)}
    select = writer.answer(
        writer, [(columns[tree], reshaped(tree, lambda one: replace(one, start=inner_shape.start))) for tree in trees], inner_shape, fill
    )
    if runs(folds, shape, inner_shape):
        return write_running(writer, select, [(fold, columns[fold.inner]) for fold in folds], shape, inner_shape)
    steps = writer.cte(relation_name("steps", inner_shape), select)
    source = exp.Table(this=identifier(steps), alias=exp.TableAlias(this=identifier(STEP)))
    outer = exp.Select().from_(source, copy=False)
    t = column_ref(STEP, TIME)
    keys: list[tuple[str, exp.Expression]] = [(axis.name, column_ref(STEP, axis.name)) for axis in shape.axes]
    values: list[tuple[str, exp.Expression]] = []
    names: dict[object, str] = {}
    kinds: dict[str, str] = {}
    for n, fold in enumerate(folds):
        name = f"{fold.how}_{n + 1}"
        values.append((name, _folded(fold, column_ref(STEP, columns[fold.inner]), t)))
        names[fold], kinds[name] = name, "number"
    if shape.grain:
        keys.append((TIME, _period(writer, shape, inner_shape.grain, steps, outer, t)))
    query = grouped(outer, keys, values)
    if first.is_filled and keys:
        query.set("having", exp.Having(this=exp.GT(this=exp.Count(this=column_ref(STEP, "counted")), expression=nodes.whole(0))))
    name = writer.cte(relation_name("window" if shape.window else "periods", shape), query)
    return Relation(name, shape, names, kinds)


def _period(writer: Writer, shape: Shape, fine: str | None, steps: str, outer: exp.Select, t: exp.Expression) -> exp.Expression:
    grain = named_grain(shape.grain) or "day"
    if shape.window is None:
        is_date = nodes.is_date_grain(named_grain(fine) or "day")
        return nodes.bucket(t.copy(), grain, is_date, writer.catalog.project.week_starts)
    data = exp.Select().from_(exp.Table(this=identifier(steps)), copy=False)
    spine = write_spine(writer, shape, exp.Min(this=column_ref(None, TIME)), exp.Max(this=column_ref(None, TIME)), data)
    on = conjunction(
        [exp.GTE(this=t.copy(), expression=column_ref("asked", "begins")), exp.LT(this=t.copy(), expression=column_ref("asked", "ends"))]
    )
    assert on is not None
    outer.append("joins", spine_join(spine, "asked", on))
    return column_ref("asked", TIME)


def _folded(fold: Fold, value: exp.Expression, t: exp.Expression) -> exp.Expression:
    condition = condition_node(fold.condition, value) if fold.condition is not None else None
    match fold.how:
        case "sum":
            return exp.Sum(this=value)
        case "min":
            return exp.Min(this=value)
        case "max":
            return exp.Max(this=value)
        case "avg":
            return exp.Avg(this=nodes.typed(value, "float"))
        case "first":
            return nodes.at_least(value, t.copy())
        case "last":
            return nodes.at_greatest(value, t.copy())
        case "count":
            return nodes.filtered(exp.Count(this=exp.Star()), condition)
        case "share":
            return nodes.divide(nodes.filtered(exp.Count(this=exp.Star()), condition), exp.Count(this=value))
    raise ValueError(fold.how)


def condition_node(condition: Expr, value: exp.Expression) -> exp.Expression:
    """A condition on `value`."""
    return build(condition, lambda column: value.copy(), None)


def _widened(shape: Shape, inner: Shape) -> Shape:
    """A window reads finer periods before the first period asked."""
    if shape.window is None:
        return inner
    if shape.window.over is not None:
        return replace(inner, start=moved(shape.start, -shape.window.over))
    start = shape.start
    if start is None or shape.window.since in (None, "start"):
        return replace(inner, start=None)
    return replace(inner, start=bucket_start(start, named_grain(shape.window.since) or "year", shape.week_starts))
