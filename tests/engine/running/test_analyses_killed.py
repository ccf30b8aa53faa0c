"""A process that is killed while it runs analyses leaves whole results or none: what it reported done is there, once, with all its rows."""

import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.running.analyses_book import BOOK
from engine.warehouse import Statement, Table, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from tests.engine.running.analysed_city import city

OUTPUTS = {"pits.fill": ("pits.etas",), "pits.ahead": ("pits.forecasts", "pits.forecast_runs")}
WORKER = """
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from engine.running.analyses import run_analysis
from tests.engine.running.analysed_city import EIGHT, READINGS, city, put, read
from tests.engine.running.test_analyses_killed import opened
catalog, warehouse, begun = city(), opened(sys.argv[1]), int(sys.argv[2])
if not begun:
    read(catalog, warehouse, {pit: [10.0 * (n % 4) + len(pit) for n in range(16)] for pit in ("a", "bb", "ccc")})
print("ready", flush=True)
for n in range(1_000_000):
    at = EIGHT + timedelta(days=1 + begun, seconds=n)
    put(catalog, warehouse, READINGS, [{"pit": "a", "read_at": at, "ton": Decimal(n % 50)}])
    for id in ("pits.fill", "pits.ahead"):
        print(id, run_analysis(catalog, warehouse, id, at + timedelta(seconds=1)).result.run_id, flush=True)
"""


def opened(place: str) -> Warehouse:
    """The warehouse at a place: a file, or a connection string."""
    return DuckDbWarehouse(place, memory_limit="500MB") if place.endswith(".duckdb") else PostgresWarehouse(place)


def killed_after(place: str, begun: int, chance: random.Random) -> list[tuple[str, str]]:
    """Let a worker do a few analyses and kill it somewhere in the next; the analyses and runs that it reported done."""
    command = [sys.executable, "-c", WORKER, place, str(begun)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        since, said = time.monotonic(), [worker.stdout.readline() for _ in range(chance.randint(1, 4))]
        time.sleep(
            chance.uniform(0, 2) * (time.monotonic() - since) / len(said)
        )  # anywhere in the two that follow, however fast the machine
        worker.kill()
        said += worker.stdout.read().splitlines(keepends=True)
    lines = [line for line in said if line.endswith("\n")]  # the last one may have been cut
    return [(line.split()[0], line.split()[1]) for line in lines]


def column(warehouse: Warehouse, table: Table, *names: str) -> list[tuple[object, ...]]:
    select = exp.Select(expressions=[exp.column(name) for name in names]).from_(exp.table_(table.name, db=table.schema))
    return [tuple(row.values()) for row in warehouse.query(Statement(select)).to_pylist()]


def held(place: str, told: list[tuple[str, str]]) -> int:
    """What must hold after every kill; how many results there are."""
    catalog = city()
    with closing(opened(place)) as warehouse:
        if warehouse.state(BOOK) is None:
            assert not told
            return 0
        book = column(warehouse, BOOK, "run_id", "analysis", "rows_given")
        assert max(Counter(run for run, _, _ in book).values(), default=1) == 1, "a result is there twice"
        assert {(analysis, run) for run, analysis, _ in book} >= set(told), "a result that was reported done is gone"
        for analysis, datasets in OUTPUTS.items():
            found: Counter[object] = Counter()
            for id in datasets:
                dataset = catalog.dataset(id)
                assert dataset is not None
                table = table_of(id, dataset)
                found.update(run for (run,) in (column(warehouse, table, "run_id") if warehouse.state(table) is not None else []))
            assert found == Counter({run: rows for run, name, rows in book if name == analysis}), "a result is half there"
        return len(book)


def killed_again_and_again(place: str, kills: int) -> int:
    """Kill and look, again and again; results that were there in the end."""
    seed = random.SystemRandom().randrange(10**6)
    chance, told, number = random.Random(seed), list[tuple[str, str]](), 0
    print(f"seed {seed}")
    for begun in range(kills):
        told += killed_after(place, begun, chance)
        number = held(place, told)
    return number


def test_a_killed_process_leaves_whole_results_or_none(tmp_path: Path) -> None:
    assert killed_again_and_again(str(tmp_path / "warehouse.duckdb"), 3) >= 3


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_fifty_kills_in_a_duckdb_file_lose_and_double_nothing(tmp_path: Path) -> None:
    assert killed_again_and_again(str(tmp_path / "warehouse.duckdb"), 50) >= 50


@pytest.mark.chaos
@pytest.mark.postgres
@pytest.mark.timeout(3600)
def test_fifty_kills_of_a_client_of_postgresql_lose_and_double_nothing(postgres_dsn: str) -> None:
    assert killed_again_and_again(postgres_dsn, 50) >= 50
