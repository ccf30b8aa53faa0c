"""The level at the start of a period is the level at the end of the one before."""

from typing import ClassVar

from msgspec.structs import replace

from engine.modifier import CannotApply, Modifier, Request, Tree, Value, shifted
from engine.parts import grain_span


class Opening(Modifier, frozen=True):
    """The level at the start of each period (期初值)."""

    tag: ClassVar[str] = "opening"

    def expand(self, request: Request) -> Tree:
        shape = request.shape
        if shape.grain is None:
            if shape.start is None:
                raise CannotApply("期初值需要有起点的周期", "an opening level needs a period with a start")
            return Value(replace(request, shape=replace(shape, start=None, end=shape.start)))
        span = grain_span(shape.grain)
        if span is None:
            raise CannotApply(
                f"粒度「{shape.grain}」各期不等长，没有期初值",
                f"periods of grain '{shape.grain}' are not equally long, so there is no opening level",
            )
        return Value(shifted(request, span))
