"""Every question that is timed has one answer on Spark and in hand-written SQL, and the measurement of scale runs, here over few rows."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from msgspec import Struct

from engine.loading.catalog import Catalog
from engine.running.ask import ask
from engine.running.definitions import load_checked
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.bench import scale
from tests.bench.answers import by_hand, check_rows
from tests.bench.runner import PROJECT
from tests.bench.scale_figures import Asking, Measured
from tests.bench.scale_page import text
from tests.bench.shape import Shape, shapes
from tests.bench.town import AS_OF, load_town
from tests.warehouse_fixtures import SPARK, fresh_lake

pytestmark = [*SPARK]
FEW = 20_000
Town = tuple[Catalog, Warehouse, DuckDbWarehouse]


@pytest.fixture(scope="module")
def town(spark_url: str) -> Iterator[Town]:
    """The benchmark's city with few rows, on Spark and beside it in DuckDB."""
    catalog, duckdb = load_checked(PROJECT).catalog, DuckDbWarehouse(memory_limit="1GB")
    load_town(catalog, duckdb, FEW)
    with fresh_lake(spark_url) as lake:
        load_town(catalog, lake, FEW)
        yield catalog, lake, duckdb
    duckdb.close()


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.name)
def test_spark_answers_as_the_hand_written_statement_does(town: Town, shape: Shape) -> None:
    catalog, lake, duckdb = town
    answer = next(ask(catalog, lake, [shape.ask], shape.viewer, datetime.fromisoformat(AS_OF)))
    assert check_rows(shape, answer, by_hand(duckdb, shape.sql)) > 0


def test_a_measurement_loads_asks_and_compares(spark_url: str) -> None:
    told: list[Struct] = []

    measured = scale.measure([FEW, FEW * 2], ["duckdb", "spark"], spark_url, told.append)

    assert isinstance(measured, Measured)
    assert [(one.rows, one.warehouse) for one in measured.loadings] == [(n, tag) for n in (FEW, FEW * 2) for tag in ("duckdb", "spark")]
    assert {one.question for one in told if isinstance(one, Asking)} == set(scale.QUESTIONS)
    assert text(measured, "2026-01-01").count("| count_distinct |") == 5  # twice on each of two warehouses, and once in the growth
