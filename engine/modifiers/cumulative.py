"""Running values: since the beginning, since the start of a grain, or down a dimension."""

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from engine.modifier import Across, CannotApply, Modifier, Request, Tree, Value, Window
from engine.parts import Grain, Ref


class Cumulative(Modifier, frozen=True):
    """The running value (累计)."""

    tag: ClassVar[str] = "cumulative"
    since: Annotated[
        Grain | None, Meta(title="自", description="Starts again with each of these; none: from the beginning", examples=["month"])
    ] = None
    along: Annotated[Ref | None, Meta(title="沿", description="A dimension to run along instead of time")] = None

    def expand(self, request: Request) -> Tree:
        shape = request.shape
        if self.along is None:
            return Value(replace(request, shape=replace(shape, window=Window(since=self.since or "start"))))
        axis = next((axis for axis in shape.axes if self.along in (axis.dimension, axis.name)), None)
        if axis is None:
            raise CannotApply(
                f"没有按「{self.along}」切分，不能沿它累计", f"the answer is not split by '{self.along}', so nothing runs along it"
            )
        return Across("running", Value(request), shape, along=axis.name)
