"""What holds for Spark alone: transactions over files, states on them, names that are files elsewhere, and a server with little memory."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.tables import table_of
from engine.lake import local_spark
from engine.question import EVERYTHING, Period, Question
from engine.running.ask import Answer, ask, known_modifiers
from engine.running.definitions import load_texts_checked
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.running.touched import load_and_note
from engine.warehouse import NotOneSelect, Slice, Statement, Table, TableColumn, Warehouse, arrow_schema, table_node
from tests.warehouse_fixtures import SPARK, fresh_lake

pytestmark = [*SPARK]
SCANS = Table("lpg", "scans", (TableColumn("id", "integer"), TableColumn("at", "timestamp")), ("id",), "at")
BOOK = Table("lpg", "book", (TableColumn("name", "text"), TableColumn("many", "integer")), ("name",))
TEXTS = {
    "project.yaml": "title: 小城\nwarehouse: spark\n",
    "w/trips.dataset.yaml": (
        "title: 清运车次\none_row_is: 一车次\nkey: [id]\nregion: public\ncolumns:\n"
        "  - {name: id, title: 号, type: integer}\n  - {name: at, title: 日, type: date}\n"
        "  - {name: ton, title: 净重, type: decimal, unit: t}\n"
        "times: [{name: at, column: at, default: true}]\nstates: [{name: day, grain: day, by: [], of: [w.tons]}]\n"
    ),
    "w/tons.indicator.yaml": "title: 清运量\nunit: t\ndataset: w.trips\nmeasure: {agg: sum, of: ton}\n",
}


def rows(*numbers: int) -> list[pa.RecordBatch]:
    listed = [{"id": number, "at": datetime(2026, 1, number)} for number in numbers]
    return [pa.RecordBatch.from_pylist(listed, schema=arrow_schema(SCANS))]


def counted(table: Table = SCANS) -> Statement:
    return Statement(exp.Select(expressions=[exp.alias_(exp.Count(this=exp.Star()), "many")]).from_(table_node(table)))


@pytest.fixture
def lake(spark_url: str) -> Iterator[Warehouse]:
    """An empty Spark warehouse."""
    with fresh_lake(spark_url) as made:
        yield made


def test_a_transaction_reads_what_it_wrote_and_others_read_it_when_it_has_ended(lake: Warehouse) -> None:
    lake.load(SCANS, rows(1, 2), "append")

    with lake.transaction() as transaction:
        transaction.load(SCANS, rows(3, 4, 5), "append")
        inside, outside = transaction.query(counted()), lake.query(counted())
        named = exp.alias_(nodes.typed(exp.Literal.string("scans"), "text"), "name")
        count = exp.Select(expressions=[named, exp.alias_(exp.Count(this=exp.Star()), "many")]).from_(table_node(SCANS))
        transaction.refill(BOOK, [Statement(count)], None)
        transaction.remove(SCANS, [Slice(None, datetime(2026, 1, 3))])

    assert (inside.to_pylist(), outside.to_pylist()) == ([{"many": 5}], [{"many": 2}])
    assert lake.query(counted()).to_pylist() == [{"many": 3}]
    names = exp.Select(expressions=[exp.column("name"), exp.column("many")]).from_(table_node(BOOK))
    assert lake.query(Statement(names)).to_pylist() == [{"name": "scans", "many": 5}]


def test_a_state_is_filled_refreshed_by_the_touched_day_and_read(lake: Warehouse) -> None:
    checked = load_texts_checked(TEXTS)
    assert [finding.text("en") for finding in checked.findings if finding.code != "unproved"] == []
    catalog, dataset = checked.catalog, checked.catalog.dataset("w.trips")
    assert dataset is not None
    table = table_of("w.trips", dataset)

    def load(*trips: tuple[int, int, int]) -> None:
        columns = {
            "id": [id for id, _, _ in trips],
            "at": [datetime(2026, 1, day).date() for _, day, _ in trips],
            "ton": [Decimal(ton) for *_, ton in trips],
        }
        load_and_note(lake, table, [pa.record_batch(columns)], "upsert")

    def answered() -> Answer:
        question = Question(indicators=("w.tons",), grain="day", period=Period(start="2026-01-01", end="2026-02-01"))
        states = States(catalog, lake, known_modifiers())
        return next(ask(catalog, lake, [question], EVERYTHING, datetime(2026, 2, 1), states=states))

    load(*((n, 1 + n % 20, 1) for n in range(60)))
    assert [done.partitions for done in refresh_states(catalog, lake, known_modifiers())] == [None]
    load((0, 1, 5), (100, 3, 7))  # a row that is replaced, a late one
    assert [done.partitions for done in refresh_states(catalog, lake, known_modifiers())] == [2]

    answer = answered()
    assert answer.frame is not None
    assert answer.frame.table.column("w.tons").to_pylist()[:4] == [7, 3, 10, 3]
    assert "FROM states_w.trips_day" in answer.sql


@pytest.mark.parametrize(
    ("schema", "name"), [("parquet", "/etc/passwd"), ("text", "/etc/passwd"), ("lpg", "../../scans"), ("lpg", "missing")]
)
def test_a_name_that_would_be_a_file_is_no_table(lake: Warehouse, schema: str, name: str) -> None:
    lake.load(SCANS, rows(1), "append")

    with pytest.raises(NotOneSelect, match="there is no table"):
        lake.query(Statement(exp.Select(expressions=[exp.Star()]).from_(table_node(Table(schema, name, ())))))


def test_what_two_sessions_see_are_the_loads_of_both(lake: Warehouse, spark_url: str) -> None:
    from engine.warehouses.spark import SparkWarehouse

    assert isinstance(lake, SparkWarehouse)
    with closing(SparkWarehouse(spark_url, lake.root)) as other:
        lake.load(SCANS, rows(1, 2), "append")
        assert other.query(counted()).to_pylist() == [{"many": 2}]
        other.load(SCANS, rows(2, 3), "upsert")

        assert lake.query(counted()).to_pylist() == [{"many": 3}]


def test_a_query_that_needs_more_than_the_memory_there_is_leaves_the_server_well(tmp_path: Path) -> None:
    from engine.warehouses.spark import SparkWarehouse

    with local_spark.running(16 * 1024**2) as spark, closing(SparkWarehouse(spark.url, tmp_path)) as small:
        seconds = nodes.series_of_dates(datetime(2000, 1, 1), datetime(2000, 3, 1), "second").subquery("s")
        # All of them at once in one list, which can't be spilled.
        median = exp.Select(expressions=[exp.alias_(nodes.percentile(exp.column("t"), 0.5, "discrete"), "m")]).from_(seconds)

        with pytest.raises(Exception, match=r"[Rr]esources exhausted|memory"):
            small.query(Statement(median))

        small.load(SCANS, rows(1, 2), "append")
        assert small.query(counted()).to_pylist() == [{"many": 2}]


def test_a_local_spark_goes_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    code = "from engine.lake import local_spark\nimport time\nwith local_spark.running() as spark:\n    print(spark.pid, flush=True)\n    time.sleep(600)"
    owner = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    spark = Path("/proc") / owner.stdout.readline().strip()
    assert spark.exists()

    owner.kill()
    owner.communicate()

    until = time.monotonic() + 20
    while spark.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not spark.exists()
