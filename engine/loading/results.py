"""What an analysis gives bears its stamp: the columns that every such dataset has, whether its author lists them or not."""

from msgspec.structs import replace

from engine.kinds.analysis import output_of
from engine.kinds.dataset import Column, Dataset, Time
from engine.parts import Code

EMPTY = "empty"  # status of the one row of a run that found nothing: so that what an earlier run found is gone
COMPUTED_AT, STATUS = "computed_at", "status"
STATUSES = (
    Code(code="optimal", title="最优"), Code(code="feasible", title="可行"), Code(code="infeasible", title="无解"),
    Code(code="timeout", title="超时"), Code(code=EMPTY, title="无结果"),
)  # fmt: skip
STAMPS = (
    Column(name="run_id", title="运行", type="text"),
    Column(name=COMPUTED_AT, title="计算时间", type="timestamp"),
    Column(name="as_of", title="数据截至", type="timestamp"),
    Column(name="model_version", title="模型版本", type="text"),
    Column(name=STATUS, title="求解状态", type="enum", of=STATUSES),
    Column(name="explain", title="说明", type="json"),
)


def stamped(dataset: Dataset) -> Dataset:
    """The dataset with the columns of its run, and a time `computed`, where it takes what an analysis gives; any other as it is."""
    if output_of(dataset.source) is None:
        return dataset
    own = {column.name for column in dataset.columns}
    columns = (*dataset.columns, *(stamp for stamp in STAMPS if stamp.name not in own))
    if any(time.column == COMPUTED_AT for time in dataset.times):
        return replace(dataset, columns=columns)
    return replace(dataset, columns=columns, times=(*dataset.times, Time(name="computed", column=COMPUTED_AT, default=not dataset.times)))
