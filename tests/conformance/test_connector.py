"""What every connector keeps, whoever wrote it: a sample of each stands here, and a connector without one fails the build."""

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from engine.connector import Connector, RowBatch, SourceFailed, Surroundings, open_connector, sample, stream_of
from engine.registry import members

CONNECTORS, TWICE = members("connectors", Connector, "chengmai.connectors")
NOW = datetime(2026, 1, 5, 12)


class Sample(Struct, frozen=True):
    """Settings and one stream of a connector that work here, with a later cursor if it has any (样例)."""

    settings: dict[str, Any]
    read: dict[str, Any]
    around: Surroundings
    wrong: dict[str, Any]  # a stream that is not there


def files(request: pytest.FixtureRequest) -> Sample:
    folder: Path = request.getfixturevalue("tmp_path")
    with (folder / "weigh.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "net"], *([number, number / 2] for number in range(1000))])
    return Sample({"root": "."}, {"path": "*.csv"}, Surroundings(now=NOW, folder=folder), {"path": "*.parquet"})


def database(request: pytest.FixtureRequest) -> Sample:
    dsn: str = request.getfixturevalue("postgres_dsn")
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE weigh AS SELECT i AS id, i / 2.0 AS net FROM generate_series(1, 1000) i")
    parts = conninfo_to_dict(dsn)
    settings = {"dialect": "postgresql", "host": parts["host"], "database": parts["dbname"], "user": parts["user"], "batch": 400}
    if parts.get("port"):
        settings["port"] = int(str(parts["port"]))
    return Sample(settings, {"table": "weigh", "cursor": "id"}, Surroundings(now=NOW), {"table": "weighs"})


def simulator(request: pytest.FixtureRequest) -> Sample:
    return Sample({"seed": 7}, {"stream": "sweep_cover", "days": 5}, Surroundings(now=NOW), {"stream": "sweeps"})


SAMPLES: dict[str, Callable[[pytest.FixtureRequest], Sample]] = {"files": files, "database": database, "simulator": simulator}
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
