"""Place among the groups of the answer in the same period."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import replace

from engine.expression.tree import Binary, Column
from engine.expression.tree import Literal as Constant
from engine.modifier import Across, Formula, Modifier, Request, Tree, Value
from engine.parts import Ref


class Rank(Modifier, frozen=True):
    """Place among the groups (排名)."""

    tag: ClassVar[str] = "rank"
    ties: Annotated[Literal["min", "dense", "ordinal"], Meta(title="并列", description="How equal values are placed")] = "min"
    order: Annotated[Literal["desc", "asc"], Meta(title="次序", description="desc: the greatest is first")] = "desc"
    give: Annotated[Literal["rank", "percent"], Meta(title="给出", description="The place, or in % how many of the other groups are placed better")] = "rank"
    within: Annotated[tuple[Ref, ...], Meta(title="范围内", description="Ranked apart within each of these dimensions")] = ()

    def expand(self, request: Request) -> Tree:
        shape = request.shape
        if request.has_public_denominator:
            shape = replace(shape, is_public=True)
        apart = tuple(axis.name for axis in shape.axes if (axis.dimension or axis.name) in self.within)
        how = "percent_rank" if self.give == "percent" else {"min": "rank", "dense": "dense_rank", "ordinal": "ordinal"}[self.ties]
        place = Across(how, Value(replace(request, shape=shape)), shape, within=apart, descending=self.order == "desc")  # type: ignore[arg-type]
        return Formula(Binary("*", Column(("place",)), Constant(100)), (("place", place),)) if self.give == "percent" else place

    def unit(self, unit: str) -> str:
        return "%" if self.give == "percent" else ""
