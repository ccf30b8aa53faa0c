"""Rows that were set aside can be mended and replayed: once, however many ask, and never over a newer row."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engine.connector import RefusedRow, RowBatch
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.intake import take_in
from engine.running.replay import NotPossible, correct, discard, replay
from engine.running.set_aside import SetAside, Sought, rows_set_aside
from engine.running.taking import Terms
from engine.state.migrate import migrate
from engine.state.quarantine import steps_of
from engine.state.store import Store, open_store
from engine.warehouse import Warehouse
from tests.engine.running.loaded_rows import rows_of

pytestmark = pytest.mark.postgres
NOON = datetime(2026, 1, 6, 12)
NOW = datetime(2026, 1, 6, 8, tzinfo=UTC)
DATASET = """
title: 过磅
from: sources.waste/{stream}
one_row_is: 一次过磅
{key}
region: public
times: [{{name: at, column: at, default: true}}]
columns:
  - {{name: bill, title: 单号, type: text}}
  - {{name: at, title: 时间, type: timestamp}}
  - {{name: ton, title: 净重, type: decimal, unit: t}}
quality: [{{rule: range, column: ton, min: 0, max: 60}}, {{rule: not_null, column: at}}]
"""
PROJECT = {
    "project.yaml": "title: 试验\n",
    "sources/waste.source.yaml": """
title: 垃圾系统
connector: files
settings: {root: "."}
streams:
  - {name: keyed, read: {path: "*.csv"}, identity: [bill], fields: [{from: at, to: at, format: "%d/%m/%Y %H:%M"}]}
  - {name: plain, read: {path: "*.csv"}}
""",
    "waste/keyed.dataset.yaml": DATASET.format(stream="keyed", key="key: [bill]"),
    "waste/plain.dataset.yaml": DATASET.format(stream="plain", key=""),
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded = load_texts(PROJECT)
    assert loaded.findings == ()
    return loaded.catalog


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


def sent(
    catalog: Catalog,
    warehouse: Warehouse,
    *rows: dict[str, Any],
    dataset: str = "keyed",
    minutes: int = 0,
    refused: tuple[RefusedRow, ...] = (),
) -> None:
    numbers = pa.array(range(2, 2 + len(rows)), pa.int64())
    batch = RowBatch(pa.Table.from_pylist(list(rows)), numbers, "w.csv", refused=refused)
    terms = Terms(now=NOON + timedelta(minutes=minutes), mode="upsert" if dataset == "keyed" else "append")
    take_in(catalog, f"waste.{dataset}", [batch], warehouse, terms)


def bill(name: str, ton: str, at: Any = "05/01/2026 08:30") -> dict[str, Any]:
    return {"bill": name, "at": at, "ton": ton}


def aside(warehouse: Warehouse, store: Store, **sought: Any) -> list[SetAside]:
    return rows_set_aside(warehouse, store, Sought(**sought))


def tonnes(catalog: Catalog, warehouse: Warehouse, dataset: str = "keyed") -> list[tuple[str, int, str]]:
    return [(row["bill"], int(row["ton"]), row["quality_flag"]) for row in rows_of(catalog, warehouse, f"waste.{dataset}")]


def test_a_corrected_row_arrives_by_the_same_way_and_is_marked_as_written_by_hand(
    catalog: Catalog, duckdb_warehouse: Warehouse, store: Store
) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1000"), bill("b", "2"))
    [row] = aside(duckdb_warehouse, store)
    mended = correct(duckdb_warehouse, store, row.row_id, {"ton": "10"}, "李四", NOW, "少了小数点")
    outcome = replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW)
    assert (row.status, mended.status, mended.cells, outcome.status) == ("open", "corrected", {"ton": "10"}, "loaded")
    assert tonnes(catalog, duckdb_warehouse) == [("a", 10, "manual"), ("b", 2, "ok")]
    one, two = steps_of(store, row.row_id)
    assert (one.action, one.who, one.why, json.loads(one.before_cells or ""), json.loads(one.after_cells or "")) == (
        "correct", "李四", "少了小数点", {"ton": "1000"}, {"ton": "10"},
    )  # fmt: skip
    assert (two.action, two.outcome, two.at) == ("replay", "loaded", NOW)


def test_a_row_that_is_still_wrong_comes_back_with_its_new_reason_and_can_be_mended_again(
    catalog: Catalog, duckdb_warehouse: Warehouse, store: Store
) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1000"))
    [row] = aside(duckdb_warehouse, store)
    correct(duckdb_warehouse, store, row.row_id, {"ton": "ten"}, "李四", NOW)
    outcome = replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW)
    assert (outcome.status, outcome.reason_zh) == ("refused", "「净重」的值 ten 不是数，或超出十二位整数")
    [row] = aside(duckdb_warehouse, store, status="refused")
    assert [fault.rule for fault in row.faults] == ["type"]
    correct(duckdb_warehouse, store, row.row_id, {"ton": "7"}, "李四", NOW)
    assert replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW).status == "loaded"
    assert tonnes(catalog, duckdb_warehouse) == [("a", 7, "manual")]


def test_eight_who_replay_at_once_load_the_row_once_where_nothing_tells_rows_apart(
    catalog: Catalog, duckdb_warehouse: Warehouse, store: Store
) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1000", "2026-01-05 08:30"), dataset="plain")
    [row] = aside(duckdb_warehouse, store)
    correct(duckdb_warehouse, store, row.row_id, {"ton": "10"}, "李四", NOW)
    done: list[tuple[str, bool]] = []

    def again() -> None:
        outcome = replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW)
        done.append((outcome.status, outcome.is_done_now))

    threads = [threading.Thread(target=again) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [("loaded", False)] * 7 + [("loaded", True)]
    assert tonnes(catalog, duckdb_warehouse, "plain") == [("a", 10, "manual")]


def test_a_crash_after_the_row_was_loaded_does_not_double_it(catalog: Catalog, duckdb_warehouse: Warehouse, store: Store) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1000", "2026-01-05 08:30"), dataset="plain")
    [row] = aside(duckdb_warehouse, store)
    correct(duckdb_warehouse, store, row.row_id, {"ton": "10"}, "李四", NOW)

    replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW)
    store.run("UPDATE quarantine_rows SET status = 'corrected'")  # as if the process had ended before the state store heard of it
    assert [one.status for one in aside(duckdb_warehouse, store)] == ["corrected"]
    assert replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW).status == "loaded"
    assert tonnes(catalog, duckdb_warehouse, "plain") == [("a", 10, "manual")]


def test_an_older_row_does_not_go_over_a_newer_one_in_whatever_order_they_are_replayed(
    catalog: Catalog, warehouse: Warehouse, store: Store
) -> None:
    sent(catalog, warehouse, bill("a", "1000"), bill("b", "1001"))
    sent(catalog, warehouse, bill("a", "3"), bill("b", "2002"), minutes=5)
    old_a, old_b, new_b = sorted(aside(warehouse, store), key=lambda row: (row.at, row.raw))
    for row in (old_a, old_b, new_b):
        correct(warehouse, store, row.row_id, {"ton": str(row.at.minute + 10)}, "李四", NOW)
    outcomes = [replay(catalog, warehouse, store, row.row_id, "李四", NOW) for row in (new_b, old_b, old_a)]
    assert [outcome.status for outcome in outcomes] == ["loaded", "superseded", "superseded"]
    assert outcomes[1].reason_zh == "同一记录已有 2026-01-06 12:05:00 到达的更新的行，没有覆盖它"
    assert tonnes(catalog, warehouse) == [("a", 3, "ok"), ("b", 15, "manual")]


def test_a_line_that_could_not_be_taken_apart_is_given_its_cells(catalog: Catalog, duckdb_warehouse: Warehouse, store: Store) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1"), refused=(RefusedRow(3, "b;", "列数不是 3", "it does not have 3 columns"),))
    [row] = aside(duckdb_warehouse, store)
    assert not row.is_readable
    with pytest.raises(NotPossible, match="could not be taken apart"):
        replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW)
    correct(duckdb_warehouse, store, row.row_id, bill("b", "4"), "李四", NOW)
    assert replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW).status == "loaded"
    assert tonnes(catalog, duckdb_warehouse) == [("a", 1, "ok"), ("b", 4, "manual")]


def test_a_time_that_was_a_time_and_no_text_is_one_again(catalog: Catalog, duckdb_warehouse: Warehouse, store: Store) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1000", datetime(2026, 1, 5, 8, 30)))
    [row] = aside(duckdb_warehouse, store)
    correct(duckdb_warehouse, store, row.row_id, {"ton": "5"}, "李四", NOW)
    assert replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW).status == "loaded"
    [loaded] = rows_of(catalog, duckdb_warehouse, "waste.keyed")
    assert loaded["at"] == datetime(2026, 1, 5, 8, 30)


def test_what_is_settled_stays_settled_and_what_is_not_there_is_said(catalog: Catalog, duckdb_warehouse: Warehouse, store: Store) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1000"))
    [row] = aside(duckdb_warehouse, store)
    with pytest.raises(NotPossible, match="say why"):
        discard(duckdb_warehouse, store, row.row_id, "李四", " ", NOW)
    with pytest.raises(NotPossible, match="no column 'tons'; it has bill、at、ton"):
        correct(duckdb_warehouse, store, row.row_id, {"tons": "1"}, "李四", NOW)
    assert discard(duckdb_warehouse, store, row.row_id, "李四", "试车的票", NOW).is_done_now
    assert not replay(catalog, duckdb_warehouse, store, row.row_id, "李四", NOW).is_done_now
    with pytest.raises(NotPossible, match="settled"):
        correct(duckdb_warehouse, store, row.row_id, {"ton": "1"}, "李四", NOW)
    with pytest.raises(NotPossible, match="no row 'zzz'"):
        discard(duckdb_warehouse, store, "zzz", "李四", "没有", NOW)
    assert rows_of(catalog, duckdb_warehouse, "waste.keyed") == []


def test_rows_are_listed_by_source_dataset_rule_day_and_status(catalog: Catalog, warehouse: Warehouse, store: Store) -> None:
    sent(catalog, warehouse, bill("a", "1000"), bill("b", "x"), bill("", "1"))
    sent(catalog, warehouse, bill("d", "1000", "2026-01-05 08:30"), dataset="plain", minutes=24 * 60)
    assert next(json.loads(row.raw)["bill"] for row in aside(warehouse, store)) == "d"
    assert len(aside(warehouse, store, source="sources.waste")) == 4
    assert aside(warehouse, store, source="sources.was") == []
    assert [row.dataset for row in aside(warehouse, store, dataset="waste.plain")] == ["waste.plain"]
    assert {json.loads(row.raw)["bill"] for row in aside(warehouse, store, rule="range")} == {"a", "d"}
    assert len(aside(warehouse, store, day=date(2026, 1, 6))) == 3
    [discarded] = aside(warehouse, store, rule="type")
    discard(warehouse, store, discarded.row_id, "李四", "坏票", NOW)
    assert len(aside(warehouse, store, status="open")) == 3
    assert [row.row_id for row in aside(warehouse, store, status="discarded")] == [discarded.row_id]
    assert len(rows_set_aside(warehouse, store, Sought(), 2, 3)) == 1


def test_a_row_that_is_read_again_is_the_same_row_of_the_quarantine(catalog: Catalog, duckdb_warehouse: Warehouse, store: Store) -> None:
    sent(catalog, duckdb_warehouse, bill("a", "1000"))
    sent(catalog, duckdb_warehouse, bill("a", "1000"), minutes=1)
    [row] = aside(duckdb_warehouse, store)
    assert (row.at, len(row.faults)) == (NOON + timedelta(minutes=1), 1)
