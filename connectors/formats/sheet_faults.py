"""Cells of a workbook that hold no value: errors, and formulas that nobody computed; a reader of values would take both for empty."""

import io
import re
import zipfile

_SHEET = re.compile(r'<sheet\s[^>]*?name="([^"]*)"[^>]*?r:id="([^"]*)"')
_TARGET = re.compile(r"<Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(r'(Id|Target)="([^"]*)"')
_CELL = re.compile(rb'<c\s(?=[^>]*?r="([A-Z]{1,3})([0-9]{1,7})")([^>]*[^/])>(.*?)</c>', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]+)</v>")
_FORMULA = re.compile(rb"<f[^>]*>([^<]*)</f>")


def faults_of(content: bytes, number: int) -> dict[tuple[int, int], str]:
    """What is to be shown in cells without a value, by row and column from 0, of the sheet of that number; nothing for other formats."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        member = _member(book, number)
        text = book.read(member) if member is not None else b""
    if b't="e"' not in text and b"<f" not in text:
        return {}
    found = {}
    for letters, digits, attributes, inner in _CELL.findall(text):
        value, formula = _VALUE.search(inner), _FORMULA.search(inner)
        if b't="e"' in attributes:
            found[int(digits) - 1, _place(letters)] = value[1].decode("utf-8", "replace") if value else "#ERROR"
        elif formula is not None and value is None:
            found[int(digits) - 1, _place(letters)] = f"={formula[1].decode('utf-8', 'replace')}"
    return found


def _member(book: zipfile.ZipFile, number: int) -> str | None:
    names = set(book.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    sheets = _SHEET.findall(book.read("xl/workbook.xml").decode("utf-8", "replace"))
    links = [dict(_ATTRIBUTE.findall(one)) for one in _TARGET.findall(book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace"))]
    targets = {one.get("Id"): one.get("Target", "") for one in links}
    target = targets.get(sheets[number][1], "") if number < len(sheets) else ""
    member = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return member if member in names else None


def _place(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
