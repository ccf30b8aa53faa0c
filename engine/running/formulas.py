"""Formulas over rows that are not in a warehouse yet: field maps and quality conditions, whole columns at a time."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.connector import SourceFailed
from engine.expression.tree import Between, Binary, Call, Case, Column, Expr, In, IsNull, Like, Literal, Unary
from engine.running.cells import Bad, none_bad, typed_cells, whole

MICROSECONDS = {"seconds": 1e6, "minutes": 60e6, "hours": 3600e6, "days": 86400e6}
PARTS: Mapping[str, Callable[[pa.Array], pa.Array]] = {
    "year": pc.year, "quarter": pc.quarter, "month": pc.month, "day": pc.day, "hour": pc.hour, "minute": pc.minute,
    "day_of_year": pc.day_of_year, "weekday": lambda times: pc.day_of_week(times, count_from_zero=False),
}  # fmt: skip
TEXTS: Mapping[str, Callable[[pa.Array], pa.Array]] = {
    "lower": pc.utf8_lower, "upper": pc.utf8_upper, "trim": pc.utf8_trim_whitespace, "length": pc.utf8_length,
}  # fmt: skip
COMPARED: Mapping[str, Callable[[pa.Array, pa.Array], pa.Array]] = {
    "=": pc.equal, "<>": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal,
}  # fmt: skip


class Rows:
    """Evaluates formulas over one table; it remembers which rows had text where a number or a time was needed."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.bad: Bad = none_bad(table.num_rows)

    def value(self, expr: Expr) -> pa.Array:
        """The formula's value in each row. Raises SourceFailed for a column that is not there and for what rows cannot tell."""
        match expr:
            case Literal(value=value):
                return self._constant(value)
            case Column():
                return self._column(expr)
            case Unary(op="not", of=of):
                return pc.invert(self.condition(of))
            case Unary(of=of):
                return pc.negate(self._number(of))
            case Binary():
                return self._binary(expr)
            case Between(of=of, low=low, high=high):
                return pc.and_kleene(self._compared(">=", of, low), self._compared("<=", of, high))
            case In(of=of, options=options):
                return reduce(pc.or_kleene, [self._compared("=", of, option) for option in options])
            case IsNull(of=of, negated=negated):
                return pc.is_valid(self.value(of)) if negated else pc.is_null(self.value(of))
            case Like(of=of, pattern=Literal(value=str(pattern))):
                return pc.match_like(self._text(of), pattern)
            case Case():
                return self._case(expr)
            case Call():
                return self._call(expr)
            case _:
                raise SourceFailed(
                    "取数时的公式不能用聚合、指标或列表", "a formula over incoming rows has no aggregates, indicators or lists"
                )

    def condition(self, expr: Expr) -> pa.Array:
        """A formula that is true, false or null in each row."""
        cells = typed_cells(self.value(expr), "boolean")
        self.bad |= cells.bad
        return cells.values

    def _constant(self, value: Any) -> pa.Array:
        if isinstance(value, Decimal):
            value = int(value) if value == value.to_integral_value() else float(value)
        return pa.nulls(self.table.num_rows) if value is None else pa.repeat(pa.scalar(value), self.table.num_rows)

    def _column(self, column: Column) -> pa.Array:
        if column.name not in self.table.column_names:
            names = "、".join(self.table.column_names[:40])
            raise SourceFailed(f"来源没有列「{column.name}」；有：{names}", f"the source has no column '{column.name}'; it has {names}")
        return whole(self.table[column.name])

    def _number(self, expr: Expr) -> pa.Array:
        values = self.value(expr)
        if pa.types.is_integer(values.type):
            return values.cast(pa.int64())
        cells = typed_cells(values, "float")
        self.bad |= cells.bad
        return cells.values

    def _time(self, expr: Expr) -> pa.Array:
        cells = typed_cells(self.value(expr), "timestamp")
        self.bad |= cells.bad
        return cells.values

    def _text(self, expr: Expr) -> pa.Array:
        return typed_cells(self.value(expr), "text").values

    def _binary(self, expr: Binary) -> pa.Array:
        if expr.op in COMPARED:
            return self._compared(expr.op, expr.left, expr.right)
        if expr.op in ("and", "or"):
            join = pc.and_kleene if expr.op == "and" else pc.or_kleene
            return join(self.condition(expr.left), self.condition(expr.right))
        left, right = self._number(expr.left), self._number(expr.right)
        if expr.op == "/":
            right = right.cast(pa.float64())
            return pc.divide(left.cast(pa.float64()), pc.if_else(pc.equal(right, 0.0), pa.scalar(None, pa.float64()), right))
        return {"+": pc.add, "-": pc.subtract, "*": pc.multiply}[expr.op](left, right)

    def _compared(self, op: str, one: Expr, other: Expr) -> pa.Array:
        """Numbers compare as numbers and times as times, even where a file has them as text."""
        left, right = self.value(one), self.value(other)
        types = (left.type, right.type)
        if any(map(_is_number, types)):
            left, right = self._number(one), self._number(other)
        elif any(pa.types.is_temporal(kind) for kind in types):
            left, right = self._time(one), self._time(other)
        elif any(pa.types.is_boolean(kind) for kind in types):
            left, right = self.condition(one), self.condition(other)
        else:
            left, right = self._text(one), self._text(other)
        return COMPARED[op](left, right)

    def _case(self, expr: Case) -> pa.Array:
        value = self._constant(None) if expr.otherwise is None else self.value(expr.otherwise)
        for when, then in reversed(expr.whens):
            left, right = _alike(self.value(then), value)
            value = pc.if_else(self.condition(when).fill_null(False), left, right)
        return value

    def _call(self, call: Call) -> pa.Array:
        args = call.args
        if call.name in PARTS:
            return PARTS[call.name](self._time(args[0]))
        if call.name in TEXTS:
            return TEXTS[call.name](self._text(args[0]))
        if call.name in MICROSECONDS:
            return self._between_times(call)
        match call.name:
            case "coalesce":
                return reduce(lambda left, right: pc.coalesce(*_alike(left, right)), [self.value(arg) for arg in args])
            case "nullif":
                value = self.value(args[0])
                return pc.if_else(self._compared("=", *args).fill_null(False), pa.scalar(None, value.type), value)
            case "least" | "greatest":
                choose = pc.min_element_wise if call.name == "least" else pc.max_element_wise
                return choose(*[self._number(arg) for arg in args], skip_nulls=True)
            case "abs" | "floor" | "ceil":
                return getattr(pc, call.name)(self._number(args[0]))
            case "round":
                return pc.round(self._number(args[0]), ndigits=_digits(args[1:]), round_mode="half_towards_infinity")
            case _:
                return self._call_on_text_or_day(call)

    def _call_on_text_or_day(self, call: Call) -> pa.Array:
        args = call.args
        match call.name:
            case "substr":
                start = _digits(args[1:2]) - 1
                return pc.utf8_slice_codeunits(self._text(args[0]), start, start + _digits(args[2:3]) if len(args) > 2 else None)
            case "concat":
                return pc.binary_join_element_wise(*[self._text(arg) for arg in args], "", null_handling="skip")
            case "starts_with" if isinstance(args[1], Literal):
                return pc.starts_with(self._text(args[0]), str(args[1].value))
            case "date":
                return pc.floor_temporal(self._time(args[0]), unit="day").cast(pa.date32())
            case "plus_days":
                span = pa.scalar(_digits(args[1:]) * 86_400_000_000, pa.duration("us"))
                return pc.add(self._time(args[0]), span)
        raise SourceFailed(f"取数时的公式不能用 {call.name}", f"a formula over incoming rows cannot use {call.name}")

    def _between_times(self, call: Call) -> pa.Array:
        start, end = (self._time(arg) for arg in call.args)
        if call.name == "days":
            start, end = (pc.floor_temporal(time, unit="day") for time in (start, end))
        span = pc.subtract(end, start).cast(pa.int64()).cast(pa.float64())
        return pc.divide(span, MICROSECONDS[call.name])


def is_whole_column(expr: Expr) -> bool:
    """Whether the formula is nothing but the name of a column."""
    return isinstance(expr, Column)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _alike(left: pa.Array, right: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Both arrays in one type: their own when equal, numbers as doubles, all else as text."""
    if left.type == right.type:
        return left, right
    for one, other in ((left, right), (right, left)):
        if pa.types.is_null(one.type):
            empty = pa.nulls(len(one), other.type)
            return (empty, other) if one is left else (other, empty)
    if _is_number(left.type) and _is_number(right.type):
        return left.cast(pa.float64()), right.cast(pa.float64())
    return typed_cells(left, "text").values, typed_cells(right, "text").values


def _digits(args: tuple[Expr, ...]) -> int:
    """A whole number that is written out, 0 when it is left out."""
    if not args:
        return 0
    if isinstance(args[0], Literal) and isinstance(args[0].value, int | Decimal):
        return int(args[0].value)
    raise SourceFailed("取数时的公式里，位数和天数要写成数", "in a formula over incoming rows, digits and days are written out as numbers")


def false_rows(values: pa.Array) -> Bad:
    """Which rows a condition is false in; where it is unknown nothing is said against the row."""
    return np.asarray(pc.invert(values).fill_null(False), dtype=np.bool_)
