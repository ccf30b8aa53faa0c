"""Modified series and stocks on both warehouses: several columns of one question, aligned alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from engine.loading.catalog import Catalog
from engine.question import Asked, Period, Question
from engine.state.server import Server
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from tests.properties import series, test_stocks
from tests.properties.by_hand import MODIFIERS
from tests.properties.running import a_part, answered, catalog_of, differences, load, table
from tests.properties.series import ID, Series, rows_of
from tests.properties.series import series as serieses
from tests.warehouse_fixtures import fresh_database

pytestmark = [pytest.mark.postgres, pytest.mark.fuzz]


@pytest.fixture(scope="module")
def both(postgres_server: Server) -> Iterator[tuple[Warehouse, Warehouse]]:
    """DuckDB and PostgreSQL, for the whole module: rows are replaced."""
    duckdb = DuckDbWarehouse(None)
    with fresh_database(postgres_server) as dsn:
        postgres = PostgresWarehouse(dsn, connections=1)
        yield duckdb, postgres
        postgres.close()
    duckdb.close()


def assert_alike(both: tuple[Warehouse, Warehouse], catalog: Catalog, dataset_id: str, rows: Any, question: Question) -> None:
    """Both give the same rows in the same order."""
    for warehouse in both:
        load(warehouse, catalog, dataset_id, rows)
    left, right = (answered(catalog, warehouse, question) for warehouse in both)
    assert left.frame is not None
    assert right.frame is not None
    assert list(table(left)) == list(table(right)), right.sql
    assert not differences(table(left), table(right)), right.sql
    assert left.frame.column("_complete") == right.frame.column("_complete")
    assert left.frame.marks == right.frame.marks


CATALOG = catalog_of(series.files("timestamp"))


@a_part(4)
@given(one=serieses(grains=("day", "week", "month")))
def test_modified_series_are_alike(both: tuple[Warehouse, Warehouse], one: Series) -> None:
    asked = tuple(Asked(of=f"s.{one.kind}", modifier=modifier, name=name) for name, modifier in MODIFIERS.items())
    period = Period(start=one.period[0].isoformat(), end=one.period[1].isoformat())
    question = Question(indicators=(f"s.{one.kind}", *asked), by=("g",), grain=one.grain, period=period, as_of=one.until.isoformat())
    assert_alike(both, CATALOG, ID, rows_of(one.facts, "timestamp"), question)


@a_part(4)
@given(one=test_stocks.askings(tuple(test_stocks.STOCKS), test_stocks.OVER))
def test_stocks_and_two_steps_are_alike(both: tuple[Warehouse, Warehouse], one: test_stocks.Asked) -> None:
    one = one._replace(
        time="timestamp",
        rows=tuple({**row, "at": test_stocks.moment(row["at"]), "till": test_stocks.moment(row["till"])} for row in one.rows),
    )
    assert_alike(both, test_stocks.CATALOGS["timestamp"], "t.rows", one.rows, test_stocks.question_of(one))
