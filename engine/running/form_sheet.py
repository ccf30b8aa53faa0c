"""A filled template is read cell by cell; what is wrong is told by the cell's address, so that the writer finds it in his own file."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import MAC_EPOCH

from engine.running.form_template import GUIDE, HIDDEN, LISTS, MARK
from engine.running.form_values import EMPTY, Reading, read_value
from engine.running.form_workbook import Opened, WorkbookRefused, opened_workbook
from engine.running.forms import Form, FormField

MOST_ROWS, MOST_FINDINGS, HEADING_ROWS = 20_000, 2_000, 10


class FormFinding(Struct, frozen=True):
    """One thing that is wrong with what was filled in (填报问题). `address` is a cell such as C5, or empty for the sheet as a whole."""

    address: str
    row: int  # of the sheet; 0: the sheet as a whole
    title: str
    zh: str
    is_warning: bool = False


class FilledRow(Struct, frozen=True):
    """One row as intake will read it (填报行)."""

    row: int  # of the sheet
    cells: Mapping[str, str | None]


class Filled(Struct, frozen=True):
    """What was found in a workbook (填报内容). `columns` is the letter of each field's column."""

    rows: tuple[FilledRow, ...]
    findings: tuple[FormFinding, ...]
    columns: Mapping[str, str]
    sheet: str = ""


def filled_of(form: Form, content: bytes) -> Filled:
    """The rows of an uploaded workbook and what is wrong with them. Raises WorkbookRefused for a file that can't be one of this form."""
    book = opened_workbook(content)
    findings = list(_of_another_version(form, book.written))
    sheet = _sheet(book)
    heading, places, about_headings = _headings(form, book.values[sheet])
    findings += about_headings
    if not places:
        raise WorkbookRefused("没有找到表头：用下载的模板填写，不要改第一行", "no heading of the form was found; fill in the template")
    columns = {form.fields[number].name: get_column_letter(column) for number, column in places.items()}
    rows: list[FilledRow] = []
    for number in range(heading + 1, book.values[sheet].max_row + 1):
        row, wrong = _row(form, book, sheet, number, places)
        if any(text is not None for text in row.values()) or wrong:
            rows.append(FilledRow(number, row))
            findings += wrong
        if len(rows) > MOST_ROWS:
            raise WorkbookRefused(f"超过 {MOST_ROWS:,} 行，分几次上传", f"more than {MOST_ROWS} rows; upload them in parts")
    findings += list(_merged(form, book.written[sheet], heading, places))
    if not rows:
        findings.append(FormFinding("", 0, "", "没有填写任何一行"))
    return Filled(tuple(rows), tuple(findings), columns, sheet)


def _of_another_version(form: Form, book: Any) -> Iterator[FormFinding]:
    """A template of another form is refused; one of before is told."""
    if HIDDEN not in book.sheetnames:
        yield FormFinding("", 0, "", "不是下载的模板（缺少隐藏的标识页），按表头文字读取", is_warning=True)
        return
    hidden = book[HIDDEN]
    mark, dataset, version, made = (hidden.cell(1, column).value for column in range(1, 5))
    if mark != MARK or dataset != form.dataset:
        raise WorkbookRefused(f"这是「{dataset}」的模板，不是「{form.dataset}」的", f"a template of '{dataset}', not of '{form.dataset}'")
    if version != form.version:
        before = {str(row[0]): str(row[1]) for row in hidden.iter_rows(min_row=2, max_col=2, values_only=True) if row[0]}
        now = {field.name: field.heading for field in form.fields}
        added = "、".join(now[name] for name in now if name not in before)
        gone = "、".join(before[name] for name in before if name not in now)
        changed = "、".join(now[name] for name in now if before.get(name, now[name]) != now[name])
        said = (
            "；".join(f"{word}{names}" for word, names in (("新增 ", added), ("去掉 ", gone), ("改动 ", changed)) if names)
            or "选项或规则有改动"
        )
        yield FormFinding(
            "", 0, "", f"模板是旧版（{str(made or '')[:10]} 下载），此后{said}；核对无误可以继续，否则下载新模板", is_warning=True
        )


def _sheet(book: Opened) -> str:
    """The sheet that is filled in: by its place, since people rename it."""
    for name in book.values.sheetnames:
        if name not in (HIDDEN, LISTS, GUIDE) and hasattr(book.values[name], "iter_rows"):
            return str(name)
    raise WorkbookRefused("工作簿里没有填报页", "the workbook has no sheet to read")


def _plain(text: object) -> str:
    """A heading without what people add or lose: spaces, the mark of duty, width of brackets."""
    return "".join(unicodedata.normalize("NFKC", str(text or "")).split()).replace("*", "").casefold()


def _headings(form: Form, sheet: Any) -> tuple[int, dict[int, int], list[FormFinding]]:
    """The row of the headings, the column of each field by its number, and what is wrong with them."""
    known = {_plain(word): number for number, field in enumerate(form.fields) for word in (field.name, field.title, field.heading)}
    best: tuple[int, dict[int, int], list[FormFinding]] = (0, {}, [])
    for row in range(1, min(HEADING_ROWS, sheet.max_row) + 1):
        places: dict[int, int] = {}
        findings = []
        for column in range(1, min(sheet.max_column, 300) + 1):
            said = sheet.cell(row, column).value
            number = known.get(_plain(said)) if said is not None else None
            address = f"{get_column_letter(column)}{row}"
            if number is not None and number in places:
                findings.append(FormFinding(address, row, form.fields[number].title, "表头重复：同一项只留一列"))
            elif number is not None:
                places[number] = column
            elif said is not None and str(said).strip():
                findings.append(FormFinding(address, row, str(said)[:40], "模板里没有这一列，不会读取", is_warning=True))
        if len(places) > len(best[1]):
            best = (row, places, findings)
    row, places, findings = best
    missing = [field for number, field in enumerate(form.fields) if number not in places]
    findings += [
        FormFinding(
            "",
            row,
            field.title,
            f"缺少必填的列「{field.heading}」" if field.is_required else f"缺少列「{field.heading}」，按空处理",
            not field.is_required,
        )
        for field in missing
    ]
    return row, places, findings


def _row(form: Form, book: Opened, sheet: str, number: int, places: Mapping[int, int]) -> tuple[dict[str, str | None], list[FormFinding]]:
    cells: dict[str, str | None] = {field.name: None for field in form.fields}
    wrong = []
    first_day = datetime(1904, 1, 1) if book.values.epoch == MAC_EPOCH else datetime(1899, 12, 30)
    for place, column in places.items():
        field = form.fields[place]
        value, written = book.values[sheet].cell(number, column), book.written[sheet].cell(number, column)
        reading = _cell(field, value, written, first_day)
        cells[field.name] = reading.text
        if reading.wrong is not None:
            wrong.append(FormFinding(f"{get_column_letter(column)}{number}", number, field.title, reading.wrong))
    return cells, wrong


def _cell(field: FormField, value: Any, written: Any, first_day: datetime) -> Reading:
    if written.data_type == "f" and value.value is None:
        return Reading(wrong="公式还没有算出值：在 Excel 里打开、保存后再上传，或粘贴为数值")
    if value.value is None:
        return EMPTY
    if value.data_type == "e" and field.type in ("date", "timestamp"):
        # A number beyond the days that Excel knows is read as an error too, and shown as ####.
        return Reading(wrong="单元格显示为 #### 或错误值，不是日期：写成 2026-05-01，或先把单元格设为「文本」")
    if value.data_type == "e":
        return Reading(wrong=f"单元格是 Excel 的错误值 {value.value}，改成数值或清空")
    return read_value(field, value.value, value.number_format or "General", first_day)


def _merged(form: Form, sheet: Any, heading: int, places: Mapping[int, int]) -> Iterator[FormFinding]:
    """Merged cells below the headings: only the first of them holds the value, so the others would be lost."""
    columns = {column: form.fields[number] for number, column in places.items()}
    for span in sheet.merged_cells.ranges:
        hit = [columns[column] for column in range(span.min_col, span.max_col + 1) if column in columns]
        if span.max_row > heading and hit:
            yield FormFinding(
                str(sheet.cell(max(span.min_row, heading + 1), span.min_col).coordinate), max(span.min_row, heading + 1), hit[0].title,
                f"{span.coord} 是合并单元格，只有第一格有值：取消合并，每行分别填写",
            )  # fmt: skip
