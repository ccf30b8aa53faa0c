"""A business system's interface on a real port of this machine: each path is a small function, and what was asked is written down."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec


class Question(msgspec.Struct, frozen=True):
    """What a request said (收到的请求)."""

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes


class Reply(msgspec.Struct, frozen=True):
    """What is answered; `cut` closes the connection after so many bytes of the body (应答)."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = {}
    cut: int | None = None
    pieces: Iterator[bytes] | None = None  # sent one after another, without a length


Route = Callable[[Question], Reply]


class Interface:
    """The server, its address and what it was asked (接口)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Question] = []
        self.routes: dict[str, Route] = {}

    def on(self, path: str, route: Route) -> None:
        """What a path answers."""
        self.routes[path] = route


@contextmanager
def interface() -> Iterator[Interface]:
    """A server for the time of a test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    server.block_on_close = True
    opened = Interface(f"http://127.0.0.1:{server.server_port}")
    vars(server)["opened"] = opened
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        opened: Interface = vars(self.server)["opened"]
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = Question(
            self.command, parts.path, dict(parse_qsl(parts.query)), parts.query, {k.lower(): v for k, v in self.headers.items()}, body
        )
        opened.asked.append(asked)
        route = opened.routes.get(parts.path)
        self._send(route(asked) if route else Reply(status=404))

    do_POST = do_GET

    def _send(self, reply: Reply) -> None:
        body = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", **reply.headers}
        if reply.pieces is None:
            headers["Content-Length"] = str(len(body))
        else:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for piece in reply.pieces or [body if reply.cut is None else body[: reply.cut]]:
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True
        if reply.cut is not None or reply.pieces is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""
