"""What every connector keeps, whoever wrote it: a sample of each stands here, and a connector without one fails the build."""

import csv
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from msgspec import Struct
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict

from engine.connector import Connector, Following, RowBatch, SourceFailed, Surroundings, Written, open_connector, sample, stream_of
from engine.loading.decode import Misfit, decode
from engine.registry import members
from tests.connectors.interface import Interface, Question, Reply, interface

EVERY, TWICE = members("connectors", Connector, "chengmai.connectors")
CONNECTORS = {
    tag: kind for tag, kind in EVERY.items() if not issubclass(kind, Following)
}  # those are tested in tests/connectors/test_mqtt.py and test_kafka.py
NOW = datetime(2026, 1, 5, 12)


class Sample(Struct, frozen=True):
    """Settings and one stream of a connector that work here, with a later cursor if it has any (样例)."""

    settings: dict[str, Any]
    read: dict[str, Any]
    around: Surroundings
    wrong: dict[str, Any]  # a stream that is not there
    closed: dict[str, Any] | None = None  # settings of a source that is away; None: there is none
    goes_out: bool = False  # it opens connections to hosts


def files(request: pytest.FixtureRequest) -> Sample:
    folder: Path = request.getfixturevalue("tmp_path")
    with (folder / "weigh.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "net"], *([number, number / 2] for number in range(1000))])
    return Sample({"root": "."}, {"path": "*.csv"}, Surroundings(now=NOW, folder=folder), {"path": "*.parquet"}, {"root": "nowhere"})


def database(request: pytest.FixtureRequest) -> Sample:
    dsn: str = request.getfixturevalue("postgres_dsn")
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE weigh AS SELECT i AS id, i / 2.0 AS net FROM generate_series(1, 1000) i")
    parts = conninfo_to_dict(dsn)
    settings = {"dialect": "postgresql", "host": parts["host"], "database": parts["dbname"], "user": parts["user"], "batch": 400}
    if parts.get("port"):
        settings["port"] = int(str(parts["port"]))
    around = Surroundings(now=NOW, hosts=frozenset({str(parts["host"])}))
    return Sample(settings, {"table": "weigh", "cursor": "id"}, around, {"table": "weighs"}, {**settings, "database": "nowhere"}, True)


def rest(request: pytest.FixtureRequest) -> Sample:
    opened = request.getfixturevalue("opened_interface")

    def page(asked: Question) -> Reply:
        first = int(asked.query.get("after", 0))
        items = [{"id": number, "net": number / 2} for number in range(first, min(first + 100, 1000))]
        return Reply({"rows": items, "next": min(first + 100, 1000)})

    opened.on("/weigh", page)
    paging = {"parameter": "after", "next_at": "/next", "is_kept": True}
    around = Surroundings(now=NOW, hosts=frozenset({"127.0.0.1"}))
    read = {"path": "weigh", "rows_at": "/rows", "cursor": paging}
    return Sample({"url": opened.url}, read, around, {"path": "weighs"}, {"url": "http://127.0.0.1:1"}, True)


@pytest.fixture
def opened_interface() -> Iterator[Interface]:
    with interface() as opened:
        yield opened


def simulator(request: pytest.FixtureRequest) -> Sample:
    return Sample({"seed": 7}, {"stream": "sweep_cover", "days": 5}, Surroundings(now=NOW), {"stream": "sweeps"})


def manual_form(request: pytest.FixtureRequest) -> Sample:
    def written(form: str, after: int) -> Iterator[Written]:
        return (Written(number, {"id": str(number), "net": str(number / 2)}) for number in range(after + 1, 1001))

    return Sample({"batch": 400}, {"form": "snow"}, Surroundings(now=NOW, written=written), {"form": "扫雪"})


SAMPLES: dict[str, Callable[[pytest.FixtureRequest], Sample]] = {
    "files": files,
    "database": database,
    "rest": rest,
    "simulator": simulator,
    "manual_form": manual_form,
}
EACH = pytest.mark.parametrize("tag", [pytest.param(tag, marks=pytest.mark.postgres if tag == "database" else ()) for tag in CONNECTORS])


def opened(tag: str, request: pytest.FixtureRequest) -> tuple[Connector, Any, Sample]:
    given = SAMPLES[tag](request)
    connector = open_connector(CONNECTORS[tag], given.settings, {})
    return connector, stream_of(connector, given.read), given


def read_all(connector: Connector, stream: Any, around: Surroundings, since: str | None = None) -> list[RowBatch]:
    return list(connector.read(stream, around, since))


def test_every_connector_has_a_sample_here_and_a_tag_of_its_own() -> None:
    assert TWICE == []
    assert sorted(SAMPLES) == sorted(CONNECTORS)


@EACH
def test_it_can_be_tried_and_gives_a_small_sample(tag: str, request: pytest.FixtureRequest) -> None:
    connector, stream, given = opened(tag, request)
    connector.check(given.around)
    assert sample(connector, stream, given.around, 5).num_rows == 5


@EACH
def test_each_row_has_one_number_and_numbers_only_grow(tag: str, request: pytest.FixtureRequest) -> None:
    connector, stream, given = opened(tag, request)
    read = read_all(connector, stream, given.around)
    numbers = [number for batch in read for number in batch.numbers.to_pylist()]
    assert sum(batch.rows.num_rows for batch in read) == len(numbers) >= 1000
    assert numbers == sorted(set(numbers))
    assert all(batch.numbers.type == pa.int64() and batch.origin for batch in read)


@EACH
def test_reading_twice_gives_the_same_rows(tag: str, request: pytest.FixtureRequest) -> None:
    connector, stream, given = opened(tag, request)
    first, second = (
        pa.concat_tables([batch.rows for batch in read_all(connector, stream, given.around)], promote_options="permissive")
        for _ in range(2)
    )
    assert first.equals(second)


@EACH
def test_a_reading_from_the_last_cursor_on_repeats_at_most_the_last_row(tag: str, request: pytest.FixtureRequest) -> None:
    connector, stream, given = opened(tag, request)
    cursor = read_all(connector, stream, given.around)[-1].cursor
    assert cursor is not None
    assert sum(batch.rows.num_rows for batch in read_all(connector, stream, given.around, cursor)) <= 1


@EACH
def test_settings_and_streams_that_do_not_fit_are_said_in_both_languages(tag: str, request: pytest.FixtureRequest) -> None:
    connector, _, given = opened(tag, request)
    for wrong in (
        lambda: open_connector(CONNECTORS[tag], {**given.settings, "no_such": 1}, {}),
        lambda: stream_of(connector, {"no_such": 1}),
        lambda: read_all(connector, stream_of(connector, given.wrong), given.around),
    ):
        with pytest.raises(SourceFailed) as failure:
            wrong()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in failure.value.zh)
        assert failure.value.en


@EACH
def test_settings_and_streams_that_do_not_fit_are_findings_before_anything_is_read(tag: str, request: pytest.FixtureRequest) -> None:
    given = SAMPLES[tag](request)
    assert not isinstance(decode(CONNECTORS[tag], given.settings), Misfit)
    assert isinstance(decode(CONNECTORS[tag], {**given.settings, "no_such": 1}), Misfit)
    assert isinstance(decode(CONNECTORS[tag].stream, {**given.read, "no_such": 1}), Misfit)


@EACH
def test_a_source_that_is_away_is_said_when_it_is_tried_and_when_it_is_read(tag: str, request: pytest.FixtureRequest) -> None:
    _, stream, given = opened(tag, request)
    if given.closed is None:
        return
    away = open_connector(CONNECTORS[tag], given.closed, {})
    for attempt in (lambda: away.check(given.around), lambda: read_all(away, stream, given.around)):
        with pytest.raises(SourceFailed) as failure:
            attempt()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in failure.value.zh)


@EACH
def test_only_hosts_that_the_administrator_lists_are_reached(tag: str, request: pytest.FixtureRequest) -> None:
    connector, stream, given = opened(tag, request)
    assert given.goes_out == (given.around.hosts is not None)
    nowhere = replace(given.around, hosts=frozenset({"another-host"}))
    if not given.goes_out:
        connector.check(nowhere)
        return
    for attempt in (lambda: connector.check(nowhere), lambda: read_all(connector, stream, nowhere)):
        with pytest.raises(SourceFailed, match="CHENGMAI_HOSTS"):
            attempt()


def own_sockets() -> set[str]:
    """The sockets of this process that were opened, by their numbers; those that a test's own server accepts are gone a moment later."""
    found: set[str] = set()
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(one.readlink()))
    return {link for link in found if link.startswith("socket:")}


def is_true_soon(holds: Callable[[], bool]) -> bool:
    """Whether it comes true before long."""
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


@EACH
def test_a_reading_that_is_given_up_halfway_leaves_no_connection_open(tag: str, request: pytest.FixtureRequest) -> None:
    connector, stream, given = opened(tag, request)
    before = own_sockets()
    reading = connector.read(stream, given.around)
    next(reading)
    reading.close()
    assert is_true_soon(lambda: own_sockets() <= before)
