"""What a source sends is loaded typed, coded and converted, or lies in the quarantine with row, column, value and reason."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlglot import exp

from connectors.database import Database
from connectors.files import Files
from engine.compiling.tables import table_of
from engine.connector import RefusedRow, RowBatch, SourceFailed, Surroundings
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.intake import IntakeResult, intake, take_in
from engine.running.quarantine import QUARANTINE
from engine.running.taking import Terms
from engine.warehouse import Statement, Table, Warehouse

NOW = datetime(2026, 1, 6, 9)
PROJECT = {
    "project.yaml": "title: 试验\n",
    "sources/waste.source.yaml": """
title: 垃圾系统
connector: files
settings: {root: "."}
streams:
  - name: weighings
    read: {path: "*.csv"}
    identity: [bill_no]
    fields:
      - {from: bill_no, to: weigh_id}
      - {from: gross - tare, to: net_ton, unit: kg}
      - {from: type, to: kind, codes: waste.kind}
      - {from: when, to: weighed_at, format: "%d/%m/%Y %H:%M"}
      - {from: "substr(bill_no, 1, 1)", to: series, codes: {a: first, b: second}, else: "null"}
""",
    "waste/kind.dimension.yaml": "title: 品类\ncodes: [{code: other, title: 其他垃圾}, {code: kitchen, title: 厨余垃圾}]\n",
    "waste/weighings.dataset.yaml": """
title: 过磅
from: sources.waste/weighings
one_row_is: 一次过磅
key: [weigh_id]
region: public
times: [{name: weighed, column: weighed_at, default: true}]
columns:
  - {name: weigh_id, title: 单号, type: text}
  - {name: weighed_at, title: 时间, type: timestamp, required: true}
  - {name: kind, title: 品类, type: text, dimension: waste.kind}
  - {name: series, title: 批次, type: text}
  - {name: net_ton, title: 净重, type: decimal, unit: t}
  - {name: trips, title: 车次, type: integer}
  - {name: is_heavy, title: 重车, type: boolean, expr: net_ton > 20}
quality:
  - {rule: range, column: net_ton, min: 0, max: 60}
  - {rule: condition, where: "kind <> 'kitchen' or net_ton < 10", column: net_ton, else: warn}
  - {rule: reference, column: kind}
""",
}
GOOD = {"bill_no": "a1", "gross": "12500", "tare": "2250", "type": "其他垃圾", "when": "05/01/2026 08:30", "trips": "1"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded = load_texts(PROJECT)
    assert loaded.findings == ()
    return loaded.catalog


def batch(*rows: dict[str, Any], refused: tuple[RefusedRow, ...] = ()) -> RowBatch:
    return RowBatch(pa.Table.from_pylist(list(rows)), pa.array(range(2, 2 + len(rows)), pa.int64()), "weigh.csv", "c1", refused)


def taken(catalog: Catalog, warehouse: Warehouse, *batches: RowBatch) -> IntakeResult:
    return take_in(catalog, "waste.weighings", batches, warehouse, Terms(NOW, "upsert"))


def lying_in(warehouse: Warehouse, table: Table) -> list[dict[str, Any]]:
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    columns = [exp.column(exp.to_identifier(column.name, quoted=True)) for column in table.columns]
    rows: list[dict[str, Any]] = warehouse.query(Statement(exp.Select(expressions=columns).from_(source))).to_pylist()
    return sorted(rows, key=str)


def loaded(catalog: Catalog, warehouse: Warehouse) -> list[dict[str, Any]]:
    dataset = catalog.dataset("waste.weighings")
    assert dataset is not None
    return lying_in(warehouse, table_of("waste.weighings", dataset))


def flaws(warehouse: Warehouse) -> list[tuple[int, str | None, str | None, str]]:
    return [(row["row_number"], row["column_name"], row["value"], row["rule"]) for row in lying_in(warehouse, QUARANTINE)]


def test_a_row_is_mapped_coded_converted_and_typed(catalog: Catalog, warehouse: Warehouse) -> None:
    result = taken(catalog, warehouse, batch(GOOD))
    assert loaded(catalog, warehouse) == [
        {
            "weigh_id": "a1", "weighed_at": datetime(2026, 1, 5, 8, 30), "kind": "other", "series": "first",
            "net_ton": Decimal("10.25"), "trips": 1,
            "source_system": "sources.waste", "source_id": "a1", "ingest_time": NOW, "data_time": datetime(2026, 1, 5, 8, 30),
            "quality_flag": "ok",
        }
    ]  # fmt: skip
    assert (result.rows_in, result.loaded, result.quarantined, result.version, result.cursor) == (1, 1, 0, 1, "c1")


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ({"gross": "much"}, (2, "net_ton", None, "type")),
        ({"gross": "2000"}, (2, "net_ton", "-0.250000", "range")),
        ({"type": "垃圾"}, (2, "kind", "垃圾", "code")),
        ({"when": "2026-01-05"}, (2, "weighed_at", "2026-01-05", "type")),
        ({"when": ""}, (2, "weighed_at", None, "not_null")),
        ({"trips": "1.5"}, (2, "trips", "1.5", "type")),
        ({"bill_no": ""}, (2, "weigh_id", None, "not_null")),
        ({"bill_no": "a\x00"}, (2, "weigh_id", "a\\x00", "type")),
    ],
)
def test_a_bad_cell_sends_its_row_to_quarantine(
    catalog: Catalog, warehouse: Warehouse, cell: dict[str, str], wanted: tuple[int, str, str | None, str]
) -> None:
    result = taken(catalog, warehouse, batch({**GOOD, **cell}, {**GOOD, "bill_no": "b2"}))
    assert [row["weigh_id"] for row in loaded(catalog, warehouse)] == ["b2"]
    assert flaws(warehouse) == [wanted]
    assert (result.rows_in, result.loaded, result.quarantined) == (2, 1, 1)


def test_the_quarantine_says_why_in_two_languages_and_keeps_the_row(catalog: Catalog, warehouse: Warehouse) -> None:
    taken(catalog, warehouse, batch({**GOOD, "type": "垃圾"}))
    [line] = lying_in(warehouse, QUARANTINE)
    assert (line["reason_zh"], line["reason_en"]) == ("「品类」没有代码 垃圾", "'kind' has no code 垃圾")
    assert (line["dataset"], line["stream"], line["origin"], line["at"]) == ("waste.weighings", "sources.waste/weighings", "weigh.csv", NOW)
    assert '"type":"垃圾"' in line["raw"]


def test_a_row_with_two_bad_cells_is_one_row_and_two_lines(catalog: Catalog, warehouse: Warehouse) -> None:
    result = taken(catalog, warehouse, batch({**GOOD, "type": "垃圾", "trips": "x"}))
    assert (result.quarantined, len(flaws(warehouse))) == (1, 2)


def test_a_rule_that_warns_loads_the_row_and_counts_it(catalog: Catalog, warehouse: Warehouse) -> None:
    result = taken(catalog, warehouse, batch({**GOOD, "type": "厨余垃圾"}))
    assert (result.loaded, result.warned, result.quarantined) == (1, 1, 0)


def test_a_value_that_may_become_null_does(catalog: Catalog, warehouse: Warehouse) -> None:
    result = taken(catalog, warehouse, batch({**GOOD, "bill_no": "z9"}))
    assert [row["series"] for row in loaded(catalog, warehouse)] == [None]
    assert result.quarantined == 0


def test_a_row_that_could_not_be_read_is_in_quarantine_too(catalog: Catalog, warehouse: Warehouse) -> None:
    result = taken(catalog, warehouse, batch(GOOD, refused=(RefusedRow(7, "x;y", "列数不是 6", "it does not have 6 columns"),)))
    assert (result.rows_in, result.loaded, result.quarantined) == (2, 1, 1)
    assert flaws(warehouse) == [(7, None, None, "unreadable")]


def test_a_repeated_row_replaces_itself_within_a_reading_and_between_readings(catalog: Catalog, warehouse: Warehouse) -> None:
    taken(catalog, warehouse, batch(GOOD, {**GOOD, "gross": "3250"}), batch({**GOOD, "gross": "4250"}))
    assert [row["net_ton"] for row in loaded(catalog, warehouse)] == [Decimal(2)]
    result = taken(catalog, warehouse, batch({**GOOD, "gross": "5250"}))
    assert [row["net_ton"] for row in loaded(catalog, warehouse)] == [Decimal(3)]
    assert (result.rows, result.version) == (1, 2)


def test_columns_that_the_source_does_not_have_are_null_unless_the_source_maps_them(catalog: Catalog, warehouse: Warehouse) -> None:
    taken(catalog, warehouse, batch({name: cell for name, cell in GOOD.items() if name != "trips"}))
    assert [row["trips"] for row in loaded(catalog, warehouse)] == [None]
    with pytest.raises(SourceFailed, match="no column 'tare'; it has bill_no"):
        taken(catalog, warehouse, batch({name: cell for name, cell in GOOD.items() if name != "tare"}))


def test_a_reading_that_breaks_halfway_changes_nothing(catalog: Catalog, warehouse: Warehouse) -> None:
    def broken() -> Iterator[RowBatch]:
        yield batch(GOOD)
        raise SourceFailed("断了", "the line went dead")

    with pytest.raises(SourceFailed, match="the line went dead"):
        take_in(catalog, "waste.weighings", broken(), warehouse, Terms(NOW, "upsert"))
    dataset = catalog.dataset("waste.weighings")
    assert dataset is not None
    assert warehouse.state(table_of("waste.weighings", dataset)) is None
    assert warehouse.state(QUARANTINE) is None


def test_a_file_goes_the_whole_way(catalog: Catalog, duckdb_warehouse: Warehouse, tmp_path: Path) -> None:
    lines = [
        "bill_no,gross,tare,type,when,trips",
        "a1,12500,2500,其他垃圾,05/01/2026 08:30,1",
        "a2,12500,2500,其他,05/01/2026 08:30,1",
        "a3,1",
    ]
    (tmp_path / "weigh.csv").write_text("\n".join(lines), encoding="utf-8")
    around = Surroundings(now=NOW, folder=tmp_path)
    result = intake(catalog, "waste.weighings", duckdb_warehouse, {"files": Files}, around, {})
    assert (result.rows_in, result.loaded, result.quarantined) == (3, 1, 2)
    assert flaws(duckdb_warehouse) == [(3, "kind", "其他", "code"), (4, None, None, "unreadable")]


def test_a_source_whose_connector_is_not_there_is_said(catalog: Catalog, duckdb_warehouse: Warehouse) -> None:
    with pytest.raises(SourceFailed, match="no connector 'files'; there are mqtt"):
        intake(catalog, "waste.weighings", duckdb_warehouse, {"mqtt": Files}, Surroundings(now=NOW), {})


LEDGER = {
    "project.yaml": "title: 试验\n",
    "c/lines.dataset.yaml": (
        "title: 行\nfrom: sources.books/lines\none_row_is: 一行\nregion: public\ncolumns:\n  - {name: day, title: 日, type: date}\n"
        "  - {name: said, title: 说, type: text}\n"
    ),
}


@pytest.mark.postgres
@pytest.mark.parametrize("most", [1, 1_000_000])
def test_rows_without_key_that_are_written_at_the_cursor_later_are_neither_lost_nor_doubled(
    postgres_dsn: str, duckdb_warehouse: Warehouse, most: int
) -> None:
    parts = conninfo_to_dict(postgres_dsn)
    settings = {"dialect": "postgresql", "host": parts["host"], "database": parts["dbname"], "user": parts["user"], "batch": 2}
    stream = {"name": "lines", "read": {"table": "lines", "cursor": "day"}}
    source = {"title": "账", "connector": "database", "settings": settings, "streams": [stream]}
    catalog = load_texts({**LEDGER, "sources/books.source.yaml": msgspec.yaml.encode(source).decode()}).catalog
    written: Counter[tuple[date, str]] = Counter()
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE lines (day date, said text)")
        for day, said in [
            (1, "a"),
            (1, "a"),
            (2, "b"),
            (2, "b"),
            (2, "c"),
            (2, "b"),
            (2, "b"),
            (2, "d"),
            (3, "a"),
            (3, "a"),
            (3, ""),
            (4, "e"),
        ]:
            connection.execute("INSERT INTO lines VALUES (%s, %s)", (date(2026, 1, day), said))
            written[date(2026, 1, day), said] += 1
            for _ in range(2):
                intake(catalog, "c.lines", duckdb_warehouse, {"database": Database}, Surroundings(now=NOW), {}, most=most)
            dataset = catalog.dataset("c.lines")
            assert dataset is not None
            rows = lying_in(duckdb_warehouse, table_of("c.lines", dataset))
            assert Counter((row["day"], row["said"] or "") for row in rows) == written
