"""Rows a second from a source to the warehouse, field map, quality rules, meta columns and commit included: `python -m tests.bench.intake`."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.database import Database
from connectors.files import Files
from engine.compiling.tables import table_of
from engine.connector import Surroundings
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.intake import intake
from engine.state import server
from engine.warehouse import Table, TableColumn, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from tests.bench.measure import Figure
from tests.bench.runner import machine
from tests.bench.sections import write_section

ROWS, NOW = 2_000_000, datetime(2026, 8, 1)
RAW = Table(
    "src", "t_weigh",
    (
        TableColumn("weigh_id", "text"), TableColumn("weighed_at", "timestamp"), TableColumn("facility", "text"),
        TableColumn("type", "text"), TableColumn("gross", "integer"), TableColumn("tare", "integer"), TableColumn("trips", "integer"),
    ),
)  # fmt: skip
FILES = 'connector: files\nsettings: {root: "."}\n', "{path: '*.parquet'}"
DATABASE = (
    'connector: database\nsettings: {dialect: postgresql, host: "%s", database: chengmai, user: chengmai}\n',
    "{schema: src, table: t_weigh}",
)


def project(source: tuple[str, str], *, is_keyed: bool) -> Catalog:
    """A stream with units, codes, a formula and rules, as an author would write it."""
    settings, read = source
    loaded = load_texts(
        {
            "project.yaml": "title: 试验\n",
            "sources/waste.source.yaml": (
                f"title: 垃圾系统\n{settings}streams:\n  - name: weighings\n    read: {read}\n    promised_delay: PT15M\n"
                f"    {'identity: [weigh_id]' if is_keyed else 'identity: []'}\n    fields:\n"
                "      - {from: gross - tare, to: net_ton, unit: kg}\n      - {from: type, to: kind, codes: waste.kind}\n"
            ),
            "waste/kind.dimension.yaml": "title: 品类\ncodes: [{code: other, title: 其他垃圾}, {code: kitchen, title: 厨余垃圾}]\n",
            "waste/weighings.dataset.yaml": (
                f"title: 过磅\nfrom: sources.waste/weighings\none_row_is: 一次过磅\nregion: public\n{'key: [weigh_id]' if is_keyed else 'key: []'}\n"
                "times: [{name: weighed, column: weighed_at, default: true}]\ncolumns:\n"
                "  - {name: weigh_id, title: 单号, type: text, required: true}\n"
                "  - {name: weighed_at, title: 时间, type: timestamp, required: true}\n  - {name: facility, title: 设施, type: text}\n"
                "  - {name: kind, title: 品类, type: text, dimension: waste.kind}\n"
                "  - {name: net_ton, title: 净重, type: decimal, unit: t}\n  - {name: trips, title: 车次, type: integer}\n"
                "quality:\n  - {rule: not_null, column: facility}\n  - {rule: range, column: net_ton, min: 0, max: 60}\n"
                "  - {rule: reference, column: kind}\n"
            ),
        }
    )  # fmt: skip
    assert not loaded.findings, loaded.findings
    return loaded.catalog


def raw_rows(rows: int) -> pa.Table:
    """Weighings of two hundred days in order of their time."""
    drawn = np.random.default_rng(20260101)
    at = np.datetime64("2026-01-01") + np.sort(drawn.integers(0, 200 * 86400, rows)).astype("timedelta64[s]")
    return pa.table(
        {
            "weigh_id": np.char.add("W2026", np.char.zfill(np.arange(rows).astype(str), 9)), "weighed_at": pa.array(at.astype("datetime64[us]")),
            "facility": np.char.add("F", drawn.integers(100, 999, rows).astype(str)),
            "type": np.array(["其他垃圾", "厨余垃圾"])[drawn.integers(0, 2, rows)], "gross": drawn.integers(8000, 30000, rows),
            "tare": drawn.integers(2000, 7000, rows), "trips": drawn.integers(1, 4, rows),
        }
    )  # fmt: skip


def timed(name: str, bar: float, rows: int, catalog: Catalog, folder: Path, opened: Callable[[], Warehouse], rounds: int) -> Figure:
    """Microseconds a row, the least of some rounds, each into an empty warehouse."""
    found: list[tuple[float, float]] = []
    for _ in range(rounds):
        with closing(opened()) as warehouse:
            wall, cpu = perf_counter(), process_time()
            result = intake(
                catalog, "waste.weighings", warehouse, {"files": Files, "database": Database}, Surroundings(NOW, folder), {}, from_start=True
            )  # fmt: skip
            found.append((perf_counter() - wall, process_time() - cpu))
            assert (result.loaded, result.quarantined) == (rows, 0)
            emptied(warehouse, catalog)
    wall, cpu = min(one for one, _ in found), min(one for _, one in found)
    return Figure(
        name, wall / rows * 1e6, "us", bar,
        detail={"rows": rows, "rows_a_second": round(rows / wall), "rows_a_processor_second": round(rows / cpu)},
    )  # fmt: skip


def emptied(warehouse: Warehouse, catalog: Catalog) -> None:
    """Every round begins without rows; a database that stays keeps its table."""
    dataset = catalog.dataset("waste.weighings")
    assert dataset is not None
    warehouse.load(table_of("waste.weighings", dataset), [], "replace")


@contextmanager
def places(rows: int) -> Iterator[tuple[Path, str, str]]:
    """A Parquet file, and a PostgreSQL with the same rows: its folder, its socket, its address."""
    folder = Path(tempfile.mkdtemp(prefix="chengmai-bench-", dir="/tmp"))
    try:
        raw = raw_rows(rows)
        pq.write_table(raw, folder / "rows.parquet", row_group_size=200_000)
        with server.running(folder / "pg", durable=False) as private:
            with closing(PostgresWarehouse(private.dsn())) as business:
                business.load(RAW, raw.to_batches(), "replace")
            yield folder, str(private.socket), private.dsn()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(rows: int, rounds: int) -> list[Figure]:
    """All figures of this page."""
    figures: list[Figure] = []
    with places(rows) as (folder, socket, dsn):

        def duckdb() -> Warehouse:
            (folder / "city.duckdb").unlink(missing_ok=True)
            return DuckDbWarehouse(str(folder / "city.duckdb"))

        database = DATABASE[0] % socket, DATABASE[1]
        for is_keyed in (False, True):
            word = "keyed" if is_keyed else "plain"
            files, tables = project(FILES, is_keyed=is_keyed), project(database, is_keyed=is_keyed)
            figures.append(timed(f"intake.parquet_duckdb.{word}", 2.0, rows, files, folder, duckdb, rounds))
            figures.append(timed(f"intake.database_duckdb.{word}", 10.0, rows, tables, folder, duckdb, rounds))
            figures.append(timed(f"intake.parquet_postgres.{word}", 20.0, rows, files, folder, lambda: PostgresWarehouse(dsn), rounds))
            figures.append(timed(f"intake.database_postgres.{word}", 20.0, rows, tables, folder, lambda: PostgresWarehouse(dsn), rounds))
    return figures


def body(figures: list[Figure], date: str) -> str:
    """The section of the page of results."""
    lines = [
        (f"`python -m tests.bench.intake`, {date}; {machine()}. From the source into an empty warehouse: read, field map with a formula, units"
        " and codes, four rules, five meta columns, cursor, commit. *keyed*: rows replace rows of the same key; *plain*: there is no key."
        " A bar is rows a second on the wall; on a machine that others use, what a processor second does is shown beside it."),
        "", "| | rows | rows/s | bar | | rows per processor second |", "|---|--:|--:|--:|---|--:|",
    ]  # fmt: skip
    for one in figures:
        assert one.bar is not None
        bar = f"{1e6 / one.bar:,.0f}"
        lines.append(
            f"| {one.name} | {one.detail['rows']:,} | {one.detail['rows_a_second']:,} | {bar} | {'met' if one.is_met else 'missed'} "
            f"| {one.detail['rows_a_processor_second']:,} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Prints a JSON line for each figure; with --write the section of the page of results is written anew."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.intake")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--write", metavar="DATE")
    asked = parser.parse_args(arguments)
    figures = measure(asked.rows, asked.rounds)
    for one in figures:
        print(one.line(), flush=True)
    if asked.write:
        write_section("## Intake", body(figures, asked.write))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
