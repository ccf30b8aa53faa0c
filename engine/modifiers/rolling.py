"""The value over the span that ends with each period, by time and not by number of rows."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import replace

from engine.modifier import Across, CannotApply, Modifier, Request, Tree, Value, Window
from engine.parts import Duration, span_of

class Rolling(Modifier, frozen=True):
    """The value over the last span of time (滚动)."""

    tag: ClassVar[str] = "rolling"
    over: Annotated[Duration, Meta(title="窗口", description="Length of the window, which is (t - over, t]", examples=["P7D"])]
    take: Annotated[Literal["recompute", "mean_of_values"], Meta(title="方式", description="Recompute from rows, or average the periods' values")] = "recompute"
    min_periods: Annotated[int, Meta(title="最少期数", description="Fewer values in the window give none; for mean_of_values", ge=1)] = 1

    def expand(self, request: Request) -> Tree:
        shape = request.shape
        if self.take == "recompute":
            if self.min_periods > 1:
                raise CannotApply("min_periods 只用于 take: mean_of_values", "min_periods goes with take: mean_of_values")
            return Value(replace(request, shape=replace(shape, window=Window(over=span_of(self.over)))))
        if shape.grain is None:
            raise CannotApply("对各期取平均需要粒度", "a mean of values needs a grain")
        return Across("mean", Value(request), shape, over=span_of(self.over), min_periods=self.min_periods)
