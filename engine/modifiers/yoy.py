"""Change against the same period last year; a shifted request, not a row offset, so a missing month gives nothing."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import replace

from engine.modifier import CannotApply, Modifier, Request, Shift, Tree, compared, compared_unit, shifted
from engine.parts import Span


class YearOnYear(Modifier, frozen=True):
    """Change against the same period last year (同比)."""

    tag: ClassVar[str] = "yoy"
    align: Annotated[
        str,
        Meta(
            title="对齐",
            description="calendar for the same date, or a calendar of the project: same position in the cycle before",
            examples=["heating"],
        ),
    ] = "calendar"
    give: Annotated[
        Literal["rate", "change", "value"], Meta(title="给出", description="Rate in %, change in the unit, or the earlier value")
    ] = "rate"

    def expand(self, request: Request) -> Tree:
        if self.align == "calendar":
            return compared(request, shifted(request, Span(months=12)), self.give)
        if request.shape.shift is not None:
            raise CannotApply(
                "按日历对齐的比较不能套在另一层比较上", "a comparison aligned by a calendar cannot stand on another comparison"
            )
        earlier = replace(request, shape=replace(request.shape, shift=Shift(calendar=self.align, cycles=1)))
        return compared(request, earlier, self.give)

    def unit(self, unit: str) -> str:
        return compared_unit(unit, self.give)
