"""What every format yields, and how loose cells become columns: one shape, so that connectors treat all formats alike."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Any

import pyarrow as pa
from msgspec import Struct

from engine.connector import RefusedRow, SourceFailed

Opener = Callable[[], AbstractContextManager[IO[bytes]]]
BATCH = 200_000


class Piece(Struct, frozen=True):
    """Some rows, their numbers as a reader of the file would count them, and rows that could not be read (一段行)."""

    rows: pa.Table
    numbers: list[int]
    refused: tuple[RefusedRow, ...] = ()


def told_apart(names: list[str]) -> list[str]:
    """The names, unless two are the same. Raises SourceFailed."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SourceFailed(f"有两列都叫「{twice}」", f"two columns are named '{twice}'")
    return names


def column_of(cells: list[Any]) -> pa.Array:
    """An array of the cells' own type; cells of several types become text."""
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if cell is None else _text(cell) for cell in cells], pa.string())


def _text(cell: Any) -> str:
    """Days, times and decimals as they are written everywhere; what has parts as JSON."""
    return json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, bool | int | float | list | dict | tuple) else str(cell)
