"""Where a dataset's rows lie in the warehouse: intake writes there and the compiler reads there, so both ask here."""

from engine.kinds.dataset import Column, Dataset, Time
from engine.warehouse import ColumnType, Table, TableColumn

AS_TEXT = ("enum", "attachment", "json")


def table_of(dataset_id: str, dataset: Dataset) -> Table:
    """The physical table of a dataset: `a.b.c` lies in schema `a_b`, table `c`; computed columns are not stored."""
    *folders, name = dataset_id.split(".")
    return Table(
        schema="_".join(folders) or "project",
        name=name,
        columns=tuple(TableColumn(column.name, column_type(column)) for column in stored_columns(dataset)),
        key=dataset.key,
        time=_time_column(dataset),
    )


def stored_columns(dataset: Dataset) -> tuple[Column, ...]:
    """The columns that rows bring; the others are computed from them at query time."""
    return tuple(column for column in dataset.columns if column.expr is None)


def column_type(column: Column) -> ColumnType:
    """The warehouse type of a column; codes, attachments and documents are text there."""
    return "text" if column.type in AS_TEXT else column.type  # type: ignore[return-value]


def default_time(dataset: Dataset) -> Time | None:
    """The time used when an indicator names none: the one marked default, else the first."""
    return next((time for time in dataset.times if time.default), dataset.times[0] if dataset.times else None)


def _time_column(dataset: Dataset) -> str | None:
    time = default_time(dataset)
    stored = {column.name for column in stored_columns(dataset)}
    return time.column if time is not None and time.column in stored else None
