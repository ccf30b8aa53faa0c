"""`python -m tests.bench.scale`: how long questions take over 1, 10 and 100 million rows on each warehouse, and the table in docs/scale.md."""

import argparse
import resource
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from time import perf_counter

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.ask import ask, known_modifiers
from engine.running.definitions import load_checked
from engine.warehouse import Warehouse
from tests.bench import scale_page, scale_places
from tests.bench.runner import PROJECT, machine
from tests.bench.scale_figures import Asking, Loading, Measured
from tests.bench.shape import Shape, difference, shapes
from tests.bench.town import AS_OF, DAYS, SEED, small_tables, weighings

SIZES = (1_000_000, 10_000_000, 100_000_000)
MOST = {"postgres": 10_000_000}  # rows of which a warehouse is not asked more
QUESTIONS = ("total", "sum_by_kind_month", "one_year_by_day", "joined_dimension", "count_distinct", "yoy_by_kind_month")
CHUNK = 1_000_000
ROUNDS = 3


def measure(sizes: list[int], tags: list[str], spark_url: str | None, tell: Callable[[Struct], None]) -> Measured:
    """Loads and asks; raises AssertionError when two warehouses give different answers to one question over the same rows."""
    catalog = load_checked(PROJECT).catalog
    chosen = [shape for shape in shapes() if shape.name in QUESTIONS]
    loadings: list[Loading] = []
    askings: list[Asking] = []
    for rows in sizes:
        answers: dict[str, pa.Table] = {}
        for tag in tags:
            if rows > MOST.get(tag, rows):
                continue
            with scale_places.opened(tag, spark_url) as place:
                begun = perf_counter()
                load(catalog, place.warehouse, rows)
                place.forget()  # DuckDB writes its journal into the file
                loadings.append(Loading(rows, tag, perf_counter() - begun, place.bytes_kept()))
                tell(loadings[-1])
                for shape in chosen:
                    askings.append(asked(catalog, place, shape, rows, tag, answers))
                    tell(askings[-1])
    return Measured(machine(), loadings, askings, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def load(catalog: Catalog, warehouse: Warehouse, rows: int) -> None:
    """So many weighings, and the tables that they point to; no more than a chunk of them is ever in memory."""
    for id, columns in small_tables(np.random.default_rng(SEED)):
        _replace(catalog, warehouse, id, pa.table(columns).to_batches())
    _replace(catalog, warehouse, "waste.weighings", chunks(rows))


def _replace(catalog: Catalog, warehouse: Warehouse, id: str, batches: list[pa.RecordBatch] | Iterator[pa.RecordBatch]) -> None:
    dataset = catalog.dataset(id)
    assert dataset is not None
    warehouse.load(table_of(id, dataset), batches, "replace")


def chunks(rows: int) -> Iterator[pa.RecordBatch]:
    """The weighings in the order of their times, chunk after chunk; the same at every run."""
    random, seconds = np.random.default_rng(SEED), DAYS * 86400
    for first in range(0, rows, CHUNK):
        count = min(CHUNK, rows - first)
        columns = weighings(random, count, first, seconds * first // rows, seconds * (first + count) // rows)
        yield from pa.table(columns).to_batches()


def asked(catalog: Catalog, place: scale_places.Place, shape: Shape, rows: int, tag: str, answers: dict[str, pa.Table]) -> Asking:
    """The times of a question; its answer is held against that of the warehouse before."""
    place.forget()
    before = place.bytes_read()
    answer, first = once(catalog, place.warehouse, shape)
    read = place.bytes_read() - before
    said = difference(answer, answers.setdefault(shape.name, answer))
    assert said is None, f"{shape.name} over {rows} rows, {tag}: {said}"
    later = [once(catalog, place.warehouse, shape)[1] for _ in range(ROUNDS - 1)]
    return Asking(rows, tag, shape.name, min(first, *later), first, read)


def once(catalog: Catalog, warehouse: Warehouse, shape: Shape) -> tuple[pa.Table, float]:
    """Rows and seconds of one asking."""
    begun = perf_counter()
    answer = next(
        ask(catalog, warehouse, [shape.ask], shape.viewer, datetime.fromisoformat(AS_OF), modifiers=known_modifiers(), seconds=3600)
    )
    seconds = perf_counter() - begun
    assert answer.frame is not None, [finding.text("en") for finding in answer.findings]
    return answer.frame.table.select([column.name for column in answer.frame.of_role("dimension", "time", "value")]), seconds


def main(arguments: list[str]) -> int:
    """Measures, a JSON line for each figure; with --write the table in docs/scale.md is written anew."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description="Questions over many rows, as JSON lines.")
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes, in weighings")
    parser.add_argument("--warehouse", nargs="+", default=["duckdb", "postgres", "spark"], choices=["duckdb", "postgres", "spark"])
    parser.add_argument(
        "--spark-url", help="a Spark other than the local one; it sees this machine's /tmp, and what it reads is not counted"
    )
    parser.add_argument("--write", metavar="DATE", help="write the table in docs/scale.md, dated so")
    given = parser.parse_args(arguments)
    measured = measure(given.rows, given.warehouse, given.spark_url, lambda figure: print(msgspec.json.encode(figure).decode(), flush=True))
    print(f"peak memory {measured.peak_bytes / 1024**3:.1f} GB")
    if given.write:
        scale_page.write(measured, given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
