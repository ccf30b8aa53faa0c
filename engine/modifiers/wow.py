"""Change against a week before, day by day."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from engine.modifier import Modifier, Request, Tree, compared, compared_unit, shifted
from engine.parts import Span


class WeekOnWeek(Modifier, frozen=True):
    """Change against the same day a week before (周环比)."""

    tag: ClassVar[str] = "wow"
    give: Annotated[
        Literal["rate", "change", "value"], Meta(title="给出", description="Rate in %, change in the unit, or the earlier value")
    ] = "rate"

    def expand(self, request: Request) -> Tree:
        return compared(request, shifted(request, Span(seconds=7 * 86400)), self.give)

    def unit(self, unit: str) -> str:
        return compared_unit(unit, self.give)
