"""Spreadsheets, as offices fill them in: one sheet, a header row, empty rows left out."""

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from python_calamine import CalamineWorkbook

from connectors.formats.limits import SHEETS, refuse_bad_workbook
from connectors.formats.piece import Opener, Piece, column_of, told_apart
from connectors.formats.sheet_faults import faults_of
from engine.connector import SourceFailed


def read_sheet(opened: Opener, name: str | int, header: int | None, columns: tuple[str, ...]) -> Iterator[Piece]:
    """The rows of one sheet, by name or number from 0. Raises SourceFailed when there is no such sheet."""
    with opened() as file:
        content = file.read(SHEETS + 1)
    refuse_bad_workbook(content)
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        cells = _cells(book, name)
        known = book.sheet_names
    for (row, column), shown in faults_of(content, name if isinstance(name, int) else known.index(name)).items():
        if row < len(cells) and column < len(cells[row]):
            cells[row][column] = shown
    first = header or 0
    if len(cells) < first:
        raise SourceFailed("工作表是空的，没有表头行", "the sheet is empty: there is no row of names")
    width = max((len(row) for row in cells), default=0)
    titles = [str(cell).strip() for cell in cells[first - 1]] if first else list(columns)
    names = [title or f"column_{number}" for number, title in enumerate(titles + [""] * (width - len(titles)), 1)]
    kept = [(number, row) for number, row in enumerate(cells[first:], first + 1) if any(cell != "" for cell in row)]
    arrays = [column_of([None if row[place] == "" else row[place] for _, row in kept]) for place in range(width)]
    yield Piece(pa.table(arrays, names=told_apart(names)), [number for number, _ in kept])


def _cells(book: CalamineWorkbook, name: str | int) -> list[list[Any]]:
    known = book.sheet_names
    if isinstance(name, int) and name < len(known):
        return book.get_sheet_by_index(name).to_python(skip_empty_area=False)
    if isinstance(name, str) and name in known:
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    raise SourceFailed(f"没有工作表「{name}」；有：{'、'.join(known)}", f"there is no sheet '{name}'; there are {', '.join(known)}")
