"""The rows of an answer under the question's own names, with units, which rows are complete, and what must not be guessed about them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from datetime import time as time_of_day

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from engine.compiling.asking import Column
from engine.compiling.periods import MONTHS, bucket_start, day_offset
from engine.compiling.plan import TIME, Compiled
from engine.compiling.reads import speaks_ahead, times_of
from engine.frame import COMPLETE, MARKS, Frame, FrameColumn
from engine.loading.catalog import Catalog
from engine.modifier import Shape

INCOMPLETE = "incomplete"  # a word of marks that also says that the row is not complete


def framed(catalog: Catalog, compiled: Compiled, table: pa.Table, names: Mapping[str, str] | None = None) -> Frame:
    """The answer's table as a frame. `names`: only these of its value columns, each under the name it is given."""
    shape = compiled.shape
    if shape is None:
        columns = [value_column(column, table) for column in compiled.columns]
        return Frame(tuple(columns), table.rename_columns([column.name for column in columns]))
    own = [column for column in compiled.columns if names is None or column.name in names]
    asked = [one if isinstance(one, str) else None for one in compiled.question.by]
    found = [
        _axis_column(catalog, axis.name, text, axis.dimension, table)
        for axis, text in zip(shape.axes, asked, strict=False)
        if not axis.is_hidden
    ]
    if shape.grain is not None:
        found.append(_time_column(table))
    for column in own:
        shown = value_column(column, table)
        found.append(replace(shown, name=names[column.name]) if names is not None else shown)
    kept = [*(axis.name for axis in shape.axes if not axis.is_hidden), *([TIME] if shape.grain else []), *(column.sql for column in own)]
    named = table.select(kept).rename_columns([column.name for column in found])
    complete, marks = _quality(catalog, compiled, shape, table, {column.sql for column in own})
    whole = named.append_column(COMPLETE, complete)
    if any(marks):
        whole = whole.append_column(MARKS, pa.array(marks, pa.list_(pa.string())))
    return Frame(tuple(found), whole, tuple(sorted(compiled.marks)))


def _quality(catalog: Catalog, compiled: Compiled, shape: Shape, table: pa.Table, own: set[str]) -> tuple[pa.Array, list[list[str]]]:
    """Which rows are complete, and the words that each row bears; no list when none bears any."""
    complete = completeness(catalog, compiled, shape, table)
    held = [(flag.word, table.column(flag.column)) for flag in compiled.flags if flag.value in own]
    held = [(word, holds) for word, holds in held if pc.any(holds).as_py()]
    for word, holds in held:
        if word == INCOMPLETE:
            complete = pc.and_(complete, pc.invert(pc.fill_null(holds, False).combine_chunks()))
    words = [[word if holds else None for holds in column.to_pylist()] for word, column in held]
    return complete, [sorted({word for word in row if word}) for row in zip(*words, strict=True)] if words else []


def _time_column(table: pa.Table) -> FrameColumn:
    kind = table.schema.field(TIME).type
    sort = "date" if pa.types.is_date(kind) else "timestamp" if pa.types.is_timestamp(kind) else "text"
    return FrameColumn("time", "时间", None, sort, "time")


def _axis_column(catalog: Catalog, sql: str, asked: str | None, dimension_id: str | None, table: pa.Table) -> FrameColumn:
    dimension = catalog.dimension(dimension_id) if dimension_id else None
    title = dimension.title if dimension is not None else asked or sql
    return FrameColumn(asked or sql, title, None, _type(table.schema.field(sql).type), "dimension")


def value_column(column: Column, table: pa.Table) -> FrameColumn:
    """A value column with its title and unit."""
    return FrameColumn(column.name, column.title, column.unit or None, _type(table.schema.field(column.sql).type), "value")


def _type(kind: pa.DataType) -> str:
    checks = (
        (pa.types.is_boolean, "boolean"), (pa.types.is_integer, "integer"), (pa.types.is_decimal, "decimal"), (pa.types.is_floating, "float"),
        (pa.types.is_date, "date"), (pa.types.is_timestamp, "timestamp"),
    )  # fmt: skip
    return next((name for check, name in checks if check(kind)), "text")


def completeness(catalog: Catalog, compiled: Compiled, shape: Shape, table: pa.Table) -> pa.Array:
    """False where the row's period is not over by as_of, or is cut by the edge of the period asked; a forecast's need not be over."""
    if speaks_ahead(catalog, compiled.question):
        shape = replace(shape, until=datetime.max)
    offset = max(map(day_offset, times_of(catalog, compiled.question)), default=timedelta())
    if shape.grain is None:
        named_day = shape.end is not None and shape.end.time() == time_of_day.min  # only a bound that names a day means the business day
        is_over = shape.end is None or shape.end + (offset if named_day else timedelta()) <= shape.until
        return pa.array([is_over] * table.num_rows, pa.bool_())
    if "." in shape.grain:
        return pa.array([True] * table.num_rows, pa.bool_())
    is_daily = shape.grain in (*MONTHS, "day", "week", "ten_day")
    over = shape.until - (offset if is_daily else timedelta())
    bound = over if shape.end is None else min(over, shape.end)
    starts = pc.cast(table.column(TIME), pa.timestamp("us"))
    is_whole = pc.less_equal(starts, pa.scalar(last_whole(bound, shape.grain), pa.timestamp("us")))
    if shape.start is not None:
        is_whole = pc.and_(is_whole, pc.greater_equal(starts, pa.scalar(shape.start, pa.timestamp("us"))))
    return pc.fill_null(is_whole, False).combine_chunks()


def last_whole(bound: datetime, grain: str) -> datetime:
    """No period that starts later than this is over at the bound, and every one that starts by then is."""
    start = bucket_start(bound, grain)
    if grain in (*MONTHS, "ten_day"):
        return start - timedelta(microseconds=1)
    return bound - (start - bucket_start(start - timedelta(microseconds=1), grain))  # equally long, whatever day a week starts on
