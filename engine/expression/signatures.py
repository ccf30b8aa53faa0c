"""What each function takes and gives, and the unit that comes out of it."""

from engine.expression.alike import CHOSEN, SORT_WORDS, Inferred, Report, Sort, Typed, as_time, make_alike, wider
from engine.expression.tree import Aggregate, Call, Expr, Literal
from engine.unit import KNOWN, Unit

_SPANS: dict[str, Unit] = {"seconds": KNOWN["s"], "minutes": KNOWN["min"], "hours": KNOWN["h"], "days": KNOWN["d"]}
_DATE_PARTS = frozenset(("year", "quarter", "month", "day", "hour", "minute", "weekday", "day_of_year"))


def wants(sort: Sort, given: Inferred, word: str, report: Report) -> Inferred | None:
    """The value if it is of that sort (null always is; a written text may be a date), else a finding."""
    if given.sort in (sort, "null"):
        return given
    if sort == "time" and given.sort == "text" and isinstance(given.expr, Literal):
        return as_time(given, "date", report)
    wanted, here = SORT_WORDS[sort], SORT_WORDS[given.sort]
    advice = {"advice_zh": "检查列的 type，或换一列", "advice_en": "look at the type of the column, or use another"}
    report.say("type-wanted", given.expr, word=word, wanted_zh=wanted[0], wanted_en=wanted[1], given_zh=here[0], given_en=here[1], **advice)
    return None


def all_want(sort: Sort, given: list[Inferred], word: str, report: Report) -> list[Inferred] | None:
    """All values if each is of that sort; a finding for each that is not."""
    checked = [wants(sort, value, word, report) for value in given]
    found = [value for value in checked if value is not None]
    return found if len(found) == len(checked) else None


def made_alike(given: list[Inferred], report: Report) -> tuple[list[Inferred], Typed] | None:
    """Values that stand for each other, converted to the unit of the first that has one, and what they all are."""
    real = [value for value in given if value.sort != "null"]
    if not real:
        return given, Typed("null")
    pivot = next((value for value in real if not value.is_constant), real[0])
    alike: list[Inferred] = []
    for value in given:
        pair = (value, value) if value is pivot else make_alike(pivot, value, CHOSEN, report)
        if pair is None:
            return None
        alike.append(pair[1])
    # A written date that met a moment has become one, so the first may differ from what it was.
    return alike, Typed(wider([value.typed.type for value in alike]), pivot.typed.unit)


def call(expr: Call, args: list[Inferred], report: Report) -> Inferred | None:
    """The typed call; None once a finding was made."""
    name = expr.name
    if name in ("coalesce", "least", "greatest", "nullif"):
        found = made_alike(args, report)
        return None if found is None else Inferred(found[1], _call(name, found[0]))
    if name in ("abs", "round", "floor", "ceil"):
        return _rounding(name, args, report)
    if name in _DATE_PARTS or name in _SPANS or name in ("date", "plus_days"):
        return _time_call(name, args, report)
    first = all_want("text", args[:1] if name == "substr" else args, name, report)
    if first is None:
        return None
    given = Typed("integer") if name == "length" else Typed("boolean") if name == "starts_with" else Typed("text")
    return Inferred(given, expr)


def _rounding(name: str, args: list[Inferred], report: Report) -> Inferred | None:
    number = wants("number", args[0], name, report)
    if number is None:
        return None
    kept = number.typed.type if name == "abs" else "float"
    return Inferred(Typed(kept, number.typed.unit), _call(name, [number, *args[1:]]))


def _time_call(name: str, args: list[Inferred], report: Report) -> Inferred | None:
    times = all_want("time", args[:1] if name == "plus_days" else args, name, report)
    if times is None:
        return None
    if name == "plus_days":
        return plus_days(times[0], args[1], report)
    if name in _SPANS:
        return Inferred(Typed("float", _SPANS[name]), _call(name, times))
    return Inferred(Typed("date" if name == "date" else "integer"), _call(name, times))


def plus_days(moment: Inferred, days: Inferred, report: Report) -> Inferred | None:
    """A day or moment moved by whole days."""
    whole = wants("number", days, "plus_days", report)
    if whole is None:
        return None
    if whole.typed.type not in ("integer", "null") or whole.typed.unit not in (None, KNOWN["d"]):
        words = {"wanted_zh": "整天数", "wanted_en": "whole days", "given_zh": "别的数", "given_en": "another number"}
        advice = {"advice_zh": "写整数天，例如 plus_days(d, 30)", "advice_en": "write whole days, as in plus_days(d, 30)"}
        report.say("type-wanted", days.expr, word="plus_days", **words, **advice)
        return None
    return Inferred(Typed("timestamp"), _call("plus_days", [moment, whole]))


def aggregate(expr: Aggregate, of: Inferred, report: Report) -> Inferred | None:
    """The typed aggregate of a column of values."""
    match expr.agg:
        case "count" | "count_distinct":
            return Inferred(Typed("integer"), _aggregate(expr, of))
        case "min" | "max" | "first" | "last":
            return Inferred(of.typed, _aggregate(expr, of))
        case "any" | "all":
            return None if wants("boolean", of, expr.agg, report) is None else Inferred(Typed("boolean"), _aggregate(expr, of))
        case agg:
            if wants("number", of, agg, report) is None:
                return None
            return Inferred(Typed(of.typed.type if agg == "sum" else "float", of.typed.unit), _aggregate(expr, of))


def _aggregate(expr: Aggregate, of: Inferred) -> Expr:
    return Aggregate(expr.agg, of.expr, expr.distinct, expr.at)


def _call(name: str, args: list[Inferred]) -> Expr:
    return Call(name, tuple(arg.expr for arg in args))
