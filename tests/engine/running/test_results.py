"""Answers that are kept are never out of date, are computed once for many askers, and hold no more memory than they may."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct

from engine.compiling.tables import table_of
from engine.question import Question, Viewer
from engine.running.ask import Standing, ask
from engine.running.definitions import load_texts_checked
from engine.running.results import OVERHEAD, Key, Results
from engine.warehouses.duckdb import DuckDbWarehouse

FILES = {
    "project.yaml": "title: 试\n",
    "c/rows.dataset.yaml": """
title: 行
one_row_is: 一行
key: [id]
region: public
columns:
  - {name: id, title: 号, type: integer}
  - {name: tons, title: 吨, type: decimal, unit: t}
""",
    "c/sum.indicator.yaml": "title: 和\nunit: t\ndataset: c.rows\nmeasure: {agg: sum, of: tons}\n",
}
ALL = Viewer("all", sees_all=True)
SUM = msgspec.convert({"indicators": ["c.sum"]}, Question)
CATALOG = load_texts_checked(FILES).catalog


def load(warehouse: DuckDbWarehouse, tons: int) -> None:
    """One row of so many tons in place of what was there."""
    dataset = CATALOG.dataset("c.rows")
    assert dataset is not None
    rows = pa.record_batch({"id": pa.array([1], pa.int64()), "tons": pa.array([Decimal(tons)], pa.decimal128(18, 6))})
    warehouse.load(table_of("c.rows", dataset), [rows], "replace")


def tons(warehouse: DuckDbWarehouse, results: Results[Standing]) -> float:
    """The sum, as a keeper of results answers it."""
    (answer,) = ask(CATALOG, warehouse, [SUM], ALL, datetime(2026, 1, 1), results=results)
    assert answer.frame is not None
    return float(answer.frame.rows()[0]["c.sum"])  # type: ignore[arg-type]


class Counting(DuckDbWarehouse):
    """A warehouse that counts what it is asked (计数数仓)."""

    asked = 0

    def query(self, *args: Any, **options: Any) -> pa.Table:
        self.asked += 1
        return super().query(*args, **options)


def test_a_question_asked_again_over_unmoved_data_asks_the_warehouse_nothing() -> None:
    warehouse, results = Counting(None), Results[Standing]()
    load(warehouse, 5)
    first = tons(warehouse, results)
    asked = warehouse.asked
    assert tons(warehouse, results) == first == 5.0
    assert warehouse.asked == asked


def test_after_every_load_the_answer_is_that_of_the_load() -> None:
    warehouse, results = DuckDbWarehouse(None), Results[Standing]()
    answers = []
    for n in range(12):
        load(warehouse, n)
        answers += [tons(warehouse, results), tons(warehouse, results)]
    assert answers == [float(n) for n in range(12) for _ in range(2)]


def test_no_asker_sees_a_load_older_than_the_last_one_done_before_it_asked() -> None:
    warehouse, results = DuckDbWarehouse(None), Results[Standing]()
    load(warehouse, 0)
    done, stop, seen = [0], Event(), list[tuple[int, float]]()

    def keep_loading() -> None:
        for n in range(1, 15):
            load(warehouse, n)
            done[0] = n
        stop.set()

    def keep_asking() -> None:
        while not stop.is_set():
            before = done[0]
            seen.append((before, tons(warehouse, results)))

    askers = [Thread(target=keep_asking) for _ in range(3)]
    loader = Thread(target=keep_loading)
    for thread in [*askers, loader]:
        thread.start()
    for thread in [*askers, loader]:
        thread.join()
    assert seen
    assert [pair for pair in seen if pair[1] < pair[0]] == []


def test_many_askers_of_one_question_cost_one_computation() -> None:
    warehouse, results = Counting(None), Results[Standing]()
    load(warehouse, 7)
    tons(warehouse, Results[Standing]())
    alone = warehouse.asked
    warehouse.asked = 0
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: tons(warehouse, results), range(12)))
    assert answers == [7.0] * 12
    assert warehouse.asked <= 2 * alone  # one may begin just after the first landed and before it is kept


class Block(Struct, frozen=True):
    """Something of a size (定长块)."""

    nbytes: int
    versions: Mapping[str, int] = {}


def test_memory_stays_within_its_bound_and_the_longest_unused_goes_first() -> None:
    results = Results[Block](10 * (OVERHEAD + 1000))
    keys = [Key(str(n).encode(), ALL, datetime(2026, 1, 1)) for n in range(12)]
    for key in keys[:10]:
        results.put(key, Block(1000))
    assert results.get(keys[0], lambda _: 0) is not None
    results.put(keys[10], Block(1000))
    assert results.held <= 10 * (OVERHEAD + 1000)
    assert results.get(keys[0], lambda _: 0) is not None
    assert results.get(keys[1], lambda _: 0) is None
