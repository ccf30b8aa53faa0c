"""The same reading of tables holds on MariaDB: types, ties at the cursor, an overlap, only reading, and leaving a large answer at once."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import conninfo_to_dict

from connectors.database import Database
from engine.connector import RowBatch, SourceFailed, Surroundings, open_connector, stream_of
from tests.connectors.mariadb import MariaDb, running

NOW = datetime(2026, 1, 5)
pytestmark = pytest.mark.xdist_group("mariadb")


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with running() as opened:
        with closing(opened.writer("waste")) as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE t_weigh (bill_no varchar(20) PRIMARY KEY, `净重 Kg` decimal(12,3), is_empty tinyint(1), n bigint unsigned,"
                " update_time datetime(6), note text, odd date)"
            )
            lines = [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3)]
            cursor.executemany(
                "INSERT INTO t_weigh VALUES (%s, 12.5, 0, 18446744073709551615, %s, '朝阳🚛', '2026-01-05')",
                [(no, datetime(2026, 1, 5, 8, minute)) for no, minute in lines],
            )
            cursor.execute("SET SESSION sql_mode = ''")
            cursor.execute("INSERT INTO t_weigh (bill_no, odd) VALUES ('z', '0000-00-00')")
            cursor.execute("CREATE TABLE many (id int PRIMARY KEY, text varchar(200))")
            cursor.execute("INSERT INTO many SELECT seq, repeat('x', 150) FROM seq_1_to_600000")
        yield opened


def database(server: MariaDb, **settings: Any) -> Database:
    asked = {
        "dialect": "mysql",
        "host": "127.0.0.1",
        "port": server.port,
        "database": "waste",
        "user": "reader",
        "password": {"env": "SECRET"},
    }
    opened = open_connector(Database, {**asked, **settings}, {"SECRET": "s3cret"})
    assert isinstance(opened, Database)
    return opened


def around(*hosts: str) -> Surroundings:
    return Surroundings(now=NOW, hosts=frozenset(hosts or ["127.0.0.1"]))


def read(server: MariaDb, since: str | None = None, batch: int = 2, **stream: Any) -> list[RowBatch]:
    opened = database(server, batch=batch)
    return list(opened.read(stream_of(opened, {"table": "t_weigh", **stream}), around(), since))


def numbers_of(batches: list[RowBatch]) -> list[str]:
    return [row["bill_no"] for batch in batches for row in batch.rows.to_pylist()]


def test_columns_keep_their_types_in_every_batch_also_when_all_cells_are_empty(server: MariaDb) -> None:
    batches = read(server, columns=["bill_no", "净重 Kg", "is_empty", "update_time", "note"])
    kinds = [pa.string(), pa.decimal128(12, 3), pa.int64(), pa.timestamp("us"), pa.string()]
    assert [batch.rows.schema.types for batch in batches] == [kinds] * 3
    assert batches[0].rows.to_pylist()[0] == {
        "bill_no": "a", "净重 Kg": Decimal("12.500"), "is_empty": 0, "update_time": datetime(2026, 1, 5, 8, 1), "note": "朝阳🚛",
    }  # fmt: skip


def test_cells_that_no_type_holds_become_text(server: MariaDb) -> None:
    rows = [row for batch in read(server, columns=["n", "odd"]) for row in batch.rows.to_pylist()]
    assert rows[0]["n"] == Decimal(18446744073709551615) or rows[0]["n"] == "18446744073709551615"
    assert str(rows[-1]["odd"]) == "0000-00-00"


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_rows_that_tie_at_the_cursor_are_read_again_and_none_is_left_out(server: MariaDb, batch: int) -> None:
    first = read(server, batch=batch, cursor="update_time")
    assert sorted(numbers_of(first)) == ["a", "b", "c", "d", "e", "z"]
    for place, one in enumerate(first):
        if one.cursor is not None:
            later = read(server, since=one.cursor, batch=batch, cursor="update_time")
            assert {*numbers_of(first[: place + 1]), *numbers_of(later)} == set("abcdez")


def test_an_overlap_reads_what_was_committed_late(server: MariaDb) -> None:
    assert sorted(numbers_of(read(server, since="2026-01-05T08:03:00", cursor="update_time"))) == ["e"]
    assert sorted(numbers_of(read(server, since="2026-01-05T08:03:00", cursor="update_time", overlap="PT1M"))) == ["b", "c", "d", "e"]
    opened = database(server)
    later = opened.read(stream_of(opened, {"table": "many", "cursor": "id", "overlap": 10}), around(), "599995")
    assert sum(batch.rows.num_rows for batch in later) == 16


@pytest.mark.parametrize(
    ("since", "overlap", "words"), [("yesterday", None, "no value of the column"), ("2026-01-05", 3, "does not go with")]
)
def test_a_cursor_that_is_none_of_the_column_is_said(server: MariaDb, since: str, overlap: int | None, words: str) -> None:
    with pytest.raises(SourceFailed, match=words):
        read(server, since=since, cursor="update_time", **({"overlap": overlap} if overlap else {}))


def test_a_large_answer_is_left_at_once_and_the_server_is_rid_of_us(server: MariaDb) -> None:
    opened = database(server, batch=1000)
    reading = opened.read(stream_of(opened, {"table": "many"}), around())
    assert next(reading).rows.num_rows == 1000
    with closing(server.writer()) as connection, connection.cursor() as cursor:
        before = bytes_sent(cursor)
        reading.close()
        assert bytes_sent(cursor) - before < 30_000_000  # of 90 MB: the rest was not read only to be thrown away
        assert is_gone(cursor)


def bytes_sent(cursor: Any) -> int:
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")
    return int(cursor.fetchone()[1])


def is_gone(cursor: Any) -> bool:
    """Whether no connection of the reader is left before long."""
    for _ in range(500):
        cursor.execute("SELECT count(*), sleep(0.02) FROM information_schema.processlist WHERE user = 'reader'")
        if cursor.fetchone()[0] == 0:
            return True
    return False


def test_the_source_is_only_read_though_the_user_may_write(server: MariaDb) -> None:
    with pytest.raises(SourceFailed, match="READ ONLY"), database(server)._connected(around()) as connection:
        connection.exec_driver_sql("DELETE FROM t_weigh")
    assert len(numbers_of(read(server))) == 6


def test_a_socket_is_reached_when_its_path_is_listed(server: MariaDb) -> None:
    database(server, host=server.socket).check(around(server.socket))
    for hosts in ("127.0.0.1", "/tmp"):
        with pytest.raises(SourceFailed, match="the socket"):
            database(server, host=server.socket).check(around(hosts))
    with pytest.raises(SourceFailed, match="the socket"):
        database(server, host="/tmp/../tmp/x.sock").check(Surroundings(now=NOW))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password": "wrong"}, "Access denied"),
        ({"database": "nowhere"}, "Access denied|Unknown database"),
        ({"port": 1}, "cannot be read"),
        ({"host": "localhost"}, "not on the list"),
        ({"host": "127.0.0.1:3306"}, "neither the name"),
        ({"host": "127.0.0.1?local_infile=1"}, "neither the name"),
        ({"host": "reader:x@127.0.0.1"}, "neither the name"),
        ({"host": "2130706433"}, "neither the name"),
        ({"database": "waste?read_default_file=/etc/passwd"}, "Access denied|Unknown database"),
        ({"user": "reader@elsewhere/?x=1"}, "Access denied"),
    ],
)
def test_no_setting_smuggles_in_another_host_or_option(server: MariaDb, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SourceFailed, match=words) as failure:
        database(server, **settings).check(around())
    assert "s3cret" not in failure.value.zh + failure.value.en


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database", "x options=-cstatement_timeout=0"),
        ("database", "host=evil.cn"),
        ("user", "u sslmode=disable"),
        ("database", "postgresql://evil.cn/x"),
    ],
)
def test_no_setting_of_postgres_is_read_as_a_connection_string(postgres_dsn: str, name: str, value: str) -> None:
    parts = conninfo_to_dict(postgres_dsn)
    asked = {
        "dialect": "postgresql",
        "host": parts["host"],
        "database": parts["dbname"],
        "user": parts["user"],
        "port": int(str(parts["port"])),
        name: value,
    }
    opened = open_connector(Database, asked, {})
    with pytest.raises(SourceFailed, match="does not exist"):
        opened.check(Surroundings(now=NOW, hosts=frozenset({str(parts["host"])})))


@pytest.mark.postgres
def test_a_cursor_with_a_zone_is_remembered_as_an_instant(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("CREATE TABLE t (id int, at timestamptz, part numeric, whole numeric(10,2), empty double precision)")
        connection.execute(
            "INSERT INTO t SELECT i, timestamptz '2026-01-05 08:00+08' + i * interval '1 minute', i / 3.0, i FROM generate_series(1, 5) i"
        )
    parts = conninfo_to_dict(postgres_dsn)
    asked = {
        "dialect": "postgresql",
        "host": parts["host"],
        "database": parts["dbname"],
        "user": parts["user"],
        "port": int(str(parts["port"])),
    }
    opened = open_connector(Database, asked, {})
    stream = stream_of(opened, {"table": "t", "cursor": "at"})
    where = Surroundings(now=NOW, hosts=frozenset({str(parts["host"])}))
    [batch] = opened.read(stream, where)
    assert batch.cursor == "2026-01-05T00:05:00+00:00"
    assert batch.rows.column("at").to_pylist()[0] == datetime(2026, 1, 5, 0, 1, tzinfo=UTC)
    assert [batch.rows.schema.field(name).type for name in ("whole", "empty")] == [pa.decimal128(10, 2), pa.float64()]
    [again] = opened.read(stream, where, batch.cursor)
    assert again.rows.column("id").to_pylist() == [5]


@pytest.mark.postgres
def test_the_environment_of_whoever_started_us_leads_nowhere_else(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = conninfo_to_dict(postgres_dsn)
    asked = {
        "dialect": "postgresql",
        "host": parts["host"],
        "database": parts["dbname"],
        "user": parts["user"],
        "port": int(str(parts["port"])),
    }
    for name, value in {"PGHOST": "evil.example.cn", "PGHOSTADDR": "127.0.0.9", "PGPORT": "1", "PGOPTIONS": "-c search_path=evil"}.items():
        monkeypatch.setenv(name, value)
    opened = open_connector(Database, asked, {})
    assert isinstance(opened, Database)
    with opened._connected(Surroundings(now=NOW, hosts=frozenset({str(parts["host"])}))) as connection:
        assert connection.exec_driver_sql("SHOW search_path").scalar() == '"$user", public'
