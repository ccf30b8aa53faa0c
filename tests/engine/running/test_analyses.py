"""A result of an analysis is there whole and once, or not at all; indicators read the latest."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.frame import COMPLETE
from engine.loading.catalog import Catalog
from engine.question import Period, Question
from engine.running.analyses import AnalysisFailed, run_analysis
from engine.running.analyses_book import results
from engine.running.analyses_read import TRIES
from engine.running.ask import ask
from engine.state.analyses import results_of
from engine.state.migrate import migrate
from engine.state.runs import runs_of
from engine.state.store import Store, open_store
from engine.warehouse import Statement, Warehouse
from tests.engine.running.analysed_city import EIGHT, FILES, READINGS, city, put, read
from tests.warehouse_fixtures import fresh_warehouse

NOON = datetime(2026, 1, 5, 12, 30)


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """An empty warehouse, one after the other."""
    with fresh_warehouse(request.param, request) as made:
        yield made


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    """An empty state store."""
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


def rows(catalog: Catalog, warehouse: Warehouse, id: str) -> list[dict[str, Any]]:
    """All rows of a dataset, oldest run first."""
    dataset = catalog.dataset(id)
    assert dataset is not None
    table = table_of(id, dataset)
    select = exp.Select(expressions=[exp.column(one.name, quoted=True) for one in table.columns]).from_(
        exp.table_(table.name, db=table.schema)
    )
    found = warehouse.query(Statement(select)).to_pylist()
    return sorted(found, key=lambda row: (row["computed_at"], str(row)))


def value(catalog: Catalog, warehouse: Warehouse, now: datetime, id: str = "pits.eta", **asked: Any) -> list[dict[str, Any]]:
    answer = next(ask(catalog, warehouse, [Question(indicators=(id,), **asked)], now=now))
    assert answer.frame is not None, answer.findings
    return [{name: one for name, one in row.items() if not name.startswith("_")} for row in answer.frame.rows()]


def test_a_result_bears_its_stamp_and_converts_the_limit_to_the_unit_of_the_value(house: Warehouse) -> None:
    catalog = city()
    read(catalog, house, {"a": [10, 20, 30], "b": [5, 5, 5]})
    ran = run_analysis(catalog, house, "pits.fill", NOON)
    first, second = rows(catalog, house, "pits.etas")
    assert (first["pit"], float(first["eta"]), first["limit"]) == ("a", 7.0, 100.0)  # 100,000 kg are 100 t
    assert (second["pit"], second["eta"]) == ("b", None)
    assert first["run_id"] == second["run_id"] == ran.result.run_id
    assert (first["computed_at"], first["model_version"], first["status"]) == (NOON, "threshold_eta-1", "optimal")
    assert first["as_of"] == datetime(2026, 1, 5, 10, 0, 0, 1)  # just after the newest reading
    assert json.loads(first["explain"])["rate_per_hour"] == pytest.approx(10.0)
    assert json.loads(ran.result.inputs) == {"pits.pits": 1, READINGS: 1}
    assert json.loads(ran.result.params)["points"] == 12
    assert value(catalog, house, NOON + timedelta(minutes=1)) == [{"pits.eta": 7.0}]


def test_the_same_rows_params_and_operator_are_the_same_run(house: Warehouse) -> None:
    catalog = city()
    read(catalog, house, {"a": [10, 20, 30]})
    first = run_analysis(catalog, house, "pits.fill", NOON)
    again = run_analysis(catalog, house, "pits.fill", NOON + timedelta(hours=1))
    assert (again.is_new, again.result) == (False, first.result)
    assert len(rows(catalog, house, "pits.etas")) == 1
    other = run_analysis(city(pits_fill=FILES["pits/fill.analysis.yaml"].replace("fewest: 2", "fewest: 3")), house, "pits.fill", NOON)
    assert other.is_new and other.result.run_id != first.result.run_id


def test_new_rows_make_a_new_result_and_leave_the_old_one_as_it_was(house: Warehouse) -> None:
    catalog = city()
    read(catalog, house, {"a": [10, 20, 30]})
    run_analysis(catalog, house, "pits.fill", NOON)
    before = rows(catalog, house, "pits.etas")
    put(catalog, house, READINGS, [{"pit": "a", "read_at": EIGHT + timedelta(hours=3), "ton": 50}])
    moved: list[object] = []
    later = run_analysis(catalog, house, "pits.fill", NOON, moved=lambda *told: moved.append(told))  # a clock that stands still
    assert later.result.computed_at == NOON + timedelta(microseconds=1)
    assert rows(catalog, house, "pits.etas")[:1] == before
    assert moved == [("pits.etas", 2, frozenset({NOON.date()}))]
    assert results(house, "pits.fill")[0].run_id == later.result.run_id
    assert value(catalog, house, NOON + timedelta(minutes=1)) == [{"pits.eta": pytest.approx(50 / 13, abs=1e-6)}]


def test_what_an_earlier_run_found_is_gone_when_the_latest_found_nothing(house: Warehouse) -> None:
    catalog = city(pits_fill=FILES["pits/fill.analysis.yaml"].replace("ton is not null", "ton < 50"))
    read(catalog, house, {"a": [10, 20, 30]})
    assert run_analysis(catalog, house, "pits.fill", NOON).result.status == "optimal"
    read(catalog, house, {"a": [60, 70, 80]})
    ran = run_analysis(catalog, house, "pits.fill", NOON + timedelta(hours=1))
    assert (ran.result.status, ran.result.rows_given, dict(ran.rows)) == ("empty", 0, {"pits.etas": 0})
    assert [row["status"] for row in rows(catalog, house, "pits.etas")] == ["optimal", "empty"]
    assert value(catalog, house, NOON + timedelta(hours=2)) == [{"pits.eta": None}]
    assert value(catalog, house, NOON + timedelta(hours=2), by=("pit",)) == []


def test_forecasts_and_their_records_are_written_together_and_read_ahead_of_now(house: Warehouse) -> None:
    catalog = city()
    read(catalog, house, {"a": [10, 20, 30, 40] * 4, "b": [1, 2, 3, 4] * 4}, datetime(2026, 1, 4, 20))
    ran = run_analysis(catalog, house, "pits.ahead", NOON)
    assert dict(ran.rows) == {"pits.forecasts": 6, "pits.forecast_runs": 3}
    runs = rows(catalog, house, "pits.forecast_runs")
    assert {(row["pit"], row["level"], row["model"]) for row in runs} == {
        (None, 0, "seasonal_naive"), ("a", 1, "seasonal_naive"), ("b", 1, "seasonal_naive"),
    }  # fmt: skip
    span = Period(start="2026-01-05T11:00", end="2026-01-06")
    ahead = value(catalog, house, NOON + timedelta(minutes=1), "pits.next_hours", grain="hour", period=span)
    assert ahead == [{"time": "2026-01-05T11:00:00", "pits.next_hours": 44.0}, {"time": "2026-01-05T12:00:00", "pits.next_hours": 11.0}]
    answer = next(
        ask(catalog, house, [Question(indicators=("pits.next_hours",), grain="hour", period=span)], now=NOON + timedelta(minutes=1))
    )
    assert answer.frame is not None
    assert answer.frame.column(COMPLETE) == [True, True]  # neither hour is over, and both are all that was said of them
    assert value(catalog, house, NOON + timedelta(minutes=1), "pits.next_hours", period=Period(next="P1D")) == [{"pits.next_hours": None}]


def test_a_question_s_unfinished_hour_is_not_learnt_from(house: Warehouse) -> None:
    catalog = city()
    read(
        catalog, house, {"a": [10, 20, 30, 40] * 4}, datetime(2026, 1, 4, 20, 30)
    )  # the last reading, of 11:30, leaves its hour unfinished
    run_analysis(catalog, house, "pits.ahead", datetime(2026, 1, 5, 11, 45))
    first = next(row for row in rows(catalog, house, "pits.forecasts") if row["level"] == 1)
    assert first["target_at"] == datetime(2026, 1, 5, 11)


def test_two_who_run_the_same_at_once_write_it_once(house: Warehouse) -> None:
    catalog = city()
    read(catalog, house, {"a": [10, 20, 30]})
    run_analysis(catalog, house, "pits.fill", NOON)  # makes the tables
    put(catalog, house, READINGS, [{"pit": "a", "read_at": EIGHT + timedelta(hours=3), "ton": 50}])
    made: list[bool] = []
    threads = [threading.Thread(target=lambda: made.append(run_analysis(catalog, house, "pits.fill", NOON).is_new)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, False, False, True]
    assert len(rows(catalog, house, "pits.etas")) == 2


def test_an_analysis_whose_rows_keep_moving_gives_up_instead_of_mixing_them(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = city()
    read(catalog, house, {"a": [10, 20, 30]})
    query, reads = house.query, []

    def moving(statement: Statement, **limits: Any) -> Any:
        answer = query(statement, **limits)
        reads.append(statement)
        put(catalog, house, READINGS, [{"pit": "a", "read_at": EIGHT, "ton": len(reads)}])
        return answer

    monkeypatch.setattr(house, "query", moving)
    with pytest.raises(AnalysisFailed, match="kept moving"):
        run_analysis(catalog, house, "pits.fill", NOON)
    assert len(reads) >= TRIES
    monkeypatch.undo()
    assert rows(catalog, house, "pits.etas") == []


def test_a_result_that_does_not_fit_its_table_is_refused_whole(house: Warehouse) -> None:
    catalog = city()
    read(catalog, house, {"a": [1e11, 2e11, 3e11, 4e11] * 4, "b": [9e11] * 16}, datetime(2026, 1, 4, 20))
    with pytest.raises(AnalysisFailed, match="value"):
        run_analysis(catalog, house, "pits.ahead", NOON)
    assert (rows(catalog, house, "pits.forecasts"), rows(catalog, house, "pits.forecast_runs"), results(house, "pits.ahead")) == (
        [],
        [],
        [],
    )


@pytest.mark.postgres
def test_the_store_remembers_results_and_what_went_wrong(duckdb_warehouse: Warehouse, store: Store) -> None:
    catalog = city()
    read(catalog, duckdb_warehouse, {"a": [10, 20, 30]})
    first = run_analysis(catalog, duckdb_warehouse, "pits.fill", NOON, store=store, trace="abc")
    run_analysis(catalog, duckdb_warehouse, "pits.fill", NOON, store=store)
    [known] = results_of(store, "pits.fill")
    assert (known.run_id, known.rows_given, known.status) == (first.result.run_id, 1, "optimal")
    assert known.computed_at.isoformat() == "2026-01-05T04:30:00+00:00"
    run, again = sorted(runs_of(store, kind="analysis", subject="pits.fill"), key=lambda one: one.id != known.work)
    assert (run.status, run.rows_loaded, run.trace, run.id) == ("done", 1, "abc", known.work)
    assert (again.status, again.rows_loaded) == ("done", 0)
    with pytest.raises(AnalysisFailed):
        run_analysis(catalog, duckdb_warehouse, "pits.fil", NOON, store=store)
    broken = city(pits_fill=FILES["pits/fill.analysis.yaml"].replace("fewest: 2", "points: 1"))
    with pytest.raises(AnalysisFailed, match="points"):
        run_analysis(broken, duckdb_warehouse, "pits.fill", NOON + timedelta(hours=1), store=store)
    failed = runs_of(store, kind="analysis")[0]
    assert (failed.status, failed.subject) == ("failed", "pits.fill")
    assert failed.reason_zh is not None and "points" in failed.reason_zh


@pytest.mark.postgres
def test_a_store_that_missed_a_result_learns_of_it_the_next_time(duckdb_warehouse: Warehouse, store: Store) -> None:
    catalog = city()
    read(catalog, duckdb_warehouse, {"a": [10, 20, 30]})
    ran = run_analysis(catalog, duckdb_warehouse, "pits.fill", NOON)  # killed between the warehouse's commit and the store's
    run_analysis(catalog, duckdb_warehouse, "pits.fill", NOON, store=store)
    assert [one.run_id for one in results_of(store, "pits.fill")] == [ran.result.run_id]
