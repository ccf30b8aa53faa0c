"""Every row says whose it is, when it came, what time it tells of and how far to trust it; late rows are taken up to the horizon."""

from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.connector import RowBatch, SourceFailed
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.question import Question
from engine.running.ask import ask
from engine.running.intake import IntakeResult, take_in
from engine.running.quarantine import QUARANTINE
from engine.running.taking import Terms
from engine.warehouse import Statement, Table, Warehouse, table_node

NOW = datetime(2026, 3, 10, 9)


def catalog(stream: str = "", dataset: str = "", columns: str = "", indicator: str = "") -> Catalog:
    """A stream of readings; what is given is put into its place in the YAML."""
    texts = {
        "project.yaml": "title: 试验\n",
        "sources/s.source.yaml": f"title: 源\nconnector: files\nstreams: [{{name: r, read: {{path: a.csv}}{stream}}}]\n",
        "c/r.dataset.yaml": (
            f"title: 读数\nfrom: sources.s/r\none_row_is: 一次\nregion: public\n{dataset or TIMES}columns:\n"
            f"  - {{name: id, title: 号, type: text}}\n{columns or AT}  - {{name: v, title: 值, type: decimal, unit: t}}\n"
            "quality: [{rule: range, column: v, max: 50, else: warn}]\n"
        ),
        "c/n.indicator.yaml": f"title: 数\nunit: '1'\ndataset: c.r\n{indicator or 'measure: {agg: count}'}\n",
    }
    loaded = load_texts(texts)
    assert loaded.findings == (), [finding.text() for finding in loaded.findings]
    return loaded.catalog


TIMES = "times: [{name: at, column: at, default: true}]\n"
AT = "  - {name: at, title: 时间, type: timestamp}\n"


def taken(city: Catalog, warehouse: Warehouse, *rows: dict[str, Any], **terms: Any) -> IntakeResult:
    dataset = city.dataset("c.r")
    assert dataset is not None
    given = pa.Table.from_pylist([{"id": "a", "at": "2026-03-10 08:59:00", "v": 1, **row} for row in rows])
    batch = RowBatch(given, pa.array(range(2, 2 + len(rows)), pa.int64()), "a.csv")
    return take_in(city, "c.r", [batch], warehouse, Terms(NOW, "upsert" if dataset.key else "append", **terms))


def lying_in(warehouse: Warehouse, table: Table) -> list[dict[str, Any]]:
    tree = exp.Select(expressions=[exp.column(column.name) for column in table.columns]).from_(table_node(table))
    rows: list[dict[str, Any]] = warehouse.query(Statement(tree)).to_pylist()
    return rows


def stored(city: Catalog, warehouse: Warehouse) -> list[dict[str, Any]]:
    dataset = city.dataset("c.r")
    assert dataset is not None
    return lying_in(warehouse, table_of("c.r", dataset))


def told(warehouse: Warehouse) -> list[tuple[str, str]]:
    return [(row["rule"], row["reason_en"]) for row in lying_in(warehouse, QUARANTINE)]


def test_five_columns_are_written_beside_those_of_the_source(warehouse: Warehouse) -> None:
    city = catalog()
    taken(city, warehouse, {})
    [row] = stored(city, warehouse)
    assert {name: row[name] for name in row if name not in ("id", "at", "v")} == {
        "source_system": "sources.s", "source_id": "a.csv#2", "ingest_time": NOW, "data_time": datetime(2026, 3, 10, 8, 59),
        "quality_flag": "ok",
    }  # fmt: skip


def test_they_are_counted_by_like_any_column(duckdb_warehouse: Warehouse) -> None:
    city = catalog(stream=", promised_delay: PT15M", indicator="measure: {agg: count, where: \"quality_flag = 'late'\"}")
    taken(city, duckdb_warehouse, {}, {"at": "2026-03-10 08:44:59"}, {"at": "2026-03-10 08:45:00"})
    question = msgspec.convert({"indicators": ["c.n"], "period": {"from": "2026-03-01", "to": "2026-04-01"}}, Question)
    [answer] = ask(city, duckdb_warehouse, [question], now=NOW)
    assert answer.frame is not None, answer.findings
    assert [row["c.n"] for row in answer.frame.rows()] == [1]


@pytest.mark.parametrize(
    ("row", "terms", "flag"),
    [
        ({"at": "2026-03-10 08:45:00"}, {}, "ok"),
        ({"at": "2026-03-10 08:44:59"}, {}, "late"),
        ({"at": None}, {}, "ok"),
        ({"at": "2026-03-10 09:30:00"}, {}, "ok"),  # a clock that is ahead is not late
        ({"at": "2026-03-10 08:44:59", "v": 51}, {}, "suspect"),
        ({"v": 51}, {"is_by_hand": True}, "manual"),
        ({"at": "2025-01-01"}, {"is_history": True}, "ok"),
    ],
)
def test_the_flag_says_how_far_to_trust_a_row(duckdb_warehouse: Warehouse, row: dict[str, Any], terms: dict[str, Any], flag: str) -> None:
    city = catalog(stream=", promised_delay: PT15M")
    taken(city, duckdb_warehouse, row, **terms)
    assert [one["quality_flag"] for one in stored(city, duckdb_warehouse)] == [flag]


@pytest.mark.parametrize(
    ("dataset", "day", "flag"),
    [
        (TIMES, "2026-03-09", "ok"),  # a day is told when it is over: at midnight, nine hours ago
        (TIMES, "2026-03-08", "late"),
        (f"{TIMES}partition: month\n", "2026-02-01", "late"),
        (f"{TIMES}partition: month\n", "2026-03-01", "ok"),
    ],
)
def test_a_row_of_a_day_is_due_when_the_day_is_over(duckdb_warehouse: Warehouse, dataset: str, day: str, flag: str) -> None:
    city = catalog(stream=", promised_delay: PT10H", dataset=dataset, columns="  - {name: at, title: 日, type: date}\n")
    taken(city, duckdb_warehouse, {"at": day})
    assert [row["quality_flag"] for row in stored(city, duckdb_warehouse)] == [flag]


@pytest.mark.parametrize(
    ("stream", "indicator"),
    [
        (", accept_late: P3D", ""),
        ("", "measure: {agg: count}\nlate: {lookback: P1D, accept: P3D}"),
        (", accept_late: P3D", "measure: {agg: count}\nlate: {lookback: P1D, accept: P30D}"),  # the stream has the last word
    ],
)
def test_late_rows_are_taken_within_the_horizon_and_older_ones_set_aside(duckdb_warehouse: Warehouse, stream: str, indicator: str) -> None:
    city = catalog(stream=stream, indicator=indicator)
    result = taken(city, duckdb_warehouse, {"id": "in", "at": "2026-03-07 09:00:00"}, {"id": "out", "at": "2026-03-07 08:59:59"})
    assert [row["id"] for row in stored(city, duckdb_warehouse)] == ["in"]
    assert (result.loaded, result.quarantined) == (1, 1)
    [(rule, said)] = told(duckdb_warehouse)
    assert rule == "too_late" and "2026-03-07 08:59:59" in said and "P3D" in said


def test_a_first_reading_brings_history_of_any_age(duckdb_warehouse: Warehouse) -> None:
    city = catalog(stream=", accept_late: P3D")
    assert taken(city, duckdb_warehouse, {"at": "2020-01-01"}, is_history=True).loaded == 1


def test_the_time_a_row_tells_of_is_that_of_the_project_where_the_column_has_another_zone(duckdb_warehouse: Warehouse) -> None:
    city = catalog(dataset="times: [{name: at, column: at, zone: UTC, default: true}]\n", stream=", promised_delay: PT15M")
    taken(city, duckdb_warehouse, {"at": "2026-03-10 00:50:00"}, {"at": "2026-03-10 00:40:00"})
    assert [(row["data_time"].hour, row["quality_flag"]) for row in stored(city, duckdb_warehouse)] == [(8, "late"), (8, "ok")]


def test_without_a_key_the_identity_of_the_stream_lets_a_row_replace_itself(warehouse: Warehouse) -> None:
    city = catalog(stream=", identity: [no, part]")
    taken(city, warehouse, {"no": "1", "part": "2", "v": 1}, {"no": "1|2", "part": "", "v": 9})
    taken(city, warehouse, {"no": " 1", "part": "2", "v": 3}, {"no": "1", "part": "3", "v": 4})
    assert {row["source_id"]: float(row["v"]) for row in stored(city, warehouse)} == {"1|2": 3.0, "1|3": 4.0}


def test_identities_of_several_columns_are_not_mixed_up(duckdb_warehouse: Warehouse) -> None:
    city = catalog(stream=", identity: [no, part]")
    taken(city, duckdb_warehouse, {"no": "1|2", "part": "3"}, {"no": "1", "part": "2|3"}, {"no": "1\\", "part": "2|3"})
    assert len(stored(city, duckdb_warehouse)) == 3


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_a_row_without_its_identity_is_set_aside(duckdb_warehouse: Warehouse, nothing: str | None) -> None:
    city = catalog(stream=", identity: [no]")
    result = taken(city, duckdb_warehouse, {"no": "1"}, {"no": nothing})
    assert (result.loaded, result.quarantined) == (1, 1)
    assert told(duckdb_warehouse) == [("not_null", "its identity (no) has no value")]


def test_a_source_without_the_column_that_tells_its_rows_apart_is_refused(duckdb_warehouse: Warehouse) -> None:
    with pytest.raises(SourceFailed, match="no column 'no', which is to tell rows apart"):
        taken(catalog(stream=", identity: [no]"), duckdb_warehouse, {})


def test_a_column_that_the_author_has_written_himself_stays_his(duckdb_warehouse: Warehouse) -> None:
    own = f"{AT}  - {{name: source_id, title: 记录号, type: integer}}\n"
    city = catalog(columns=own)
    taken(city, duckdb_warehouse, {"source_id": "77"})
    assert [row["source_id"] for row in stored(city, duckdb_warehouse)] == [77]


def test_a_field_map_may_fill_a_meta_column(duckdb_warehouse: Warehouse) -> None:
    city = catalog(stream=", fields: [{from: upper(id), to: source_id}]")
    taken(city, duckdb_warehouse, {"id": "x1"})
    assert [row["source_id"] for row in stored(city, duckdb_warehouse)] == ["X1"]


def test_a_dataset_that_comes_from_no_stream_has_none(duckdb_warehouse: Warehouse) -> None:
    loaded = load_texts({
        "project.yaml": "title: 试验\n",
        "c/r.dataset.yaml": "title: 行\none_row_is: 一行\nregion: public\ncolumns: [{name: id, title: 号, type: text}]\n",
    })  # fmt: skip
    dataset = loaded.catalog.dataset("c.r")
    assert dataset is not None and [column.name for column in dataset.columns] == ["id"]


@pytest.mark.parametrize(
    ("sent", "rule"),
    [("1e15", "type"), ("9.9e14", "type"), ("inf", "type"), ("1,000", "type"), ("１２", "type"), ("0x1F", "type"), ("12kg", "type")],
)
def test_what_is_no_amount_of_its_unit_is_set_aside(duckdb_warehouse: Warehouse, sent: str, rule: str) -> None:
    city = catalog(stream=", fields: [{from: v, to: v, unit: kg}]")
    result = taken(city, duckdb_warehouse, {"v": sent}, {"v": "2500"})
    assert (result.loaded, result.quarantined) == (1, 1)
    assert [float(row["v"]) for row in stored(city, duckdb_warehouse)] == [2.5]
    assert [one for one, _ in told(duckdb_warehouse)] == [rule]


def test_an_amount_too_great_for_its_column_after_conversion_is_set_aside(duckdb_warehouse: Warehouse) -> None:
    city = catalog(stream=", fields: [{from: v, to: v, unit: 万t}]")
    result = taken(city, duckdb_warehouse, {"v": "999999999"}, {"v": "0.0001"})
    assert (result.loaded, result.quarantined) == (1, 1)
