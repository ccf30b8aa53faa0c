"""A formula is a tree of our own small structs, so that nothing an author writes ever reaches a database as text."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Literal as OneOf

from msgspec import Struct

UnaryOp = OneOf["not", "-"]
BinaryOp = OneOf["+", "-", "*", "/", "=", "<>", "<", "<=", ">", ">=", "and", "or"]
Span = OneOf["asked", "all", "row"]
Value = str | int | float | Decimal | bool | date | datetime | None


class Literal(Struct, frozen=True, tag="literal"):
    """A value written out in the text (常量)."""

    value: Value


class Column(Struct, frozen=True, tag="column"):
    """A name, with the road to it: ('facility', 'type') (列)."""

    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The dotted name as the author writes it."""
        return ".".join(self.path)


class Unary(Struct, frozen=True, tag="unary"):
    """not x, or minus x (一元运算)."""

    op: UnaryOp
    of: "Expr"


class Binary(Struct, frozen=True, tag="binary"):
    """Arithmetic, a comparison, or a connection of two conditions (二元运算)."""

    op: BinaryOp
    left: "Expr"
    right: "Expr"


class Between(Struct, frozen=True, tag="between"):
    """low <= of <= high, both ends included (区间)."""

    of: "Expr"
    low: "Expr"
    high: "Expr"


class In(Struct, frozen=True, tag="in"):
    """Equal to one of the options (属于)."""

    of: "Expr"
    options: tuple["Expr", ...]


class InColumn(Struct, frozen=True, tag="in_column"):
    """A member of a column that holds a list, such as viewer.regions (属于列表)."""

    of: "Expr"
    column: Column


class IsNull(Struct, frozen=True, tag="is_null"):
    """Has no value; negated: has one (为空)."""

    of: "Expr"
    negated: bool = False


class Like(Struct, frozen=True, tag="like"):
    """Matches a text pattern, % for any text and _ for one character (匹配)."""

    of: "Expr"
    pattern: "Expr"


class Case(Struct, frozen=True, tag="case"):
    """The value beside the first condition that holds (分情况)."""

    whens: tuple[tuple["Expr", "Expr"], ...]
    otherwise: "Expr | None" = None


class Call(Struct, frozen=True, tag="call"):
    """A function of one row, by its lower-case name (函数)."""

    name: str
    args: tuple["Expr", ...] = ()


class Aggregate(Struct, frozen=True, tag="aggregate"):
    """Many rows to one value; of is None for count(*), at is the part (0 to 1) of a percentile (聚合)."""

    agg: str
    of: "Expr | None" = None
    distinct: bool = False
    at: Decimal | None = None


class IndicatorCall(Struct, frozen=True, tag="indicator"):
    """The value of another indicator for the entity of this row (引用指标)."""

    id: str
    entity: Column | None = None
    period: Span = "asked"


Expr = Literal | Column | Unary | Binary | Between | In | InColumn | IsNull | Like | Case | Call | Aggregate | IndicatorCall


def parts(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside this one, from left to right."""
    match expr:
        case Literal() | Column():
            return ()
        case Unary(of=of) | IsNull(of=of):
            return (of,)
        case Binary(left=left, right=right):
            return (left, right)
        case Between(of=of, low=low, high=high):
            return (of, low, high)
        case In(of=of, options=options):
            return (of, *options)
        case InColumn(of=of, column=column):
            return (of, column)
        case Like(of=of, pattern=pattern):
            return (of, pattern)
        case Case(whens=whens, otherwise=otherwise):
            pairs = tuple(expr for pair in whens for expr in pair)
            return pairs if otherwise is None else (*pairs, otherwise)
        case Call(args=args):
            return args
        case Aggregate(of=inner):
            return () if inner is None else (inner,)
        case IndicatorCall(entity=entity):
            return () if entity is None else (entity,)


def walk(expr: Expr) -> Iterator[Expr]:
    """This expression and all inside it, a whole before its parts, from left to right."""
    waiting: list[Expr] = [expr]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(parts(here)))


def columns(expr: Expr) -> tuple[Column, ...]:
    """Every column the expression names, each once, in the order of the text."""
    return tuple(dict.fromkeys(node for node in walk(expr) if isinstance(node, Column)))


def rebuild(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The same expression with each direct part changed; parts that must be columns stay columns."""
    match expr:
        case Unary(op=sign, of=of):
            return Unary(sign, change(of))
        case Binary(op=op, left=left, right=right):
            return Binary(op, change(left), change(right))
        case Case(whens=whens, otherwise=otherwise):
            pairs = tuple((change(when), change(then)) for when, then in whens)
            return Case(pairs, None if otherwise is None else change(otherwise))
        case Call(name=name, args=args):
            return Call(name, tuple(change(arg) for arg in args))
        case Aggregate(agg=agg, of=inner, distinct=distinct, at=at):
            return Aggregate(agg, None if inner is None else change(inner), distinct, at)
        case IndicatorCall(id=id_, entity=entity, period=period):
            return IndicatorCall(id_, None if entity is None else _as_column(change(entity)), period)
        case _:
            return _rebuild_condition(expr, change)


def _rebuild_condition(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    match expr:
        case Between(of=of, low=low, high=high):
            return Between(change(of), change(low), change(high))
        case In(of=of, options=options):
            return In(change(of), tuple(change(option) for option in options))
        case InColumn(of=of, column=column):
            return InColumn(change(of), _as_column(change(column)))
        case IsNull(of=of, negated=negated):
            return IsNull(change(of), negated)
        case Like(of=of, pattern=pattern):
            return Like(change(of), change(pattern))
        case _:
            return expr


def replace_columns(expr: Expr, change: Callable[[Column], Expr]) -> Expr:
    """The expression with every column replaced; the list of an `in` and the entity of an indicator must stay columns."""
    if isinstance(expr, Column):
        return change(expr)
    return rebuild(expr, lambda part: replace_columns(part, change))


def _as_column(expr: Expr) -> Column:
    if isinstance(expr, Column):
        return expr
    raise TypeError("only a column can stand for a list or an entity")
