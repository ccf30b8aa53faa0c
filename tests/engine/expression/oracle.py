"""The same formula worked out in plain Python, row by row, with three-valued logic; None is null and unknown."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.expression.tree import Between, Binary, Call, Case, Column, Expr, In, InColumn, IsNull, Like, Literal, Unary

# A value of any type, as it comes: what an operator does with it is Python's affair.
Answer = Any
Row = Mapping[str, Answer]


def work_out(expr: Expr, row: Row) -> Answer:
    match expr:
        case Literal(value=value):
            return value
        case Column():
            return row[expr.name]
        case Unary(op="not", of=of):
            return _not(work_out(of, row))
        case Unary(of=of):
            value = work_out(of, row)
            return None if value is None else -value
        case Binary(op=op, left=left, right=right):
            return _binary(op, work_out(left, row), work_out(right, row))
        case Case(whens=whens, otherwise=otherwise):
            for when, then in whens:
                if work_out(when, row) is True:
                    return work_out(then, row)
            return None if otherwise is None else work_out(otherwise, row)
        case Call(name=name, args=args):
            return _call(name, [work_out(arg, row) for arg in args])
        case _:
            return _condition(expr, row)


def _condition(expr: Expr, row: Row) -> bool | None:
    match expr:
        case Between(of=of, low=low, high=high):
            value = work_out(of, row)
            return _and(_binary(">=", value, work_out(low, row)), _binary("<=", value, work_out(high, row)))
        case In(of=of, options=options):
            value = work_out(of, row)
            return _any(_binary("=", value, work_out(option, row)) for option in options)
        case InColumn(of=of, column=column):
            value, listed = work_out(of, row), row[column.name]
            return _any(_binary("=", value, option) for option in listed)
        case IsNull(of=of, negated=negated):
            return (work_out(of, row) is None) != negated
        case Like(of=of, pattern=pattern):
            return _like(work_out(of, row), work_out(pattern, row))
        case _:
            raise TypeError(expr)


def _any(answers: Iterable[bool | None]) -> bool | None:
    found: bool | None = False
    for answer in answers:
        found = _or(found, answer)
    return found


def _not(value: Answer) -> bool | None:
    return None if value is None else not value


def _and(left: Answer, right: Answer) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: Answer, right: Answer) -> bool | None:
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def _same_kind(left: Answer, right: Answer) -> tuple[Answer, Answer]:
    """Numbers as the databases meet them: double beside decimal is double, a day beside a moment is its midnight."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left), float(right)
    if isinstance(left, datetime) != isinstance(right, datetime):
        return _moment(left), _moment(right)
    return left, right


def _moment(value: Answer) -> datetime:
    if isinstance(value, datetime):
        return value
    assert isinstance(value, date)
    return datetime(value.year, value.month, value.day)


def _binary(op: str, left: Answer, right: Answer) -> Answer:
    if op == "and":
        return _and(left, right)
    if op == "or":
        return _or(left, right)
    if left is None or right is None:
        return None
    if op in ("*", "/"):
        above, below = float(left), float(right)
        return above * below if op == "*" else None if below == 0 else above / below
    if isinstance(left, date) and isinstance(right, date) and op == "-":
        return (_moment(left) - _moment(right)).total_seconds() / 86400
    if op in ("+", "-") and isinstance(left, date):
        return _moment(left) + timedelta(days=right if op == "+" else -right)
    one, other = _same_kind(left, right)
    return {
        "+": lambda: one + other, "-": lambda: one - other, "=": lambda: one == other, "<>": lambda: one != other,
        "<": lambda: one < other, "<=": lambda: one <= other, ">": lambda: one > other, ">=": lambda: one >= other,
    }[op]()  # fmt: skip


def _like(text: Answer, pattern: Answer) -> bool | None:
    if text is None or pattern is None:
        return None
    shape = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in str(pattern))
    return re.fullmatch(shape, str(text), re.DOTALL) is not None


def _call(name: str, args: list[Answer]) -> Answer:
    present = [arg for arg in args if arg is not None]
    match name:
        case "coalesce":
            return present[0] if present else None
        case "concat":
            return "".join(str(arg) for arg in present)
        case "least" | "greatest":
            best = None
            for value in present:
                is_better = best is None or _binary("<" if name == "least" else ">", value, best)
                best = value if is_better else best
            return best
        case "nullif":
            return None if _binary("=", args[0], args[1]) else args[0]
    return None if len(present) < len(args) else _strict(name, args)


def _strict(name: str, args: list[Answer]) -> Answer:
    first = args[0]
    if isinstance(first, str):
        return _text(name, first, args[1:])
    if isinstance(first, date):
        return _time(name, first, args[1:])
    assert isinstance(first, (int, float, Decimal))
    match name:
        case "abs":
            return abs(first)
        case "floor":
            return math.floor(first)
        case "ceil":
            return math.ceil(first)
        case "round":
            tens = Decimal(str(first)).quantize(Decimal(10) ** -10, ROUND_HALF_UP)
            places = int(args[1]) if len(args) > 1 else 0
            return float(tens.quantize(Decimal(10) ** -places, ROUND_HALF_UP))
    raise TypeError(name)


def _text(name: str, first: str, rest: list[Answer]) -> Answer:
    match name, rest:
        case "lower", []:
            return first.lower()
        case "upper", []:
            return first.upper()
        case "trim", []:
            return first.strip(" \u3000\t")
        case "length", []:
            return len(first)
        case "starts_with", [str(beginning)]:
            return first.startswith(beginning)
        case "substr", [int(start)]:
            return first[start - 1 :]
        case "substr", [int(start), int(length)]:
            return first[start - 1 : start - 1 + length]
    raise TypeError(name)


def _time(name: str, first: date, rest: list[Answer]) -> Answer:
    moment = _moment(first)
    spans = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
    if name in spans:
        return (_moment(rest[0]) - moment).total_seconds() / spans[name]
    if name == "plus_days":
        return moment + timedelta(days=int(rest[0]))
    return {
        "year": moment.year, "quarter": (moment.month + 2) // 3, "month": moment.month, "day": moment.day, "hour": moment.hour,
        "minute": moment.minute, "weekday": moment.isoweekday(), "day_of_year": moment.timetuple().tm_yday, "date": moment.date(),
    }[name]  # fmt: skip
