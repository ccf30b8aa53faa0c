"""The one shape of an answer: what a query returns is what a widget, a report and a check take."""

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

Role = Literal["dimension", "time", "value", "label"]
JsonValue = str | int | float | bool | list[str] | None

# Columns that tell about a row and are declared by nobody; they start with "_", which no definition may.
COMPLETE = "_complete"  # false: the period is not over, a conversion's window is not over, or a source is late
MARKS = "_marks"  # list of words: carried clamped divided_by_zero incomplete late masked overlapping seam stale suppressed
QUALITY = (COMPLETE, MARKS)


class FrameColumn(Struct, frozen=True):
    """One column of an answer (结果列)."""

    name: str  # as the table has it
    title: str
    unit: str | None = None
    type: str = "float"  # a column type of engine/warehouse.py
    role: Role = "value"


class Frame(Struct, frozen=True):
    """Typed columns over an Arrow table, whose columns are the declared ones and at most those of QUALITY (结果集)."""

    columns: tuple[FrameColumn, ...]
    table: pa.Table
    marks: tuple[str, ...] = ()  # what holds for the whole answer, in the words of MARKS

    @property
    def is_empty(self) -> bool:
        """True when the answer has no row."""
        return bool(self.table.num_rows == 0)

    def column(self, name: str) -> list[JsonValue]:
        """Values of one column as plain JSON values; KeyError when the answer has no such column."""
        return plain_values(self.table.column(name))

    def rows(self) -> list[dict[str, JsonValue]]:
        """One dict per row: declared columns in their order, then the quality columns that are there."""
        names = [column.name for column in self.columns] + [name for name in QUALITY if name in self.table.column_names]
        columns = [self.column(name) for name in names]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

    def of_role(self, *roles: Role) -> tuple[FrameColumn, ...]:
        """The columns that play one of these roles."""
        return tuple(column for column in self.columns if column.role in roles)


def plain_values(column: pa.ChunkedArray) -> list[JsonValue]:
    """What `plain` says of each value, a column at a time where Arrow can: an answer of ten thousand rows is read in every cell."""
    kind, is_a = column.type, pa.types
    values: list[JsonValue]
    if is_a.is_string(kind) or is_a.is_boolean(kind) or is_a.is_integer(kind):
        values = column.to_pylist()
    elif is_a.is_floating(kind):
        values = pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind)).to_pylist()
    elif is_a.is_decimal(kind):  # through text: Arrow's own way to a float may miss the nearest one
        values = [None if text is None else float(text) for text in pc.cast(column, pa.string()).to_pylist()]
    elif is_a.is_date32(kind):
        values = pc.cast(column, pa.string()).to_pylist()
    elif kind == pa.timestamp("us") and not pc.any(pc.greater(pc.subsecond(column), 0)).as_py():
        values = pc.strftime(pc.cast(column, pa.timestamp("s")), "%Y-%m-%dT%H:%M:%S").to_pylist()
    else:
        values = [plain(value) for value in column.to_pylist()]
    return values


def plain(value: object) -> JsonValue:
    """A value as JSON has it: times as ISO text, decimals as numbers, a number that is none (NaN, infinity) as null."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds" if value.microsecond else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [str(part) for part in value]
    raise TypeError(f"a frame holds no {type(value).__name__}")
