"""The uploaded file comes back with its wrong cells red and each with a note, so that it is mended where it was written."""

import io
from collections.abc import Sequence

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import coordinate_from_string

from engine.running.form_sheet import FormFinding
from engine.running.form_workbook import look_inside, unwarned

RED, YELLOW = PatternFill("solid", fgColor="FF9B9B"), PatternFill("solid", fgColor="FFE69A")
LIST = "问题清单"


def annotated(content: bytes, sheet_name: str, findings: Sequence[FormFinding]) -> bytes:
    """The workbook with red cells and comments, and a sheet that lists all findings. The content was opened before; raises WorkbookRefused."""
    look_inside(content)
    with unwarned():
        book = openpyxl.load_workbook(io.BytesIO(content), keep_links=False)
        sheet = book[sheet_name]
        by_address: dict[str, list[FormFinding]] = {}
        for finding in findings:
            if finding.address:
                by_address.setdefault(finding.address, []).append(finding)
        for address, here in by_address.items():
            letter, row = coordinate_from_string(address)
            cell = sheet[f"{letter}{row}"]
            cell.fill = YELLOW if all(one.is_warning for one in here) else RED
            if hasattr(cell, "hyperlink"):  # the inner cells of a merged range bear no comment
                cell.comment = Comment("\n".join(one.zh for one in here)[:2000], "城脉", height=80, width=280)
        if LIST in book.sheetnames:
            del book[LIST]
        listed = book.create_sheet(LIST)
        listed.append(["单元格", "项目", "问题"])
        for finding in findings:
            listed.append([finding.address or "整表", _plain(finding.title), _plain(finding.zh)])
        for letter, width in zip("ABC", (10, 24, 80), strict=True):
            listed.column_dimensions[letter].width = width
        held = io.BytesIO()
        book.save(held)
    return held.getvalue()


def _plain(text: str) -> str:
    """Text that no workbook takes for a formula: what stood in a cell is repeated in the list of findings."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
