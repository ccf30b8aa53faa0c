"""Takes every broken file in and prints what each took: `python -m tests.engine.running.broken.measured FOLDER`, one line of JSON a file."""

import json
import resource
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import perf_counter

from connectors.files import Files
from engine.connector import SourceFailed, Surroundings
from engine.running.intake import intake
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.engine.running.broken import cells, files
from tests.engine.running.broken.case import city

NOW = datetime(2026, 1, 6, 9)


def grown() -> int:
    """The most memory that this process ever had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(folder: Path) -> None:
    """Every case; files that are there already are not made again, so that making them counts for nothing."""
    cases = (*cells.CASES, *files.CASES)
    for case in cases:
        if not (folder / case.file).exists():
            (folder / case.file).write_bytes(case.bytes)
    house = DuckDbWarehouse(memory_limit="200MB")
    begun = grown()
    for case in cases:
        catalog = city(json.dumps({"path": case.file, **case.read}), case.identity)
        start = perf_counter()
        with suppress(SourceFailed):
            intake(catalog, "broken.rows", house, {"files": Files}, Surroundings(now=NOW, folder=folder), {}, from_start=True)
        print(json.dumps({"name": case.name, "seconds": round(perf_counter() - start, 3), "megabytes": grown() - begun}), flush=True)
    house.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
