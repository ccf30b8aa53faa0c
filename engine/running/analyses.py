"""Runs an analysis: inputs read at one state of the data, the operator applied, and what it gives added for good, all of it or nothing."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from time import monotonic
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.tables import table_of
from engine.kinds.analysis import Analysis, output_of
from engine.loading.catalog import Catalog
from engine.loading.members import operators
from engine.loading.results import EMPTY, STATUS
from engine.operator import Operator, TablesDoNotFit, applied, model_version
from engine.running.analyses_book import BOOK, Result, next_instant, result_of, write_result
from engine.running.analyses_read import AnalysisFailed, Taken, as_of_inputs, read_inputs
from engine.running.touched import LOG, noted_load
from engine.state.analyses import AnalysisResult, remember_result
from engine.state.runs import Run, begin_run, end_run
from engine.state.store import Store
from engine.warehouse import StatementTimedOut, Table, Warehouse, arrow_schema

__all__ = ["AnalysisFailed", "Moved", "Ran", "run_analysis"]

Moved = Callable[[str, int, frozenset[date] | None], None]  # dataset, its new version, the days touched; None: all
WORST = ("optimal", "feasible", "infeasible", "timeout")


class Ran(Struct, frozen=True):
    """What became of asking for an analysis (运行结果)."""

    result: Result
    is_new: bool  # False: the same rows, params and operator gave this result before, and nothing was written
    rows: Mapping[str, int] = {}  # dataset -> rows of the result


class Output(Struct, frozen=True):
    """A dataset that takes what an analysis gives (结果去向)."""

    name: str
    dataset: str
    table: Table


def run_analysis(
    catalog: Catalog,
    warehouse: Warehouse,
    id: str,
    now: datetime,
    *,
    store: Store | None = None,
    moved: Moved | None = None,
    slot_at: datetime | None = None,
    trace: str | None = None,
) -> Ran:
    """Run one analysis as of its inputs' newest rows. `now` is wall clock of the project's zone; `moved` hears of each dataset that has new rows.

    The same rows, params and version of the operator are the same run: its result is there already, and nothing is written. With a
    store the work is written down there, however it ends. Raises AnalysisFailed.
    """
    analysis, operator = _known(catalog, id)
    zone = ZoneInfo(catalog.project.zone)
    run = begin_run(store, "analysis", id, now.replace(tzinfo=zone), slot_at=slot_at, trace=trace) if store is not None else None
    try:
        ran = _run(catalog, warehouse, id, analysis, operator, now, moved)
    except BaseException as error:
        if store is not None and run is not None:
            _end(store, run, now, zone, None, error)
        if isinstance(error, TablesDoNotFit | StatementTimedOut | msgspec.ValidationError):
            raise AnalysisFailed(f"算不出来：{error}", str(error)) from error
        raise
    if store is not None and run is not None:
        remember_result(store, _remembered(ran.result, zone, run.id))
        _end(store, run, now, zone, ran, None)
    return ran


def _known(catalog: Catalog, id: str) -> tuple[Analysis, type[Operator]]:
    analysis = catalog.analysis(id)
    if analysis is None:
        raise AnalysisFailed(f"没有名为「{id}」的分析", f"no analysis is named '{id}'")
    operator = operators().get(analysis.operator)
    if operator is None:
        raise AnalysisFailed(f"没有名为「{analysis.operator}」的算子", f"no operator is named '{analysis.operator}'")
    return analysis, operator


def _run(
    catalog: Catalog, warehouse: Warehouse, id: str, analysis: Analysis, kind: type[Operator], now: datetime, moved: Moved | None
) -> Ran:
    begun = monotonic()
    operator = msgspec.convert(analysis.params, kind)
    outputs = outputs_of(catalog, id)
    for table in (BOOK, LOG, *(output.table for output in outputs)):
        if warehouse.state(table) is None:
            warehouse.create(table)  # before the transaction: who makes a table holds up all others who would
    as_of = as_of_inputs(catalog, warehouse, analysis, now)
    taken = read_inputs(catalog, warehouse, analysis, kind, as_of, now)
    run_id = identity(id, analysis, operator, outputs, taken.versions, as_of)
    there = result_of(warehouse, run_id)
    if there is not None:
        return Ran(there, is_new=False)
    given = applied(operator, taken.tables)
    result = Result(
        run_id, id, kind.tag, model_version(kind), _json(operator), _json(dict(sorted(taken.versions.items()))), as_of, now,
        worst_of(given), sum(given[output.name].num_rows for output in outputs), round(monotonic() - begun, 3),
    )  # fmt: skip
    return _written(warehouse, result, outputs, given, taken, moved)


def outputs_of(catalog: Catalog, id: str) -> tuple[Output, ...]:
    """The datasets that take what an analysis gives, by id."""
    found: list[Output] = []
    for dataset_id in catalog.ids("dataset"):
        dataset = catalog.dataset(dataset_id)
        source = output_of(dataset.source) if dataset is not None else None
        if dataset is not None and source is not None and source[0] == id:
            found.append(Output(source[1], dataset_id, table_of(dataset_id, dataset)))
    return tuple(found)


def identity(
    id: str, analysis: Analysis, operator: Operator, outputs: tuple[Output, ...], versions: Mapping[str, int], as_of: datetime
) -> str:
    """What a result is known by: everything that decides its rows, and where they lie."""
    decides = (
        id, operator.tag, operator.version, operator, analysis.inputs, [(one.name, one.dataset) for one in outputs],
        dict(sorted(versions.items())), as_of,
    )  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()[:32]


def worst_of(given: Mapping[str, pa.Table]) -> str:
    """The worst status among all rows; `empty` when there is none."""
    found = {status for table in given.values() for status in pc.unique(table.column(STATUS)).to_pylist()}
    return next((status for status in reversed(WORST) if status in found), EMPTY)


def _written(
    warehouse: Warehouse, result: Result, outputs: tuple[Output, ...], given: Mapping[str, pa.Table], taken: Taken, moved: Moved | None
) -> Ran:
    """All rows of all outputs and the line in the book, in one transaction; whoever was quicker is believed."""
    told: list[tuple[str, int, frozenset[date] | None]] = []
    with warehouse.transaction() as transaction:
        transaction.state(BOOK)  # from here on nobody else writes results
        there = result_of(transaction, result.run_id)
        if there is not None:
            return Ran(there, is_new=False)
        result = replace(result, computed_at=next_instant(transaction, result.analysis, result.computed_at))
        for output in outputs:
            batch = stamped_rows(given[output.name], output.table, result)
            state = noted_load(transaction, output.table, [batch], "append")
            told.append((output.dataset, state.version, _days(batch, output.table)))
        write_result(transaction, result)
    for dataset, version, days in told:
        if moved is not None:
            moved(dataset, version, days)
    return Ran(result, is_new=True, rows={output.dataset: given[output.name].num_rows for output in outputs})


def stamped_rows(given: pa.Table, table: Table, result: Result) -> pa.RecordBatch:
    """The rows as the table has them, under the stamp of their run; a run without rows leaves one that says that it found nothing."""
    stamp = {"run_id": result.run_id, "computed_at": result.computed_at, "as_of": result.as_of, "model_version": result.model_version}
    count = given.num_rows or 1
    columns = []
    for field in arrow_schema(table):
        if field.name in stamp:
            columns.append(pa.array([stamp[field.name]] * count, field.type))
        elif not given.num_rows:
            columns.append(pa.array([EMPTY if field.name == STATUS else None], field.type))
        elif field.name in given.column_names:
            columns.append(_cast(given.column(field.name), field))
        else:
            columns.append(pa.nulls(count, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=arrow_schema(table))


def _cast(column: pa.ChunkedArray, field: pa.Field) -> pa.Array:
    """A column as the table stores it: a decimal rounded to its places, a time cut to its day; a number too great for it is refused."""
    try:
        whole = pc.cast(column, field.type, safe=not pa.types.is_date(field.type)).combine_chunks()
    except pa.ArrowInvalid as error:
        raise TablesDoNotFit(f"column {field.name}: {error}") from error
    return whole


def _days(batch: pa.RecordBatch, table: Table) -> frozenset[date] | None:
    if table.time is None:
        return None
    return frozenset(day for day in pc.unique(pc.cast(batch.column(table.time), pa.date32(), safe=False)).to_pylist() if day is not None)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


# --- what the state store remembers --------------------------------------------------------------------------------------


def _remembered(result: Result, zone: ZoneInfo, work: str) -> AnalysisResult:
    return AnalysisResult(
        result.run_id, result.analysis, result.operator, result.model_version, result.params, result.inputs,
        result.as_of.replace(tzinfo=zone), result.computed_at.replace(tzinfo=zone), result.status, result.rows_given, work,
    )  # fmt: skip


def _end(store: Store, run: Run, now: datetime, zone: ZoneInfo, ran: Ran | None, error: BaseException | None) -> None:
    ended_at = now.replace(tzinfo=zone)
    if ran is not None:
        loaded = sum(ran.rows.values()) if ran.is_new else 0
        detail = _json({"run_id": ran.result.run_id, "is_new": ran.is_new, "status": ran.result.status})
        end_run(store, run, replace(run, status="done", ended_at=ended_at, rows_loaded=loaded, detail=detail))
        return
    zh, en = (error.zh, error.en) if isinstance(error, AnalysisFailed) else (f"没有算完：{error}", f"{type(error).__name__}: {error}")
    end_run(store, run, replace(run, status="failed", ended_at=ended_at, reason_zh=zh, reason_en=en))
