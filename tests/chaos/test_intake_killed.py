"""An intake that is killed at any moment loses no row it has acknowledged and doubles none, with neither key nor identity to help it."""

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.running.cursors import cursor_of
from engine.running.quarantine import QUARANTINE
from engine.warehouse import Statement, Table, Warehouse, table_node
from tests.chaos.intake_until_killed import CITY, amount_of, is_readable, opened

ROOT = Path(__file__).parents[2]
TODAY = date.today().toordinal()  # another day, other moments; what failed is told with its seed


def killed(place: str, seed: int, drawn: random.Random) -> int:
    """Run the process for some readings and a moment, end it the hard way; the last row it has acknowledged, 0 when that is none."""
    command = [sys.executable, "-m", "tests.chaos.intake_until_killed", place, str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        said = "".join(process.stdout.readline() for _ in range(drawn.choice([0, 1, 1, 2, 5])))
        time.sleep(drawn.uniform(0, 0.1))
        process.kill()
        said += process.stdout.read()
    whole = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
    return int(whole[-1]) if whole else 0


def numbers(warehouse: Warehouse, table: Table, column: str) -> Counter[int]:
    """How often each number lies in a table."""
    if warehouse.state(table) is None:
        return Counter()
    tree = exp.Select(expressions=[exp.column(column)]).from_(table_node(table))
    return Counter(warehouse.query(Statement(tree)).column(0).to_pylist())


def checked(place: str, acknowledged: int, seed: int) -> int:
    """The last row stored. All up to it are there once, good ones loaded and bad ones set aside, and nothing after it."""
    dataset = CITY.dataset("c.lines")
    assert dataset is not None
    warehouse = opened(place)
    try:
        held = cursor_of(warehouse, "sources.log/lines", "c.lines")
        last = int(held.cursor) if held else 0
        loaded, aside = numbers(warehouse, table_of("c.lines", dataset), "n"), numbers(warehouse, QUARANTINE, "row_number")
    finally:
        warehouse.close()
    good = Counter(n for n in range(1, last + 1) if is_readable(n) and amount_of(n) <= 90)
    bad = Counter(n for n in range(1, last + 1) if not is_readable(n) or amount_of(n) > 90)
    assert last >= acknowledged, f"seed {seed}: row {acknowledged} was acknowledged, the rows end at {last}"
    assert loaded == good, f"seed {seed}: lost {good - loaded}, doubled {loaded - good}"
    assert aside == bad, f"seed {seed}: lost from quarantine {bad - aside}, doubled there {aside - bad}"
    return last


def kill_again_and_again(place: str, times: int, seed: int) -> None:
    """One warehouse, its intake killed over and over; it must come further all the while."""
    drawn, last = random.Random(seed), 0
    for nth in range(times):
        acknowledged = killed(place, seed + nth, drawn)
        last = checked(place, max(acknowledged, last), seed + nth)
    assert last > times


def test_an_intake_killed_three_times_neither_loses_nor_doubles_a_row(tmp_path: Path) -> None:
    kill_again_and_again(str(tmp_path / "city.duckdb"), 3, TODAY)


@pytest.mark.postgres
def test_an_intake_into_postgresql_killed_three_times_neither_loses_nor_doubles_a_row(postgres_dsn: str) -> None:
    kill_again_and_again(postgres_dsn, 3, TODAY)


@pytest.mark.chaos
def test_an_intake_killed_fifty_times_neither_loses_nor_doubles_a_row(tmp_path: Path) -> None:
    kill_again_and_again(str(tmp_path / "city.duckdb"), 50, TODAY)


@pytest.mark.chaos
@pytest.mark.postgres
def test_an_intake_into_postgresql_killed_fifty_times_neither_loses_nor_doubles_a_row(postgres_dsn: str) -> None:
    kill_again_and_again(postgres_dsn, 50, TODAY)
