# mypy: ignore-errors
"""What MetricFlow makes of the questions; run by the interpreter that it is installed in.

Prints JSON: question -> {"sql", "compile_ms", "said"}. It needs no database to write SQL; its engine is built once, before the clock starts.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from time import thread_time

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.parsing.dir_to_model import parse_yaml_file_paths_to_semantic_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

ROUNDS = 10
SPINE = "its window is a join of the rows with a table of days"
LAST = datetime(2025, 12, 31)
# question -> metrics, group by, what else, columns in our order, what must be said about it
ASKED = {
    "sum_by_day": (["tons"], ["metric_time__day"], {}, ["metric_time__day", "tons"], ""),
    "filtered_by_month": (["recycled_tons"], ["metric_time__month"], {}, ["metric_time__month", "recycled_tons"], ""),
    "ratio_by_facility_month": (
        ["recycled_share"],
        ["weighing__facility_id", "metric_time__month"],
        {},
        ["weighing__facility_id", "metric_time__month", "recycled_share"],
        "",
    ),
    "joined_dimension": (["tons"], ["facility__type", "metric_time__quarter"], {}, ["facility__type", "metric_time__quarter", "tons"], ""),
    "three_by_kind_month": (
        ["tons", "loads", "mean_load"],
        ["weighing__kind", "metric_time__month"],
        {},
        ["weighing__kind", "metric_time__month", "tons", "loads", "mean_load"],
        "",
    ),
    "rolling_sum": (
        ["week"],
        ["weighing__kind", "metric_time__day"],
        {"time_constraint_start": datetime(2019, 3, 10), "time_constraint_end": LAST},
        ["weighing__kind", "metric_time__day", "week"],
        SPINE,
    ),
    "cumulative_by_kind_month": (
        ["so_far"],
        ["weighing__kind", "metric_time__month"],
        {},
        ["weighing__kind", "metric_time__month", "so_far"],
        SPINE,
    ),
    "yoy_by_kind_month": (
        ["change"],
        ["weighing__kind", "metric_time__month"],
        {"time_constraint_start": datetime(2022, 1, 1), "time_constraint_end": LAST},
        ["weighing__kind", "metric_time__month", "change"],
        "",
    ),
}


class DuckDb:
    """As much of a client as writing SQL takes."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


def main():
    """Asks every question some times over."""
    path = str(Path(__file__).parent / "town.yaml")
    engine = MetricFlowEngine(SemanticManifestLookup(parse_yaml_file_paths_to_semantic_manifest([path]).semantic_manifest), DuckDb())
    told = {}
    for name, (metrics, split, more, columns, said) in ASKED.items():
        try:
            times = []
            for _ in range(ROUNDS):
                start = thread_time()
                request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=split, **more)
                sql = engine.explain(request).sql_statement.sql
                times.append((thread_time() - start) * 1000)
            told[name] = {"sql": sql, "columns": columns, "compile_ms": min(times), "first_ms": times[0], "said": said}
        except Exception as error:
            told[name] = {"said": f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
