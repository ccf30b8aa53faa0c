"""What a person put into a cell becomes the text that intake reads, or a sentence that says what is wrong with it."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from engine.running.cells import NO, YES
from engine.running.forms import FormField

LONGEST = 10_000  # characters of one cell
_SPACES = " \t\r\n\u3000\u00a0\u200b\ufeff"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"[ T]*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?[分秒]?")
_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"}
_FIRST_SERIAL, _LAST_SERIAL = 1, 2_958_465  # days since 1900 that Excel knows: up to 9999-12-31
_YEARS = range(1900, 2101)


class Reading(Struct, frozen=True):
    """A cell as intake will read it, or why it can't be read (读数). Both None: the cell is empty."""

    text: str | None = None
    wrong: str | None = None


EMPTY = Reading()


def read_value(field: FormField, value: object, shape: str = "General", first_day: datetime = datetime(1899, 12, 30)) -> Reading:
    """The text of a cell for a field. `shape` is the cell's number format, `first_day` what the workbook counts days from."""
    if isinstance(value, str):
        value = value.strip(_SPACES)
        if value in _ERRORS:
            return Reading(wrong=f"单元格是 Excel 的错误值 {value}，改成数值或清空")
        if len(value) > LONGEST:
            return Reading(wrong=f"有 {len(value):,} 个字，最多 {LONGEST:,} 个")
    if value is None or value == "":
        return EMPTY
    if field.choices:
        return _chosen(field, value)
    if field.type in ("date", "timestamp"):
        return _moment(field, value, first_day)
    if field.type in ("integer", "decimal", "float"):
        return _number(field, value, shape)
    if field.type == "boolean":
        return _yes_or_no(value)
    return _text(value, shape)


def _text(value: Any, shape: str = "General") -> Reading:
    if isinstance(value, bool):
        return Reading("true" if value else "false")
    if isinstance(value, int | float):
        if abs(value) >= 10**15:
            return Reading(wrong="超过 15 位的号码被当成数，后面几位已丢失：把单元格设为「文本」后重填")
        text = format(Decimal(format(value, ".15g")).normalize(), "f")
        zeros = re.fullmatch(r"0+", shape)  # 000123 is kept as a number and shown with its zeros
        return Reading(text.zfill(len(shape)) if zeros and float(value).is_integer() else text)
    if isinstance(value, datetime):
        return Reading(value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat())
    text = str(value)
    strange = next((letter for letter in text if unicodedata.category(letter) == "Cc" and letter not in "\n\r\t"), None)
    if strange is not None or "_x0000_" in text:
        return Reading(wrong="有看不见的控制字符，删去后重填")
    return Reading(text)


def _chosen(field: FormField, value: Any) -> Reading:
    """By the title, by the code, or by both as the list shows them."""
    read = _text(value)
    if read.text is None:
        return read
    said = _folded(read.text)
    labels = field.labels
    for choice, label in zip(field.choices, labels, strict=True):
        if said in (_folded(choice.value), _folded(label), _folded(f"{choice.value} {choice.title}")):
            return Reading(choice.value)
    same = [choice for choice in field.choices if _folded(choice.title) == said]
    if len(same) == 1:
        return Reading(same[0].value)
    if same:
        codes = "、".join(choice.value for choice in same)
        return Reading(wrong=f"「{read.text}」有 {len(same)} 个（{codes}），填代码")
    known = "、".join(labels[:6]) + ("等" if len(labels) > 6 else "")
    return Reading(wrong=f"没有「{read.text[:40]}」这一项，可选：{known}")


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _number(field: FormField, value: Any, shape: str) -> Reading:
    if isinstance(value, bool):
        return Reading(wrong="应是数，这里是「是/否」")
    if isinstance(value, datetime | date | time | timedelta):
        return Reading(wrong=f"应是数，这里是日期或时间（{value}）：把单元格设为「常规」后重填")
    if isinstance(value, int | float):
        number, is_percent = Decimal(format(value, ".15g")), "%" in re.sub(r'"[^"]*"|\\.', "", shape)
        if not number.is_finite():
            return Reading(wrong="不是有限的数")
    else:
        plain = unicodedata.normalize("NFKC", str(value)).replace("−", "-").strip()
        plain, is_percent = _without_unit(field, plain)
        if _GROUPED.fullmatch(plain):
            plain = plain.replace(",", "")
        if not _NUMBER.fullmatch(plain):
            return Reading(wrong=_no_number(field, str(value)))
        try:
            number = Decimal(plain)
        except InvalidOperation:
            return Reading(wrong=_no_number(field, str(value)))
    if is_percent and field.unit not in ("percent", "%"):
        return Reading(wrong=f"写成了百分数，这一项的单位是「{field.unit or '无'}」")
    if is_percent:
        number *= 100
    return _in_range(field, number)


def _without_unit(field: FormField, text: str) -> tuple[str, bool]:
    """The number without the field's own unit behind it; whether it was said in percent."""
    if text.endswith("%"):
        return text[:-1].strip(), field.unit not in ("percent", "%")
    unit = unicodedata.normalize("NFKC", field.unit or "")
    return (text[: -len(unit)].strip(), False) if unit and text.endswith(unit) else (text, False)


def _no_number(field: FormField, said: str) -> str:
    tail = re.search(r"\d\s*([^\d\s.,+-]+)$", unicodedata.normalize("NFKC", said))
    if tail and field.unit:
        return f"「{said[:40]}」带了单位「{tail[1][:10]}」，应按「{field.unit}」填数"
    return f"「{said[:40]}」不是数"


def _in_range(field: FormField, number: Decimal) -> Reading:
    if field.type == "integer" and number != number.to_integral_value():
        return Reading(wrong=f"{number} 不是整数")
    if abs(number) >= 10**12:
        return Reading(wrong=f"{number} 太大，整数部分最多 12 位")
    if (field.low is not None and number < Decimal(str(field.low))) or (field.high is not None and number > Decimal(str(field.high))):
        return Reading(wrong=f"{number:f} 超出范围，应{range_words(field)}")
    return Reading(format(number.normalize(), "f"))


def range_words(field: FormField) -> str:
    """The range of a field in words, empty when it has none."""
    parts = [f"{word} {limit:g}" for word, limit in (("不小于", field.low), ("不大于", field.high)) if limit is not None]
    return "、".join(parts)


def _yes_or_no(value: Any) -> Reading:
    said = str(value).strip().casefold() if not isinstance(value, float) else f"{value:g}"
    said = unicodedata.normalize("NFKC", said)
    if said in YES or said in ("√", "✓"):
        return Reading("true")
    return Reading("false") if said in NO or said in ("×", "✗") else Reading(wrong=f"「{str(value)[:40]}」应填「是」或「否」")


def _moment(field: FormField, value: Any, first_day: datetime) -> Reading:
    moment = _as_moment(field, value, first_day)
    word = "日期" if field.type == "date" else "时间"
    example = "2026-05-01" if field.type == "date" else "2026-05-01 08:30"
    if moment is None:
        return Reading(wrong=f"「{str(value)[:40]}」不是{word}，写成 {example}")
    if moment.year not in _YEARS:
        return Reading(wrong=f"{moment:%Y-%m-%d} 的年份不对")
    if field.type == "date" and moment.time() != time():
        return Reading(wrong=f"「{moment:%Y-%m-%d %H:%M}」带了钟点，这一项只填日期")
    return Reading(_written(field, moment))


def _written(field: FormField, moment: datetime) -> str:
    if field.format:
        return moment.strftime(field.format)
    return moment.date().isoformat() if field.type == "date" else moment.replace(microsecond=0).isoformat(sep=" ")


def _as_moment(field: FormField, value: Any, first_day: datetime) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo is None else None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, bool | time | timedelta):
        return None
    if isinstance(value, int | float):
        return _of_number(value, first_day)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    readers: list[Callable[[str], datetime | None]] = [_of_text]
    if field.format:
        readers.insert(0, lambda said: _by_format(said, field.format or ""))
    return next((found for reader in readers if (found := reader(text)) is not None), None)


def _of_number(value: float, first_day: datetime) -> datetime | None:
    """A serial number of Excel, or eight digits of a day."""
    if _FIRST_SERIAL <= value <= _LAST_SERIAL:
        if first_day.year == 1899 and value < 61:  # Excel counts a 29 February 1900 that never was
            return datetime(1899, 12, 31) + timedelta(days=value) if value < 60 else None
        seconds = round(value * 86400)
        return first_day + timedelta(seconds=seconds)
    return _of_text(str(int(value))) if float(value).is_integer() else None


def _of_text(text: str) -> datetime | None:
    found = _DAY.match(text) or _PACKED.match(text)
    if found is None:
        serial = re.fullmatch(r"\d{5}(\.\d+)?", text)
        return _of_number(float(text), datetime(1899, 12, 30)) if serial else None
    rest = text[found.end() :].strip()
    clock = _CLOCK.fullmatch(rest) if rest else None
    if rest and clock is None:
        return None
    try:
        hour, minute, second = (int(part or 0) for part in clock.groups()) if clock else (0, 0, 0)
        return datetime(int(found[1]), int(found[2]), int(found[3]), hour, minute, second)
    except ValueError:
        return None


def _by_format(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=None)
    except ValueError:
        return None
