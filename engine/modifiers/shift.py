"""Rows are moved in time first and grouped after, so that a moved month takes in other days."""

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from engine.modifier import CannotApply, Modifier, Request, Shift, Tree, Value
from engine.parts import Duration, span_of


class Shifted(Modifier, frozen=True):
    """The value as if every row were later by a span (平移)."""

    tag: ClassVar[str] = "shift"
    by: Annotated[Duration, Meta(title="平移", description="How far rows are moved", examples=["P14D"])]

    def expand(self, request: Request) -> Tree:
        if request.shape.shift is not None:
            raise CannotApply("平移不能套在比较上", "a shift of rows cannot stand on a comparison")
        return Value(replace(request, shape=replace(request.shape, shift=Shift(span_of(self.by), moves_rows=True))))
