"""Lines are computed at the pace of the warehouse and read at the pace of the client: neither waits for the other more than is fair."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from anyio import to_thread

from engine.warehouse import Cancel, StatementCancelled
from portal.api.world import Limits

Done = Callable[[], None]
Take = Callable[[], Awaitable[Done]]


class ClientReadsNothing(ConnectionAbortedError):
    """The client took none of its answers for so long that its connection is cut."""


class Outlet:
    """Lines of one batch between the thread that computes them and the client that reads them (出口).

    The turn is given back as soon as the last line is computed, however slowly it is read. A client that leaves more than
    `limits.unread_bytes` unread gives its turn back and waits for another when it has read; one that reads none of it for
    `limits.seconds` is let go. `take` gives a turn: what gives it back.
    """

    def __init__(self, lines: Iterator[bytes], cancel: Cancel, limits: Limits, done: Done, take: Take) -> None:
        self.lines, self.cancel, self.limits, self.done, self.take = lines, cancel, limits, done, take
        self.unread: list[bytes] = []
        self.arrived, self.drained = asyncio.Event(), asyncio.Event()
        self.is_over = False
        self.filling = asyncio.get_running_loop().create_task(self._fill())

    async def _fill(self) -> None:
        try:
            while (line := await to_thread.run_sync(next, self.lines, None, abandon_on_cancel=True)) is not None:
                self.unread.append(line)
                self.arrived.set()
                if sum(map(len, self.unread)) > self.limits.unread_bytes:
                    self.drained.clear()
                    self.done()
                    await asyncio.wait_for(self.drained.wait(), self.limits.seconds)
                    self.done = await self.take()
        except TimeoutError:
            self.unread.clear()
            raise ClientReadsNothing from None
        except StatementCancelled:
            self.unread.clear()
        finally:
            self.is_over = True
            self.arrived.set()
            self.done()

    async def chunks(self) -> AsyncIterator[bytes]:
        """What is ready, as soon as there is any; when the client goes away, the statement that runs in the warehouse is stopped."""
        try:
            while True:
                await self.arrived.wait()
                self.arrived.clear()
                ready, self.unread = b"".join(self.unread), []
                self.drained.set()
                if ready:
                    yield ready
                if self.is_over and not self.unread:
                    break
            await self.filling
        finally:
            self.cancel.now()
            self.filling.cancel()
