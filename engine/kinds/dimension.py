"""What makes columns of two datasets the same thing: a dataset's key with a label, or a code list."""

from typing import Annotated, ClassVar

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import Code, Expression, Ref


class Dimension(KindSpec, frozen=True):
    """What indicators are split by (维度)."""

    tag: ClassVar[str] = "dimension"
    title: Annotated[str, Meta(title="标题", description="What screens show", examples=["区"])]
    dataset: Annotated[Ref | None, Meta(title="数据集", description="Dataset of the members", examples=["city.regions"])] = None
    where: Annotated[
        Expression | None, Meta(title="条件", description="Which rows are members of this level", examples=["level = 'district'"])
    ] = None
    key: Annotated[str | None, Meta(title="键列", description="Column that identifies a member", examples=["region_code"])] = None
    label: Annotated[str | None, Meta(title="标签列", description="Column that screens show", examples=["name"])] = None
    codes: Annotated[tuple[Code, ...], Meta(title="代码表", description="Members written here instead of a dataset")] = ()
    rolls_up_to: Annotated[Ref | None, Meta(title="上卷到", description="The next coarser dimension", examples=["city.city"])] = None
    parent: Annotated[str | None, Meta(title="上级列", description="Column holding the coarser member's key", examples=["parent_code"])] = (
        None
    )
    is_ragged: Annotated[
        bool,
        Meta(title="参差层级", description="Rows may carry a key of any level: the ancestors are searched for a member of the asked level"),
    ] = False
