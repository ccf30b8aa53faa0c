"""Results of analyses as the state store remembers them: what was computed from what, also when the warehouse is away."""

from datetime import datetime

import psycopg
from msgspec import Struct

from engine.state.store import Store


class AnalysisResult(Struct, frozen=True):
    """One result of an analysis (分析结果). Its rows lie in the warehouse under the same run_id, and never change."""

    run_id: str  # the same for the same rows, params and version of the operator
    analysis: str
    operator: str
    model_version: str
    params: str  # JSON
    inputs: str  # JSON: data version of each dataset that was read
    as_of: datetime
    computed_at: datetime
    status: str  # the worst of its rows; `empty` when it has none
    rows_given: int
    work: str | None = None  # id of the run in `runs` that computed it


def remember_result(store: Store, result: AnalysisResult) -> bool:
    """Write a result down; False when it was known already."""
    if store.rows("SELECT 1 FROM analysis_runs WHERE run_id = %(run_id)s", {"run_id": result.run_id}):
        return False
    try:
        store.run(
            "INSERT INTO analysis_runs (run_id, analysis, operator, model_version, params, inputs, as_of, computed_at, status, rows_given, work)"
            " VALUES (%(run_id)s, %(analysis)s, %(operator)s, %(model_version)s, %(params)s, %(inputs)s, %(as_of)s, %(computed_at)s,"
            " %(status)s, %(rows_given)s, %(work)s)",
            {
                "run_id": result.run_id, "analysis": result.analysis, "operator": result.operator, "model_version": result.model_version,
                "params": result.params, "inputs": result.inputs, "as_of": result.as_of, "computed_at": result.computed_at,
                "status": result.status, "rows_given": result.rows_given, "work": result.work,
            },
        )  # fmt: skip
    except psycopg.errors.UniqueViolation:  # another process was quicker
        return False
    return True


def results_of(store: Store, analysis: str, limit: int = 20) -> list[AnalysisResult]:
    """The latest results of an analysis first."""
    rows = store.rows(
        "SELECT run_id, analysis, operator, model_version, params, inputs, as_of, computed_at, status, rows_given, work FROM analysis_runs"
        " WHERE analysis = %(analysis)s ORDER BY computed_at DESC, run_id LIMIT %(limit)s",
        {"analysis": analysis, "limit": limit},
    )
    return [AnalysisResult(*row) for row in rows]
