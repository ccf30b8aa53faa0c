"""Before a formula is compiled, every value in it has a type and a unit, and what does not go together is said at its place."""

from collections.abc import Callable, Iterable, Mapping

from engine.expression.alike import ADDED, COMPARED, Inferred, Report, Typed, make_alike, type_of, wider
from engine.expression.signatures import aggregate, call, made_alike, plus_days, wants
from engine.expression.tree import (
    Aggregate,
    Between,
    Binary,
    Call,
    Case,
    Column,
    Expr,
    In,
    InColumn,
    IndicatorCall,
    IsNull,
    Like,
    Literal,
    Unary,
)  # fmt: skip
from engine.findings import Finding, Place, did_you_mean
from engine.unit import KNOWN, ONE, difference, product, quotient

__all__ = ["ColumnType", "IndicatorType", "Inferred", "Typed", "infer"]

ColumnType = Callable[[tuple[str, ...]], Typed | None]
IndicatorType = Callable[[IndicatorCall], Typed | None]


def infer(
    expr: Expr,
    column: ColumnType,
    place: Place,
    offsets: Mapping[str, int],
    indicator: IndicatorType | None = None,
    known: Iterable[str] = (),
) -> tuple[Inferred | None, list[Finding]]:
    """The type and unit of an expression and the expression with conversions written in, or every reason why there is none.

    column and indicator give what a name is, None if there is no such name; known are the names offered as advice.
    """
    report = Report(place, offsets)
    found = _Typer(column, indicator, list(known), report).typed(expr)
    return (None, report.findings) if report.findings else (found, [])


class _Typer:
    """Holds what is needed to type any part of one expression (类型推断)."""

    def __init__(self, column: ColumnType, indicator: IndicatorType | None, known: list[str], report: Report) -> None:
        self.column, self.indicator, self.known, self.report = column, indicator, known, report

    def typed(self, expr: Expr) -> Inferred | None:
        match expr:
            case Literal(value=value):
                return Inferred(Typed(type_of(value)), expr)
            case Column():
                return self._column(expr)
            case Unary():
                return self._unary(expr)
            case Binary(op="and" | "or"):
                return self._connected(expr)
            case Binary(op="+" | "-"):
                return self._sum(expr)
            case Binary(op="*" | "/"):
                return self._product(expr)
            case Binary():
                return self._compared(expr)
            case Case():
                return self._case(expr)
            case Call(args=args):
                given = self._all(args)
                return None if given is None else call(expr, given, self.report)
            case Aggregate(of=of):
                return Inferred(Typed("integer"), expr) if of is None else self._aggregate(expr, of)
            case IndicatorCall():
                return self._indicator(expr)
            case _:
                return self._condition(expr)

    def _all(self, exprs: Iterable[Expr]) -> list[Inferred] | None:
        """All parts typed, each with its own findings; None if one could not be."""
        typed = [self.typed(expr) for expr in exprs]
        found = [value for value in typed if value is not None]
        return found if len(found) == len(typed) else None

    def _column(self, expr: Column) -> Inferred | None:
        typed = self.column(expr.path)
        if typed is not None:
            return Inferred(typed, expr)
        names = ", ".join(self.known[:20])
        see = (
            (f"可用的列：{names}", f"columns: {names}")
            if names
            else ("检查数据集的列与关系", "look at the columns and relationships of the dataset")
        )
        advice_zh, advice_en = did_you_mean(expr.name, self.known, *see)
        self.report.say("unknown-column", expr, word=expr.name, advice_zh=advice_zh, advice_en=advice_en)
        return None

    def _indicator(self, expr: IndicatorCall) -> Inferred | None:
        if expr.entity is not None and self._column(expr.entity) is None:
            return None
        typed = None if self.indicator is None else self.indicator(expr)
        if typed is not None:
            return Inferred(typed, expr)
        self.report.say("indicator-not-allowed" if self.indicator is None else "unknown-indicator", expr, word=expr.id)
        return None

    def _unary(self, expr: Unary) -> Inferred | None:
        of = self.typed(expr.of)
        checked = None if of is None else wants("boolean" if expr.op == "not" else "number", of, expr.op, self.report)
        return None if checked is None else Inferred(checked.typed, Unary(expr.op, checked.expr))

    def _connected(self, expr: Binary) -> Inferred | None:
        sides = self._all((expr.left, expr.right))
        if sides is None:
            return None
        checked = [wants("boolean", side, expr.op, self.report) for side in sides]
        if checked[0] is None or checked[1] is None:
            return None
        return Inferred(Typed("boolean"), Binary(expr.op, checked[0].expr, checked[1].expr))

    def _compared(self, expr: Binary) -> Inferred | None:
        sides = self._all((expr.left, expr.right))
        if sides is None:
            return None
        if any(side.sort == "null" for side in sides):
            self.report.say("compare-with-null", expr)
            return None
        pair = make_alike(sides[0], sides[1], COMPARED, self.report)
        if pair is None:
            return None
        if pair[0].sort == "boolean" and expr.op not in ("=", "<>"):
            wants("number", pair[0], expr.op, self.report)
            return None
        return Inferred(Typed("boolean"), Binary(expr.op, pair[0].expr, pair[1].expr))

    def _sum(self, expr: Binary) -> Inferred | None:
        sides = self._all((expr.left, expr.right))
        if sides is None:
            return None
        left, right = sides
        if "time" in (left.sort, right.sort):
            return self._time_sum(expr, left, right)
        checked = [wants("number", side, expr.op, self.report) for side in sides]
        pair = None if None in checked else make_alike(left, right, ADDED, self.report)
        if pair is None:
            return None
        left, right = pair
        own = right.typed.unit if left.typed.unit is None else left.typed.unit
        is_between_columns = not left.is_constant and not right.is_constant
        unit = difference(own, own) if expr.op == "-" and is_between_columns and own is not None else own
        return Inferred(Typed(wider([left.typed.type, right.typed.type]), unit), Binary(expr.op, left.expr, right.expr))

    def _time_sum(self, expr: Binary, left: Inferred, right: Inferred) -> Inferred | None:
        """Time less time is a number of days; a time moves by whole days."""
        if expr.op == "-" and left.sort in ("time", "text") and right.sort in ("time", "text"):
            pair = make_alike(left, right, ADDED, self.report)
            return None if pair is None else Inferred(Typed("float", KNOWN["d"]), Call("days", (pair[1].expr, pair[0].expr)))
        if left.sort == "time":
            back = right.expr if expr.op == "+" else _negative(right.expr)
            return plus_days(left, Inferred(right.typed, back), self.report)
        if expr.op == "+":
            return plus_days(right, left, self.report)
        wants("time", left, expr.op, self.report)
        return None

    def _product(self, expr: Binary) -> Inferred | None:
        sides = self._all((expr.left, expr.right))
        if sides is None:
            return None
        checked = [wants("number", side, expr.op, self.report) for side in sides]
        left, right = checked
        if left is None or right is None:
            return None
        combine = product if expr.op == "*" else quotient
        unit = combine(left.typed.unit or ONE, right.typed.unit or ONE)
        return Inferred(Typed("float", None if unit == ONE else unit), Binary(expr.op, left.expr, right.expr))

    def _case(self, expr: Case) -> Inferred | None:
        conditions = self._all(when for when, _ in expr.whens)
        results = self._all([then for _, then in expr.whens] + ([] if expr.otherwise is None else [expr.otherwise]))
        if conditions is None or results is None:
            return None
        checked = [wants("boolean", condition, "when", self.report) for condition in conditions]
        alike = made_alike(results, self.report)
        if alike is None or None in checked:
            return None
        values = [value.expr for value in alike[0]]
        whens = tuple((condition.expr, then) for condition, then in zip(conditions, values, strict=False))
        return Inferred(alike[1], Case(whens, None if expr.otherwise is None else values[-1]))

    def _aggregate(self, expr: Aggregate, of: Expr) -> Inferred | None:
        inner = self.typed(of)
        return None if inner is None else aggregate(expr, inner, self.report)

    def _condition(self, expr: Expr) -> Inferred | None:
        match expr:
            case Between(of=of, low=low, high=high):
                ends = self._each_alike(of, (low, high))
                return None if ends is None else _yes_or_no(Between(ends[0].expr, ends[1].expr, ends[2].expr))
            case In(of=of, options=options):
                alike = self._each_alike(of, options)
                return None if alike is None else _yes_or_no(In(alike[0].expr, tuple(option.expr for option in alike[1:])))
            case InColumn(of=of, column=column):
                sides = self._all((of, column))
                pair = None if sides is None else make_alike(sides[0], sides[1], COMPARED, self.report)
                return None if pair is None else _yes_or_no(InColumn(pair[0].expr, column))
            case IsNull(of=of, negated=negated):
                inner = self.typed(of)
                return None if inner is None else _yes_or_no(IsNull(inner.expr, negated))
            case Like(of=of, pattern=pattern):
                inner = self.typed(of)
                text = None if inner is None else wants("text", inner, "like", self.report)
                return None if text is None else _yes_or_no(Like(text.expr, pattern))
            case _:
                raise TypeError(f"{type(expr).__name__} is no expression")

    def _each_alike(self, of: Expr, others: tuple[Expr, ...]) -> list[Inferred] | None:
        """The value and each thing it is compared with, converted to the unit of the value."""
        sides = self._all((of, *others))
        if sides is None:
            return None
        first, alike = sides[0], []
        for other in sides[1:]:
            if other.sort == "null":
                self.report.say("compare-with-null", of)
                return None
            pair = make_alike(first, other, COMPARED, self.report)
            if pair is None:
                return None
            first = pair[0]
            alike.append(pair[1])
        return [first, *alike]


def _yes_or_no(expr: Expr) -> Inferred:
    return Inferred(Typed("boolean"), expr)


def _negative(expr: Expr) -> Expr:
    return Literal(-expr.value) if isinstance(expr, Literal) and isinstance(expr.value, int) else Unary("-", expr)
