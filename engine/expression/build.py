"""A checked tree becomes sqlglot nodes that mean the same on every warehouse; the author's text has no part in it."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

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
    Value,
)  # fmt: skip

ColumnNode = Callable[[Column], exp.Expression]
IndicatorNode = Callable[[IndicatorCall], exp.Expression]

_PLAIN: dict[str, type[exp.Expression]] = {
    "+": exp.Add, "-": exp.Sub, "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
    "and": exp.And, "or": exp.Or,
}  # fmt: skip
_DATE_PARTS = {"year": "YEAR", "quarter": "QUARTER", "month": "MONTH", "day": "DAY", "hour": "HOUR", "minute": "MINUTE",
               "weekday": "ISODOW", "day_of_year": "DOY"}  # fmt: skip
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
# Where a number is rounded, it is first made a decimal with these digits: binary halves round differently in each database.
_ROUNDED = "DECIMAL(38, 10)"
_BLANKS = " \u3000\t"


def build(expr: Expr, column: ColumnNode, indicator: IndicatorNode | None = None) -> exp.Expression:
    """The node for one row's value; column and indicator give the node for a name and for another indicator's value.

    Products and quotients are worked out in double precision: integers would be cut off and decimals overflow. x / 0 is NULL.
    Aggregates have no value in a row, so they raise TypeError, as does an indicator when there is no way to look it up.
    """
    return _Builder(column, indicator).node(expr)


class _Builder:
    """Holds the two ways to look up a name while the tree is walked (生成)."""

    def __init__(self, column: ColumnNode, indicator: IndicatorNode | None) -> None:
        self.column, self.indicator = column, indicator

    def node(self, expr: Expr) -> exp.Expression:
        match expr:
            case Literal(value=value):
                return value_node(value)
            case Column():
                return self.column(expr)
            case Unary(op=sign, of=of):
                inner = self.inside(of)
                return exp.Not(this=inner) if sign == "not" else exp.Neg(this=inner)
            case Binary():
                return self.binary(expr)
            case Case(whens=whens, otherwise=otherwise):
                branches = [exp.If(this=self.node(when), true=self.node(then)) for when, then in whens]
                return exp.Case(ifs=branches, default=None if otherwise is None else self.node(otherwise))
            case Call(name=name, args=args):
                return _call(name, [self.node(arg) for arg in args])
            case IndicatorCall() if self.indicator is not None:
                return self.indicator(expr)
            case Aggregate() | IndicatorCall():
                raise TypeError(f"{expr.__struct_config__.tag} has no value in one row")
            case _:
                return self.condition(expr)

    def inside(self, expr: Expr) -> exp.Expression:
        return _bracketed(self.node(expr))

    def binary(self, expr: Binary) -> exp.Expression:
        left, right = self.inside(expr.left), self.inside(expr.right)
        match expr.op:
            case "*":
                return exp.Mul(this=_double(left), expression=right)
            case "/":
                return divided(left, right)
            case op:
                # A row of equal operators stands without brackets, so that a long `or` is not a deep one to the database.
                chained = isinstance(expr.left, Binary) and expr.left.op == op and op in ("and", "or", "+")
                return _PLAIN[op](this=left.this if chained and isinstance(left, exp.Paren) else left, expression=right)

    def condition(self, expr: Expr) -> exp.Expression:
        match expr:
            case Between(of=of, low=low, high=high):
                return exp.Between(this=self.inside(of), low=self.inside(low), high=self.inside(high))
            case In(of=of, options=options):
                return exp.In(this=self.inside(of), expressions=[self.node(option) for option in options])
            case InColumn(of=of, column=column):
                return _member(self.inside(of), self.column(column))
            case IsNull(of=of, negated=negated):
                test = exp.Is(this=self.inside(of), expression=exp.Null())
                return exp.Not(this=test) if negated else test
            case Like(of=of, pattern=pattern):
                return exp.Like(this=self.inside(of), expression=self.node(pattern))
            case _:
                raise TypeError(f"{type(expr).__name__} is not a condition")


def value_node(value: Value) -> exp.Expression:
    """A value as a literal of its own type; times carry their type, so that a database never guesses it."""
    match value:
        case None:
            return exp.Null()
        case bool():
            return exp.Boolean(this=value)
        case str():
            return exp.Literal.string(value)
        case datetime():
            return _cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMP")
        case date():
            return _cast(exp.Literal.string(value.isoformat()), "DATE")
        case int() | float() | Decimal():
            text = format(value, "f") if isinstance(value, Decimal) else str(value)
            number = exp.Literal.number(text.removeprefix("-"))
            return exp.Neg(this=number) if text.startswith("-") else number


def divided(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """left / right in double precision, NULL where right is 0."""
    is_plain_number = isinstance(right, exp.Literal) and not right.is_string and float(right.name) != 0
    below = right if is_plain_number else exp.Nullif(this=right, expression=exp.Literal.number(0))
    return exp.Div(this=_double(_bracketed(left)), expression=below, typed=True, safe=False)


def _member(of: exp.Expression, listed: exp.Expression) -> exp.Expression:
    """A list written out becomes `in (…)`, and nothing is a member of an empty one; any other list is searched by the database."""
    if not isinstance(listed, (exp.Tuple, exp.Array)):
        return exp.EQ(this=of, expression=exp.Any(this=exp.Paren(this=listed)))
    return exp.In(this=of, expressions=listed.expressions) if listed.expressions else exp.false()


def _bracketed(node: exp.Expression) -> exp.Expression:
    is_loose = isinstance(node, (exp.Binary, exp.Not, exp.Neg, exp.Between, exp.In, exp.Alias)) and not isinstance(node, exp.Dot)
    return exp.Paren(this=node) if is_loose else node


def _cast(node: exp.Expression, kind: str) -> exp.Expression:
    return exp.Cast(this=node, to=exp.DataType.build(kind))


def _double(node: exp.Expression) -> exp.Expression:
    bare = node.this if isinstance(node, exp.Paren) else node
    first = bare.this if isinstance(bare, (exp.Mul, exp.Div)) else bare
    is_double = isinstance(first, exp.Cast) and first.is_type(exp.DType.DOUBLE)
    return node if is_double else _cast(bare, "DOUBLE")


def _call(name: str, args: list[exp.Expression]) -> exp.Expression:
    first = args[0]
    if name in _DATE_PARTS:
        # As a timestamp, because a plain date has no hour in PostgreSQL.
        moment = _cast(first, "TIMESTAMP") if name in ("hour", "minute") else first
        return _cast(exp.Extract(this=exp.Var(this=_DATE_PARTS[name]), expression=moment), "BIGINT")
    if name in _SECONDS:
        span = exp.Paren(this=exp.Sub(this=_cast(args[1], "TIMESTAMP"), expression=_cast(first, "TIMESTAMP")))
        seconds = _double(exp.Extract(this=exp.Var(this="EPOCH"), expression=span))
        each = _SECONDS[name]
        return seconds if each == 1 else exp.Div(this=seconds, expression=value_node(each), typed=True, safe=False)
    match name:
        case "coalesce":
            return exp.Coalesce(this=first, expressions=args[1:])
        case "nullif":
            return exp.Nullif(this=first, expression=args[1])
        case "least":
            return exp.Least(this=first, expressions=args[1:], ignore_nulls=True)
        case "greatest":
            return exp.Greatest(this=first, expressions=args[1:], ignore_nulls=True)
        case "date":
            return _cast(first, "DATE")
        case "plus_days":
            days = exp.Mul(this=_cast(args[1], "BIGINT"), expression=exp.Interval(this=exp.Literal.string("1"), unit=exp.Var(this="DAY")))
            return exp.Add(this=_cast(first, "TIMESTAMP"), expression=days)
        case "abs" | "round" | "floor" | "ceil":
            return _rounding(name, first, args[1:])
        case _:
            return _text_call(name, first, args)


def _rounding(name: str, first: exp.Expression, digits: list[exp.Expression]) -> exp.Expression:
    match name:
        case "abs":
            return exp.Abs(this=first)
        case "floor":
            return exp.Floor(this=first)
        case "ceil":
            return exp.Ceil(this=first)
        case _:
            places = digits[0] if digits else exp.Literal.number(0)
            return _double(exp.Round(this=_cast(first, _ROUNDED), decimals=places))


def _text_call(name: str, first: exp.Expression, args: list[exp.Expression]) -> exp.Expression:
    match name:
        case "lower":
            return exp.Lower(this=first)
        case "upper":
            return exp.Upper(this=first)
        case "trim":
            # The blanks are named, because databases disagree on which characters are blank.
            return exp.Trim(this=first, expression=exp.Literal.string(_BLANKS))
        case "length":
            return exp.Length(this=first)
        case "substr":
            return exp.Substring(this=first, start=args[1], length=args[2] if len(args) > 2 else None)
        case "concat":
            return exp.Concat(expressions=args, safe=True, coalesce=True)
        case "starts_with":
            return exp.StartsWith(this=first, expression=args[1])
        case _:
            raise TypeError(f"no node for the function {name}")
