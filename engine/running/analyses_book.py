"""The book of results: written in the transaction of the rows it speaks of, so that no result is half there and none is there twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.running.touched import Reader
from engine.warehouse import Statement, Table, TableColumn, Transaction, Warehouse, arrow_schema

BOOK = Table(
    schema="chengmai",
    name="analysis_runs",
    columns=(
        TableColumn("run_id", "text"),
        TableColumn("analysis", "text"),
        TableColumn("operator", "text"),
        TableColumn("model_version", "text"),
        TableColumn("params", "text"),
        TableColumn("inputs", "text"),
        TableColumn("as_of", "timestamp"),
        TableColumn("computed_at", "timestamp"),
        TableColumn("status", "text"),
        TableColumn("rows_given", "integer"),
        TableColumn("seconds", "float"),
    ),
    time="computed_at",
)


class Result(Struct, frozen=True):
    """One result of an analysis (分析结果). Times are wall clock of the project's zone."""

    run_id: str
    analysis: str
    operator: str
    model_version: str
    params: str  # JSON: the operator's own, defaults too
    inputs: str  # JSON: data version of each dataset that was read
    as_of: datetime
    computed_at: datetime
    status: str  # the worst of its rows; `empty` when it has none
    rows_given: int
    seconds: float  # that reading and reckoning took


def results_in(reader: Reader, analysis: str, *, before: datetime | None = None, limit: int = 20) -> list[Result]:
    """The latest results of an analysis first; BOOK must be there."""
    conditions: list[exp.Expression] = [exp.EQ(this=exp.column("analysis"), expression=exp.Placeholder(this="analysis"))]
    parameters: dict[str, str | datetime] = {"analysis": analysis}
    if before is not None:
        conditions.append(exp.LT(this=exp.column("computed_at"), expression=exp.Placeholder(this="before")))
        parameters["before"] = before
    select = _select(conditions)
    select.set("order", exp.Order(expressions=[exp.Ordered(this=exp.column("computed_at"), desc=True)]))
    return _read(reader, Statement(select.limit(limit, copy=False), parameters))


def results(warehouse: Warehouse, analysis: str, *, before: datetime | None = None, limit: int = 20) -> list[Result]:
    """The latest results of an analysis first; none while nothing was ever computed."""
    if warehouse.state(BOOK) is None:
        return []
    return results_in(warehouse, analysis, before=before, limit=limit)


def result_of(reader: Reader, run_id: str) -> Result | None:
    """The result of that run; BOOK must be there."""
    found = _read(
        reader, Statement(_select([exp.EQ(this=exp.column("run_id"), expression=exp.Placeholder(this="run_id"))]), {"run_id": run_id})
    )
    return found[0] if found else None


def write_result(transaction: Transaction, result: Result) -> None:
    """Write a result into the book; it becomes true with the transaction."""
    transaction.load(BOOK, [pa.RecordBatch.from_pylist([msgspec.structs.asdict(result)], schema=arrow_schema(BOOK))], "append")


def next_instant(transaction: Transaction, analysis: str, now: datetime) -> datetime:
    """When a result counts as computed: now, and after every earlier one, for the latest run is found by this."""
    last = results_in(transaction, analysis, limit=1)
    return max(now, last[0].computed_at + timedelta(microseconds=1)) if last else now


def _select(conditions: Sequence[exp.Expression]) -> exp.Select:
    table = exp.Table(this=exp.to_identifier(BOOK.name), db=exp.to_identifier(BOOK.schema))
    select = exp.Select(expressions=[exp.column(one.name) for one in BOOK.columns]).from_(table)
    return select.where(*conditions, copy=False)


def _read(reader: Reader, statement: Statement) -> list[Result]:
    return [Result(**row) for row in reader.query(statement).to_pylist()]
