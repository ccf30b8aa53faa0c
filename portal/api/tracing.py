"""One trace id goes with a request from its first header to its last log line, and is handed back, so that an answer can be followed."""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic
from uuid import uuid4

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal.api.metrics import Metrics

log = logging.getLogger("chengmai")
TRACE: ContextVar[str] = ContextVar("chengmai_trace", default="")
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NOTHING = "0" * 32
# Whoever watches knocks every few seconds; a line for each would hide the others.
QUIET = ("/healthz", "/readyz", "/metrics", "/static", "/fonts", "/app")


def trace_of(header: bytes | None) -> str:
    """The trace of a W3C `traceparent`, or a new one: a header that is not written so is no trace."""
    match = _TRACEPARENT.fullmatch(header) if header is not None else None
    found = match[1].decode() if match is not None else _NOTHING
    return found if found != _NOTHING else uuid4().hex


def traced(metrics: Metrics) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware: the trace in the context of everything that the request does, in its answer's headers, and one log line at the end."""

    def around(app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            trace, begun, status = trace_of(dict(scope["headers"]).get(b"traceparent")), monotonic(), 0
            token = TRACE.set(trace)

            async def told(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    headers = MutableScopeHeaders.from_message(message)
                    headers["x-trace-id"] = trace
                    headers["traceparent"] = f"00-{trace}-{uuid4().hex[:16]}-01"
                await send(message)

            try:
                await app(scope, receive, told)
            finally:
                seconds = monotonic() - begun
                metrics.requests.labels(scope["method"], str(status)).inc()
                metrics.request_seconds.observe(seconds)
                if not scope["path"].startswith(QUIET):
                    log.info(
                        "answered", extra={"method": scope["method"], "path": scope["path"], "status": status, "seconds": round(seconds, 4)}
                    )
                TRACE.reset(token)

        return answered

    return around
