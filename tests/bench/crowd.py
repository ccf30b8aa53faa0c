"""`python -m tests.bench.crowd`: ten million rows, a hundred and fifty people who all ask something else, and the memory this takes."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from engine.loading.catalog import Catalog
from engine.question import EVERYTHING
from engine.running.ask import ask, known_modifiers
from engine.running.definitions import load_checked
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.world import Limits
from portal.wiring import DUCKDB_FILE
from tests.bench.clients import Crowd, in_a_process
from tests.bench.measure import Figure
from tests.bench.page import figure_line
from tests.bench.runner import machine
from tests.bench.screens import late_row, stating, twenty
from tests.bench.sections import write_section
from tests.bench.serving import PROJECT, Served, serving
from tests.bench.town import AS_OF, load_town

ROWS, SECONDS, CLIENTS, EVERY = 10_000_000, 60.0, 150, 5.0
MEMORY, MEMORY_BYTES, BESIDE_BYTES = "1GB", 1_000_000_000, 800_000_000
RUSH_CLIENTS, RUSH_SECONDS = 300, 15.0
HEADING, LIMITS = "## A crowd", Limits()
SAID = """Written by `python -m tests.bench.crowd --write DATE` ({date}). Machine: {machine}.
{total:,} rows, of these {weighings:,} weighings, in a DuckDB file; the server runs as `chengmai serve` runs it, with
`CHENGMAI_MEMORY={memory}`, the clients in a process of their own on the same machine. `crowd.different`: {clients} clients, each with a
question every {every:g} s that nobody has asked before (a span of days of its own, up to seven years long, so that no kept answer
serves; stored states may), for {seconds:g} s. `crowd.memory`: the most that the server's process ever held; the bar is the
warehouse's limit and the {beside} MB that README.md declares beside it. `crowd.rush`: {rush} clients who ask without a pause:
{turns} are computed at a time, {waiting} wait, at most {patience:g} s, the others are told by 503 and Retry-After."""


def measured(rows: int, seconds: float) -> Iterator[Figure | dict[str, int]]:
    """Figures as they are known; first how many rows there are."""
    catalog = stating(load_checked(PROJECT).catalog)
    with TemporaryDirectory(prefix="chengmai-crowd-") as name:
        folder = Path(name)
        warehouse = DuckDbWarehouse(str(folder / DUCKDB_FILE), MEMORY)
        yield load_town(catalog, warehouse, rows)
        yield from _batches(catalog, warehouse)
        warehouse.close()
        with serving(folder, MEMORY) as served:
            yield _different(served, seconds)
            yield _rush(served)
            alone = in_a_process(Crowd(served.address, "different", 1, 2.0, 0.0, seed=3))
            yield Figure("crowd.after_the_rush", alone.percentile(0.5), "ms", detail={"answers": len(alone.milliseconds)})
            peak = served.peak_bytes()
            bar = (MEMORY_BYTES + BESIDE_BYTES) / 1e6
            yield Figure("crowd.memory", peak / 1e6, "MB", bar, detail={"warehouse_limit": MEMORY, "clients": CLIENTS})


def _batches(catalog: Catalog, warehouse: Warehouse) -> Iterator[Figure]:
    """The screen of twenty tiles from rows and from states, and what a late row makes to be counted again."""
    modifiers = known_modifiers()

    def batch(states: States | None) -> float:
        begun = perf_counter()
        found = list(
            ask(catalog, warehouse, twenty(), EVERYTHING, datetime.fromisoformat(AS_OF), modifiers=modifiers, states=states, seconds=600)
        )
        assert all(answer.frame is not None for answer in found)
        return (perf_counter() - begun) * 1000

    cold = batch(None)
    yield Figure("crowd.twenty_cold", cold, "ms", detail={"again_ms": batch(None)})
    begun = perf_counter()
    refresh_states(catalog, warehouse, modifiers)
    built, states = perf_counter() - begun, States(catalog, warehouse, modifiers)
    yield Figure("crowd.twenty_from_state", batch(states), "ms", detail={"again_ms": batch(states), "built_ms": built * 1000})
    late_row(catalog, warehouse, 0)
    done = refresh_states(catalog, warehouse, modifiers)
    days = [one.partitions if one.partitions is not None else 2500 for one in done]
    detail = {"ms": sum(one.seconds for one in done) * 1000, "states": len(done), "late_by_days": timedelta(days=21).days}
    yield Figure("crowd.late_row", max(days), "partitions", 3, detail=detail)


def _different(served: Served, seconds: float) -> Figure:
    before = served.cpu_seconds()
    heard = in_a_process(Crowd(served.address, "different", CLIENTS, seconds, EVERY))
    detail = {
        "p50_ms": heard.percentile(0.50), "p95_ms": heard.percentile(0.95), "p99_ms": heard.percentile(0.99), "answers": len(heard.milliseconds),
        "refused": len(heard.refused), "server_cpu_s": served.cpu_seconds() - before, "first_error": heard.errors[:1],
    }  # fmt: skip
    return Figure("crowd.different", len(heard.errors), "errors", 0, detail=detail)


def _rush(served: Served) -> Figure:
    heard = in_a_process(Crowd(served.address, "different", RUSH_CLIENTS, RUSH_SECONDS, 0.0, seed=2))
    untold = len(heard.refused) - heard.told_when
    detail = {
        "answers": len(heard.milliseconds), "p99_ms": heard.percentile(0.99), "slowest_ms": max(heard.milliseconds, default=0.0),
        "refused": len(heard.refused), "refused_within_ms": max(heard.refused, default=0.0), "first_error": heard.errors[:1],
    }  # fmt: skip
    return Figure("crowd.rush", len(heard.errors) + untold, "errors", 0, detail=detail)


def main(arguments: list[str]) -> int:
    """Runs it; with --write the section of the page is written anew."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.crowd", description="A crowd over ten million rows, as JSON lines.")
    parser.add_argument("--rows", type=int, default=ROWS, help="weighings; the other tables grow with them")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of the crowd")
    parser.add_argument("--write", metavar="DATE", help="write the section of docs/benchmarks.md, dated so")
    asked = parser.parse_args(arguments)
    figures, rows = [], dict[str, int]()
    for one in measured(asked.rows, asked.seconds):
        if isinstance(one, Figure):
            print(one.line(), flush=True)
            figures.append(one)
        else:
            rows = one
    if asked.write:
        write_section(HEADING, said(figures, rows, asked.write, asked.seconds))
    return 0


def said(figures: list[Figure], rows: dict[str, int], date: str, seconds: float) -> str:
    """The section's body."""
    head = SAID.format(
        date=date, machine=machine(), total=sum(rows.values()), weighings=rows["waste.weighings"], memory=MEMORY, clients=CLIENTS, every=EVERY,
        seconds=seconds, beside=BESIDE_BYTES // 1_000_000, rush=RUSH_CLIENTS, turns=LIMITS.turns, waiting=LIMITS.waiting, patience=LIMITS.patience,
    )  # fmt: skip
    return "\n".join([head, "", "| figure | value | bar | | |", "|---|---:|---:|---|---|", *map(figure_line, figures)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
