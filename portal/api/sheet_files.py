"""A sheet as the file Excel opens cleanly: CSV in UTF-8 with its mark, XLSX with typed cells; text that looks like a formula stays text."""

import csv
from datetime import date, datetime, time
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from portal.api.sheet import Cell, Sheet

# A spreadsheet runs a cell that begins with one of these; with an apostrophe before it, it is only text.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
NOTES = "说明"
ROWS = "数据"


def csv_file(sheet: Sheet) -> bytes:
    """Header and rows, an empty row, then the notes as a block of two columns."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(plain_text, sheet.header))
    writer.writerows([csv_cell(cell) for cell in row] for row in sheet.rows)
    writer.writerow([])
    writer.writerow([NOTES])
    writer.writerows([plain_text(label), plain_text(said)] for label, said in sheet.notes)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def csv_cell(cell: Cell) -> str | int | float:
    """A cell as CSV has it; nothing is empty, truth is a word."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time.min else f"{cell:%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, date):
        return cell.isoformat()
    return plain_text(cell) if isinstance(cell, str) else cell


def plain_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def xlsx_file(sheet: Sheet) -> bytes:
    """A sheet of rows and a sheet of notes; numbers and dates are typed, text is text whatever it begins with."""
    book = Workbook(write_only=True)
    rows = book.create_sheet(ROWS)
    rows.freeze_panes = "A2"
    widths = [max(len(str(cell)) for cell in (name, *(row[n] for row in sheet.rows[:200]))) for n, name in enumerate(sheet.header)]
    for n, width in enumerate(widths, 1):
        rows.column_dimensions[get_column_letter(n)].width = min(max(width * 1.6, 10), 48)
    rows.append([typed(rows, name, is_bold=True) for name in sheet.header])
    for row in sheet.rows:
        rows.append([typed(rows, cell) for cell in row])
    notes = book.create_sheet(NOTES)
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 14, 100
    for label, said in sheet.notes:
        notes.append([typed(notes, label, is_bold=True), typed(notes, said)])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def typed(page: object, cell: Cell, *, is_bold: bool = False) -> object:
    """A cell of its own type; the library would otherwise read text that begins with = as a formula."""
    if cell is None:
        return None
    value: Cell = ("是" if cell else "否") if isinstance(cell, bool) else cell
    made = WriteOnlyCell(page, value=value)
    if isinstance(value, str):
        made.data_type = "s"
    elif isinstance(value, datetime):
        made.number_format = "yyyy-mm-dd" if value.time() == time.min else "yyyy-mm-dd hh:mm:ss"
    elif isinstance(value, date):
        made.number_format = "yyyy-mm-dd"
    if is_bold:
        made.font = Font(bold=True)
    return made
