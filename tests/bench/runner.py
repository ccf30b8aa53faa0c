"""The whole benchmark: a line for each figure when it is known, then a table of the bars."""

import os
import platform
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from msgspec import Struct

from engine.running.ask import known_modifiers
from engine.running.definitions import load_checked
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.wiring import DUCKDB_FILE
from tests.bench.answers import time_answers
from tests.bench.http_screens import time_http
from tests.bench.loads import time_loads
from tests.bench.measure import Figure
from tests.bench.plans import time_plans
from tests.bench.screens import time_screens
from tests.bench.shape import shapes
from tests.bench.town import load_town

PROJECT = Path(__file__).parent / "project"
ROWS, ROUNDS, MEMORY = 6_000_000, 15, "4GB"


class Outcome(Struct, frozen=True):
    """Everything one run found (计时结果)."""

    machine: str
    rows: dict[str, int]
    figures: list[Figure]


def run(rows: int, out: TextIO, only: str = "", rounds: int = ROUNDS) -> int:
    """Times everything on so many weighings, writes a JSON line for each figure; always 0, a missed bar fails nothing."""
    measure(rows, out, only, rounds)
    return 0


def measure(rows: int, out: TextIO, only: str = "", rounds: int = ROUNDS) -> Outcome:
    """The same, returning what was found. `only`: part of a shape's name; rows 3 and 4 are then left out."""
    checked = load_checked(PROJECT)
    chosen = [shape for shape in shapes() if only in shape.name]
    modifiers = known_modifiers()

    def tell(figure: Figure) -> None:
        print(figure.line(), file=out, flush=True)

    figures = [] if only else time_loads(rounds, tell)
    with TemporaryDirectory(prefix="chengmai-bench-") as folder:
        warehouse = DuckDbWarehouse(str(Path(folder) / DUCKDB_FILE), memory_limit=MEMORY)
        loaded = load_town(checked.catalog, warehouse, rows)
        if not only:
            figures += time_plans(checked.catalog, warehouse, modifiers, chosen, rounds, tell)
            figures += time_screens(checked.catalog, warehouse, modifiers, min(rounds, 5), tell)
        figures += time_answers(checked.catalog, warehouse, modifiers, chosen, rounds, tell)
        warehouse.close()
        for figure in [] if only else time_http(Path(folder), MEMORY):
            figures.append(figure)
            tell(figure)
    outcome = Outcome(machine(), loaded, figures)
    print(table(outcome), file=out)
    return outcome


def machine() -> str:
    """Cores, memory, system and what else runs, as a reader of the figures needs them."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{os.cpu_count()} cores, {gigabytes:.0f} GB, {platform.system()} {platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[1]:.1f}"


def table(outcome: Outcome) -> str:
    """Figures with a bar, the whole ones first, as text columns."""
    lines = [f"{outcome.machine}; {sum(outcome.rows.values()):,} rows"]
    for figure in outcome.figures:
        met = {True: "met", False: "MISSED", None: ""}[figure.is_met]
        value = "-" if figure.value is None else f"{figure.value:.3g}"
        lines.append(
            f"{figure.name:36} {value:>8} {figure.unit:2} bar {'' if figure.bar is None else figure.bar:>6}  {met:6} {figure.note}"
        )
    return "\n".join(lines)
