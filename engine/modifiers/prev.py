"""The value of an earlier period: periods of the asked grain, or the period of equal length before."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from engine.modifier import CannotApply, Modifier, Request, Shape, Tree, compared, compared_unit, shifted
from engine.parts import Span, grain_span


class Previous(Modifier, frozen=True):
    """The value n periods before (前 n 期)."""

    tag: ClassVar[str] = "prev"
    n: Annotated[int, Meta(title="期数", description="How many periods back", ge=1)] = 1
    give: Annotated[Literal["rate", "change", "value"], Meta(title="给出", description="The earlier value, or the change against it")] = (
        "value"
    )

    def expand(self, request: Request) -> Tree:
        span = period_span(request.shape)
        return compared(request, shifted(request, span.times(self.n)), self.give)

    def unit(self, unit: str) -> str:
        return compared_unit(unit, self.give)


def period_span(shape: Shape) -> Span:
    """How long the asked periods are; without a grain, the whole period, in months where it is made of months."""
    if shape.grain is not None:
        span = grain_span(shape.grain)
        if span is None:
            raise CannotApply(
                f"粒度「{shape.grain}」各期不等长，不能取前一期",
                f"periods of grain '{shape.grain}' are not equally long, so there is no fixed step back",
            )
        return span
    if shape.start is None or shape.end is None:
        raise CannotApply("没有起止的周期没有前一期", "a period without both ends has none before it")
    if (shape.start.day, shape.end.day) == (1, 1) and shape.start.time() == shape.end.time():
        return Span(months=(shape.end.year - shape.start.year) * 12 + shape.end.month - shape.start.month)
    return Span(seconds=int((shape.end - shape.start).total_seconds()))
