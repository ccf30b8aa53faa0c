"""Numbers as people of the city read them: scaled by 万 and 亿, grouped by thousands, never with digits that were not measured."""

import re
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

SCALES = {"": 1, "百": 100, "千": 1000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
NOTHING = "—"
_DISPLAY = re.compile(r"^(百|千|万|百万|千万|亿)?,?([0-9])?$")

Number = int | float | Decimal


class Written(Struct, frozen=True):
    """A number ready for the eye: digits, and the unit with its scale in front (数字文本)."""

    text: str
    unit: str

    def __str__(self) -> str:
        return f"{self.text} {self.unit}".rstrip()


def scale_and_decimals(display: str | None) -> tuple[str, int | None]:
    """What a display format such as `万,1` says: the scale's word, and decimals or None for as many as matter."""
    match = _DISPLAY.match(display or "")
    if match is None:
        return "", None
    return match[1] or "", None if match[2] is None else int(match[2])


def scale_of(display: str | None) -> int:
    """By how much a display format divides."""
    return SCALES[scale_and_decimals(display)[0]]


def decimals_that_matter(value: float) -> int:
    """Decimals for about four significant digits: 0 above a thousand, 3 below one."""
    size = abs(value)
    if size >= 1000 or value == int(value):
        return 0
    return 1 if size >= 100 else 2 if size >= 1 else 3


def is_number(value: object) -> bool:
    """True for what can be drawn and added; a truth value is not a number."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def write_number(value: Number | None, unit: str | None = None, display: str | None = None, *, decimals: int | None = None) -> Written:
    """A value in its unit; `decimals` overrules the display format (a column of numbers shares its decimals). None and NaN are a dash."""
    scale, asked = scale_and_decimals(display)
    shown_unit = scale + (unit or "")
    if value is None or value != value:  # NaN differs from itself
        return Written(NOTHING, shown_unit)
    scaled = float(value) / SCALES[scale]
    places = decimals if decimals is not None else asked if asked is not None else decimals_that_matter(scaled)
    text = f"{scaled:,.{places}f}"
    return Written("0" if text.strip("-0.,") == "" and places == 0 else text.replace("-", "−"), shown_unit)


def write_value(value: object, unit: str | None = None, display: str | None = None) -> str:
    """Any cell of an answer as text, without its unit: numbers grouped, times without needless parts, truth as 是 and 否."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float | Decimal):
        return write_number(value, unit, display).text
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if (value.hour, value.minute, value.second) == (0, 0, 0) else "%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


def write_change(now: Number | None, before: Number | None, unit: str | None = None) -> str:
    """Change against an earlier value with its sign: in points (pp) for a percentage, in % for all else; empty where there is none."""
    if now is None or before is None:
        return ""
    if unit == "%":
        return signed(float(now) - float(before), 2, " pp")
    return signed((float(now) / float(before) - 1) * 100, 1, "%") if before else ""


def signed(value: float, decimals: int, unit: str) -> str:
    """A number that always shows its sign; zero has none."""
    text = f"{value:+,.{decimals}f}"
    return (text.lstrip("+-") if not text.strip("+-0.") else text.replace("-", "−")) + unit
