"""Rows that cannot be taken in are kept with their reason, so that nothing a source sent is ever lost silently."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from engine.connector import RefusedRow
from engine.running.cells import Bad
from engine.warehouse import Table, TableColumn, arrow_schema

QUARANTINE = Table(
    schema="chengmai",
    name="quarantine",
    columns=(
        TableColumn("dataset", "text"),
        TableColumn("stream", "text"),
        TableColumn("origin", "text"),  # file or table that the row came from
        TableColumn("row_number", "integer"),
        TableColumn("column_name", "text"),
        TableColumn("value", "text"),
        TableColumn("rule", "text"),
        TableColumn("reason_zh", "text"),
        TableColumn("reason_en", "text"),
        TableColumn("raw", "text"),  # the whole row as the source sent it, as JSON
        TableColumn("at", "timestamp"),
    ),
    time="at",
)


class Flaw(Struct, frozen=True):
    """One thing that is wrong with some rows of a batch (缺陷)."""

    rows: Bad
    column: str
    rule: str
    zh: str
    en: str
    values: pa.Array | None = None  # the cells that are wrong, one for each row of the batch
    is_warning: bool = False


class Place(Struct, frozen=True):
    """Which rows these are: what they were meant for and where they came from (来处)."""

    dataset: str
    stream: str
    origin: str
    at: datetime


def quarantine_rows(place: Place, flaws: Iterable[Flaw], raw: pa.Table, numbers: pa.Array) -> pa.RecordBatch:
    """One line of the quarantine for each flaw of each bad row, in the order of the rows."""
    lines: list[tuple[int, Flaw]] = []
    for flaw in flaws:
        lines.extend((int(row), flaw) for row in np.flatnonzero(flaw.rows))
    lines.sort(key=lambda line: line[0])
    rows = sorted({row for row, _ in lines})
    texts = dict(zip(rows, _as_json(raw, np.array(rows, dtype=np.int64)), strict=True))
    values = [_shown(flaw, row) for row, flaw in lines]
    return _lines(
        place,
        [numbers[row].as_py() for row, _ in lines],
        [flaw.column for _, flaw in lines],
        values,
        [flaw.rule for _, flaw in lines],
        [_said(flaw.zh, value) for (_, flaw), value in zip(lines, values, strict=True)],
        [_said(flaw.en, value) for (_, flaw), value in zip(lines, values, strict=True)],
        [texts[row] for row, _ in lines],
    )


def refused_rows(place: Place, refused: tuple[RefusedRow, ...]) -> pa.RecordBatch:
    """A line of the quarantine for each row that the connector could not even read."""
    return _lines(
        place,
        [row.number for row in refused],
        [None] * len(refused),
        [None] * len(refused),
        ["unreadable"] * len(refused),
        [row.reason_zh for row in refused],
        [row.reason_en for row in refused],
        [row.raw for row in refused],
    )


def _lines(place: Place, *columns: list[int] | list[str] | list[str | None] | list[None]) -> pa.RecordBatch:
    n = len(columns[0])
    same = [[value] * n for value in (place.dataset, place.stream, place.origin)]
    schema = arrow_schema(QUARANTINE)
    everything = [*same, *columns, [place.at] * n]
    return pa.RecordBatch.from_arrays(
        [pa.array(values, field.type) for values, field in zip(everything, schema, strict=True)], schema=schema
    )


def _as_json(raw: pa.Table, rows: NDArray[np.int64]) -> list[str]:
    return [_storable(msgspec.json.encode(row, enc_hook=str).decode()) for row in raw.take(pa.array(rows)).to_pylist()]


def _shown(flaw: Flaw, row: int) -> str | None:
    cell = flaw.values[row].as_py() if flaw.values is not None else None
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "backslashreplace")
    return None if cell is None else _storable(str(cell))[:1000]


def _storable(text: str) -> str:
    return text.replace("\x00", "\\x00")


def _said(sentence: str, value: str | None) -> str:
    return sentence.replace("{value}", "" if value is None else value[:80])
