"""Part of a wider whole: the whole is the indicator recomputed over the wider group under the same conditions."""

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from engine.expression.tree import Binary, Column, Literal
from engine.modifier import CannotApply, Formula, Modifier, Request, Tree, Value
from engine.parts import Ref


class Share(Modifier, frozen=True):
    """Value as a part of the whole, in % (占比)."""

    tag: ClassVar[str] = "share"
    within: Annotated[
        tuple[Ref, ...],
        Meta(title="范围内", description="Dimensions that stay: the whole is taken within each", examples=[["city.district"]]),
    ] = ()

    def expand(self, request: Request) -> Tree:
        shape = request.shape
        known = {axis.dimension or axis.name for axis in shape.axes}
        for one in self.within:
            if one not in known:
                raise CannotApply(
                    f"没有按「{one}」切分，不能在其内求占比", f"the answer is not split by '{one}', so there is no share within it"
                )
        kept = tuple(axis for axis in shape.axes if (axis.dimension or axis.name) in self.within)
        wider = replace(shape, axes=kept, is_public=shape.is_public or request.has_public_denominator)
        ratio = Binary("*", Binary("/", Column(("part",)), Column(("whole",))), Literal(100))
        return Formula(ratio, (("part", Value(request)), ("whole", Value(replace(request, shape=wider)))))

    def unit(self, unit: str) -> str:
        return "%"
