"""Change against the month before; leaves are recomputed, so a ratio stays a ratio."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from engine.modifier import Modifier, Request, Tree, compared, compared_unit, shifted
from engine.parts import Span


class MonthOnMonth(Modifier, frozen=True):
    """Change against the month before (环比)."""

    tag: ClassVar[str] = "mom"
    give: Annotated[
        Literal["rate", "change", "value"], Meta(title="给出", description="Rate in %, change in the unit, or the earlier value")
    ] = "rate"

    def expand(self, request: Request) -> Tree:
        return compared(request, shifted(request, Span(months=1)), self.give)

    def unit(self, unit: str) -> str:
        return compared_unit(unit, self.give)
