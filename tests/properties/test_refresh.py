"""Whatever is loaded between two refreshes, a refreshed state holds exactly what counting all rows anew would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from engine.compiling.described import PERIOD
from engine.compiling.state_rows import state_rows
from engine.compiling.states import Stored, stored_states
from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.ask import ask, known_modifiers
from engine.running.refresh import entries, refresh_states
from engine.running.states import States
from engine.running.touched import LOG, days_since, load_and_note
from engine.state.server import Server
from engine.warehouse import LoadMode, Statement, Table, Warehouse, table_node
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from tests.properties.test_states import Row, asked, batch, catalog, load_regions, rows_drawn
from tests.properties.test_states import told as told_of
from tests.warehouse_fixtures import fresh_database

CITY = catalog()
Load = tuple[LoadMode, list[Row], bool]
loads_drawn: st.SearchStrategy[list[Load]] = st.lists(
    st.tuples(st.sampled_from(["append", "upsert", "upsert", "replace", "replace_partitions"]), rows_drawn, st.booleans()),
    min_size=1,
    max_size=6,
)


def rows_table(city: Catalog) -> Table:
    """Where the weighings lie."""
    dataset = city.dataset("c.rows")
    assert dataset is not None
    return table_of("c.rows", dataset)


def load(warehouse: Warehouse, mode: LoadMode, rows: Sequence[Row]) -> None:
    """Rows into the table; an append leaves every third one without a time."""
    brought = batch(rows)
    if mode == "append":
        times = [None if n % 3 == 2 else at for n, at in enumerate(brought.column("at_time").to_pylist())]
        brought = brought.set_column(1, "at_time", pa.array(times, pa.timestamp("us")))
    load_and_note(warehouse, rows_table(CITY), [brought], mode)


def in_any_order(answer: pa.Table) -> list[str]:
    """Rows to compare, numbers as numbers whatever their type; what has no time lies in no period, and no answer counts it."""
    rows = [{name: float(value) if isinstance(value, int | float) or hasattr(value, "quantize") else str(value) for name, value in row.items()}
            for row in answer.to_pylist() if row[PERIOD] is not None]  # fmt: skip
    return sorted(map(repr, rows))


def held(warehouse: Warehouse, state: Stored) -> list[str]:
    """What the state's table holds."""
    columns = [exp.column(one.name) for one in state.table.columns]
    return in_any_order(warehouse.query(Statement(exp.Select(expressions=columns).from_(table_node(state.table)))))


def number_of_rows(warehouse: Warehouse, table: Table) -> int:
    """Rows of a table, counted."""
    counted = warehouse.query(Statement(exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(table_node(table))))
    return int(counted.column(0)[0].as_py())


def recounted(warehouse: Warehouse, state: Stored) -> list[str]:
    """What counting all rows gives."""
    answer = warehouse.query(state_rows(CITY, known_modifiers(), state))
    return in_any_order(answer.select([one.name for one in state.table.columns]))


def check(warehouse: Warehouse, loads: Sequence[Load]) -> None:
    """Load by load; wherever a refresh comes, every state equals its recount and its row count is right."""
    states = stored_states(CITY, known_modifiers())
    load_regions(warehouse, CITY)
    for mode, rows, is_refreshed in [*loads, ("append", [], True)]:
        load(warehouse, mode, rows)
        if not is_refreshed:
            continue
        refresh_states(CITY, warehouse, known_modifiers())
        for state in states:
            found = held(warehouse, state)
            assert found == recounted(warehouse, state)
            told = warehouse.state(state.table)
            assert told is not None
            assert told.rows == number_of_rows(warehouse, state.table)
        source = warehouse.state(rows_table(CITY))
        assert source is not None
        whole = [asked(indicators=["c.sum", "c.n"], by=["c.district"])]
        known = States(CITY, warehouse, known_modifiers())
        from_rows, from_states = (next(ask(CITY, warehouse, whole, now=datetime(2026, 4, 1), states=one)) for one in (None, known))
        assert told_of(from_rows) == told_of(from_states)
        assert {one.source_version for one in entries(warehouse).values()} == {source.version}


@settings(max_examples=max(15, settings().max_examples // 2))
@given(loads=loads_drawn)
def test_a_refreshed_state_equals_its_recount_on_duckdb(loads: list[Load]) -> None:
    warehouse = DuckDbWarehouse(None)
    check(warehouse, loads)
    warehouse.close()


@pytest.mark.postgres
def test_a_refreshed_state_equals_its_recount_on_postgres(postgres_server: Server) -> None:
    @settings(max_examples=max(4, settings().max_examples // 12))
    @given(loads=loads_drawn)
    def holds(loads: list[Load]) -> None:
        with fresh_database(postgres_server) as dsn:
            warehouse = PostgresWarehouse(dsn, connections=2)
            check(warehouse, loads)
            warehouse.close()

    holds()


@dataclass
class Case:
    """A load after a first one of sixty rows, one a day, and the days that it touches."""

    name: str
    mode: LoadMode
    rows: list[Row]
    days: set[date] | None


CASES = [
    Case("an upsert touches the day it brings and the day it takes", "upsert", [(5, 30, 1, "s1", "a", 1)], {date(2026, 1, 6), date(2026, 1, 31)}),
    Case("a new key touches its own day", "upsert", [(500, 3, 1, "s1", "a", 1)], {date(2026, 1, 4)}),
    Case("an append touches its days", "append", [(501, 3, 1, "s1", "a", 1), (502, 9, 1, "s1", "a", 1)], {date(2026, 1, 4), date(2026, 1, 10)}),
    Case("an empty load touches nothing", "append", [], set()),
    Case("what replaces all touches all", "replace", [(1, 1, 1, "s1", "a", 1)], None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_days_that_a_load_touches_are_noted(case: Case, warehouse: Warehouse) -> None:
    load_and_note(warehouse, rows_table(CITY), [batch([(n, n, 12, "s1", "a", n) for n in range(60)])], "replace")

    load_and_note(warehouse, rows_table(CITY), [batch(case.rows)], case.mode)

    assert days_since(warehouse, rows_table(CITY), 1, 2) == case.days


def test_an_upsert_of_very_many_days_is_noted_as_everything(warehouse: Warehouse) -> None:
    load_and_note(warehouse, rows_table(CITY), [batch([(n, n, 12, "s1", "a", n) for n in range(500)])], "replace")

    load_and_note(warehouse, rows_table(CITY), [batch([(n, 3, 12, "s1", "a", n) for n in range(450)])], "upsert")

    assert days_since(warehouse, rows_table(CITY), 1, 2) is None


def test_a_load_that_fails_leaves_neither_rows_nor_note(warehouse: Warehouse) -> None:
    load_and_note(warehouse, rows_table(CITY), [batch([(1, 1, 12, "s1", "a", 1)])], "replace")
    before = warehouse.state(rows_table(CITY))

    def breaking() -> Any:
        yield batch([(2, 2, 12, "s1", "a", 2)])
        raise ConnectionError("the source is gone")

    with pytest.raises(ConnectionError):
        load_and_note(warehouse, rows_table(CITY), breaking(), "append")

    assert warehouse.state(rows_table(CITY)) == before
    noted = warehouse.state(LOG)
    assert noted is not None
    assert noted.rows == 1


def load_two_and_break(warehouse: Warehouse) -> None:
    """A transaction that fails after its loads."""
    with warehouse.transaction() as transaction:
        transaction.load(rows_table(CITY), [batch([(2, 2, 12, "s1", "a", 2)])], "append")
        transaction.load(LOG, [], "replace")
        raise ZeroDivisionError


def test_a_transaction_that_breaks_leaves_every_table_as_it_was(warehouse: Warehouse) -> None:
    load_and_note(warehouse, rows_table(CITY), [batch([(1, 1, 12, "s1", "a", 1)])], "replace")
    before = warehouse.state(rows_table(CITY)), warehouse.state(LOG)

    with pytest.raises(ZeroDivisionError):
        load_two_and_break(warehouse)

    assert (warehouse.state(rows_table(CITY)), warehouse.state(LOG)) == before


def test_what_a_transaction_has_written_it_reads_itself_and_others_only_afterwards(duckdb_warehouse: Warehouse) -> None:
    table, moment = rows_table(CITY), datetime(2026, 1, 2, 12)
    counted = Statement(exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(table_node(table)))
    duckdb_warehouse.create(table)

    with duckdb_warehouse.transaction() as transaction:
        told = transaction.load(table, [batch([(1, 1, 12, "s1", "a", 1)])], "append").state
        within, outside = transaction.query(counted), duckdb_warehouse.query(counted)

    assert (told.rows, told.watermark) == (1, moment)
    assert (within.column(0).to_pylist(), outside.column(0).to_pylist()) == ([1], [0])
    assert duckdb_warehouse.query(counted).column(0).to_pylist() == [1]
