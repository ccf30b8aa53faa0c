"""A batch of questions under way: who goes away stops the work, one that fails or dawdles does not take the others with it."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pyarrow as pa
import pytest
from msgspec.structs import replace

from engine.question import Question
from engine.running.results import Results
from engine.warehouse import Cancel, Statement, StatementTimedOut
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.answering import answers
from portal.api.kept_lines import Lines
from portal.api.query import outlet_of
from portal.api.titles import Titles
from portal.api.turns import Turns
from portal.api.world import Limits, World
from tests.portal.small_city import NOW, fill

TONS, LOADS = Question(indicators=("waste.tons",)), Question(indicators=("waste.loads",))


class WatchedWarehouse(DuckDbWarehouse):
    """A DuckDB that remembers under which handles statements ran, and can be told that the next one runs too long or breaks."""

    def __init__(self) -> None:
        super().__init__(memory_limit="1GB")
        self.handles: list[Cancel | None] = []
        self.trouble: list[Exception | None] = []

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """As DuckDB does, unless there is trouble."""
        self.handles.append(cancel)
        if trouble := self.trouble.pop(0) if self.trouble else None:
            raise trouble
        return super().query(statement, seconds=seconds, cancel=cancel)


@pytest.fixture
def watched(world: World) -> World:
    """The small city in a warehouse that is watched."""
    warehouse = WatchedWarehouse()
    fill(world.catalog, warehouse)
    titles = Titles(world.catalog, warehouse)
    return replace(world, warehouse=warehouse, titles=titles, limits=Limits(), results=Results(), lines=Results())


def warehouse_of(world: World) -> WatchedWarehouse:
    """The watched warehouse of a world."""
    return cast(WatchedWarehouse, world.warehouse)


def codes(world: World, *questions: Question) -> list[list[str]]:
    """Codes of the findings of each answer."""
    return [[finding.code for finding in answer.findings] for answer in answers(world, questions)]


def test_a_client_that_goes_away_stops_the_statement_and_the_questions_after_it(watched: World) -> None:
    async def read_one_line() -> dict[str, Any]:
        turns = Turns(Limits())
        lines = cast(Any, outlet_of(Lines(watched, [TONS, LOADS, LOADS], NOW), {}, await turns.take(), turns.take).chunks())
        first = json.loads((await cast(AsyncIterator[bytes], lines).__anext__()).splitlines()[0])
        await lines.aclose()
        return cast(dict[str, Any], first)

    with ThreadPoolExecutor(1) as own:  # the browser tests of this process keep a loop running in the main thread
        assert own.submit(asyncio.run, read_one_line()).result()["index"] == 0
    (handle,) = warehouse_of(watched).handles
    assert handle is not None
    assert handle.asked


def test_a_question_that_breaks_is_answered_with_a_finding_and_the_next_one_with_its_number(watched: World) -> None:
    warehouse_of(watched).trouble = [RuntimeError("the cable is cut")]
    assert codes(watched, TONS, LOADS) == [["internal-error"], []]


def test_a_question_that_runs_too_long_ends_the_batch_with_a_finding_for_each_of_the_rest(watched: World) -> None:
    warehouse_of(watched).trouble = [StatementTimedOut()]
    assert codes(watched, TONS, LOADS, replace(LOADS, grain="day")) == [["timed-out"]] * 3


def test_a_batch_whose_time_is_over_begins_no_further_question(watched: World) -> None:
    hurried = replace(watched, limits=Limits(seconds=1e-9))
    assert codes(hurried, TONS, LOADS) == [["timed-out"], ["timed-out"]]
    assert warehouse_of(watched).handles == []
