"""What a measure counts, in a reader's words: two parts of one formula often count the same dataset, and its title alone would name both."""

from engine.compiling.units import operand_unit
from engine.kinds.indicator import Measure, Operand
from engine.loading.catalog import Catalog
from engine.unit import symbol

AGGREGATES = {
    "sum": "合计", "count": "条数", "count_distinct": "去重数", "min": "最小", "max": "最大", "avg": "平均", "weighted_avg": "加权平均",
    "median": "中位数", "percentile": "分位数", "stddev": "标准差", "first": "首个", "last": "末个",
}  # fmt: skip


def part_title(catalog: Catalog, operand: Operand) -> str:
    """净重合计（kitchen）: what is aggregated and how, and the name the part has in its formula."""
    if operand.measure is None:
        dataset = catalog.dataset(operand.dataset) if operand.dataset else None
        return dataset.title if dataset is not None else operand.name
    return f"{measure_title(catalog, operand.dataset or '', operand.measure)}（{operand.name}）"


def part_unit(catalog: Catalog, operand: Operand) -> str:
    """The unit of a part's value; empty for a plain number."""
    unit = operand_unit(catalog, operand) if operand.dataset is not None or operand.of is not None else None
    return symbol(unit) if unit is not None else ""


def measure_title(catalog: Catalog, dataset_id: str, measure: Measure) -> str:
    """What a measure counts, by the titles of the dataset and its column."""
    dataset = catalog.dataset(dataset_id)
    column = next((one for one in dataset.columns if one.name == measure.of), None) if dataset is not None else None
    subject = column.title if column is not None and column.title else dataset.title if dataset is not None else dataset_id
    return f"{subject}{AGGREGATES.get(measure.agg, '')}"
