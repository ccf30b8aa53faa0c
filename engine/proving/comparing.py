"""Two answers are equal when the rules of the language say so, and a difference is shown as a person would lay it out."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isclose, isnan
from typing import Any

Row = Mapping[str, Any]
RELATIVE = 1e-9
NEAR_ZERO = 1e-12


def same_value(expected: Any, got: Any) -> bool:
    """Whether a written value and an answered one are the same: exact for keys and decimals, 1e-9 relative for floats."""
    if isinstance(expected, list | tuple) or isinstance(got, list | tuple):
        return sorted(expected or ()) == sorted(got or ())  # words of a row: none is an empty list
    if expected is None or got is None:
        return expected is None and got is None
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(got, date):
        return _moment(expected) == _moment(got)
    if isinstance(expected, str) or isinstance(got, str):
        return bool(expected == got)
    if (isinstance(expected, float) and isnan(expected)) or (isinstance(got, float) and isnan(got)):
        return False
    if isinstance(got, float) or (isinstance(expected, float) and not isinstance(got, Decimal)):
        return isclose(float(expected), float(got), rel_tol=RELATIVE, abs_tol=NEAR_ZERO)
    return Decimal(str(expected)) == Decimal(str(got))


def difference(expected: Sequence[Row], got: Sequence[Row], keys: Sequence[str], is_ordered: bool) -> str | None:
    """None when the answers are equal, else a table: - a row that is missing, + one that should not be, ! one whose values differ."""
    pairs = list(zip(expected, got, strict=False)) if is_ordered else []
    left, right = list(expected)[len(pairs) :], list(got)[len(pairs) :]
    for row in list(left):
        match = next((other for other in right if all(same_value(row.get(key), other.get(key)) for key in keys)), None)
        if match is not None:
            pairs.append((row, match))
            right.remove(match)
            left.remove(row)
    columns = _columns(expected, got)
    wrong = [pair for pair in pairs if not all(same_value(pair[0].get(name), pair[1].get(name)) for name in columns)]
    if not (left or right or wrong):
        return None
    lines = [("", *columns)]
    lines += [("-", *_cells(row, columns)) for row in left]
    lines += [("+", *_cells(row, columns)) for row in right]
    for one, other in wrong:
        lines += [("! expected", *_cells(one, columns)), ("! got", *_cells(other, columns))]
    return _table(lines)


def _columns(expected: Sequence[Row], got: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in (*expected, *got) for name in row))


def _cells(row: Row, columns: Sequence[str]) -> list[str]:
    return ["null" if row.get(name) is None else str(row.get(name)) for name in columns]


def _table(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
