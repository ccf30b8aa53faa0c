"""Questions asked of a warehouse: compiled, run, and returned as frames that say as of when and from what they are."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from engine.compiling.asking import Column
from engine.compiling.batch import groups_of
from engine.compiling.modifying import Modifiers
from engine.compiling.periods import MONTHS, bucket_start, day_offset, moved, wall
from engine.compiling.plan import NO_STATES, TIME, Compiled
from engine.compiling.reach import column_of
from engine.compiling.reads import datasets_of
from engine.compiling.refuse import Refused
from engine.compiling.tables import default_time, table_of
from engine.findings import Finding
from engine.frame import COMPLETE, MARKS, QUALITY, Frame, FrameColumn
from engine.loading.catalog import Catalog
from engine.modifier import Modifier, Shape
from engine.parts import Span
from engine.question import EVERYTHING, Asked, Question, Viewer
from engine.registry import members
from engine.running.plans import Plan, Plans, planned
from engine.running.states import States
from engine.warehouse import Cancel, Statement, Warehouse


class Answer(Struct, frozen=True):
    """The answer of one question of a batch (答案)."""

    index: int
    question: Question
    frame: Frame | None = None
    totals: Frame | None = None
    findings: tuple[Finding, ...] = ()
    as_of: datetime | None = None
    versions: Mapping[str, int] = {}  # dataset -> data version read
    sql: str = ""
    is_truncated: bool = False
    compiled: Compiled | None = None


@lru_cache(maxsize=1)
def known_modifiers() -> Modifiers:
    """Every modifier, shipped or installed; looked for once, which takes as long as answering."""
    return Modifiers(members("engine.modifiers", Modifier, "chengmai.modifiers")[0])


def as_of_question(catalog: Catalog, warehouse: Warehouse, question: Question, now: datetime) -> datetime:
    """The instant a question is answered as of: what it says, else the earlier of now and the slowest dataset's newest row."""
    if question.as_of is not None:
        return wall(question.as_of, catalog.project.zone)
    newest = [one for id in datasets_of(catalog, question) if (one := _known_until(catalog, warehouse, id)) is not None]
    return min([now, *newest])


def _known_until(catalog: Catalog, warehouse: Warehouse, dataset_id: str) -> datetime | None:
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


def ask(
    catalog: Catalog, warehouse: Warehouse, questions: Sequence[Question], viewer: Viewer = EVERYTHING, now: datetime | None = None,
    *, seconds: float = 60.0, cancel: Cancel | None = None, modifiers: Modifiers | None = None, plans: Plans | None = None,
    states: States | None = None,
) -> Iterator[Answer]:  # fmt: skip
    """Answers in the order of the questions, each when it is ready; a question that is wrong gives findings and stops nothing else.

    `now` is wall clock in the project's zone; `plans`, kept by the caller for this warehouse, spare compiling
    what was asked before; `states` let it read stored partial results instead of rows where they give the same value.
    Raises StatementTimedOut or StatementCancelled.
    """
    known = modifiers or known_modifiers()
    stored = states.ready() if states is not None else NO_STATES
    catalog = states.catalog if states is not None else catalog
    places: dict[bytes, int] = {}
    first = [places.setdefault(msgspec.json.encode(question), index) for index, question in enumerate(questions)]
    ready: dict[int, Answer] = {}
    instants: dict[int, datetime] = {}
    for place in places.values():
        try:
            instants[place] = as_of_question(catalog, warehouse, questions[place], now or datetime.max)
        except Refused as refused:
            ready[place] = Answer(place, questions[place], findings=(refused.finding,))
    asked = sorted(instants)
    groups = groups_of(catalog, known, [questions[place] for place in asked], viewer, [instants[place] for place in asked])
    group_of = {asked[member]: group for group in groups for member in group.members}
    for index, question in enumerate(questions):
        place = first[index]
        if place not in ready:
            group = group_of[place]
            plan = (plans.plan if plans is not None else planned)(catalog, known, group.question, viewer, instants[place], warehouse.write, stored)
            answer = _answer(catalog, warehouse, plan, instants[place], seconds, cancel)
            for nth, member in enumerate(group.members):
                ready[asked[member]] = cut_apart(answer, questions[asked[member]], group.names[nth] if group.names else None)
        yield msgspec.structs.replace(ready[place], index=index, question=question)


def cut_apart(answer: Answer, question: Question, names: tuple[str, ...] | None) -> Answer:
    """One question's part of a joint answer: its own columns under its own names."""
    if names is None or answer.frame is None:
        return answer
    own = [one.name or one.of if isinstance(one, Asked) else one for one in question.indicators]
    frame = answer.frame
    keys = [column for column in frame.columns if column.role != "value"]
    values = {column.name: column for column in frame.columns if column.role == "value"}
    columns = [*keys, *(msgspec.structs.replace(values[joint], name=name) for joint, name in zip(names, own, strict=True))]
    quality = [name for name in QUALITY if name in frame.table.column_names]
    table = frame.table.select([*(column.name for column in keys), *names, *quality])
    table = table.rename_columns([*(column.name for column in columns), *quality])
    return msgspec.structs.replace(answer, question=question, frame=Frame(tuple(columns), table, frame.marks))


def _answer(catalog: Catalog, warehouse: Warehouse, plan: Plan, as_of: datetime, seconds: float, cancel: Cancel | None) -> Answer:
    compiled, question = plan.compiled, plan.compiled.question
    if compiled.statement is None:
        return Answer(0, question, findings=compiled.findings, as_of=as_of, compiled=compiled)
    versions = versions_of(catalog, warehouse, compiled.tables)
    table = warehouse.query(compiled.statement, seconds=seconds, cancel=cancel)
    is_truncated = question.limit is not None and table.num_rows > question.limit
    frame = framed(catalog, compiled, table.slice(0, question.limit) if is_truncated else table)
    totals = _totals(catalog, warehouse, compiled, compiled.totals, seconds, cancel) if compiled.totals is not None else None
    return Answer(0, question, frame, totals, (), as_of, versions, plan.sql, is_truncated, compiled)


def versions_of(catalog: Catalog, warehouse: Warehouse, dataset_ids: Sequence[str]) -> dict[str, int]:
    """Data version of each dataset that was ever loaded."""
    found: dict[str, int] = {}
    for id in dataset_ids:
        dataset = catalog.dataset(id)
        state = warehouse.state(table_of(id, dataset)) if dataset is not None else None
        if state is not None:
            found[id] = state.version
    return found


def _totals(
    catalog: Catalog, warehouse: Warehouse, compiled: Compiled, statement: Statement, seconds: float, cancel: Cancel | None
) -> Frame:
    table = warehouse.query(statement, seconds=seconds, cancel=cancel)
    columns = [value_column(column, table) for column in compiled.columns]
    named = table.select([column.sql for column in compiled.columns]).rename_columns([column.name for column in columns])
    return Frame(tuple(columns), named, tuple(sorted(compiled.marks)))


def framed(catalog: Catalog, compiled: Compiled, table: pa.Table) -> Frame:
    """The answer's table with the question's own names, titles, units, and which rows are complete."""
    shape = compiled.shape
    if shape is None:
        columns = [value_column(column, table) for column in compiled.columns]
        return Frame(tuple(columns), table.rename_columns([column.name for column in columns]))
    asked = [one if isinstance(one, str) else None for one in compiled.question.by]
    found = [
        _axis_column(catalog, axis.name, text, axis.dimension, table)
        for axis, text in zip(shape.axes, asked, strict=False)
        if not axis.is_hidden
    ]
    if shape.grain is not None:
        found.append(FrameColumn("time", "时间", None, "date" if pa.types.is_date(table.schema.field(TIME).type) else "timestamp", "time"))
    found += [value_column(column, table) for column in compiled.columns]
    values = table.select(
        [
            *(axis.name for axis in shape.axes if not axis.is_hidden),
            *([TIME] if shape.grain else []),
            *(column.sql for column in compiled.columns),
        ]
    )
    named = values.rename_columns([column.name for column in found])
    complete = completeness(catalog, compiled, shape, named)
    whole = marked(named.append_column(COMPLETE, complete), table, compiled)
    return Frame(tuple(found), whole, tuple(sorted(compiled.marks)))


def marked(named: pa.Table, table: pa.Table, compiled: Compiled) -> pa.Table:
    """The answer with a list of words for each row in which something must not be guessed; without any, no column."""
    divided = [column.to_pylist() for name in compiled.zeros if pc.any(column := table.column(name)).as_py()]
    rows = [["divided_by_zero"] if any(values) else [] for values in zip(*divided, strict=True)] if divided else []
    return named.append_column(MARKS, pa.array(rows, pa.list_(pa.string()))) if any(rows) else named


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
    """False where the row's period is not over by as_of, or is cut by the edge of the period asked."""
    offset = _business_offset(catalog, compiled.tables)
    if shape.grain is None:
        named_day = shape.end is not None and shape.end.time() == time_of_day.min  # only a bound that names a day means the business day
        is_over = shape.end is None or shape.end + (offset if named_day else timedelta()) <= shape.until
        return pa.array([is_over] * table.num_rows, pa.bool_())
    if "." in shape.grain:
        return pa.array([True] * table.num_rows, pa.bool_())
    is_daily = shape.grain in (*MONTHS, "day", "week", "ten_day")
    over = shape.until - (offset if is_daily else timedelta())
    bound = over if shape.end is None else min(over, shape.end)
    starts = pc.cast(table.column("time"), pa.timestamp("us"))
    is_whole = pc.less_equal(starts, pa.scalar(_last_whole(bound, shape.grain), pa.timestamp("us")))
    if shape.start is not None:
        is_whole = pc.and_(is_whole, pc.greater_equal(starts, pa.scalar(shape.start, pa.timestamp("us"))))
    return pc.fill_null(is_whole, False).combine_chunks()


def _last_whole(bound: datetime, grain: str) -> datetime:
    """No period that starts later than this is over at the bound, and every one that starts by then is."""
    start = bucket_start(bound, grain)
    if grain in (*MONTHS, "ten_day"):
        return start - timedelta(microseconds=1)
    return bound - (start - bucket_start(start - timedelta(microseconds=1), grain))  # equally long, whatever day a week starts on


def _business_offset(catalog: Catalog, tables: Sequence[str]) -> timedelta:
    datasets = [catalog.dataset(id) for id in tables]
    return max((day_offset(default_time(dataset)) for dataset in datasets if dataset is not None), default=timedelta())
