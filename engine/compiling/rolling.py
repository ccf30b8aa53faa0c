"""Windows as window functions: where the finer periods are the periods asked, a running value needs no join of periods with periods."""

from collections.abc import Sequence

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.dense import DENSE, asked_periods, dense_periods, running
from engine.compiling.leaves import Fold
from engine.compiling.names import column_ref, identifier, named
from engine.compiling.periods import named_grain
from engine.compiling.spine import write_spine
from engine.compiling.writer import TIME, Relation, Writer, relation_name
from engine.modifier import Shape, Window
from engine.parts import nests

PRESENT = "is_present"
AGGREGATES: dict[str, type[exp.Expression]] = {"sum": exp.Sum, "min": exp.Min, "max": exp.Max}


def runs(folds: Sequence[Fold], shape: Shape, inner: Shape) -> bool:
    """Whether the window of each period asked is a frame over periods of the same grain: since a start, or whole days back from a day."""
    grain, window = named_grain(shape.grain), shape.window
    if window is None or grain is None or "." in grain or grain != named_grain(inner.grain):
        return False
    if any(fold.how not in AGGREGATES for fold in folds):
        return False
    over, since = window.over, named_grain(window.since)
    if over is None:
        return since in (None, "start") or nests(grain, since or "year")
    return grain == "day" and not over.months and over.seconds > 0 and over.seconds % 86400 == 0


def write_running(writer: Writer, select: exp.Select, folds: Sequence[tuple[Fold, str]], shape: Shape, inner: Shape) -> Relation:
    """The relation of the folds over `select`, the finer values by key and period; `folds` come with their column in it."""
    assert shape.window is not None
    keys = [axis.name for axis in shape.axes]
    select.append("expressions", named(exp.Literal.number(1), PRESENT))
    steps = writer.cte(relation_name("steps", inner), select)
    data = exp.Select().from_(exp.Table(this=identifier(steps)), copy=False)
    spine = write_spine(writer, shape, exp.Min(this=column_ref(None, TIME)), exp.Max(this=column_ref(None, TIME)), data)
    merged = dict.fromkeys([*(column for _, column in folds), PRESENT], _greatest)
    dense = dense_periods(writer, steps, keys, list(merged.items()), spine)
    windows = [(PRESENT, _framed(writer, exp.Count(this=column_ref(DENSE, PRESENT)), keys, shape, shape.window))]
    columns: dict[object, str] = {}
    for n, (fold, column) in enumerate(folds):
        columns[fold] = f"{fold.how}_{n + 1}"
        value = AGGREGATES[fold.how](this=column_ref(DENSE, column))
        windows.append((columns[fold], _framed(writer, value, keys, shape, shape.window)))
    name = asked_periods(writer, dense, relation_name("window", shape), keys, windows, PRESENT, list(columns.values()))
    return Relation(name, shape, columns, dict.fromkeys(columns.values(), "number"))


def _greatest(value: exp.Expression) -> exp.Expression:
    return exp.Max(this=value)  # one row of each key and period has a value


def _framed(writer: Writer, value: exp.Expression, keys: Sequence[str], shape: Shape, window: Window) -> exp.Expression:
    if window.over is not None:
        span = nodes.rolling_span(days=window.over.seconds // 86400, is_date=True)
        return nodes.range_frame_window(value, [column_ref(DENSE, key) for key in keys], column_ref(DENSE, TIME), span)
    since = named_grain(window.since)
    if since in (None, "start"):
        return running(value, keys)
    is_date = nodes.is_date_grain(named_grain(shape.grain) or "day")
    return running(value, keys, nodes.bucket(column_ref(DENSE, TIME), since or "year", is_date, writer.catalog.project.week_starts))
