"""The author is shown the formula as it was understood: one spelling, comments gone, brackets only where they matter."""

from datetime import date, datetime
from decimal import Decimal

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
)

_BINDS = {"or": 1, "and": 2, "=": 4, "<>": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6}
_NOT, _COMPARE, _SUM, _PRODUCT, _MINUS, _ATOM = 3, 4, 5, 6, 7, 8
_NEEDS_BRACKETS = frozenset(("when", "then", "else", "end"))


def canonical(expr: Expr) -> str:
    """The one text of a tree; reading it again gives the same tree."""
    return _write(expr)[0]


def _write(expr: Expr) -> tuple[str, int]:
    """The text, and how tightly it binds; what binds less than its surroundings gets brackets."""
    match expr:
        case Literal(value=value):
            return write_value(value), _MINUS if _is_negative(value) else _ATOM
        case Column():
            # Inside a case these four words would be read as its parts.
            return (f"({expr.name})" if expr.name.lower() in _NEEDS_BRACKETS else expr.name), _ATOM
        case Unary(op="not", of=of):
            # `not x is null` is read as one test, so the inner test keeps its brackets.
            return f"not {_inside(of, _SUM if isinstance(of, IsNull) else _COMPARE)}", _NOT
        case Unary(of=of):
            # -5 is read back as a number and -(-x) would look like a comment, so both keep their brackets.
            text = _inside(of, _ATOM)
            return (f"-({text})" if isinstance(of, Literal) else f"-{text}"), _MINUS
        case Binary(op=op, left=left, right=right):
            binds = _BINDS[op]
            on_left = binds + 1 if binds == _COMPARE else binds
            return f"{_inside(left, on_left)} {op} {_inside(right, binds + 1)}", binds
        case Case() | Call() | Aggregate() | IndicatorCall():
            return _call(expr), _ATOM
        case _:
            return _condition(expr), _COMPARE


def _inside(expr: Expr, binds: int) -> str:
    text, own = _write(expr)
    return text if own >= binds else f"({text})"


def _condition(expr: Expr) -> str:
    match expr:
        case Between(of=of, low=low, high=high):
            return f"{_inside(of, _SUM)} between {_inside(low, _SUM)} and {_inside(high, _SUM)}"
        case In(of=of, options=options):
            return f"{_inside(of, _SUM)} in ({_list(options)})"
        case InColumn(of=of, column=column):
            return f"{_inside(of, _SUM)} in {column.name}"
        case IsNull(of=of, negated=negated):
            return f"{_inside(of, _SUM)} is {'not ' if negated else ''}null"
        case Like(of=of, pattern=pattern):
            return f"{_inside(of, _SUM)} like {_inside(pattern, _SUM)}"
        case _:
            raise TypeError(f"{type(expr).__name__} is not a condition")


def _call(expr: Expr) -> str:
    match expr:
        case Case(whens=whens, otherwise=otherwise):
            branches = " ".join(f"when {canonical(when)} then {canonical(then)}" for when, then in whens)
            return f"case {branches} end" if otherwise is None else f"case {branches} else {canonical(otherwise)} end"
        case Call(name=name, args=args):
            return f"{name}({_list(args)})"
        case Aggregate(agg=agg, of=of, at=at):
            part = "" if at is None else f", {write_value(at)}"
            return f"{agg}({'*' if of is None else canonical(of)}{part})"
        case IndicatorCall(id=id_, entity=entity, period=period):
            where = "" if entity is None else f", {entity.name}"
            span = "" if period == "asked" else f", period: {period}"
            return f"indicator({write_value(id_)}{where}{span})"
        case _:
            raise TypeError(f"{type(expr).__name__} is not a call")


def _list(exprs: tuple[Expr, ...]) -> str:
    return ", ".join(canonical(expr) for expr in exprs)


def _is_negative(value: Value) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and value < 0


def write_value(value: Value) -> str:
    """A value as the author would write it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"timestamp '{value.isoformat(sep=' ')}'"
        case date():
            return f"date '{value.isoformat()}'"
        case Decimal():
            text = format(value, "f")
            return text if "." in text else f"{text}.0"
        case float():
            return _with_exponent(value)
        case _:
            return str(value)


def _with_exponent(value: float) -> str:
    """Floats keep an exponent, which is what tells them from exact decimals; the fewest digits that read back the same."""
    texts = (f"{value:.{digits}e}" for digits in range(18))
    return next(text for text in texts if float(text) == value)
