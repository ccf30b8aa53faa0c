"""Answers over HTTP that are kept as bytes are never out of date, and cost no computing."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from msgspec import convert
from msgspec.structs import replace

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.proving.given import batch_of
from engine.question import Question
from engine.running.definitions import load_texts_checked
from engine.running.results import Results
from engine.warehouse import Cancel, Statement, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.answering import answers
from portal.api.kept_lines import Lines
from portal.api.titles import Titles
from portal.api.world import Limits, World
from portal.app import create_app
from tests.engine.running.test_lateness import FILES, ROWS
from tests.portal.small_city import NOW, fill

Client = TestClient[Any]
LOADED = st.lists(st.tuples(st.sampled_from(["110101", "110105"]), st.integers(0, 400), st.integers(1, 99)), max_size=4)
ASKED = [{"indicators": ["waste.tons"]}, {"indicators": ["waste.tons"], "by": ["city.district"]}, {"indicators": ["waste.loads"]}]


class Counting(DuckDbWarehouse):
    """A DuckDB that counts its statements (计数数仓)."""

    asked = 0

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """As DuckDB does."""
        self.asked += 1
        return super().query(statement, seconds=seconds, cancel=cancel)


@pytest.fixture
def own(world: World) -> World:
    """The small city in a warehouse of its own, with nothing kept."""
    warehouse = Counting(memory_limit="1GB")
    fill(world.catalog, warehouse)
    return fresh(replace(world, warehouse=warehouse, titles=Titles(world.catalog, warehouse), limits=Limits()))


def fresh(world: World) -> World:
    """The same world that remembers nothing."""
    return replace(world, results=Results(), lines=Results(), titles=Titles(world.catalog, world.warehouse))


@pytest.fixture
def client(own: World) -> Iterator[Client]:
    """HTTP to it."""
    with TestClient(create_app(own), base_url="http://127.0.0.1:8000") as client:
        yield client


def said(client: Client, questions: object = ASKED) -> list[dict[str, Any]]:
    """The lines of a batch by their index."""
    response = client.post("/api/query", json=questions)
    assert response.status_code == 200, response.text
    return sorted((json.loads(line) for line in response.text.splitlines()), key=lambda line: int(line["index"]))


def computed(world: World) -> list[dict[str, Any]]:
    """The same lines, made without HTTP."""
    lines = Lines(world, [replace(convert(one, Question), limit=world.limits.rows) for one in ASKED], NOW)
    return [json.loads(lines.made(answer)) for answer in answers(world, lines.questions, now=NOW)]


def load(world: World, dataset_id: str, columns: dict[str, pa.Array]) -> None:
    """Rows in place of what was there."""
    dataset = world.catalog.dataset(dataset_id)
    assert dataset is not None
    world.warehouse.load(table_of(dataset_id, dataset), [pa.record_batch(columns)], "replace")


def load_rows(catalog: Catalog, warehouse: Warehouse, dataset_id: str, rows: list[dict[str, Any]]) -> None:
    """Rows as they are written, into a table of their own."""
    dataset = catalog.dataset(dataset_id)
    assert dataset is not None
    table = table_of(dataset_id, dataset)
    warehouse.load(table, [batch_of(table, rows)], "replace")


def weighings(rows: list[tuple[str, int, int]]) -> dict[str, pa.Array]:
    """Weighings of districts, days after the first of December and tonnes."""
    return {
        "id": pa.array(range(len(rows)), pa.int64()),
        "at": pa.array([(datetime(2025, 12, 1) + timedelta(days=day % 36)).date() for _, day, _ in rows], pa.date32()),
        "district": pa.array([district for district, _, _ in rows], pa.string()),
        "tons": pa.array([Decimal(tons) for _, _, tons in rows], pa.decimal128(18, 6)),
    }


def test_a_batch_asked_again_gives_the_same_bytes_and_asks_the_warehouse_nothing(client: Client, own: World) -> None:
    warehouse = own.warehouse
    assert isinstance(warehouse, Counting)
    first = said(client)
    asked = warehouse.asked
    assert said(client) == first
    assert said(client, ASKED[::-1]) == [{**line, "index": 2 - line["index"]} for line in first[::-1]]
    assert warehouse.asked == asked


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.one_of(LOADED, st.sampled_from(["甲区", "乙区"]), st.none()), min_size=1, max_size=4))
def test_whatever_is_loaded_between_questions_every_answer_is_that_of_a_server_that_remembers_nothing(
    client: Client, own: World, steps: list[list[tuple[str, int, int]] | str | None]
) -> None:
    for step in steps:
        if isinstance(step, str):
            load(own, "city.regions", {"code": pa.array(["110101", "110105"]), "name": pa.array([step, "朝阳区"])})
        elif step is not None:
            load(own, "waste.weighings", weighings(step))
        expected = computed(fresh(own))
        assert said(client) == expected
        assert said(client) == expected


def test_an_answer_that_is_kept_is_told_anew_when_its_source_falls_behind(tmp_path: Path) -> None:
    clock = [datetime(2026, 1, 5, 11)]
    catalog, warehouse = load_texts_checked(FILES).catalog, Counting(memory_limit="1GB")
    for id, rows in ROWS.items():
        load_rows(catalog, warehouse, id, rows)
    late = World(catalog, warehouse, lambda: clock[0], "v", tmp_path, Titles(catalog, warehouse))
    with TestClient(create_app(late), base_url="http://127.0.0.1:8000") as client:
        words = []
        for hour in (11, 11, 13, 13, 15, 11):
            clock[0] = datetime(2026, 1, 5, hour)
            words.append(said(client, [{"indicators": ["w.number"], "grain": "day"}])[0]["marks"])
    assert words == [[], [], ["late"], ["late"], ["late", "stale"], []]


def test_kept_lines_hold_no_more_than_their_bytes(own: World) -> None:
    small = replace(own, lines=Results(20_000))
    with TestClient(create_app(small), base_url="http://127.0.0.1:8000") as client:
        for limit in range(1, 40):
            said(client, [{"indicators": ["waste.tons"], "by": ["city.district"], "limit": limit}])
    assert 0 < small.lines.held <= 20_000


def test_definitions_that_a_browser_holds_are_not_sent_again(client: Client) -> None:
    first = client.get("/api/catalog/indicators")
    tag = first.headers["etag"]
    again = client.get("/api/catalog/indicators", headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/api/catalog/indicators", headers={"if-none-match": '"older"'}).content == first.content
    assert "etag" not in client.get("/api/catalog/search").headers
    assert "etag" not in client.get("/api/catalog/indicators/waste.nothing").headers
