"""A formula worked out exactly outside the warehouse: to say which part moved a number it is tried with parts of two periods mixed."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, isfinite

from engine.expression.tree import Between, Binary, Call, Case, Column, Expr, In, IsNull, Literal, Unary

Known = Fraction | bool | str | date | datetime | None
Look = Callable[[str], Known]
_SIGNS: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0, "<>": lambda order: order != 0, "<": lambda order: order < 0, "<=": lambda order: order <= 0,
    ">": lambda order: order > 0, ">=": lambda order: order >= 0,
}  # fmt: skip


class NotArithmetic(Exception):
    """The formula holds something that only the warehouse can work out."""


def exact(value: object) -> Known:
    """A value of a warehouse as an exact number; a number that is none (NaN, infinity) is no value."""
    if value is None or isinstance(value, bool | str | date | datetime | Fraction):
        return value
    if isinstance(value, float):
        return Fraction(value) if isfinite(value) else None
    if isinstance(value, int | Decimal):
        return Fraction(value) if not isinstance(value, Decimal) or value.is_finite() else None
    raise NotArithmetic(type(value).__name__)


def worked_out(expr: Expr, look: Look) -> Known:
    """The value of a formula; `look` gives that of a name. Nothing stays nothing, and so does x / 0. Raises NotArithmetic."""
    match expr:
        case Literal(value=value):
            return exact(value)
        case Column():
            return look(expr.name)
        case Unary(op=sign, of=of):
            return _unary(sign, worked_out(of, look))
        case Binary(op="and" | "or" as op, left=left, right=right):
            return _connected(op, truth(worked_out(left, look)), truth(worked_out(right, look)))
        case Binary(op=op, left=left, right=right):
            return _binary(op, worked_out(left, look), worked_out(right, look))
        case IsNull(of=of, negated=negated):
            return (worked_out(of, look) is None) != negated
        case Case(whens=whens, otherwise=otherwise):
            chosen = next((then for when, then in whens if worked_out(when, look) is True), otherwise)
            return None if chosen is None else worked_out(chosen, look)
        case Between(of=of, low=low, high=high):
            here = worked_out(of, look)
            return _connected("and", truth(_binary(">=", here, worked_out(low, look))), truth(_binary("<=", here, worked_out(high, look))))
        case In(of=of, options=options):
            one = worked_out(of, look)
            found: bool | None = False
            for option in options:
                found = _connected("or", found, truth(_binary("=", one, worked_out(option, look))))
            return found
        case Call(name=name, args=args):
            return _called(name, [worked_out(arg, look) for arg in args])
    raise NotArithmetic(type(expr).__name__)


def _unary(sign: str, value: Known) -> Known:
    if value is None:
        return None
    return not truth(value) if sign == "not" else -number(value)


def number(value: Known) -> Fraction:
    """The value as a number. Raises NotArithmetic for any other."""
    if isinstance(value, Fraction):
        return value
    raise NotArithmetic(str(value))


def truth(value: Known) -> bool | None:
    """The value as a condition. Raises NotArithmetic for any other."""
    if value is None or isinstance(value, bool):
        return value
    raise NotArithmetic(str(value))


def _connected(op: str, left: bool | None, right: bool | None) -> bool | None:
    """SQL's three-valued and / or."""
    decisive = op == "or"
    if decisive in (left, right):
        return decisive
    return None if None in (left, right) else not decisive


def _binary(op: str, left: Known, right: Known) -> Known:
    if left is None or right is None:
        return None
    if op in _SIGNS:
        return _SIGNS[op](_order(left, right))
    a, b = number(left), number(right)
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return a / b if b else None


def _order(left: Known, right: Known) -> int:
    if type(left) is not type(right):
        raise NotArithmetic(f"{left} and {right}")
    return 0 if left == right else -1 if left < right else 1  # type: ignore[operator]


def _called(name: str, values: Sequence[Known]) -> Known:
    present = [value for value in values if value is not None]
    match name:
        case "coalesce":
            return next(iter(present), None)
        case "nullif":
            return None if _binary("=", values[0], values[1]) is True else values[0]
        case "least" | "greatest":  # what is missing does not count, in every warehouse
            numbers = [number(value) for value in present]
            return (min(numbers) if name == "least" else max(numbers)) if numbers else None
        case "abs" | "floor" | "ceil" | "round":
            return None if values[0] is None else _rounded(name, number(values[0]), values[1:])
    raise NotArithmetic(name)


def _rounded(name: str, value: Fraction, digits: Sequence[Known]) -> Fraction | None:
    match name:
        case "abs":
            return abs(value)
        case "floor":
            return Fraction(floor(value))
        case "ceil":
            return Fraction(ceil(value))
    if digits and digits[0] is None:
        return None
    scale = Fraction(10) ** int(number(digits[0])) if digits else Fraction(1)
    # Half away from zero on ten decimals first: that is how the warehouses are made to round.
    fine = _half_away(value * 10**10) / Fraction(10) ** 10
    return _half_away(fine * scale) / scale


def _half_away(value: Fraction) -> Fraction:
    whole = Fraction(floor(abs(value) + Fraction(1, 2)))
    return whole if value >= 0 else -whole
