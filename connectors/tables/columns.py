"""Every batch of a table has the columns in the same types, which the table declares: a batch of empty cells must not say otherwise."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, types

from engine.connector import SourceFailed
from engine.parts import span_of

_ARROW: tuple[tuple[type[types.TypeEngine[Any]], pa.DataType], ...] = (
    (types.Boolean, pa.bool_()),
    (types.Integer, pa.int64()),
    (types.Float, pa.float64()),
    (types.Date, pa.date32()),
    (types.LargeBinary, pa.binary()),
    (types.Enum, pa.string()),
    (types.String, pa.string()),
)


def arrow_type(column: Column[Any]) -> pa.DataType | None:
    """The type of a column's cells; None where only the cells themselves tell: then, and where a cell does not fit, see `array_of`."""
    kind = column.type
    if isinstance(kind, types.DateTime | types.TIMESTAMP):
        return pa.timestamp("us", "UTC") if getattr(kind, "timezone", False) else pa.timestamp("us")
    if isinstance(kind, types.Numeric) and not isinstance(kind, types.Float):
        is_known = kind.precision is not None and kind.scale is not None and kind.asdecimal and 0 < kind.precision <= 38
        return pa.decimal128(kind.precision, kind.scale) if is_known else None
    return next((arrow for base, arrow in _ARROW if isinstance(kind, base)), None)


def array_of(cells: Sequence[Any], declared: pa.DataType | None) -> pa.Array:
    """The cells in the declared type, else in their own; what Arrow has no type for (UUID, ranges, mixed, 0000-00-00) becomes text."""
    for kind in (declared, None) if declared is not None else (None,):
        try:
            array = pa.array(cells, kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, ValueError):
            continue
        if not isinstance(array.type, pa.BaseExtensionType):
            return array
    return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def cursor_value(column: Column[Any], since: str, overlap: str | int | None) -> Any:
    """A remembered cursor as a value of the column's own type, less the overlap. Raises SourceFailed when it is none of that type."""
    try:
        kind = column.type.python_type
        readers = {datetime: _instant, date: date.fromisoformat, int: int, float: float, Decimal: Decimal}
        value = readers.get(kind, str)(since)  # type: ignore[operator]
        if overlap is None:
            return value
        if isinstance(value, date) and isinstance(overlap, str):
            span = span_of(overlap)
            return value - span.delta - timedelta(days=31 * span.months)
        if isinstance(value, int | float | Decimal) and isinstance(overlap, int):
            return value - overlap
    except (ValueError, ArithmeticError, NotImplementedError):
        raise SourceFailed(
            f"记住的游标「{since}」不是列「{column.name}」的值",
            f"the remembered cursor '{since}' is no value of the column '{column.name}'",
        ) from None
    raise SourceFailed(
        f"overlap「{overlap}」与列「{column.name}」不配：时间列用时长，数字列用整数",
        f"the overlap '{overlap}' does not go with the column '{column.name}': a duration for times, a whole number for numbers",
    )


def cursor_text(value: Any) -> str:
    """A value of the cursor column as it is remembered."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
