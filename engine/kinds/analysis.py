"""A method of analysis put to work: which rows it reads, with which params, how often; datasets take what it gives."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import Duration, Expression, ItemName, Part, Ref
from engine.question import Period, Question

FROM = "analysis/"  # datasets say `from: analysis/<id>/<output>`


class Input(Part, frozen=True):
    """A table that the operator reads: rows of a dataset, or the answer of a question (输入)."""

    name: Annotated[ItemName, Meta(title="名称", description="Which input of the operator", examples=["series"])]
    columns: Annotated[
        dict[ItemName, Expression],
        Meta(
            title="列", description="Each column of the operator's input: an expression over the rows, or a column of the answer",
            examples=[{"at": "read_at", "value": "stock_ton", "limit": "facility.pit_ton"}],
        ),
    ]  # fmt: skip
    dataset: Annotated[Ref | None, Meta(title="数据集", description="Rows of this dataset", examples=["sanitation.plant_readings"])] = None
    ask: Annotated[
        Question | None, Meta(title="提问", description="Or the answer of this question; rows whose period is not over are left out")
    ] = None
    keys: Annotated[
        dict[ItemName, Expression],
        Meta(
            title="键", description="What keeps rows apart, by the name it has in the output: an expression, or a column of the answer",
            examples=[{"facility_id": "facility_id"}],
        ),
    ] = {}  # fmt: skip
    where: Annotated[Expression | None, Meta(title="条件", description="Which rows of the dataset are read")] = None
    period: Annotated[
        Period | None, Meta(title="周期", description="Which time of the dataset is read; none: all of it", examples=[{"last": "PT12H"}])
    ] = None
    time: Annotated[str | None, Meta(title="时间", description="Which time of the dataset the period means; none: its default")] = None


class Analysis(KindSpec, frozen=True):
    """An operator with inputs, params and a schedule; its outputs are datasets (分析)."""

    tag: ClassVar[str] = "analysis"
    title: Annotated[str, Meta(title="标题", description="What screens show", examples=["贮坑满坑时间推算"])]
    operator: Annotated[str, Meta(title="算子", description="Tag of an operator", examples=["threshold_eta"])]
    inputs: Annotated[tuple[Input, ...], Meta(title="输入", description="What it reads")]
    params: Annotated[dict[str, Any], Meta(title="参数", description="The operator's own params", examples=[{"points": 12}])] = {}
    meaning: Annotated[str | None, Meta(title="口径", description="What it is for and how it reckons, in a reader's words")] = None
    every: Annotated[Duration | None, Meta(title="间隔", description="How often it runs", examples=["PT10M"])] = None
    cron: Annotated[str | None, Meta(title="定时", description="Or when", examples=["0 2 * * *"])] = None
    owner: Annotated[str | None, Meta(title="负责人", description="Who answers for it", examples=["设施处"])] = None


def output_of(source: str | None) -> tuple[str, str] | None:
    """The analysis and the output that a dataset's `from` names; None when it comes from elsewhere."""
    if source is None or not source.startswith(FROM):
        return None
    id, _, output = source.removeprefix(FROM).partition("/")
    return id, output
