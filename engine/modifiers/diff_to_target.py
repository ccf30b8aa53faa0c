"""How far the value is from what it should be."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import replace

from engine.expression.tree import Binary, Column, Expr
from engine.expression.tree import Literal as Constant
from engine.modifier import CannotApply, Formula, Modifier, Request, Tree, Value, compared_unit


class DiffToTarget(Modifier, frozen=True):
    """Value less its target (较目标)."""

    tag: ClassVar[str] = "diff_to_target"
    give: Annotated[Literal["rate", "change"], Meta(title="给出", description="The difference, or the difference in % of the target")] = (
        "change"
    )

    def expand(self, request: Request) -> Tree:
        if request.target is None:
            raise CannotApply(f"指标「{request.indicator}」没有声明目标", f"indicator '{request.indicator}' declares no target")
        value = Column(("value",))
        arguments: tuple[tuple[str, Tree], ...] = (("value", Value(request)),)
        goal: Expr = Column(("goal",))
        if isinstance(request.target, str):
            arguments = (*arguments, ("goal", Value(replace(request, indicator=request.target, modifiers=(), target=None))))
        else:
            goal = Constant(request.target)
        difference: Expr = Binary("-", value, goal)
        if self.give == "rate":
            difference = Binary("*", Binary("/", difference, goal), Constant(100))
        return Formula(difference, arguments)

    def unit(self, unit: str) -> str:
        return compared_unit(unit, self.give)
