"""The small city behind a real application, for all tests of the portal."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.definition_version import definition_version
from portal.api.titles import Titles
from portal.api.world import Limits, World
from portal.app import create_app
from tests.portal.small_city import NOW, fill, read_catalog, write_definitions


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the small city's definitions."""
    return write_definitions(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def world(definitions: Path) -> World:
    """The small city in memory, at half past nine of its sixth day; at most six rows an answer."""
    catalog, warehouse = read_catalog(definitions), DuckDbWarehouse(memory_limit="1GB")
    fill(catalog, warehouse)
    titles = Titles(catalog, warehouse)
    limits = Limits(rows=6, questions=3, body_bytes=2000)
    return World(catalog, warehouse, lambda: NOW, definition_version(catalog), definitions, titles, is_demo=True, limits=limits)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:  # type: ignore[type-arg]
    """HTTP to the application over the small city."""
    with TestClient(create_app(world), base_url="http://127.0.0.1:8000") as client:
        yield client
