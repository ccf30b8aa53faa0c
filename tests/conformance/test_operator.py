"""What every operator keeps, whoever wrote it: a sample of each stands here, and an operator without one fails the build."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from msgspec import Struct

from engine.operator import ARROW, EXPLAIN, STATUS, Operator, OperatorTable, TablesDoNotFit, applied, model_version
from engine.operators.forecast_select import ForecastSelect
from engine.operators.threshold_eta import ThresholdEta
from engine.registry import members
from tests.installed_package import install

OPERATORS, TWICE = members("engine.operators", Operator, "chengmai.operators")
STAMPS = {"run_id", "computed_at", "as_of", "model_version", STATUS, EXPLAIN}
NOW = datetime(2026, 1, 5)
Tables = dict[str, pa.Table]


class Sample(Struct, frozen=True):
    """An operator and tables that it has an answer for (样例)."""

    operator: Operator
    tables: Callable[[], Tables]


def rising() -> Tables:
    hours = [NOW + timedelta(hours=n) for n in range(6)]
    rows = [(key, at, 10.0 * n + len(key or ""), 100.0) for key in ("a", "bb", None) for n, at in enumerate(hours)]
    return {"series": pa.table(dict(zip(("place", "at", "value", "limit"), map(list, zip(*rows, strict=True)), strict=True)))}


def weekly() -> Tables:
    chance = np.random.default_rng(11)
    rows = [
        (key, NOW + timedelta(days=n), float(50 + 10 * np.sin(n * 2 * np.pi / 7) + chance.normal(0, 2)))
        for key in ("a", "b")
        for n in range(80)
    ]
    return {"series": pa.table(dict(zip(("place", "at", "value"), map(list, zip(*rows, strict=True)), strict=True)))}


SAMPLES = {
    "threshold_eta": Sample(ThresholdEta(), rising),
    "forecast_select": Sample(
        ForecastSelect(step="day", horizon=5, hierarchy=("place",), models=("naive", "seasonal_naive", "theta", "ets")), weekly
    ),
}


@pytest.fixture(params=sorted(OPERATORS))
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]


def test_every_operator_has_a_sample_and_a_name_of_its_own() -> None:
    assert (sorted(OPERATORS), TWICE) == (sorted(SAMPLES), [])
    assert all(type(one.operator) is OPERATORS[tag] for tag, one in SAMPLES.items())


def test_params_are_read_from_plain_values_and_say_so_again(sample: Sample) -> None:
    assert msgspec.convert(msgspec.to_builtins(sample.operator), type(sample.operator)) == sample.operator


def test_no_rows_in_are_no_rows_out_with_the_same_columns(sample: Sample) -> None:
    full = applied(sample.operator, sample.tables())
    empty = applied(sample.operator, {name: table.slice(0, 0) for name, table in sample.tables().items()})
    assert {name: table.num_rows for name, table in empty.items()} == dict.fromkeys(full, 0)
    assert {name: table.schema for name, table in empty.items()} == {name: table.schema for name, table in full.items()}


def test_the_same_rows_in_any_order_give_the_same_rows(sample: Sample) -> None:
    first = applied(sample.operator, sample.tables())
    order = np.random.default_rng(0)
    shuffled = {name: table.take(pa.array(order.permutation(table.num_rows))) for name, table in sample.tables().items()}
    assert applied(sample.operator, shuffled) == first
    assert all(table.num_rows for table in first.values())


def test_each_row_says_its_status_and_how_it_came_about(sample: Sample) -> None:
    for table in applied(sample.operator, sample.tables()).values():
        assert set(table.column(STATUS).to_pylist()) <= {"optimal", "feasible", "infeasible", "timeout"}
        assert all(isinstance(json.loads(text), dict) for text in table.column(EXPLAIN).to_pylist())


def test_what_has_no_answer_is_a_gap_with_the_least_that_would_do_and_never_an_error(sample: Sample) -> None:
    poor = {name: _poor(table) for name, table in sample.tables().items()}
    infeasible = [row for table in applied(sample.operator, poor).values() for row in table.to_pylist() if row[STATUS] == "infeasible"]
    assert infeasible
    for row in infeasible:
        gap = json.loads(row[EXPLAIN])["gap"]
        assert gap["zh"] and gap["en"] and gap["relax"]


def _poor(table: pa.Table) -> pa.Table:
    """One row of each key, and its numbers gone."""
    first = table.slice(0, 1)
    for index, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            first = first.set_column(index, field.name, pa.array([None], field.type))
    return pa.concat_tables([first, table.slice(0, 1)])


def test_a_table_without_a_declared_column_is_refused(sample: Sample) -> None:
    tables = sample.tables()
    name = sample.operator.takes[0].name
    tables[name] = tables[name].drop_columns([sample.operator.takes[0].columns[0].name])
    with pytest.raises(TablesDoNotFit, match=sample.operator.takes[0].columns[0].name):
        applied(sample.operator, tables)
    with pytest.raises(TablesDoNotFit, match=name):
        applied(sample.operator, {})


def test_what_an_operator_declares_can_be_a_dataset(sample: Sample) -> None:
    operator = sample.operator
    for table in (*operator.takes, *operator.gives):
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert all(column.title and column.type in ARROW for column in table.columns)
        assert not STAMPS & set(names)
    inputs = {f"{table.name}.{column.name}" for table in operator.takes for column in table.columns}
    assert {column.like for table in (*operator.takes, *operator.gives) for column in table.columns} <= {*inputs, ""}
    assert model_version(type(operator)) == f"{operator.tag}-{operator.version}"


def test_what_is_given_is_held_against_what_is_declared() -> None:
    class Liar(Operator, frozen=True):
        """Declares a table and gives another (骗子)."""

        gives = (OperatorTable("rows", "行", ()),)

        def run(self, tables: Tables) -> Tables:  # type: ignore[override]
            return {"rows": pa.table({"surprise": [1], STATUS: ["optimal"], EXPLAIN: ["{}"]})}

    with pytest.raises(TablesDoNotFit, match="surprise"):
        applied(Liar(), {})


# --- an operator that is not ours -----------------------------------------------------------------------------------------

MODULE = '''
"""An operator in a package of its own."""
from typing import ClassVar
from engine.operator import EXPLAIN, STATUS, Operator, OperatorColumn, OperatorTable, explanation, made
ROWS = OperatorTable("rows", "行", (OperatorColumn("value", "数值", "number"),), has_keys=True)
TOTAL = OperatorTable("total", "合计", (OperatorColumn("value", "合计", "number", like="rows.value"),))
class CityTotal(Operator, frozen=True):
    """Adds up (合计)."""
    tag: ClassVar[str] = "city_total"
    takes: ClassVar = (ROWS,)
    gives: ClassVar = (TOTAL,)
    def run(self, tables):
        values = [one for one in tables["rows"].column("value").to_pylist() if one is not None]
        return {"total": made(TOTAL, [], [{"value": sum(values), STATUS: "optimal", EXPLAIN: explanation({"rows": len(values)})}] if values else [])}
'''
USED = """
import pyarrow as pa
from engine.loading.members import operators
from engine.operator import applied
print(sorted(operators()), applied(operators()["city_total"](), {"rows": pa.table({"value": [1, 2, None]})})["total"].to_pylist())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed a package that brings an operator."""
    return install(tmp_path_factory.mktemp("city_total"), "city_total", MODULE, "[chengmai.operators]\ncity_total = city_total:CityTotal\n")


def test_an_operator_of_an_installed_package_is_found_and_runs(installed: Path) -> None:
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(installed)])}
    ran = subprocess.run([sys.executable, "-c", USED], env=surroundings, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "'city_total', 'forecast_select', 'threshold_eta'" in ran.stdout
    assert "'value': 3.0, 'status': 'optimal'" in ran.stdout
