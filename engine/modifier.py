"""Contract of a modifier: a request in, requests and a tree that combines them out; it may move time, change the split, add leaves."""

from datetime import datetime
from typing import ClassVar
from typing import Literal as OneOf

from msgspec import Struct
from msgspec.structs import replace

from engine.expression.tree import Binary, Call, Column, Expr, Literal
from engine.part import PluginPart
from engine.parts import Span, grain_span


class Axis(Struct, frozen=True):
    """One thing an answer is split by beside time (切分轴). Exactly one of dimension, path, part is said."""

    name: str  # key column of the answer
    dimension: str | None = None
    path: tuple[str, ...] | None = None  # road from the asking indicator's dataset
    dataset: str | None = None  # where that path ends: paths of two datasets that end alike are one axis
    column: str | None = None
    time: str | None = None  # for a time axis: which time; "default" is the indicator's own
    part: str | None = None  # weekday, month ...: comes round again
    grain: str | None = None
    is_hidden: bool = False  # computed by, but not shown: the coarser level a share is taken within


class Shift(Struct, frozen=True):
    """How far back a leaf looks (位移). `moves_rows` moves rows and then groups; else whole periods are compared."""

    by: Span = Span()
    calendar: str | None = None  # aligned by position in the cycle before
    cycles: int = 0
    moves_rows: bool = False
    reads: OneOf["", "whole", "cut"] = ""  # which days that several fall on are meant, once that is settled: see compiling.like_with_like


class Window(Struct, frozen=True):
    """The rows a value looks at when that is more than its own period (窗口)."""

    over: Span | None = None  # the span that ends with the period
    since: str | None = None  # or from the start of this grain; "start" is the beginning of all data


class Shape(Struct, frozen=True):
    """How an indicator is asked: split, period, filters, scope; leaves of one shape can share one scan (形状)."""

    axes: tuple[Axis, ...]
    until: datetime  # as of: later rows do not count
    grain: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    where: Expr | None = None
    scope: tuple[str, ...] = ()  # access ids whose row rules apply; see Scope
    is_public: bool = False  # beyond the viewer's rows, for indicators that say so
    via: tuple[tuple[str, str], ...] = ()
    shift: Shift | None = None
    window: Window | None = None
    start_of: str | None = None  # the value at the first period of the enclosing one
    uncut: tuple[str, ...] = ()  # dimensions that do not cut here
    week_starts: int = 1  # 1 is Monday


class Request(Struct, frozen=True):
    """An indicator, a shape, and the modifiers still to apply, the last one outermost (请求)."""

    indicator: str
    shape: Shape
    modifiers: tuple["Modifier", ...] = ()
    target: float | str | None = None  # the indicator's own: a number, or the id of another indicator
    has_public_denominator: bool = False  # share and rank look beyond the viewer's rows


class Value(Struct, frozen=True, tag=True):
    """The value of a request (取值)."""

    request: Request


class Formula(Struct, frozen=True, tag=True):
    """An expression whose columns are named parts of the tree (公式)."""

    expr: Expr
    arguments: tuple[tuple[str, "Tree"], ...]


class Across(Struct, frozen=True, tag=True):
    """A value that depends on the other rows of the same answer: rank, streak, running total along a dimension (跨行)."""

    how: OneOf["rank", "percent_rank", "dense_rank", "ordinal", "streak", "running", "mean", "count"]
    tree: "Tree"
    shape: Shape
    within: tuple[str, ...] = ()  # axes that stay apart
    descending: bool = True
    condition: Expr | None = None  # streak: what must hold, over `value`
    over: Span | None = None
    along: str | None = None


class Computed(Struct, frozen=True):
    """What compiling puts in the place of a request: a cell of a relation, a constant of the period (计算项)."""


Tree = Value | Formula | Across | Computed


class CannotApply(Exception):
    """A modifier met a request it has no meaning for; carries the sentence in Chinese and English."""

    def __init__(self, zh: str, en: str, code: str = "modifier-does-not-fit") -> None:
        self.zh, self.en, self.code = zh, en, code
        super().__init__(en)


def shifted(request: Request, by: Span) -> Request:
    """The request looking back by a span, beside what it already looks back."""
    shift = request.shape.shift
    if shift is not None and (shift.calendar is not None or shift.moves_rows):
        raise CannotApply("按日历对齐的比较不能再套一层比较", "a comparison aligned by a calendar cannot be compared again")
    if request.shape.grain is not None and not is_whole(by, request.shape.grain):
        grain = request.shape.grain
        raise CannotApply(
            f"位移不是「{grain}」的整数期，无从比较",
            f"the step back is no whole number of periods of '{grain}', so there is nothing to compare with",
        )
    before = shift.by if shift is not None else Span()
    moved = Span(before.months + by.months, before.seconds + by.seconds)
    return replace(request, shape=replace(request.shape, shift=Shift(moved)))


def is_whole(by: Span, grain: str) -> bool:
    """Whether a step back lands on a period of the grain: a month is no number of quarters, and seven days are no number of months."""
    span = grain_span(grain)
    if span is None:
        return "." in grain or not by.seconds  # ten-day periods come round with the month
    if span.months:
        return not by.seconds and by.months % span.months == 0
    if by.months and span.seconds > 86400 and grain != "week":  # on weeks a year is 52 and a month 4
        return False
    return by.seconds % span.seconds == 0


def compared(request: Request, earlier: Request, give: str) -> Tree:
    """rate in %, change, or the earlier value itself. A missing or zero earlier value gives nothing, never a neighbour's."""
    now, then = Column(("now",)), Column(("then",))
    if give == "value":
        return Value(earlier)
    difference: Expr = Binary("-", now, then)
    if give == "rate":
        size = Call("abs", (then,))
        difference = Binary("*", Binary("/", difference, Call("nullif", (size, Literal(0)))), Literal(100))
    return Formula(difference, (("now", Value(request)), ("then", Value(earlier))))


def compared_unit(unit: str, give: str) -> str:
    """Unit of a comparison: a rate is in %, a difference of percentages in points."""
    if give == "rate":
        return "%"
    return "pp" if give == "change" and unit == "%" else unit


class Modifier(PluginPart, frozen=True):
    """An indicator asked another way (变换). Members live in `modifiers/`."""

    needs_grain: ClassVar[bool] = False

    def expand(self, request: Request) -> Tree:
        """The tree that answers `request` under this modifier; the request given is without it."""
        raise NotImplementedError

    def unit(self, unit: str) -> str:
        """Unit of the modified value."""
        return unit
