"""Periods in a row that keep a condition; a missing period breaks the row."""

from typing import Annotated, ClassVar

from msgspec import Meta

from engine.expression.tree import Binary, Column, Expr, Literal
from engine.modifier import Across, CannotApply, Modifier, Request, Tree, Value


class Streak(Modifier, frozen=True):
    """Periods in a row ending here (连续期数)."""

    tag: ClassVar[str] = "streak"
    needs_grain: ClassVar[bool] = True
    above: Annotated[float | None, Meta(title="高于", description="Value above this", examples=[100])] = None
    at_or_above: Annotated[float | None, Meta(title="不低于", description="Value at this or above")] = None
    below: Annotated[float | None, Meta(title="低于", description="Value below this")] = None
    at_or_below: Annotated[float | None, Meta(title="不高于", description="Value at this or below")] = None

    def expand(self, request: Request) -> Tree:
        limits = ((">", self.above), (">=", self.at_or_above), ("<", self.below), ("<=", self.at_or_below))
        given = [(op, limit) for op, limit in limits if limit is not None]
        if len(given) != 1:
            raise CannotApply("streak 要且只要一个界限", "a streak takes exactly one limit")
        if request.shape.grain is None:
            raise CannotApply("连续期数需要粒度", "a streak needs a grain")
        op, limit = given[0]
        condition: Expr = Binary(op, Column(("value",)), Literal(limit))  # type: ignore[arg-type]
        return Across("streak", Value(request), request.shape, condition=condition)

    def unit(self, unit: str) -> str:
        return ""
