"""What holds for PostgreSQL alone: any database will do, several processes may load, and what is written is readable SQL."""

import threading
from collections.abc import Iterator
from datetime import datetime

import psycopg
import pyarrow as pa
import pytest
from sqlglot import exp

from engine.compiling import nodes
from engine.state.server import Server
from engine.warehouse import RowsDoNotFit, Statement, Table, TableColumn, arrow_schema, table_node
from engine.warehouses.postgres import PostgresWarehouse

pytestmark = pytest.mark.postgres
STREETS = Table("city", "streets", (TableColumn("name", "text"), TableColumn("at", "timestamp")), ("name",), "at")


def rows(*names: str) -> list[pa.RecordBatch]:
    listed = [{"name": name, "at": datetime(2026, 1, 1)} for name in names]
    return [pa.RecordBatch.from_pylist(listed, schema=arrow_schema(STREETS))]


def names(warehouse: PostgresWarehouse) -> list[str]:
    tree = exp.Select(expressions=[exp.column("name")]).from_(table_node(STREETS)).order_by(nodes.ordered(exp.column("name")))
    return [row["name"] for row in warehouse.query(Statement(tree)).to_pylist()]


@pytest.fixture
def ascii_dsn(postgres_server: Server) -> Iterator[str]:
    """A database whose own locale knows no letters but ASCII: text columns must bring their collation."""
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE ascii_only TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
        yield postgres_server.dsn("ascii_only")
        connection.execute("DROP DATABASE ascii_only WITH (FORCE)")


def test_text_is_text_in_a_database_with_another_locale(ascii_dsn: str) -> None:
    warehouse = PostgresWarehouse(ascii_dsn)
    warehouse.load(STREETS, rows("a", "B", "É", "中", "Z"), "append")
    warehouse.load(STREETS, rows("a", "b"), "upsert")
    lower = exp.Lower(this=exp.column("name"))

    tree = exp.Select(expressions=[exp.alias_(lower, "low")]).from_(table_node(STREETS)).order_by(nodes.ordered(exp.column("name")))

    assert names(warehouse) == ["B", "Z", "a", "b", "É", "中"]
    assert [row["low"] for row in warehouse.query(Statement(tree)).to_pylist()] == ["b", "z", "a", "b", "é", "中"]
    warehouse.close()


def test_loads_of_one_table_from_two_places_wait_for_each_other(postgres_dsn: str) -> None:
    warehouses = [PostgresWarehouse(postgres_dsn) for _ in range(2)]

    def load(warehouse: PostgresWarehouse) -> None:
        for _ in range(5):
            warehouse.load(STREETS, rows("a", "b"), "replace")

    threads = [threading.Thread(target=load, args=(warehouse,)) for warehouse in warehouses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    state = warehouses[0].state(STREETS)
    assert state is not None
    assert (state.version, state.rows) == (10, 2)
    assert names(warehouses[1]) == ["a", "b"]
    for warehouse in warehouses:
        warehouse.close()


def test_key_and_time_are_indexed_after_a_replacement_too(postgres_dsn: str) -> None:
    warehouse = PostgresWarehouse(postgres_dsn)
    warehouse.load(STREETS, rows("b", "a"), "replace")
    warehouse.load(STREETS, rows("b", "a"), "replace")

    with psycopg.connect(postgres_dsn) as connection:
        found = connection.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'city' AND tablename = 'streets'").fetchall()

    assert sorted(row[0].rpartition(" ")[2] for row in found) == ["(at)", "(name)"]
    warehouse.close()


def test_what_postgresql_can_not_hold_is_refused_and_nothing_changes(postgres_dsn: str) -> None:
    warehouse = PostgresWarehouse(postgres_dsn)
    warehouse.load(STREETS, rows("a"), "append")

    with pytest.raises(RowsDoNotFit, match=r"city\.streets"):
        warehouse.load(STREETS, rows("b", "nul\x00"), "append")

    assert names(warehouse) == ["a"]
    warehouse.close()


def test_a_query_runs_in_a_read_only_transaction(postgres_dsn: str) -> None:
    warehouse = PostgresWarehouse(postgres_dsn)

    setting = exp.Select(expressions=[exp.column("setting")]).from_(exp.table_("pg_settings"))
    read_only = setting.where(exp.EQ(this=exp.column("name"), expression=exp.Literal.string("transaction_read_only")))

    assert warehouse.query(Statement(read_only)).to_pylist() == [{"setting": "on"}]
    warehouse.close()


def test_sql_is_readable(postgres_dsn: str) -> None:
    warehouse = PostgresWarehouse(postgres_dsn)
    month = nodes.bucket(exp.column("d"), "month")
    tree = exp.Select(expressions=[exp.alias_(month, "月"), exp.alias_(exp.Avg(this=exp.column("order")), "value")])

    text = warehouse.write(tree.from_(table_node(STREETS)).where(exp.EQ(this=exp.column("name"), expression=exp.Placeholder(this="p"))))

    assert text == (
        'SELECT CAST(DATE_TRUNC(\'MONTH\', d) AS DATE) AS "月", CAST(AVG("order") AS DOUBLE PRECISION) AS value '
        "FROM city.streets WHERE name = %(p)s"
    )
    warehouse.close()
