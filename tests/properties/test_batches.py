"""Asking together may never change an answer: every question of a batch has the rows and values that it has alone."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling.batch import groups_of
from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.ask import ask, known_modifiers
from engine.running.definitions import load_texts_checked
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.sharing import Spread
from engine.state.server import Server
from engine.warehouse import Table
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from tests.properties.test_states import FILES, OWN, Row, load, load_regions, rows_drawn, told
from tests.warehouse_fixtures import fresh_database

MORE = {
    "c/few.indicator.yaml": "title: 少\nunit: 次\ndataset: c.rows\nmeasure: {agg: count, where: tons > 8}\n",
    "c/least.indicator.yaml": "title: 小\nunit: t\ndataset: c.rows\nmeasure: {agg: min, of: tons, where: \"kind = 'b'\"}\n",
    "c/zero.indicator.yaml": "title: 零\nunit: t\ndataset: c.rows\nabsent: zero\n"
    "measure: {agg: sum, of: tons, where: \"kind = 'b' and tons > 2\"}\n",
    "c/part.indicator.yaml": "title: 占\nunit: '%'\nformula: c.some / c.sum\n",
    "c/inner.indicator.yaml": "title: 内\nunit: '%'\nformula: c.few / c.n_a\n",
    "c/n_a.indicator.yaml": "title: 甲数\nunit: 次\ndataset: c.rows\nmeasure: {agg: count, where: \"kind = 'a'\"}\n",
    "c/d1.indicator.yaml": "title: 一区\nunit: t\ndataset: c.rows\nmeasure: {agg: sum, of: tons, where: \"c.district = 'd1'\"}\n",
}
ASKED = ["c.sum", "c.n", "c.some", "c.mean", "c.most", "c.ratio", "c.p90", *(f"c.{path[2:].partition('.')[0]}" for path in MORE)]
ALL, NOW = Viewer("all", sees_all=True), datetime(2026, 4, 1)


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The small city with indicators that count different rows of one table."""
    checked = load_texts_checked({**FILES, **MORE})
    assert {finding.code for finding in checked.findings} <= {"unproved"}
    return checked.catalog


def told_of(table: Table, values: int) -> Spread:
    """A billion rows in which every column has so many values: the larger a table, the more is worth sharing."""
    distinct = tuple((column.name, values) for column in table.columns)
    return Spread(10**15, datetime(2026, 1, 1), datetime(2026, 2, 20), distinct)


class Boasting(DuckDbWarehouse):
    """A warehouse that tells of more rows than it has, so that a few rows are shared as a billion would be (夸大的数仓)."""

    values = 2

    def spread(self, table: Table) -> Spread | None:
        """Of a table that never was."""
        return told_of(table, self.values)


class BoastingPostgres(PostgresWarehouse):
    """The same on PostgreSQL (夸大的数仓)."""

    values = 2

    def spread(self, table: Table) -> Spread | None:
        """Of a table that never was."""
        return told_of(table, self.values)


House = Boasting | BoastingPostgres


@pytest.fixture(scope="module")
def house() -> Iterator[Boasting]:
    """One for all examples: rows are replaced."""
    warehouse = Boasting(None)
    load_regions(warehouse, catalog())
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def postgres_house(postgres_server: Server) -> Iterator[BoastingPostgres]:
    """One for all examples: rows are replaced."""
    with fresh_database(postgres_server) as dsn:
        warehouse = BoastingPostgres(dsn, connections=2)
        load_regions(warehouse, catalog())
        yield warehouse
        warehouse.close()


def tile(indicator: Any, **written: Any) -> Question:
    """A question as of a day on which all is known."""
    return msgspec.convert({"indicators": [indicator], "as_of": "2026-03-01", **written}, Question)


PERIODS = [
    None, {"from": "2026-01-10"}, {"from": "2026-01-05T08:00", "to": "2026-02-15"}, {"last": "P10D"}, {"from": "2026-02-01", "to": "2026-02-10T06:00"},
    {"from": "2026-01-01", "to": "2026-02-01"}, {"from": "2025-01-01", "to": "2025-03-01"},
]  # fmt: skip
WHERES = [None, None, None, "c.kind = 'a'", "c.district = 'd1'", "tons > 5", "c.kind = 'b' or tons < 3", "at_time >= '2026-01-20'"]
MODIFIERS: list[Any] = [None, None, None, None, "mom", {"prev": {"n": 1}}, {"share": {}}, {"rolling": {"over": "P3D"}}, "mtd", "yoy"]
ENDS: list[dict[str, Any]] = [{}, {}, {}, {"limit": 3}, {"having": "x > 5"}, {"totals": True}]
SPLITS: list[Any] = [[], ["c.kind"], ["c.street"], ["c.district"], ["c.district", "c.kind"], [{"time": "default", "part": "weekday"}]]


@st.composite
def batches_drawn(draw: st.DrawFn) -> list[Question]:
    """Tiles of few splits, periods and filters, most of which differ in some of them and in what they count."""
    one_of = st.sampled_from
    shapes: list[dict[str, Any]] = [
        {
            "by": draw(one_of(SPLITS)),
            "grain": grain,
            "fill": draw(one_of([None, None, None, "time"])),
            "period": draw(one_of(PERIODS)),
            "where": draw(one_of(WHERES)),
        }
        for grain in (draw(one_of([None, "day", "week", "month", "month", "hour"])) for _ in range(3))
    ]
    as_of = draw(one_of(["2026-03-01", "2026-01-20T09:30", None]))
    return [
        tile(
            {"of": draw(one_of(ASKED)), "modifier": draw(one_of(MODIFIERS)), "as": "x"},
            **{**draw(one_of(shapes)), "as_of": draw(one_of([as_of, as_of, as_of, "2026-02-02T03:00"]))},
            **draw(one_of(ENDS)),
        )
        for _ in range(draw(st.integers(3, 9)))
    ]


def assert_alike(house: House, rows: list[Row], batch: list[Question], values: int, viewers: list[Viewer]) -> None:
    """Together as alone, whether conditions are checked on the sums (few values) or on the rows (many)."""
    house.values = values
    load(house, catalog(), rows, "replace")
    for viewer in viewers:
        alone = [next(ask(catalog(), house, [question], viewer, NOW)) for question in batch]
        together = list(ask(catalog(), house, batch, viewer, NOW))
        assert [told(answer) for answer in together] == [told(answer) for answer in alone]


@settings(max_examples=max(5, settings().max_examples // 5))  # each example runs every question twice
@given(rows=rows_drawn, batch=batches_drawn(), values=st.sampled_from([2, 1000]), viewer=st.sampled_from([ALL, ALL, OWN]))
def test_a_batch_answers_as_its_questions_do_alone(
    house: Boasting, rows: list[Row], batch: list[Question], values: int, viewer: Viewer
) -> None:
    assert_alike(house, rows, batch, values, [viewer])


@pytest.mark.postgres
@settings(max_examples=max(10, settings().max_examples // 5))
@given(rows=rows_drawn, batch=batches_drawn(), values=st.sampled_from([2, 1000]), viewer=st.sampled_from([ALL, OWN]))
def test_on_postgresql_too(postgres_house: BoastingPostgres, rows: list[Row], batch: list[Question], values: int, viewer: Viewer) -> None:
    assert_alike(postgres_house, rows, batch, values, [viewer])


@settings(max_examples=2)
@given(rows=rows_drawn, batch=batches_drawn())
def test_beside_stored_states_too(house: Boasting, rows: list[Row], batch: list[Question]) -> None:
    city = catalog()
    load(house, city, rows, "replace")
    refresh_states(city, house, known_modifiers())
    alone = [next(ask(city, house, [question], ALL, NOW)) for question in batch]
    together = list(ask(city, house, batch, ALL, NOW, states=States(city, house, known_modifiers())))
    assert [told(answer) for answer in together] == [told(answer) for answer in alone]


def statements(batch: list[Question]) -> int:
    """How many statements answer a batch."""
    return len(groups_of(catalog(), known_modifiers(), batch, ALL, [NOW] * len(batch)))


def test_tiles_that_count_different_rows_of_one_table_are_one_statement() -> None:
    assert statements([tile(one, by=["c.kind"], grain="month") for one in ("c.sum", "c.some", "c.few", "c.least", "c.part", "c.p90")]) == 1


def test_a_cheap_tile_is_not_widened_into_the_joins_of_another() -> None:
    assert statements([tile("c.sum", grain="month"), tile("c.d1", grain="month")]) == 2


def test_a_filter_of_its_own_stays_alone() -> None:
    assert statements([tile("c.sum", grain="month"), tile("c.sum", grain="month", where="c.kind = 'a'")]) == 2
