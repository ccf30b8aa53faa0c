"""Only so many requests compute at a time and only so many wait: whoever comes after them is told to come back, and nobody hangs."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.api.problem import Refused, refusal
from portal.api.world import Limits

# What costs no computing, or takes a turn by itself (/api/query: only what is not kept).
LIGHT = (
    "/static",
    "/fonts",
    "/app",
    "/healthz",
    "/readyz",
    "/metrics",
    "/reference",
    "/api/query",
    "/api/catalog",
    "/api/definitions",
    "/api/openapi",
)


class Turns:
    """The turns of one server, given in the order in which they were asked for; used on the server's loop only (轮次)."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.free = limits.turns
        self.queue: deque[asyncio.Future[None]] = deque()

    async def take(self) -> Callable[[], None]:
        """Wait for a turn; returns what gives it back, which may be called more than once. Raises Refused 503 when too many wait or it takes too long."""
        if self.free > 0:
            self.free -= 1
            return self._back()
        if len(self.queue) >= self.limits.waiting:
            raise too_many()
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue.append(mine)
        try:
            await asyncio.wait_for(asyncio.shield(mine), self.limits.patience)
        except TimeoutError:
            self._leave_queue(mine)
            raise too_many() from None
        except asyncio.CancelledError:
            self._leave_queue(mine)
            raise
        return self._back()

    def _leave_queue(self, mine: "asyncio.Future[None]") -> None:
        if mine.done():  # the turn came in the same moment: it goes on to the next
            self._next()
        else:
            self.queue.remove(mine)
            mine.cancel()

    def _back(self) -> Callable[[], None]:
        is_given_back = False

        def back() -> None:
            nonlocal is_given_back
            if not is_given_back:
                is_given_back = True
                self._next()

        return back

    def _next(self) -> None:
        if self.queue:
            self.queue.popleft().set_result(None)
        else:
            self.free += 1


def too_many() -> Refused:
    """503: the reader learns that it is the crowd and not the question."""
    return refusal(
        503, "too-many-requests", "现在提问的人太多，排队已满", "too many are asking at the moment, and the queue is full",
        advice_zh="过几秒再试（见 Retry-After）", advice_en="try again in a few seconds (see Retry-After)",
    )  # fmt: skip


def taking_turns(turns: Turns) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware: a request that computes waits for its turn and keeps it until it is answered."""

    def around(app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            address: Any = scope.get("path", "")
            if scope["type"] != ScopeType.HTTP or address == "/api" or address.startswith(LIGHT):
                await app(scope, receive, send)
                return
            back = await turns.take()
            try:
                await app(scope, receive, send)
            finally:
                back()

        return answered

    return around
