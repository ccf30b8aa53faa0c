"""An answer as a table to take away: typed cells, and beside them everything without which a number on paper means nothing."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from engine.compiling.plan import Compiled
from engine.frame import COMPLETE, MARKS, Frame, FrameColumn
from engine.question import Question
from engine.running.ask import Answer
from portal.api.indicator_facts import formula_text
from portal.api.mark_words import MARK_WORDS
from portal.api.titles import titled
from portal.api.world import World
from renderers.period import instant_label

Cell = str | int | float | bool | date | datetime | None
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # no spreadsheet can hold these


class Sheet(Struct, frozen=True):
    """A table with its notes (下载表)."""

    title: str
    header: list[str]
    rows: list[list[Cell]]
    notes: list[tuple[str, str]]  # label, text


def sheet_of(world: World, answer: Answer, question: Question) -> Sheet:
    """The answer's rows under readable titles; keys of members stand beside their names."""
    assert answer.frame is not None and answer.compiled is not None
    header: list[str] = []
    columns: list[list[Cell]] = []
    for column in answer.frame.columns:
        for name, values in columns_of(world, answer.frame, column):
            header.append(name)
            columns.append(values)
    for name, values in quality_of(answer.frame):
        header.append(name)
        columns.append(values)
    title = "、".join(column.title for column in answer.frame.of_role("value"))
    return Sheet(title, header, [list(row) for row in zip(*columns, strict=True)], notes_of(world, answer, answer.compiled, question))


def columns_of(world: World, frame: Frame, column: FrameColumn) -> Iterable[tuple[str, list[Cell]]]:
    """A column of the answer as one or two of the sheet: names of members first, their keys after."""
    values = [cell_of(value) for value in frame.table.column(column.name).to_pylist()]
    if column.role == "dimension":
        titles = world.titles.of(column.name)
        if titles:
            yield column.title, list(titled(list(values), titles))
            yield f"{column.title}代码", [None if value is None else str(value) for value in values]
            return
    yield f"{column.title}（{column.unit}）" if column.unit else column.title, values


def cell_of(value: object) -> Cell:
    """A value of a warehouse as a cell: a number stays one, a list becomes words."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if value is None or isinstance(value, bool | int | float | date):
        return value
    return _CONTROL.sub("", "、".join(map(str, value)) if isinstance(value, list) else str(value))


def quality_of(frame: Frame) -> Iterable[tuple[str, list[Cell]]]:
    """What must be known of single rows: periods that are not over, and marks; nothing where nothing is to be said."""
    names = frame.table.column_names
    if COMPLETE in names and not all(complete := frame.table.column(COMPLETE).to_pylist()):
        yield "本期是否完整", ["完整" if one else "未完整" for one in complete]
    if MARKS in names:
        yield "标记", ["、".join(MARK_WORDS.get(mark, mark) for mark in marks or ()) or None for marks in frame.table.column(MARKS).to_pylist()]


def notes_of(world: World, answer: Answer, compiled: Compiled, question: Question) -> list[tuple[str, str]]:
    """Meaning, unit, formula and owner of each indicator; as of when, by which versions, and what was asked."""
    notes: list[tuple[str, str]] = [("平台", world.catalog.project.title or "城脉")]
    if world.is_demo:
        notes.append(("数据性质", "演示数据，部分来源为模拟"))
    told: set[str] = set()
    for column in compiled.columns:
        indicator = world.catalog.indicator(column.indicator)
        if indicator is None:
            continue
        said = [("指标", f"{column.title}（{column.indicator}）"), ("单位", column.unit)]
        if column.indicator not in told:  # the same under a modifier means the same
            said += [("含义", indicator.meaning or ""), ("计算", formula_text(indicator)), ("负责人", indicator.owner or "")]
        told.add(column.indicator)
        notes += [(label, text) for label, text in said if text]
    versions = "，".join(f"{id} 第 {version} 版" for id, version in sorted(answer.versions.items()))
    notes += [("截至", instant_label(answer.as_of)), ("数据版本", versions), ("定义版本", world.definition_version)]
    notes += [("提问", msgspec.json.encode(said_question(question)).decode()), ("标记", marks_text(answer.frame))]
    if answer.is_truncated:
        notes.append(("行数", f"只含前 {answer.frame.table.num_rows if answer.frame is not None else 0} 行，完整结果更多"))
    return [*notes, ("下载时间", instant_label(world.clock()))]


def marks_text(frame: Frame | None) -> str:
    """What holds for the whole answer, in words."""
    return "、".join(MARK_WORDS.get(mark, mark) for mark in (frame.marks if frame is not None else ())) or "无"


def said_question(question: Question) -> dict[str, object]:
    """The question without what it leaves at the default."""
    whole: dict[str, object] = msgspec.to_builtins(question)
    bare: dict[str, object] = msgspec.to_builtins(Question())
    return {name: without_nothing(value) for name, value in whole.items() if value != bare.get(name) and name != "limit"}


def without_nothing(value: object) -> object:
    """A plain value without fields that are null."""
    if isinstance(value, dict):
        return {name: without_nothing(inner) for name, inner in value.items() if inner is not None}
    return [without_nothing(inner) for inner in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
