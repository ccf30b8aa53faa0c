"""The commands of the benchmark: a page keeps what other commands wrote, a wrong answer is never timed, a crowd is answered by a real server."""

from pathlib import Path

import pytest

from engine.running.ask import known_modifiers
from engine.running.definitions import load_checked
from engine.running.refresh import refresh_states
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.wiring import DUCKDB_FILE
from tests.bench.clients import Crowd, in_a_process
from tests.bench.peers.racing import Runner, race
from tests.bench.screens import stating
from tests.bench.sections import section, with_section, with_sections_of
from tests.bench.serving import PROJECT, serving
from tests.bench.town import load_town

BEFORE = "# Benchmarks\n\nold\n\n## A crowd\n\nmany\n\n## Peers\n\nfew\n"


def test_a_page_written_anew_keeps_the_sections_of_other_commands() -> None:
    assert with_sections_of("# Benchmarks\n\nnew\n", BEFORE) == "# Benchmarks\n\nnew\n\n## A crowd\n\nmany\n\n## Peers\n\nfew\n"


def test_a_section_takes_the_place_of_the_one_before_it_and_of_nothing_else() -> None:
    assert with_section(BEFORE, "## A crowd", "more") == BEFORE.replace("many", "more")
    assert with_section("# Benchmarks\n", "## Peers", "some") == "# Benchmarks\n\n## Peers\n\nsome\n"
    assert section(BEFORE, "## Nobody") == ""


def test_only_who_answers_as_the_hand_written_statement_does_is_timed() -> None:
    hand = Runner("hand", "SELECT 'a' AS k, DATE '2026-01-01' AS t, 1.5 AS v UNION ALL SELECT 'b', DATE '2026-01-01', 2")
    same = Runner(
        "same", "SELECT 2.0 AS v, TIMESTAMP '2026-01-01' AS t, 'b' AS k UNION ALL SELECT 1.5, TIMESTAMP '2026-01-01', 'a'", ("k", "t", "v")
    )
    other = Runner("other", "SELECT 'a' AS k, DATE '2026-01-01' AS t, 1.5 AS v UNION ALL SELECT 'b', DATE '2026-01-01', 2.1")
    fewer, broken = Runner("fewer", "SELECT 'a' AS k, DATE '2026-01-01' AS t, 1.5 AS v"), Runner("broken", "SELECT nothing")
    race(DuckDbWarehouse(), hand, [same, other, fewer, broken], 3)
    assert [len(runner.times) for runner in (hand, same, other, fewer, broken)] == [3, 3, 0, 0, 0]
    assert "2.1" in other.trouble
    assert fewer.trouble == "1 rows instead of 2"
    assert "nothing" in broken.trouble


@pytest.mark.slow
@pytest.mark.xdist_group("serve")
def test_a_crowd_that_asks_a_running_server_is_answered_without_an_error(tmp_path: Path) -> None:
    catalog = stating(load_checked(PROJECT).catalog)
    warehouse = DuckDbWarehouse(str(tmp_path / DUCKDB_FILE), "500MB")
    load_town(catalog, warehouse, 20_000)
    refresh_states(catalog, warehouse, known_modifiers())
    warehouse.close()
    with serving(tmp_path, "500MB") as served:
        screen = in_a_process(Crowd(served.address, "screen", 5, 2.0, 0.5))
        different = in_a_process(Crowd(served.address, "different", 5, 2.0, 0.5))
        assert served.cpu_seconds() > 0
        assert served.peak_bytes() < 1_300_000_000
    assert (screen.errors, different.errors) == ([], [])
    assert len(screen.milliseconds) >= 5
    assert len(different.milliseconds) >= 5
