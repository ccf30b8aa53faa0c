"""A source's cells become values of the declared type or are told apart as bad: a column at a time, cell by cell where one resists."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from engine.warehouse import ARROW_TYPES, DECIMAL_PLACES, ColumnType

Bad = NDArray[np.bool_]
YES, NO = frozenset("true t yes y 1 是 真".split()), frozenset("false f no n 0 否 假".split())
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"([0-9]{4})[-/年]([0-9]{1,2})[-/月]([0-9]{1,2})日?")
_CLOCK = re.compile(r"[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
LONGEST = 1 << 20  # bytes of a text cell
_WORDS = {
    "text": ("不是文字，或超过 1 MB", "is not text, or is larger than 1 MB"),
    "integer": ("不是整数", "is not a whole number"),
    "decimal": ("不是数，或超出十二位整数", "is not a number, or has more than twelve digits before the point"),
    "float": ("不是数", "is not a number"),
    "boolean": ("不是「是」或「否」", "is neither yes nor no"),
    "date": ("不是日期", "is not a day"),
    "timestamp": ("不是时间", "is not a time"),
}


class Cells(Struct, frozen=True):
    """A column of values, and which of its cells had a content that did not fit; those hold null (列值)."""

    values: pa.Array
    bad: Bad


def none_bad(rows: int) -> Bad:
    """No bad cell among so many rows."""
    return np.zeros(rows, dtype=np.bool_)


def why_bad(kind: ColumnType) -> tuple[str, str]:
    """What is wrong with a cell that did not become a value of the type, in Chinese and English."""
    return _WORDS[kind]


def whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of plain values: chunks joined, dictionaries looked up, large and binary text as text where it is UTF-8."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if isinstance(array.type, pa.BaseExtensionType):
        array = pa.array([None if cell is None else str(cell) for cell in array.to_pylist()], pa.string())
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        array = array.cast(pa.string())
    return array


def typed_cells(values: pa.Array, kind: ColumnType, form: str | None = None, zone: str = "Asia/Shanghai") -> Cells:
    """The values in the Arrow type of a column type.

    `form` is a strptime format of dates and times; an instant becomes wall clock in `zone`. Null and
    empty text are null. A NaN among numbers is a missing value; an infinity is bad.
    """
    array = whole(values)
    if pa.types.is_null(array.type):
        return Cells(pa.nulls(len(array), ARROW_TYPES[kind]), none_bad(len(array)))
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        array, undecoded = _decoded(array)
        cells = typed_cells(array, kind, form, zone)
        return Cells(cells.values, cells.bad | undecoded)
    if kind == "text":
        return _text(array)
    if pa.types.is_string(array.type):
        return _from_text(_without_empty(array), kind, form, zone)
    return _from_typed(array, kind, zone)


def _decoded(array: pa.Array) -> tuple[pa.Array, Bad]:
    try:
        return array.cast(pa.string()), none_bad(len(array))
    except pa.ArrowInvalid:
        cells = [_utf8(cell) for cell in array.to_pylist()]
        bad = np.array([cell is None for cell in cells]) & np.asarray(array.is_valid())
        return pa.array(cells, pa.string()), bad


def _utf8(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _without_empty(array: pa.Array) -> pa.Array:
    blank = pc.equal(pc.utf8_trim_whitespace(array), "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), array) if pc.any(blank).as_py() else array


def _text(array: pa.Array) -> Cells:
    if pa.types.is_floating(array.type):
        return _text_of_numbers(array)
    if pa.types.is_nested(array.type):
        texts = [None if cell is None else msgspec.json.encode(cell, enc_hook=str).decode() for cell in array.to_pylist()]
        return Cells(pa.array(texts, pa.string()), none_bad(len(array)))
    array = array if pa.types.is_string(array.type) else array.cast(pa.string())
    empty = pc.equal(array, "")
    if pc.any(empty).as_py():
        array = pc.if_else(empty, pa.scalar(None, pa.string()), array)
    strange = pc.match_substring(array, "\x00")  # PostgreSQL has no such text
    if array.nbytes > LONGEST:
        strange = pc.or_(strange, pc.greater(pc.binary_length(array), LONGEST))
    if not pc.any(strange).as_py():
        return Cells(array, none_bad(len(array)))
    strange = strange.fill_null(False)
    return Cells(pc.if_else(strange, pa.scalar(None, pa.string()), array), np.asarray(strange))


def _text_of_numbers(array: pa.Array) -> Cells:
    """A spreadsheet knows no whole numbers: 1001.0 is the code 1001."""
    array = _without_nan(array)
    if pc.all(pc.equal(pc.floor(array), array)).as_py() is not False and (pc.max(pc.abs(array)).as_py() or 0) < 2**53:
        return Cells(array.cast(pa.int64()).cast(pa.string()), none_bad(len(array)))
    texts = [None if cell is None else (str(int(cell)) if cell.is_integer() else repr(cell)) for cell in array.to_pylist()]
    return Cells(pa.array(texts, pa.string()), none_bad(len(array)))


def _without_nan(array: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)


def _from_text(array: pa.Array, kind: ColumnType, form: str | None, zone: str) -> Cells:
    quick = _quickly(array, kind, form)
    if quick is not None:
        return Cells(quick, none_bad(len(array)))
    parse = _reader(kind, form, zone)
    coded = array.dictionary_encode()
    parsed = [parse(text.strip()) for text in coded.dictionary.to_pylist()]
    fitting = pa.array(parsed, ARROW_TYPES[kind])
    values = fitting.take(coded.indices)
    bad = np.asarray(pc.and_(array.is_valid(), values.is_null()))
    return Cells(values, bad)


def _quickly(array: pa.Array, kind: ColumnType, form: str | None) -> pa.Array | None:
    """Arrow's own reading of a whole column, or None when a single cell resists."""
    if kind == "decimal" and (pc.max(pc.binary_length(array)).as_py() or 0) > 30:
        return None  # Arrow wraps around silently beyond 38 digits
    if kind == "integer" and pc.any(pc.match_substring(array, "0x", ignore_case=True)).as_py():
        return None  # Arrow reads hexadecimal numbers
    try:
        if form is not None and kind in ("date", "timestamp"):
            times = pc.strptime(array, format=form, unit="us")
            return times.cast(ARROW_TYPES[kind]) if "%d" in form or kind == "timestamp" else None
        values = array.cast(ARROW_TYPES[kind])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if kind == "float" and not (pc.all(pc.is_finite(values)).as_py() is not False):
        return None
    return values


def _reader(kind: ColumnType, form: str | None, zone: str) -> Callable[[str], Any]:
    """How one trimmed text is read; None means that it does not fit."""
    if form is not None and kind in ("date", "timestamp"):
        return lambda text: _by_format(text, form, kind, zone)
    readers: dict[ColumnType, Callable[[str], Any]] = {
        "integer": _integer,
        "decimal": _decimal,
        "float": _float,
        "boolean": lambda text: True if text.lower() in YES else False if text.lower() in NO else None,
        "date": _date,
        "timestamp": lambda text: _timestamp(text, zone),
    }
    return readers[kind]


def _integer(text: str) -> int | None:
    number = _exact(text)
    fits = number is not None and number == number.to_integral_value() and abs(number) < 2**63
    return int(number) if fits and number is not None else None


def _decimal(text: str) -> Decimal | None:
    number = _exact(text)
    if number is None or abs(number) >= 10**12:
        return None
    return number.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _float(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) and abs(float(text)) != float("inf") else None


def _exact(text: str) -> Decimal | None:
    try:
        return Decimal(text) if len(text) < 400 and _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


def _date(text: str) -> date | None:
    """A day, or a moment that is midnight: cutting an hour off would lose what the source said."""
    moment = _timestamp(text, None)
    return moment.date() if moment is not None and moment == datetime.combine(moment.date(), datetime.min.time()) else None


def _timestamp(text: str, zone: str | None) -> datetime | None:
    day = _DAY.match(text)
    if day is None:
        return None
    clock = _CLOCK.fullmatch(text, day.end())
    if clock is None and day.end() != len(text):
        return None
    try:
        moment = datetime(int(day[1]), int(day[2]), int(day[3]))
        if clock is None:
            return moment
        microsecond = int((clock[4] or "")[:6].ljust(6, "0"))
        moment = moment.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=microsecond)
        return moment if clock[5] is None else _wall_clock(datetime.fromisoformat(f"{moment.isoformat()}{clock[5]}"), zone)
    except (ValueError, OverflowError):
        return None


def _by_format(text: str, form: str, kind: ColumnType, zone: str) -> date | datetime | None:
    try:
        moment = _wall_clock(datetime.strptime(text, form), zone)
    except (ValueError, OverflowError):
        return None
    return moment.date() if moment is not None and kind == "date" else moment


def _wall_clock(moment: datetime, zone: str | None) -> datetime | None:
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if zone else None


def _from_typed(array: pa.Array, kind: ColumnType, zone: str) -> Cells:
    if pa.types.is_floating(array.type):
        array = _without_nan(array)
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        array = pc.local_timestamp(array.cast(pa.timestamp("us", zone), safe=False))
    wanted = ARROW_TYPES[kind]
    if not _related(array.type, kind):
        return _from_text(_without_empty(_text(array).values), kind, None, zone)
    if kind == "decimal" and pa.types.is_decimal(array.type) and array.type.scale > DECIMAL_PLACES:
        array = pc.round(array, ndigits=DECIMAL_PLACES, round_mode="half_towards_infinity")
    if kind == "date" and pa.types.is_timestamp(array.type):
        midnight = pc.equal(pc.floor_temporal(array, unit="day"), array)
        days = pc.if_else(midnight, array, pa.scalar(None, array.type)).cast(wanted)
        return Cells(days, np.asarray(pc.and_(array.is_valid(), days.is_null())))
    try:
        return Cells(array.cast(wanted, safe=not pa.types.is_timestamp(wanted)), none_bad(len(array)))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _from_text(_text(array).values, kind, None, zone)


def _related(given: pa.DataType, kind: ColumnType) -> bool:
    """Whether Arrow may cast directly; a number is never a time, and a yes is never a number."""
    is_number = pa.types.is_integer(given) or pa.types.is_floating(given) or pa.types.is_decimal(given)
    if kind in ("integer", "decimal", "float"):
        return bool(is_number)
    if kind == "boolean":
        return bool(pa.types.is_boolean(given))
    return bool(pa.types.is_date(given) or pa.types.is_timestamp(given))
