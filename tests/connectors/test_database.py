"""Tables of a business database are read whole or from where the last reading ended, by name and never by text."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from connectors.database import Database
from engine.connector import RowBatch, SourceFailed, Surroundings, open_connector, stream_of

pytestmark = pytest.mark.postgres
AROUND = Surroundings(now=datetime(2026, 1, 5))


def connector(dsn: str, **settings: Any) -> Database:
    parts = conninfo_to_dict(dsn)
    asked = {"dialect": "postgresql", "host": parts["host"], "database": parts["dbname"], "user": parts["user"], **settings}
    opened = open_connector(Database, {**asked, **({"port": int(str(parts["port"]))} if parts.get("port") else {})}, {"SECRET": "x"})
    assert isinstance(opened, Database)
    return opened


def batches(dsn: str, since: str | None = None, batch: int = 2, **read: Any) -> list[RowBatch]:
    database = connector(dsn, batch=batch)
    return list(database.read(stream_of(database, read), AROUND, since))


@pytest.fixture
def waste_dsn(postgres_dsn: str) -> str:
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute('CREATE SCHEMA "odd schema"')
        connection.execute('CREATE TABLE t_weigh (bill_no text PRIMARY KEY, "gross Kg" numeric, extra jsonb, update_time timestamp)')
        connection.execute('CREATE TABLE "odd schema"."select; --" (id uuid, n bigint)')
        connection.execute('INSERT INTO "odd schema"."select; --" VALUES (\'6f2f0f5e-0000-4000-8000-000000000001\', 7)')
        for number, minute in (("a", 1), ("b", 2), ("c", 2), ("d", 3)):
            connection.execute("INSERT INTO t_weigh VALUES (%s, 12.5, '{\"k\": 1}', %s)", (number, datetime(2026, 1, 5, 8, minute)))
    return postgres_dsn


def test_a_table_is_read_in_batches_with_its_own_types(waste_dsn: str) -> None:
    read = batches(waste_dsn, table="t_weigh", columns=["bill_no", "gross Kg"], cursor="update_time")
    assert [batch.rows.num_rows for batch in read] == [2, 2]
    assert read[0].rows.to_pylist()[0] == {"bill_no": "a", "gross Kg": Decimal("12.5")}
    assert read[1].numbers.to_pylist() == [3, 4]
    assert read[-1].cursor == "2026-01-05T08:03:00"


def test_a_later_reading_begins_at_the_cursor_and_reads_its_rows_again(waste_dsn: str) -> None:
    read = batches(waste_dsn, since="2026-01-05T08:02:00", table="t_weigh", cursor="update_time")
    assert sorted(row["bill_no"] for batch in read for row in batch.rows.to_pylist()) == ["b", "c", "d"]


def test_without_a_cursor_the_whole_table_comes_and_there_is_nowhere_to_go_on_from(waste_dsn: str) -> None:
    read = batches(waste_dsn, batch=100, table="t_weigh")
    assert [(batch.rows.num_rows, batch.cursor) for batch in read] == [(4, None)]


def test_names_with_spaces_and_signs_are_names_and_odd_types_become_text(waste_dsn: str) -> None:
    [batch] = batches(waste_dsn, table="select; --", schema="odd schema")
    assert batch.rows.to_pylist() == [{"id": "6f2f0f5e-0000-4000-8000-000000000001", "n": 7}]


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ({"table": "t_weighs"}, "no table 't_weighs'"),
        ({"table": "t_weigh; drop table t_weigh"}, "no table"),
        ({"table": "t_weigh", "columns": ["nett"]}, "no column 'nett'; it has bill_no"),
        ({"table": "t_weigh", "cursor": "updated"}, "no column 'updated'"),
    ],
)
def test_a_table_or_column_that_is_not_there_is_said(waste_dsn: str, read: dict[str, Any], words: str) -> None:
    with pytest.raises(SourceFailed, match=words):
        batches(waste_dsn, **read)


def test_a_connection_is_tried_without_reading_and_a_closed_door_is_said(waste_dsn: str) -> None:
    connector(waste_dsn).check(AROUND)
    with pytest.raises(SourceFailed, match="cannot be read"):
        connector(waste_dsn, database="nowhere").check(AROUND)


def test_only_hosts_on_the_list_are_reached(waste_dsn: str) -> None:
    with pytest.raises(SourceFailed, match=r"not on the list .* CHENGMAI_HOSTS"):
        connector(waste_dsn).check(Surroundings(now=AROUND.now, hosts=frozenset({"waste-db"})))


def test_a_secret_comes_from_the_environment_and_a_missing_one_is_named(waste_dsn: str) -> None:
    assert connector(waste_dsn, password={"env": "SECRET"}).password == "x"
    with pytest.raises(SourceFailed, match="has no variable NOT_SET"):
        connector(waste_dsn, password={"env": "NOT_SET"})


def test_the_source_is_only_read(waste_dsn: str) -> None:
    with connector(waste_dsn)._connected(AROUND) as connection:
        answer = connection.exec_driver_sql("SHOW transaction_read_only").scalar()
    assert answer == "on"
