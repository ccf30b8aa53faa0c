"""One question and the SQL a good engineer would write for it by hand: the two must give the same rows before they are timed."""

from collections.abc import Iterator
from decimal import Decimal
from math import isclose
from pathlib import Path

import msgspec
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from engine.loading.parse import parse_text
from engine.question import EVERYTHING, Question, Viewer
from tests.bench.town import AS_OF

FOLDER = Path(__file__).parent / "shapes"


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """A question beside its hand-written SQL (计时题)."""

    title: str
    ask: Question
    sql: str
    viewer: Viewer = EVERYTHING
    name: str = ""


def shapes() -> list[Shape]:
    """Every shape of the folder, by name, each asked as of the town's last day."""
    return list(_read(sorted(FOLDER.glob("*.yaml"))))


def _read(paths: list[Path]) -> Iterator[Shape]:
    for path in paths:
        parsed = parse_text(path.read_text(encoding="utf-8"), path.as_posix())
        assert not parsed.findings, parsed.findings
        shape = msgspec.convert(parsed.value, Shape)
        yield replace(shape, name=path.stem, ask=replace(shape.ask, as_of=AS_OF))


def difference(ours: pa.Table, by_hand: pa.Table) -> str | None:
    """None when both tables hold the same rows in the same order, column names aside; floats to 1e-9."""
    if (ours.num_rows, ours.num_columns) != (by_hand.num_rows, by_hand.num_columns):
        return f"{ours.num_rows} rows of {ours.num_columns} columns, by hand {by_hand.num_rows} of {by_hand.num_columns}"
    for column in range(ours.num_columns):
        pairs = zip(ours.column(column).to_pylist(), by_hand.column(column).to_pylist(), strict=True)
        for row, (one, other) in enumerate(pairs):
            if not _is_same(one, other):
                return f"column {ours.column_names[column]}, row {row}: {one!r}, by hand {other!r}"
    return None


def _is_same(one: object, other: object) -> bool:
    numbers = (int, float, Decimal)
    if (isinstance(one, float) and isinstance(other, numbers)) or (isinstance(other, float) and isinstance(one, numbers)):
        return isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-12)
    return one == other
