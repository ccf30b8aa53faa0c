"""One answer as one line of NDJSON: columns with their meaning, values by column, and everything that qualifies the numbers."""

from datetime import datetime

import msgspec
import pyarrow as pa
from msgspec import Struct

from engine.frame import COMPLETE, MARKS, Frame, FrameColumn, JsonValue, Role
from engine.question import Asked, Question
from engine.running.ask import Answer
from portal.api.problem import Trouble, trouble
from portal.api.titles import Titles, titled


class ColumnLine(Struct, frozen=True):
    """One column of an answer (列)."""

    name: str
    title: str
    unit: str | None
    type: str
    role: Role


class Rows(Struct, frozen=True):
    """Values by column; `complete` and `marks` have one entry a row (数据)."""

    count: int
    columns: dict[str, list[JsonValue]]
    complete: list[bool]
    marks: list[list[str]]


class AnswerLine(Struct, frozen=True):
    """The answer of one question of a batch (答案).

    `findings` is empty unless the question could not be answered; then `rows` is null. `freshness` is fresh or late.
    """

    index: int
    columns: list[ColumnLine] = []
    rows: Rows | None = None
    totals: Rows | None = None
    as_of: str | None = None
    data_version: dict[str, int] = {}
    definition_version: str = ""
    freshness: str = "fresh"
    marks: list[str] = []
    truncated: bool = False
    explain: list[str] = []
    findings: list[Trouble] = []


def encode_line(line: AnswerLine) -> bytes:
    """The line as bytes, its newline included."""
    return msgspec.json.encode(line) + b"\n"


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
        freshness="late" if "late" in marks else "fresh",
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
    complete, marks = quality(frame.table, COMPLETE, True), quality(frame.table, MARKS, None)
    return Rows(frame.table.num_rows, columns, [bool(value) for value in complete], [words_of(value) for value in marks])


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
