"""Leaves: what is finally asked of tables. A leaf is a value; equal leaves are computed once, alike leaves share a scan."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from engine.expression.tree import Expr
from engine.modifier import Computed, Shape, Tree


class Sum(Struct, frozen=True):
    """An aggregate over rows (聚合)."""

    agg: str
    of: Expr | None = None
    where: Expr | None = None
    at: float | None = None
    method: Literal["continuous", "discrete", "approximate"] = "continuous"
    weight: Expr | None = None


class Flow(Struct, frozen=True):
    """Rows of a dataset counted in the period their time lies in; with a window, in every period whose window holds them (流量)."""

    dataset: str
    time: str | None
    sum: Sum
    shape: Shape
    before: str | None = None  # only rows before this day: an earlier version of the definition
    since: str | None = None  # only rows from this day on


class Cut(Struct, frozen=True):
    """A flow read over more periods than it counts, because another span of it is read too; made while writing (共扫截取)."""

    flow: Flow  # over the joint span
    shape: Shape  # its own
    start: datetime | None
    end: datetime


class Level(Struct, frozen=True):
    """Rows that hold at the last instant of each period: opened and not closed, or valid (存量)."""

    dataset: str
    opens: str
    closes: str
    is_open_start: bool  # an empty begin means always
    sum: Sum
    shape: Shape


class Reading(Struct, frozen=True):
    """The newest reading of each thing at the last instant of each period (读数)."""

    dataset: str
    time: str | None
    per: tuple[str, ...]
    take: str
    carry: str | None
    sum: Sum
    shape: Shape
    issued: str | None = None  # forecasts: the column of when a row was issued; each time has the newest issue, and as_of bounds that
    lead: tuple[str, str] | None = None  # how long before its time


class Spread(Struct, frozen=True):
    """A percentile of values that a table holds with how often each occurs (取值分布)."""

    dataset: str
    value: str  # column of the value
    number: str  # column with how often it occurs
    at: float
    shape: Shape


class Fold(Struct, frozen=True):
    """Values at a fine grain become one for each period or window (跨期)."""

    inner: Tree
    inner_shape: Shape
    how: str  # sum avg min max first last count share
    condition: Expr | None
    shape: Shape
    is_filled: bool = False  # a period without rows is one of the values, as it is for counts


class Pairs(Struct, frozen=True):
    """Rows followed by other rows in time (转化)."""

    indicator: str
    give: str
    shape: Shape


class Elapsed(Computed, frozen=True):
    """How much of each period has passed, in seconds (已过时长)."""

    shape: Shape


class Straddling(Computed, frozen=True):
    """Whether the row's value would read both sides of a seam (跨口径接缝)."""

    until: str
    shape: Shape


class Clamped(Computed, frozen=True):
    """Whether the row is compared with another day, its month having no such day (月末取齐)."""

    shape: Shape


class Unfinished(Computed, frozen=True):
    """Whether the row's period is the one that as_of, or the end of the period asked, cuts (未完一期)."""

    shape: Shape


class Beginning(Computed, frozen=True):
    """When the row's period begins, on the clock of a time of its rows (期初时刻)."""

    shape: Shape
    zones: tuple[str, str] = ("", "")  # the project's, and the one in which the time is written
    day_starts: int = 0  # seconds after midnight at which a business day begins


class Cell(Computed, frozen=True):
    """The value of a leaf in the answer's row (单元)."""

    leaf: "Leaf"
    is_count: bool = False


class Seam(Computed, frozen=True):
    """Before the day one tree, from it on another; a period across it that cannot be added is null and marked (口径接缝)."""

    until: str
    old: Tree
    new: Tree
    shape: Shape
    at_end: bool = False  # a level: its last instant decides, and lies on one side


Leaf = Flow | Cut | Level | Reading | Spread | Fold | Pairs
