"""One answer as one line of NDJSON: columns with their meaning, values by column, and everything that qualifies the numbers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
import pyarrow as pa
from msgspec import Meta, Struct

from engine.frame import COMPLETE, MARKS, Frame, FrameColumn, JsonValue, Role
from engine.question import Asked, Question
from engine.running.ask import Answer
from portal.api.problem import Trouble, trouble
from portal.api.titles import Titles, titled


class ColumnLine(Struct, frozen=True):
    """One column of an answer (列)."""

    name: Annotated[str, Meta(title="名称", description="Key of its values in rows.columns", examples=["sanitation.msw_day"])]
    title: Annotated[str, Meta(title="标题", description="What screens show", examples=["生活垃圾清运量"])]
    unit: Annotated[str | None, Meta(title="单位", description="Unit of the values", examples=["t"])]
    type: Annotated[str, Meta(title="类型", description="text integer decimal float boolean date timestamp")]
    role: Annotated[Role, Meta(title="角色", description="Key of a member, its name, a time, or a number")]


class Rows(Struct, frozen=True):
    """Values by column (数据)."""

    count: Annotated[int, Meta(title="行数", description="Number of rows")]
    columns: Annotated[dict[str, list[JsonValue]], Meta(title="各列的值", description="Column name to values, all of the same length")]
    complete: Annotated[list[bool], Meta(title="完整", description="For each row whether its period is over and no source is late")]
    marks: Annotated[list[list[str]], Meta(title="行标记", description="For each row: carried clamped suppressed masked divided_by_zero …")]


class AnswerLine(Struct, frozen=True):
    """The answer of one question of a batch (答案)."""

    index: Annotated[int, Meta(title="序号", description="Place of the question in the batch, from 0")]
    columns: Annotated[list[ColumnLine], Meta(title="列", description="Columns with their meaning")] = []
    rows: Annotated[Rows | None, Meta(title="数据", description="The values; null when the question could not be answered")] = None
    totals: Annotated[Rows | None, Meta(title="合计", description="The value over all groups, recomputed; when asked for")] = None
    as_of: Annotated[
        str | None, Meta(title="截至", description="Rows after this instant do not count", examples=["2026-11-22T08:00:00"])
    ] = None
    data_version: Annotated[dict[str, int], Meta(title="数据版本", description="Dataset to the version that was read")] = {}
    definition_version: Annotated[str, Meta(title="定义版本", description="Changes when any definition changes")] = ""
    freshness: Annotated[str, Meta(title="新鲜度", description="fresh, late or stale")] = "fresh"
    marks: Annotated[list[str], Meta(title="标记", description="What holds for the whole answer, e.g. overlapping")] = []
    truncated: Annotated[bool, Meta(title="已截断", description="There are more rows than the limit let through")] = False
    explain: Annotated[list[str], Meta(title="解释", description="Addresses where each asked number explains itself")] = []
    findings: Annotated[list[Trouble], Meta(title="问题", description="Why the question could not be answered; else empty")] = []


class KeptLine(Struct, frozen=True):
    """An answer as bytes, but for its place in the batch, with the version of every dataset it tells of (存留的答案行)."""

    rest: bytes  # after the index
    versions: Mapping[str, int]

    @property
    def nbytes(self) -> int:
        """Memory it holds."""
        return len(self.rest)


def encode_line(line: AnswerLine) -> bytes:
    """The line as bytes, its newline included."""
    return msgspec.json.encode(line) + b"\n"


def without_index(line: bytes) -> bytes:
    """What of a line is the same wherever it stands in a batch."""
    return line.partition(b",")[2]


def with_index(rest: bytes, index: int) -> bytes:
    """The line in its place of a batch."""
    return b'{"index":%d,%b' % (index, rest)


def answer_line(answer: Answer, question: Question, definition_version: str, titles: Titles) -> AnswerLine:
    """An answer as its line; `truncated` says that there are more rows than the limit let through."""
    if answer.frame is None:
        return AnswerLine(answer.index, findings=[trouble(finding) for finding in answer.findings])
    frame = answer.frame
    marks = sorted(frame.marks)
    return AnswerLine(
        index=answer.index,
        columns=[each for column in frame.columns for each in (column_line(column), *label_line(column, titles))],
        rows=rows_of(frame, titles),
        totals=rows_of(answer.totals, titles) if answer.totals is not None else None,
        as_of=instant(answer.as_of),
        data_version=dict(answer.versions),
        definition_version=definition_version,
        freshness=next((word for word in ("stale", "late") if word in marks), "fresh"),
        marks=marks,
        truncated=answer.is_truncated,
        explain=explain_addresses(question),
        findings=[trouble(finding) for finding in answer.findings],
    )


def column_line(column: FrameColumn) -> ColumnLine:
    """A column with its meaning."""
    return ColumnLine(column.name, column.title, column.unit, column.type, column.role)


def label_line(column: FrameColumn, titles: Titles) -> list[ColumnLine]:
    """The column of names that stands after a column of keys."""
    return [ColumnLine(f"{column.name}.label", column.title, None, "text", "label")] if has_label(column, titles) else []


def has_label(column: FrameColumn, titles: Titles) -> bool:
    """Whether a column holds keys of members that have names."""
    return column.role == "dimension" and bool(titles.of(column.name))


def rows_of(frame: Frame, titles: Titles) -> Rows:
    """The values of a frame by column."""
    columns: dict[str, list[JsonValue]] = {}
    for column in frame.columns:
        columns[column.name] = frame.column(column.name)
        if has_label(column, titles):
            columns[f"{column.name}.label"] = list(titled(list(columns[column.name]), titles.of(column.name)))
    complete, marks = quality(frame.table, COMPLETE, True), quality(frame.table, MARKS, [])
    words = [words_of(value) for value in marks] if MARKS in frame.table.column_names else [[]] * len(marks)
    return Rows(frame.table.num_rows, columns, [bool(value) for value in complete], words)


def words_of(marks: object) -> list[str]:
    """The marks of a row."""
    return [str(mark) for mark in marks] if isinstance(marks, list) else []


def quality(table: pa.Table, name: str, otherwise: object) -> list[object]:
    """A quality column, or the same word for every row when the answer has none."""
    return list(table.column(name).to_pylist()) if name in table.column_names else [otherwise] * int(table.num_rows)


def explain_addresses(question: Question) -> list[str]:
    """Where each asked number explains itself."""
    ids = [asked.of if isinstance(asked, Asked) else asked for asked in question.indicators]
    return [f"/api/indicators/{id}/explain" for id in dict.fromkeys(ids)]


def instant(moment: datetime | None) -> str | None:
    """An instant as ISO text, in whole seconds."""
    return None if moment is None else moment.isoformat(timespec="seconds")
