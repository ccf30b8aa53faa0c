"""The Excel template of a form: headings that say unit and duty, lists to choose from, and a hidden sheet that tells which form it is."""

import io
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from engine.running.form_values import range_words
from engine.running.forms import Form, FormField

ROWS = 5_000  # that are formatted and checked while they are typed; more may be filled in
HIDDEN, LISTS, MARK = "_form", "_codes", "chengmai-form"
SHEET, GUIDE = "填报", "填写说明"
TYPE_WORDS = {
    "text": "文字", "integer": "整数", "decimal": "数", "float": "数", "boolean": "是/否", "date": "日期", "timestamp": "日期和时间",
    "enum": "选项", "attachment": "附件的文件名", "json": "JSON",
}  # fmt: skip
FORMATS = {"date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:mm", "integer": "0", "decimal": "General", "float": "General"}
_EDGE = Side(style="thin", color="BFCADB")


def template_of(form: Form, now: datetime, rows: list[dict[str, str | None]] | None = None) -> bytes:
    """The template as a file of type xlsx, with rows that are filled in already where some are given."""
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    lists = book.create_sheet(LISTS)
    for number, field in enumerate(form.fields, 1):
        _heading(sheet, number, field)
        _column(sheet, lists, number, field)
    for place, row in enumerate(rows or [], 2):
        for number, field in enumerate(form.fields, 1):
            sheet.cell(place, number, row.get(field.name))
    sheet.freeze_panes = "A2"
    sheet.row_dimensions[1].height = 30
    _guide(book, form, now)
    _hidden(book, form, now)
    lists.sheet_state = "hidden"
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _heading(sheet: Any, number: int, field: FormField) -> None:
    cell = sheet.cell(1, number, field.heading)
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="C45A00" if field.is_required else "0B62C4")
    cell.alignment = Alignment(vertical="center", horizontal="center", wrap_text=True)
    cell.border = Border(bottom=_EDGE)
    cell.comment = Comment(hint(field), "城脉", height=90, width=260)
    sheet.column_dimensions[get_column_letter(number)].width = max(14, min(40, len(field.heading) * 2 + 4))


def hint(field: FormField) -> str:
    """What is expected in a field, in one sentence."""
    words = [TYPE_WORDS.get(field.type, "文字") if not field.choices else f"从 {len(field.choices)} 项里选，也可填代码"]
    words += [f"单位 {field.unit}"] if field.unit else []
    words += [range_words(field)] if range_words(field) else []
    return "，".join([*words, "必填" if field.is_required else "可空"])


def _column(sheet: Any, lists: Any, number: int, field: FormField) -> None:
    letter = get_column_letter(number)
    span = f"{letter}2:{letter}{ROWS + 1}"
    sheet.column_dimensions[letter].number_format = FORMATS.get(field.type, "@")
    for row in range(2, 202):  # Excel shows a column's own format only in cells that are not there yet; LibreOffice only in those that are
        sheet.cell(row, number).number_format = FORMATS.get(field.type, "@")
    rule = _list_rule(lists, number, field) if field.choices else _typed_rule(field)
    if rule is not None:
        rule.error, rule.errorTitle, rule.showErrorMessage = f"{field.title}：{hint(field)}"[:250], "填写不对", True
        rule.prompt, rule.promptTitle, rule.showInputMessage = hint(field)[:250], field.title[:30], True
        rule.add(span)
        sheet.add_data_validation(rule)


def _list_rule(lists: Any, number: int, field: FormField) -> DataValidation:
    for place, label in enumerate(field.labels, 1):
        lists.cell(place, number, label).number_format = "@"
    letter = get_column_letter(number)
    # A code is taken as well as a title, so a value outside the list only warns.
    return DataValidation("list", formula1=f"'{LISTS}'!${letter}$1:${letter}${len(field.choices)}", allow_blank=True, errorStyle="warning")


def _typed_rule(field: FormField) -> DataValidation | None:
    if field.type == "boolean":
        return DataValidation("list", formula1='"是,否"', allow_blank=True)
    if field.type in ("date", "timestamp"):
        return DataValidation("date", operator="between", formula1="DATE(1900,3,1)", formula2="DATE(2100,12,31)", allow_blank=True)
    if field.type not in ("integer", "decimal", "float"):
        return None
    kind = "whole" if field.type == "integer" else "decimal"
    low = field.low if field.low is not None else -1e12
    high = field.high if field.high is not None else 1e12
    return DataValidation(kind, operator="between", formula1=f"{low:.15g}", formula2=f"{high:.15g}", allow_blank=True)


def _guide(book: Any, form: Form, now: datetime) -> None:
    guide = book.create_sheet(GUIDE)
    guide.append([form.title, f"一行是{form.one_row_is}"])
    guide["A1"].font = Font(bold=True, size=14)
    guide.append([form.note or "橙色表头必填。表头不要改动；行可以随意增加。", f"模板 {now:%Y-%m-%d %H:%M}"])
    guide.append([])
    guide.append(["项目", "怎么填", "单位", "范围", "必填"])
    for cell in guide[4]:
        cell.font = Font(bold=True)
    for field in form.fields:
        guide.append([field.title, hint(field), field.unit or "", range_words(field), "是" if field.is_required else ""])
    for letter, width in zip("ABCDE", (24, 48, 12, 28, 8), strict=True):
        guide.column_dimensions[letter].width = width


def _hidden(book: Any, form: Form, now: datetime) -> None:
    sheet = book.create_sheet(HIDDEN)
    sheet.append([MARK, form.dataset, form.version, now.isoformat(timespec="minutes")])
    for field in form.fields:
        sheet.append([field.name, field.heading])
    sheet.sheet_state = "veryHidden"
