"""A crowd waits in a line of known length; who comes after it is sent away at once with a time to come back, and a slow reader holds up nobody."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import httpx
import pyarrow as pa
import pytest
from msgspec.structs import replace

from engine.running.results import Results
from engine.warehouse import Cancel, Statement
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.outlet import ClientReadsNothing, Outlet
from portal.api.problem import Refused
from portal.api.titles import Titles
from portal.api.turns import Turns
from portal.api.world import Limits, World
from portal.app import create_app
from tests.portal.small_city import fill


class Gated(DuckDbWarehouse):
    """A DuckDB whose statements wait until the gate is opened, and that counts those that have begun (闸门数仓)."""

    def __init__(self) -> None:
        super().__init__(memory_limit="1GB")
        self.gate, self.begun = Event(), 0
        self.gate.set()

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """As DuckDB does, behind the gate."""
        self.begun += 1
        assert self.gate.wait(30)
        return super().query(statement, seconds=seconds, cancel=cancel)


def in_own_thread(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to its end; the browser tests of this process keep a loop running in the main thread."""
    with ThreadPoolExecutor(1) as own:
        own.submit(lambda: asyncio.run(work())).result()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    for _ in range(2000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


@pytest.fixture
def narrow(world: World) -> World:
    """The small city behind one turn and a line of one."""
    warehouse = Gated()
    fill(world.catalog, warehouse)
    limits = Limits(turns=1, waiting=1)
    return replace(world, warehouse=warehouse, titles=Titles(world.catalog, warehouse), limits=limits, results=Results(), lines=Results())


@asynccontextmanager
async def asking(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application on this loop."""
    transport = httpx.ASGITransport(create_app(world))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=30) as client:
        yield client


def batch(limit: int) -> list[dict[str, Any]]:
    """A batch like no other."""
    return [{"indicators": ["waste.tons"], "by": ["city.district"], "limit": limit}]


def gate_of(world: World) -> Gated:
    """The gated warehouse of a world."""
    assert isinstance(world.warehouse, Gated)
    return world.warehouse


def test_who_comes_when_the_line_is_full_is_told_when_to_come_back_and_the_others_are_answered(narrow: World) -> None:
    async def crowd() -> None:
        gated = gate_of(narrow)
        async with asking(narrow) as client:
            kept = await client.post("/api/query", json=batch(9))
            gated.gate.clear()
            begun = gated.begun
            first = asyncio.create_task(client.post("/api/query", json=batch(1)))
            await until(lambda: gated.begun > begun)
            second = asyncio.create_task(client.post("/api/query", json=batch(2)))
            await asyncio.sleep(0.1)
            third, page = await client.post("/api/query", json=batch(3)), await client.get("/api/indicators/waste.tons")
            again = await client.post("/api/query", json=batch(9))
            gated.gate.set()
            answered = [(await one).status_code for one in (first, second)]
        assert [third.status_code, page.status_code] == [503, 503]
        assert third.headers["retry-after"] == "5"
        assert third.json()["code"] == "too-many-requests"
        assert (again.status_code, again.content) == (200, kept.content)  # what is kept needs no turn
        assert answered == [200, 200]

    in_own_thread(crowd)


def test_who_waits_too_long_is_sent_away_and_leaves_the_line() -> None:
    async def waited() -> None:
        turns = Turns(Limits(turns=1, waiting=5, patience=0.05))
        back = await turns.take()
        with pytest.raises(Refused):
            await turns.take()
        assert not turns.queue
        back()
        back()
        assert turns.free == 1

    in_own_thread(waited)


def test_a_turn_is_not_lost_with_those_who_go_away_while_they_wait() -> None:
    async def gone() -> None:
        turns = Turns(Limits(turns=2, waiting=50))
        held = [await turns.take(), await turns.take()]
        waiting = [asyncio.create_task(turns.take()) for _ in range(20)]
        await asyncio.sleep(0)
        for one in waiting[::2]:
            one.cancel()
        held[0]()
        waiting[1].cancel()  # in the moment in which its turn comes
        held[1]()
        given = 0
        for one in waiting:
            try:
                back = await one
            except asyncio.CancelledError:
                continue
            given += 1
            back()
        assert given == 9
        assert (turns.free, list(turns.queue)) == (2, [])

    in_own_thread(gone)


def test_a_client_that_reads_slowly_gives_its_turn_back_when_all_is_computed() -> None:
    async def slow() -> None:
        turns = Turns(Limits(turns=1))
        outlet = Outlet(iter([b"a", b"b", b"c"]), Cancel(), turns.limits, await turns.take(), turns.take)
        await until(lambda: turns.free == 1)
        assert b"".join([chunk async for chunk in outlet.chunks()]) == b"abc"

    in_own_thread(slow)


def test_a_client_that_leaves_too_much_unread_waits_without_a_turn_and_goes_on_when_it_has_read() -> None:
    async def pausing() -> None:
        turns, computed = Turns(Limits(turns=1, unread_bytes=350)), list[int]()

        def lines() -> Iterator[bytes]:
            for n in range(10):
                computed.append(n)
                yield b"x" * 100

        outlet = Outlet(lines(), Cancel(), turns.limits, await turns.take(), turns.take)
        await until(lambda: turns.free == 1)
        assert computed == [0, 1, 2, 3]
        other = await turns.take()
        read = asyncio.create_task(taken(outlet))
        await until(lambda: len(turns.queue) == 1)
        assert computed == [0, 1, 2, 3]
        other()
        assert await read == 1000
        assert (turns.free, computed[-1]) == (1, 9)

    in_own_thread(pausing)


async def taken(outlet: Outlet) -> int:
    """How many bytes a client reads that reads all."""
    return len(b"".join([chunk async for chunk in outlet.chunks()]))


def test_nothing_more_is_computed_for_a_client_that_reads_nothing_and_its_connection_is_cut() -> None:
    async def idle() -> None:
        turns, cancel = Turns(Limits(turns=1, unread_bytes=350, seconds=0.05)), Cancel()
        computed = iter(range(1000))
        outlet = Outlet((b"x" * 100 for _ in computed), cancel, turns.limits, await turns.take(), turns.take)
        await until(lambda: outlet.is_over)
        assert next(computed) == 4
        with pytest.raises(ClientReadsNothing):
            await taken(outlet)
        assert cancel.asked
        assert turns.free == 1

    in_own_thread(idle)
