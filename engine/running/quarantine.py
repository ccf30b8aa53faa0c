"""Rows that cannot be taken in are kept with their reason, so that nothing a source sent is ever lost silently."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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
        TableColumn("row_id", "text"),  # the same for the same row of the same place; all its lines share it
        TableColumn("raw_types", "text"),  # JSON of which columns were days and times, so that they can be so again
    ),
    time="at",
)


MOST_RAW, CUT_RAW = 1 << 20, 10_000  # characters of a row that is kept whole, and of one that is not


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
    found = [(flaw, np.flatnonzero(flaw.rows)) for flaw in flaws if flaw.rows.any()]
    rows = np.concatenate([places for _, places in found]) if found else np.array([], dtype=np.int64)
    order = np.argsort(rows, kind="stable")
    bad, of_line = np.unique(rows[order], return_inverse=True)
    texts, counted = _as_json(raw, bad), numbers.take(pa.array(bad)).to_pylist()
    ids = [_row_id(place, number, text) for number, text in zip(counted, texts, strict=True)]
    values = [value for flaw, places in found for value in _shown(flaw, places)]
    said = [flaw for flaw, places in found for _ in range(len(places))]
    lines = [(said[one], values[one]) for one in order.tolist()]
    types = _types(raw)
    return _lines(
        place,
        [counted[one] for one in of_line.tolist()],
        [flaw.column for flaw, _ in lines],
        [value for _, value in lines],
        [flaw.rule for flaw, _ in lines],
        [_said(flaw.zh, value) for flaw, value in lines],
        [_said(flaw.en, value) for flaw, value in lines],
        [texts[one] for one in of_line.tolist()],
        [ids[one] for one in of_line.tolist()],
        [types] * len(lines),
    )


def refused_rows(place: Place, refused: tuple[RefusedRow, ...]) -> pa.RecordBatch:
    """A line of the quarantine for each row that the connector could not even read."""
    raw = [_storable(row.raw) for row in refused]
    return _lines(
        place,
        [row.number for row in refused],
        [None] * len(refused),
        [None] * len(refused),
        ["unreadable"] * len(refused),
        [_storable(row.reason_zh) for row in refused],
        [_storable(row.reason_en) for row in refused],
        raw,
        [_row_id(place, row.number, text) for row, text in zip(refused, raw, strict=True)],
        [None] * len(refused),
    )


def _lines(place: Place, *columns: list[int] | list[str] | list[str | None] | list[None]) -> pa.RecordBatch:
    *before, row_id, types = columns
    n = len(row_id)
    same = [[value] * n for value in (place.dataset, place.stream, place.origin)]
    schema = arrow_schema(QUARANTINE)
    everything = [*same, *before, [place.at] * n, row_id, types]
    return pa.RecordBatch.from_arrays(
        [pa.array(values, field.type) for values, field in zip(everything, schema, strict=True)], schema=schema
    )


def _row_id(place: Place, number: int | None, raw: str) -> str:
    told = "\x00".join((place.dataset, place.stream, place.origin, str(number), raw))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _as_json(raw: pa.Table, rows: NDArray[np.int64]) -> list[str]:
    """The rows as the source sent them; bytes as text, and a number that is none by its name, for JSON knows neither."""
    bad = raw.take(pa.array(rows))
    for place, field in enumerate(raw.schema):
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            texts = [None if cell is None else cell.decode("utf-8", "backslashreplace") for cell in bad.column(place).to_pylist()]
            bad = bad.set_column(place, field.name, pa.array(texts, pa.string()))
        elif pa.types.is_floating(field.type) and not pc.all(pc.is_finite(bad.column(place)), min_count=0).as_py():
            bad = bad.set_column(place, field.name, bad.column(place).cast(pa.string()))
    return [_cut(_storable(msgspec.json.encode(row, enc_hook=str).decode())) for row in bad.to_pylist()]


def _cut(text: str) -> str:
    """A row of megabytes is known by its begin; it cannot be replayed as it was, only with cells that a person gives."""
    return text if len(text) <= MOST_RAW else f"{text[:CUT_RAW]}…（共 {len(text)} 字）"


def _types(raw: pa.Table) -> str | None:
    times = {field.name: "timestamp" if pa.types.is_timestamp(field.type) else "date" for field in raw.schema if _is_time(field.type)}
    return msgspec.json.encode(times).decode() if times else None


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _shown(flaw: Flaw, rows: NDArray[np.int64]) -> list[str | None]:
    cells = flaw.values.take(pa.array(rows)).to_pylist() if flaw.values is not None else [None] * len(rows)
    texts = [cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else cell for cell in cells]
    return [None if text is None else _storable(str(text))[:1000] for text in texts]


def _storable(text: str) -> str:
    plain = text.replace("\x00", "\\x00")
    return plain if plain.isascii() else plain.encode("utf-8", "backslashreplace").decode()


def _said(sentence: str, value: str | None) -> str:
    return sentence.replace("{value}", "" if value is None else value[:80])
