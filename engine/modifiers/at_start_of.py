"""The value at the first period of the enclosing one: the first day of the month beside each day."""

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from engine.modifier import CannotApply, Modifier, Request, Tree, Value
from engine.parts import GRAINS, Grain

NESTED = {
    "month": ("day",),
    "quarter": ("day", "month"),
    "half_year": ("day", "month", "quarter"),
    "year": ("day", "month", "quarter", "half_year"),
    "week": ("day",),
    "ten_day": ("day",),
}


class AtStartOf(Modifier, frozen=True):
    """The value at the first period of an enclosing one (起始期值)."""

    tag: ClassVar[str] = "at_start_of"
    grain: Annotated[Grain, Meta(title="外层粒度", description="The enclosing period", examples=["month"])]

    def expand(self, request: Request) -> Tree:
        asked = request.shape.grain
        if asked is None or self.grain not in GRAINS or asked not in NESTED.get(self.grain, ()):
            raise CannotApply(f"粒度「{asked}」不能整除「{self.grain}」", f"periods of '{asked}' do not nest in '{self.grain}'")
        return Value(replace(request, shape=replace(request.shape, start_of=self.grain)))
