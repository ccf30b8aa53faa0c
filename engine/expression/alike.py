"""Two values that are compared, added or stand for each other must be alike: the same sort, and units of one kind, converted by us."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal as OneOf

from msgspec import Struct

from engine.expression.canonical import canonical
from engine.expression.convert import read_time
from engine.expression.refusals import refuse
from engine.expression.tree import Aggregate, Binary, Call, Column, Expr, IndicatorCall, Literal, Value, walk
from engine.findings import Finding, Place
from engine.unit import ONE, Unit, conversion, is_percent, symbol

Type = OneOf["text", "integer", "decimal", "float", "boolean", "date", "timestamp", "null"]
Sort = OneOf["text", "number", "boolean", "time", "null"]

_SORTS: Mapping[str, Sort] = {
    "text": "text", "integer": "number", "decimal": "number", "float": "number", "boolean": "boolean", "date": "time",
    "timestamp": "time", "null": "null",
}  # fmt: skip
_WIDTH: Mapping[str, int] = {"null": 0, "integer": 1, "decimal": 2, "float": 3, "date": 1, "timestamp": 2, "text": 1, "boolean": 1}
SORT_WORDS: Mapping[Sort, tuple[str, str]] = {
    "text": ("文字", "text"),
    "number": ("数", "a number"),
    "boolean": ("条件（是或否）", "a condition"),
    "time": ("日期或时间", "a date or time"),
    "null": ("空值", "null"),
}
COMPARED, ADDED, CHOSEN = ("比较", "compared"), ("相加减", "added or subtracted"), ("混用", "used in place of each other")


class Typed(Struct, frozen=True):
    """What a value is: its type, and its unit; None is a plain number or no number at all (类型与单位)."""

    type: Type
    unit: Unit | None = None


class Inferred(Struct, frozen=True):
    """A typed expression, with the conversions of units and dates that the author left to us written in (推断结果)."""

    typed: Typed
    expr: Expr

    @property
    def sort(self) -> Sort:
        """Which values it can be compared with."""
        return _SORTS[self.typed.type]

    @property
    def is_constant(self) -> bool:
        """A number written in the formula has no unit of its own and takes that of its neighbour."""
        return not any(isinstance(node, (Column, Aggregate, IndicatorCall, Call)) for node in walk(self.expr))


class Report:
    """Collects findings about parts of one expression, each at the first name of the part (记录)."""

    def __init__(self, place: Place, offsets: Mapping[str, int]) -> None:
        self.place, self.offsets = place, offsets
        self.findings: list[Finding] = []

    def say(self, code: str, expr: Expr, **words: object) -> None:
        """One more finding, about this part of the expression."""
        self.findings.append(refuse(code, self.place, self._offset(expr), **words))

    def _offset(self, expr: Expr) -> int:
        names = (_name(node) for node in walk(expr))
        found = [self.offsets[name] for name in names if name is not None and name in self.offsets]
        return min(found, default=0)


def _name(expr: Expr) -> str | None:
    match expr:
        case Column():
            return expr.name
        case Call(name=name) | Aggregate(agg=name):
            return name
        case IndicatorCall(id=id_):
            return id_
        case Literal(value=str() as text):
            return f"'{text}'"
        case _:
            return None


def shown(expr: Expr) -> str:
    """The part of the formula a finding talks about, cut short."""
    text = canonical(expr)
    return text if len(text) <= 40 else text[:39] + "…"


def wider(types: list[Type]) -> Type:
    """The type that holds all of them; they are of one sort."""
    return max(types, key=lambda name: _WIDTH[name])


def make_alike(left: Inferred, right: Inferred, doing: tuple[str, str], report: Report) -> tuple[Inferred, Inferred] | None:
    """Both sides, the right one converted to the unit of the left, a written text made a date where the other side is one."""
    if "null" in (left.sort, right.sort):
        return left, right
    if left.sort != right.sort:
        return _with_dates(left, right, doing, report)
    if left.sort != "number":
        return left, right
    if left.is_constant or right.is_constant:
        return _with_number(left, right, doing, report)
    factor = conversion(right.typed.unit or ONE, left.typed.unit or ONE)
    if factor is None:
        _unlike(left, right, doing, report)
        return None
    return left, right if factor == 1 else Inferred(Typed("float", left.typed.unit), scaled(right.expr, factor))


def _with_number(left: Inferred, right: Inferred, doing: tuple[str, str], report: Report) -> tuple[Inferred, Inferred] | None:
    plain, other = (left, right) if left.is_constant else (right, left)
    if doing is ADDED and is_percent(other.typed.unit) and plain.expr == Literal(1):
        report.say("percent-or-share", other.expr, word=shown(other.expr))
        return None
    taken = Inferred(Typed(plain.typed.type, other.typed.unit), plain.expr)
    return (taken, right) if left.is_constant else (left, taken)


def _with_dates(left: Inferred, right: Inferred, doing: tuple[str, str], report: Report) -> tuple[Inferred, Inferred] | None:
    for text, other in ((left, right), (right, left)):
        if other.sort == "time" and text.sort == "text" and isinstance(text.expr, Literal):
            moment = as_time(text, other.typed.type, report)
            if moment is None:
                return None
            return (moment, right) if text is left else (left, moment)
    words = {
        "left": f"「{shown(left.expr)}」（{SORT_WORDS[left.sort][0]}）",
        "right": f"「{shown(right.expr)}」（{SORT_WORDS[right.sort][0]}）",
    }
    english = {
        "left_en": f"'{shown(left.expr)}' ({SORT_WORDS[left.sort][1]})",
        "right_en": f"'{shown(right.expr)}' ({SORT_WORDS[right.sort][1]})",
    }
    advice = {"advice_zh": "文字写在单引号里，数不加引号", "advice_en": "text stands in single quotes, a number does not"}
    report.say("type-mismatch", Binary("=", left.expr, right.expr), doing_zh=doing[0], doing_en=doing[1], **words, **english, **advice)
    return None


def as_time(text: Inferred, wanted: Type, report: Report) -> Inferred | None:
    """A written text as a date, or as a moment where a moment is wanted or the text has an hour."""
    written = text.expr.value if isinstance(text.expr, Literal) else None
    moment = read_time(written) if isinstance(written, str) else None
    if moment is None:
        report.say("unreadable-date", text.expr, word=str(written)[:40])
        return None
    is_day = wanted == "date" and len(str(written)) == 10
    value: Value = date(moment.year, moment.month, moment.day) if is_day else moment
    return Inferred(Typed("date" if is_day else "timestamp"), Literal(value))


def _unlike(left: Inferred, right: Inferred, doing: tuple[str, str], report: Report) -> None:
    def said(side: Inferred, none: str) -> str:
        unit = symbol(side.typed.unit) if side.typed.unit is not None else ""
        return f"{shown(side.expr)}（{unit or none}）" if none == "无单位" else f"{shown(side.expr)} ({unit or none})"

    report.say(
        "unit-mismatch", right.expr, left=said(left, "无单位"), right=said(right, "无单位"), doing_zh=doing[0], doing_en=doing[1],
        left_en=said(left, "no unit"), right_en=said(right, "no unit"),
        advice_zh="检查两列的 unit；要得到单位之比，用 / 相除", advice_en="check the unit of both columns; divide them if a ratio is meant",
    )  # fmt: skip


def scaled(expr: Expr, factor: Fraction) -> Expr:
    """The expression times an exact factor, as a product and a quotient of whole numbers."""
    if factor.numerator != 1:
        expr = Binary("*", expr, Literal(factor.numerator))
    return expr if factor.denominator == 1 else Binary("/", expr, Literal(factor.denominator))


def type_of(value: Value) -> Type:
    """The type of a value written in the formula."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case Decimal():
            return "decimal"
        case float():
            return "float"
        case datetime():
            return "timestamp"
        case date():
            return "date"
        case str():
            return "text"
