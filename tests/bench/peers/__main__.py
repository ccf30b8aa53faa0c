"""`python -m tests.bench.peers`: the same questions asked of us, of two public semantic layers and in SQL by hand, in one run."""

import argparse
import gc
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import thread_time
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct

from engine.compiling.plan import TIME
from engine.loading.catalog import Catalog
from engine.running.ask import known_modifiers
from engine.running.definitions import load_checked
from engine.running.plan_text import Plan
from engine.running.plans import planned
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.bench.peers.installing import interpreter, version_of
from tests.bench.peers.racing import Runner, race
from tests.bench.runner import MEMORY, PROJECT, ROWS, machine
from tests.bench.sections import write_section
from tests.bench.shape import Shape, shapes
from tests.bench.town import AS_OF, END, START, load_town

HEADING, ROUNDS, COMPILES = "## Peers", 5, 10
ASKED = (
    "sum_by_day", "filtered_by_month", "ratio_by_facility_month", "joined_dimension", "three_by_kind_month", "rolling_sum",
    "cumulative_by_kind_month", "yoy_by_kind_month",
)  # fmt: skip
SIDES = {"MetricFlow": ("metricflow", "metricflow_side.py"), "BSL": ("boring-semantic-layer", "boring_side.py")}
SAID = """Written by `python -m tests.bench.peers --write DATE` ({date}). Machine: {machine}. {weighings:,} weighings in one DuckDB file.
MetricFlow {metricflow} and boring-semantic-layer {boring} (BSL) live in an environment of their own (`tests/bench/peers.txt`) and write SQL for the
questions of `tests/bench/shapes/` named here, from models of the same tables (`tests/bench/peers/`). Every statement is then run in turns
on one database; only one whose rows are those of the SQL written by hand is timed, least time of {rounds} turns. `×` is against the hand-written
statement; `hand/hand` is that statement against itself, what is within it is noise. Compiling is processor time from the question to the SQL,
models built and everything warm, least of {compiles}; BSL asks the database for nothing while it compiles."""


class Asked(Struct, frozen=True):
    """One question with those who answer it (一题)."""

    name: str
    by_hand: Runner
    again: Runner
    others: list[Runner]


def sides(database: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Peer to question to what it told."""
    python, here = interpreter(), Path(__file__).parent
    told = {}
    for name, (_, script) in SIDES.items():
        done = subprocess.run([str(python), str(here / script), str(database)], stdout=subprocess.PIPE, check=True)
        told[name] = msgspec.json.decode(done.stdout)
    return told


def ours(catalog: Catalog, warehouse: DuckDbWarehouse, shape: Shape) -> Runner:
    """Our statement, and what compiling it takes when no plan is kept."""
    modifiers, as_of, times = known_modifiers(), datetime.fromisoformat(AS_OF), list[float]()

    def compiled() -> Plan:
        gc.collect()
        start = thread_time()
        plan = planned(catalog, modifiers, shape.ask, shape.viewer, as_of, warehouse.write)
        times.append((thread_time() - start) * 1000)
        return plan

    plan = [compiled() for _ in range(COMPILES)][-1]
    statement, shown = plan.compiled.statement, plan.compiled.shape
    assert statement is not None
    assert shown is not None
    keys = [*(axis.name for axis in shown.axes if not axis.is_hidden), *([TIME] if shown.grain else [])]
    columns = (*keys, *(column.sql for column in plan.compiled.columns))
    return Runner("ours", plan.sql, columns, dict(statement.parameters), min(times))


def peer(name: str, told: dict[str, Any]) -> Runner:
    """A peer's statement, or why there is none."""
    if "sql" not in told:
        return Runner(name, trouble=told.get("said", "cannot be asked"))
    return Runner(name, told["sql"], tuple(told["columns"]), {}, told["compile_ms"], told["said"])


def measured(rows: int, rounds: int) -> Iterator[Asked]:
    """Every question when its race is over."""
    catalog, of_name = load_checked(PROJECT).catalog, {shape.name: shape for shape in shapes()}
    with TemporaryDirectory(prefix="chengmai-peers-") as folder:
        path = Path(folder) / "town.duckdb"
        load(catalog, path, rows)
        told = sides(path)
        warehouse = DuckDbWarehouse(str(path), MEMORY)
        for name in ASKED:
            shape = of_name[name]
            by_hand, again = Runner("hand", shape.sql), Runner("hand again", shape.sql)
            others = [ours(catalog, warehouse, shape), *(peer(side, told[side].get(name, {})) for side in SIDES)]
            race(warehouse, by_hand, [*others, again], rounds)
            yield Asked(name, by_hand, again, others)
        warehouse.close()


def load(catalog: Catalog, path: Path, rows: int) -> None:
    """The town, and the table of days that MetricFlow lays its windows over."""
    warehouse = DuckDbWarehouse(str(path), MEMORY)
    load_town(catalog, warehouse, rows)
    days = pa.table({"day": pa.array([START + timedelta(days=n) for n in range((END - START).days)], pa.date32())})
    with warehouse._root.cursor() as cursor:
        cursor.register("incoming", days)
        cursor.execute("CREATE SCHEMA peers")
        cursor.execute("CREATE TABLE peers.days AS SELECT day FROM incoming")
    warehouse.close()


def lines(every: list[Asked]) -> Iterator[str]:
    """Two tables, what is to be said of single answers, and the medians."""
    names = ["ours", *SIDES]
    yield "| answer, ms | hand | hand/hand | " + " | ".join(names) + " |"
    yield "|---|---:|---:|" + "---:|" * len(names)
    for one in every:
        hand, again = one.by_hand.milliseconds or 0.0, one.again.milliseconds or 0.0
        cells = [f"{runner.milliseconds:.1f} ({runner.milliseconds / hand:.2f} ×)" if runner.milliseconds else "–" for runner in one.others]
        yield f"| {one.name} | {hand:.1f} | {again / hand:.2f} | {' | '.join(cells)} |"
    yield f"| median of what it answered | | | {' | '.join(f'{ratio:.2f} ×' for ratio in medians(every))} |"
    yield ""
    yield "| compile, ms | " + " | ".join(names) + " |"
    yield "|---|" + "---:|" * len(names)
    for one in every:
        cells = [f"{runner.compile_ms:.2f}" if runner.compile_ms is not None else "–" for runner in one.others]
        yield f"| {one.name} | {' | '.join(cells)} |"
    yield ""
    for one in every:
        for runner in one.others:
            if runner.trouble or runner.said:
                yield f"- {one.name}, {runner.name}: {'; '.join(filter(None, (runner.trouble, runner.said)))}."


def medians(every: list[Asked]) -> list[float]:
    """Median over the questions of each runner's time against the hand-written one; only of questions it answers."""
    ratios: dict[str, list[float]] = {}
    for one in every:
        for runner in one.others:
            if runner.milliseconds and one.by_hand.milliseconds:
                ratios.setdefault(runner.name, []).append(runner.milliseconds / one.by_hand.milliseconds)
    return [median(ratios.get(name) or [float("nan")]) for name in ("ours", *SIDES)]


def main(arguments: list[str]) -> int:
    """Runs it; with --write the section of the page is written anew."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.peers", description="Us, MetricFlow, boring-semantic-layer and SQL by hand."
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="weighings; the other tables grow with them")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each question; the least time counts")
    parser.add_argument("--write", metavar="DATE", help="write the section of docs/benchmarks.md, dated so")
    asked = parser.parse_args(arguments)
    every = []
    for one in measured(asked.rows, asked.rounds):
        print(
            msgspec.json.encode(
                {"question": one.name, "runners": [told(runner) for runner in (one.by_hand, one.again, *one.others)]}
            ).decode(),
            flush=True,
        )
        every.append(one)
    if asked.write:
        head = SAID.format(
            date=asked.write, machine=machine(), weighings=asked.rows, rounds=asked.rounds, compiles=COMPILES, metricflow=version_of("metricflow"),
            boring=version_of("boring-semantic-layer"),
        )  # fmt: skip
        write_section(HEADING, "\n".join([head, "", *lines(every)]))
    return 0


def told(runner: Runner) -> dict[str, object]:
    """A runner as its JSON line tells of it."""
    return {"name": runner.name, "ms": runner.milliseconds, "compile_ms": runner.compile_ms, "trouble": runner.trouble, "said": runner.said}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
