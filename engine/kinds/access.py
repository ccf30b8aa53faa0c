"""Who may do what, and which rows they see."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import AtLeastOne, Expression, Part, Ref


class Grant(Part, frozen=True):
    """One thing a role may do (授权)."""

    do: Annotated[tuple[Literal["view", "export", "edit", "publish"], ...], Meta(title="操作", description="What may be done")]
    on: Annotated[tuple[str, ...], Meta(title="对象", description="kind:id, * matches", examples=[["indicator:*"]])]
    limit_rows: Annotated[AtLeastOne | None, Meta(title="行数上限", description="Most rows in one answer")] = None
    watermark: Annotated[bool, Meta(title="水印", description="Exports carry the viewer's name")] = False
    reason: Annotated[Literal["required", "optional"], Meta(title="事由", description="Whether an export needs a reason")] = "optional"


class PolicyTest(Part, frozen=True):
    """What a viewer with given attributes must see (权限用例)."""

    viewer: Annotated[dict[str, Any], Meta(title="访问者属性", description="Attributes of the viewer", examples=[{"regions": ["110105"]}])]
    ask: Annotated[Ref, Meta(title="查询指标", description="Indicator asked", examples=["sanitation.msw_day"])]
    by: Annotated[tuple[Ref, ...], Meta(title="维度", description="Split by")]
    sees_only: Annotated[tuple[str, ...], Meta(title="只见", description="Members of the first dimension that may appear")]


class Access(KindSpec, frozen=True):
    """A role: grants and row scope (权限)."""

    tag: ClassVar[str] = "access"
    title: Annotated[str, Meta(title="标题", description="Name of the role", examples=["区城管委"])]
    may: Annotated[tuple[Grant, ...], Meta(title="授权", description="What the role may do")] = ()
    rows: Annotated[
        Expression | None,
        Meta(
            title="行级范围",
            description="Rows the viewer sees; region, dimensions and viewer.* may stand here",
            examples=["region in viewer.regions"],
        ),
    ] = None
    tests: Annotated[tuple[PolicyTest, ...], Meta(title="用例", description="What viewers must and must not see")] = ()
