"""A process killed at any moment of its loads and refreshes leaves states that are whole, or known to be behind; never wrong ones."""

import os
import random
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from engine.compiling.states import stored_states
from engine.running.ask import known_modifiers
from engine.running.refresh import ready_states, refresh_states
from engine.running.touched import days_since
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.test_refresh import CITY, held, recounted, rows_table
from tests.properties.test_states import load_regions

ROOT = Path(__file__).parents[2]


def killed(path: Path, seed: int, seconds: float) -> None:
    """Run the process for so long after its first refresh, then end it the hard way."""
    command = [sys.executable, "-m", "tests.properties.refresh_until_killed", str(path), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"refreshed\n"
        sleep(seconds)
        process.kill()


def check(path: Path) -> None:
    """States that may be read equal a recount; every version of the rows has its note; a refresh makes all of them right."""
    warehouse = DuckDbWarehouse(str(path))
    states = stored_states(CITY, known_modifiers())
    ready = ready_states(CITY, warehouse, states)
    for state in states:
        if state.id not in ready.behind:
            assert held(warehouse, state) == recounted(warehouse, state)
    source = warehouse.state(rows_table(CITY))
    assert source is not None
    assert days_since(warehouse, rows_table(CITY), 0, source.version) is not None
    refresh_states(CITY, warehouse, known_modifiers())
    assert not ready_states(CITY, warehouse, states).behind
    assert [held(warehouse, state) for state in states] == [recounted(warehouse, state) for state in states]
    warehouse.close()


def kill_again_and_again(folder: Path, times: int) -> None:
    """One file, killed over and over at moments drawn from a seed that is another one each time."""
    chosen = int(os.environ.get("CHENGMAI_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"CHENGMAI_CHAOS_SEED={chosen}")  # so that a failure can be played again
    path, drawn = folder / "city.duckdb", random.Random(chosen)
    warehouse = DuckDbWarehouse(str(path))
    load_regions(warehouse, CITY)
    warehouse.close()
    for seed in range(times):
        killed(path, seed, drawn.uniform(0, 0.3))
        check(path)


@pytest.mark.slow
def test_a_refresh_killed_twice_leaves_no_wrong_state(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 2)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_a_refresh_killed_fifty_times_leaves_no_wrong_state(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 50)
