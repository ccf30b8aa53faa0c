"""The benchmark compares only answers that are alike; that they are is proved here on few rows, so that it never comes to light after an hour."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from engine.loading.catalog import Catalog
from engine.running.ask import ask
from engine.running.definitions import load_checked
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.bench.answers import by_hand, check_rows
from tests.bench.runner import PROJECT
from tests.bench.shape import Shape, shapes
from tests.bench.town import AS_OF, load_town

FEW = 20_000


@pytest.fixture(scope="module")
def town() -> Iterator[tuple[Catalog, DuckDbWarehouse]]:
    """The benchmark's city with few rows."""
    catalog = load_checked(PROJECT).catalog
    warehouse = DuckDbWarehouse(memory_limit="1GB")
    load_town(catalog, warehouse, FEW)
    yield catalog, warehouse
    warehouse.close()


def test_the_definitions_are_sound_but_for_proofs_they_do_not_need() -> None:
    assert {finding.code for finding in load_checked(PROJECT).findings} <= {"unproved"}


def test_there_are_at_least_twenty_shapes() -> None:
    assert len(shapes()) >= 20


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.name)
def test_the_engine_answers_as_the_hand_written_statement_does(town: tuple[Catalog, DuckDbWarehouse], shape: Shape) -> None:
    catalog, warehouse = town
    answer = next(ask(catalog, warehouse, [shape.ask], shape.viewer, datetime.fromisoformat(AS_OF)))
    assert check_rows(shape, answer, by_hand(warehouse, shape.sql)) > 0
