"""What is read as it stood at an instant: readings of things, the rows of the latest run, forecasts by when they were issued."""

from engine.compiling.leaves import Reading, Sum
from engine.compiling.refuse import refuse
from engine.kinds.indicator import Stock
from engine.loading.catalog import Catalog
from engine.modifier import Shape


def reading_of(catalog: Catalog, dataset_id: str, time: str | None, stock: Stock, total: Sum, shape: Shape) -> Reading:
    """The leaf of a stock by readings or by snapshot.

    The rows of a run are computed at one instant, so they are read as readings of it: all that the latest run of each `same` says, and
    nothing that only an earlier one said. A forecast counts by the time it speaks of, in the newest issue that the lead and as_of allow.
    """
    if stock.snapshot is None:
        return Reading(dataset_id, time, stock.per or (), stock.take, stock.carry, total, shape)
    if stock.lead is not None:
        return Reading(dataset_id, time, stock.same, "last", None, total, shape, stock.snapshot, stock.lead)
    dataset = catalog.dataset(dataset_id)
    run = next((one.name for one in dataset.times if one.column == stock.snapshot), None) if dataset is not None else None
    if run is None:
        raise refuse(
            "unknown-time", f"「{stock.snapshot}」不是数据集「{dataset_id}」的时间", f"'{stock.snapshot}' is no time of dataset '{dataset_id}'",
            ("在数据集的 times 里声明它", "declare it under `times` of the dataset"),
        )  # fmt: skip
    return Reading(dataset_id, run, stock.same, "last", stock.carry, total, shape)
