"""A new minute of 20,000 sensors until every state is true again, over more and more history: `python -m tests.bench.minutes`."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pyarrow as pa

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.ask import known_modifiers
from engine.running.refresh import refresh_states
from engine.running.touched import load_and_note
from engine.warehouse import Table, arrow_schema
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.bench.measure import Figure
from tests.bench.runner import machine
from tests.bench.sections import write_section

SENSORS, NOON, BAR = 20_000, datetime(2026, 5, 1, 12), 1_000.0
HISTORY = (5, 50, 500)  # minutes of all sensors, one every two hours: 1×, 10× and 100×
TEXTS = {
    "project.yaml": "title: 传感器\n",
    "s/readings.dataset.yaml": """title: 读数
one_row_is: 一次读数
columns:
  - {name: sensor, title: 传感器, type: integer}
  - {name: at, title: 时间, type: timestamp}
  - {name: value, title: 值, type: float}
times: [{name: at, column: at, default: true}]
partition: day
region: public
states:
  - {name: minute, grain: minute, by: [], of: [s.mean, s.number]}
  - {name: day, grain: day, by: [], of: [s.mean, s.number]}
""",
    "s/mean.indicator.yaml": 'title: 均值\ndataset: s.readings\nmeasure: {agg: avg, of: value}\nunit: ""\n',
    "s/number.indicator.yaml": "title: 次数\ndataset: s.readings\nmeasure: {agg: count}\nunit: 次\n",
}


def time_minutes(rounds: int, tell: Callable[[Figure], None], history: tuple[int, ...] = HISTORY, sensors: int = SENSORS) -> list[Figure]:
    """Milliseconds from a minute's rows being in to its states being true, for each length of history."""
    catalog = load_texts(TEXTS).catalog
    figures = []
    for minutes in history:
        with tempfile.TemporaryDirectory(prefix="chengmai-bench-") as name:
            figures.append(_figure(catalog, Path(name), minutes, rounds, sensors))
            tell(figures[-1])
    return figures


def _figure(catalog: Catalog, folder: Path, minutes: int, rounds: int, sensors: int) -> Figure:
    dataset = catalog.dataset("s.readings")
    assert dataset is not None
    table, took = table_of("s.readings", dataset), []
    with closing(DuckDbWarehouse(str(folder / "city.duckdb"), "2GB")) as warehouse:
        for number in range(minutes):
            load_and_note(warehouse, table, [readings(table, NOON - timedelta(hours=2 * (minutes - number)), sensors)], "append")
        state = warehouse.state(table)
        assert state is not None
        refresh_states(catalog, warehouse, known_modifiers())
        for number in range(rounds):
            load_and_note(warehouse, table, [readings(table, NOON + timedelta(minutes=number), sensors)], "append")
            begun = perf_counter()
            refreshed = refresh_states(catalog, warehouse, known_modifiers())
            took.append((perf_counter() - begun) * 1000)
            assert [one.partitions for one in refreshed] == [1, 1]
    name = f"refresh.minute_of_{sensors}_sensors"
    return Figure(name, median(took), "ms", BAR, detail={"rows_before": state.rows, "least_ms": min(took), "most_ms": max(took)})


def readings(table: Table, at: datetime, sensors: int) -> pa.RecordBatch:
    """One reading of each sensor."""
    values = np.random.default_rng(int(at.timestamp())).random(sensors)
    columns = [pa.array(np.arange(sensors)), pa.array(np.full(sensors, np.datetime64(at, "us"))), pa.array(values)]
    return pa.RecordBatch.from_arrays(columns, schema=arrow_schema(table))


def written(figures: list[Figure]) -> str:
    """The section of the page of results."""
    lines = [
        f"A new minute of {SENSORS:,} sensors has been stored; how long until the states by minute and by day are true again, beside ever more history",
        f"(`python -m tests.bench.minutes --write`; {machine()}; bar {BAR:,.0f} ms).",
        "",
        "| Rows before | Median ms | Least | Most |",
        "|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.detail['rows_before']:,} | {one.value:.0f} | {one.detail['least_ms']:.0f} | {one.detail['most_ms']:.0f} |"
        for one in figures
    ]
    return "\n".join(lines)


def main() -> int:
    """Time, and write the section when asked."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=9)
    asked.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    chosen = asked.parse_args()
    figures = time_minutes(chosen.rounds, lambda figure: print(figure.line(), flush=True))
    if chosen.write:
        write_section("## Minutes", written(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
