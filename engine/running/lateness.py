"""A source that is behind its promise is said in the answer: what it has not delivered is unknown, and never a zero."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from engine.compiling.periods import bucket_start, moved, wall
from engine.compiling.reach import column_of
from engine.compiling.reads import datasets_of
from engine.compiling.tables import default_time, table_of
from engine.frame import COMPLETE, MARKS, Frame
from engine.kinds.source import Source, Stream
from engine.loading.catalog import Catalog
from engine.modifier import Shape
from engine.parts import Span, span_of
from engine.question import Asked, Question
from engine.running.framing import last_whole
from engine.running.freshness import older
from engine.warehouse import Warehouse

LATE = "late"  # the mark of a row, and of an answer, that a source has not wholly delivered


class Behind(Struct, frozen=True):
    """A dataset whose stream is behind: up to when its rows go, and how bad that is (滞后)."""

    known_until: datetime
    word: str


def known_until(catalog: Catalog, warehouse: Warehouse, dataset_id: str) -> datetime | None:
    """First instant after a dataset's newest row; None without a time or without rows."""
    dataset = catalog.dataset(dataset_id)
    time = default_time(dataset) if dataset is not None else None
    if dataset is None or time is None:
        return None
    state = warehouse.state(table_of(dataset_id, dataset))
    if state is None or state.watermark is None:
        return None
    column = column_of(dataset, time.column)
    if column is None or column.type != "date":
        return state.watermark + timedelta(microseconds=1)
    if dataset.partition == "month":
        return moved(bucket_start(state.watermark, "month"), Span(months=1))
    return state.watermark + timedelta(days=1)


def as_of_question(catalog: Catalog, warehouse: Warehouse, question: Question, now: datetime) -> datetime:
    """The instant a question is answered as of: what it says, else the earlier of now and the slowest dataset's newest row."""
    if question.as_of is not None:
        return wall(question.as_of, catalog.project.zone)
    newest = [one for id in datasets_of(catalog, question, has_results=False) if (one := known_until(catalog, warehouse, id)) is not None]
    return min([now, *newest])


def behind(catalog: Catalog, warehouse: Warehouse, dataset_id: str, now: datetime) -> Behind | None:
    """How far a dataset is behind its stream's promise at `now`, wall clock of the project; None when nothing is promised or all is kept."""
    stream = _stream(catalog, dataset_id)
    if stream is None or stream.promised_delay is None:
        return None
    until = known_until(catalog, warehouse, dataset_id)
    word = older(until, span_of(stream.promised_delay), now).state if until is not None else "fresh"
    return Behind(until, word) if until is not None and word != "fresh" else None


def _stream(catalog: Catalog, dataset_id: str) -> Stream | None:
    dataset = catalog.dataset(dataset_id)
    if dataset is None or dataset.source is None:
        return None
    source_id, _, name = dataset.source.partition("/")
    source = catalog.spec("source", source_id)
    return next((one for one in source.streams if one.name == name), None) if isinstance(source, Source) else None


def late_datasets(catalog: Catalog, warehouse: Warehouse, question: Question, now: datetime) -> dict[str, Behind]:
    """The datasets of a question that are behind their streams' promises at `now`."""
    return {id: found for id in datasets_of(catalog, question) if (found := behind(catalog, warehouse, id, now)) is not None}


def with_lateness(catalog: Catalog, warehouse: Warehouse, question: Question, shape: Shape, frame: Frame, now: datetime) -> Frame:
    """The frame with what is behind said: of the whole answer, of rows whose period is not all there, and no value where nothing is there."""
    late = late_datasets(catalog, warehouse, question, now)
    if not late:
        return frame
    marks = tuple(sorted({*frame.marks, LATE, *(one.word for one in late.values())}))
    if shape.grain is not None and "." in shape.grain:
        return Frame(frame.columns, frame.table, marks)
    table = frame.table
    earliest = min(one.known_until for one in late.values())
    is_cut = _not_all_there(table, shape, earliest)
    if pc.any(is_cut).as_py():
        table = _said(table, is_cut)
    for asked in question.indicators:
        table = _unknown(catalog, table, shape, asked, late)
    return Frame(frame.columns, table, marks)


def _not_all_there(table: pa.Table, shape: Shape, known: datetime) -> pa.Array:
    """Rows whose period ends after the newest row."""
    if shape.grain is None:
        end = min(shape.end, shape.until) if shape.end is not None else shape.until
        return pa.array([end > known] * table.num_rows, pa.bool_())
    return pc.fill_null(pc.greater(_starts(table), pa.scalar(last_whole(known, shape.grain), pa.timestamp("us"))), False)


def _starts(table: pa.Table) -> pa.Array:
    return pc.cast(table.column("time"), pa.timestamp("us")).combine_chunks()


def _said(table: pa.Table, is_cut: pa.Array) -> pa.Table:
    """Rows that are cut are not complete and bear the word."""
    complete = pc.and_(table.column(COMPLETE).combine_chunks(), pc.invert(is_cut))
    table = table.set_column(table.column_names.index(COMPLETE), COMPLETE, complete)
    before = table.column(MARKS).to_pylist() if MARKS in table.column_names else [[]] * table.num_rows
    words = [sorted({*(old or ()), LATE}) if cut else old or [] for old, cut in zip(before, is_cut.to_pylist(), strict=True)]
    marks = pa.array(words, pa.list_(pa.string()))
    if MARKS in table.column_names:
        return table.set_column(table.column_names.index(MARKS), MARKS, marks)
    return table.append_column(MARKS, marks)


def _unknown(catalog: Catalog, table: pa.Table, shape: Shape, asked: str | Asked, late: Mapping[str, Behind]) -> pa.Table:
    """No value in periods in which one of its sources has delivered nothing yet: a count of nothing is no zero there."""
    id, name = (asked, asked) if isinstance(asked, str) else (asked.of, asked.name or asked.of)
    own = [late[one].known_until for one in datasets_of(catalog, Question(indicators=(id,))) if one in late]
    if not own or name not in table.column_names:
        return table
    known = min(own)
    if shape.grain is None:
        start = shape.start or datetime.min
        is_unknown = pa.array([start >= known] * table.num_rows, pa.bool_())
    else:
        is_unknown = pc.fill_null(pc.greater_equal(_starts(table), pa.scalar(known, pa.timestamp("us"))), False)
    if not pc.any(is_unknown).as_py():
        return table
    values = table.column(name).combine_chunks()
    return table.set_column(table.column_names.index(name), name, pc.if_else(is_unknown, pa.scalar(None, values.type), values))
