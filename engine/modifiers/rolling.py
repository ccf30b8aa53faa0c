"""The value over the span that ends with each period, by time and not by number of rows."""

from typing import Annotated, ClassVar
from typing import Literal as OneOf

from msgspec import Meta
from msgspec.structs import replace

from engine.expression.tree import Binary, Case, Column, Literal
from engine.modifier import Across, CannotApply, Formula, Modifier, Request, Tree, Value, Window
from engine.parts import Duration, span_of


class Rolling(Modifier, frozen=True):
    """The value over the last span of time (滚动)."""

    tag: ClassVar[str] = "rolling"
    over: Annotated[Duration, Meta(title="窗口", description="Length of the window, which is (t - over, t]", examples=["P7D"])]
    take: Annotated[
        OneOf["recompute", "mean_of_values"], Meta(title="方式", description="Recompute from rows, or average the periods' values")
    ] = "recompute"
    min_periods: Annotated[int, Meta(title="最少期数", description="Fewer periods with a value in the window give none", ge=1)] = 1

    def expand(self, request: Request) -> Tree:
        shape = request.shape
        if self.take == "recompute":
            whole = Value(replace(request, shape=replace(shape, window=Window(over=span_of(self.over)))))
            return whole if self.min_periods == 1 else self._when_enough(request, whole)
        if shape.grain is None:
            raise CannotApply("对各期取平均需要粒度", "a mean of values needs a grain")
        mean = Across("mean", Value(request), shape, over=span_of(self.over))
        return mean if self.min_periods == 1 else self._when_enough(request, mean)

    def _when_enough(self, request: Request, whole: Tree) -> Tree:
        """The recomputed value where enough periods of the window have one of their own."""
        if request.shape.grain is None:
            raise CannotApply("按期数设下限需要粒度", "counting periods needs a grain")
        number = Across("count", Value(request), request.shape, over=span_of(self.over))
        enough = Binary(">=", Column(("periods",)), Literal(self.min_periods))
        return Formula(Case(((enough, Column(("value",))),)), (("value", whole), ("periods", number)))
