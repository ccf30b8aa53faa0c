"""Questions over HTTP that come to an end: allowed hosts only, a limit on size and time, tries again only where asking twice does no harm."""

import secrets
import time
import zlib
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import httpx
from msgspec import Struct

from connectors.outside.hosts import Lookup, Target, look_up, reach_url
from engine.connector import SourceFailed, Surroundings

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
MOST_REDIRECTS = 5


class Clock(Struct, frozen=True):
    """Time and chance of a connection (时钟), so that a test can set them."""

    seconds: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    nonce: Callable[[], str] = secrets.token_hex


class Limits(Struct, frozen=True):
    """What a connection puts up with (限度)."""

    largest: int = 50_000_000  # bytes of an answer, unpacked
    seconds: float = 60  # that one answer may take, and that one piece of it may be waited for
    tries: int = 4
    patience: float = 300  # seconds that a server may ask us to wait
    per_minute: int | None = None


class Asked(Struct, frozen=True):
    """One question (请求). `sign` gives the headers of one try: what proves who asks is made anew each time."""

    method: str
    url: str
    sign: Callable[[Target, bytes], Mapping[str, str]]
    body: bytes = b""
    may_repeat: bool = True


class Answer(Struct, frozen=True):
    """One whole answer (应答): its body is unpacked; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class _Passing(Exception):
    """A failure that may be gone in a while; `is_unread`: the question was not worked on."""

    def __init__(self, zh: str, en: str, wait: float | None = None, is_unread: bool = False) -> None:
        super().__init__(en)
        self.zh, self.en, self.wait, self.is_unread = zh, en, wait, is_unread


class Caller:
    """A client whose every connection goes through `reach` (客户端). To be closed."""

    def __init__(self, around: Surroundings, limits: Limits, clock: Clock, lookup: Lookup = look_up) -> None:
        self.around, self.limits, self.clock, self.lookup = around, limits, clock, lookup
        self._clients: dict[str, httpx.Client] = {}
        self._next_turn = 0.0

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def ask(self, asked: Asked) -> Answer:
        """The answer, of status 2xx, or 401, which the asker may know a remedy for. Raises SourceFailed."""
        for tried in range(1, self.limits.tries + 1):
            self._wait_turn()
            try:
                return self._followed(asked)
            except _Passing as failure:
                if tried == self.limits.tries or not (asked.may_repeat or failure.is_unread):
                    raise SourceFailed(f"{failure.zh}（试了 {tried} 次）", f"{failure.en} (tried {tried} times)") from failure
                wait = failure.wait if failure.wait is not None else min(0.5 * 2 ** (tried - 1), 30)
                if wait > self.limits.patience:
                    raise SourceFailed(
                        f"{failure.zh}，并要求等 {wait:.0f} 秒，超过 {self.limits.patience:.0f} 秒，下次再读",
                        f"{failure.en} and asks to wait {wait:.0f} s, longer than {self.limits.patience:.0f} s: left for a later reading",
                    ) from failure
                self.clock.sleep(wait)
        raise AssertionError("tries is at least 1")

    def knock(self, url: str, headers: Mapping[str, str]) -> None:
        """One question to see whether somebody answers, whatever is said but that the server is broken or does not know us. Raises SourceFailed."""
        target = reach_url(url, self.around, self.lookup)
        try:
            status = self._once(Asked("GET", url, lambda where, body: headers), target, url, headers).status
        except _Passing as failure:
            raise SourceFailed(failure.zh, failure.en) from failure
        if status >= 500 or status == 401:
            raise SourceFailed(f"{_called(target)} 回答 {status}", f"{_called(target)} answers {status}")

    def _client_of(self, host: str) -> httpx.Client:
        """One client for each name: two names of one address must not share a connection whose certificate was checked for the first."""
        if host not in self._clients:
            # trust_env would take a proxy and a .netrc from whoever started us.
            self._clients[host] = httpx.Client(timeout=self.limits.seconds, follow_redirects=False, trust_env=False)
        return self._clients[host]

    def _wait_turn(self) -> None:
        """Keep to the declared number of questions a minute."""
        if self.limits.per_minute is None:
            return
        now = self.clock.steady()
        if now < self._next_turn:
            self.clock.sleep(self._next_turn - now)
        self._next_turn = max(now, self._next_turn) + 60 / self.limits.per_minute

    def _followed(self, asked: Asked) -> Answer:
        """The answer behind redirects, each of which is checked as the first address was."""
        target = reach_url(asked.url, self.around, self.lookup)
        url, first = asked.url, target
        for _ in range(MOST_REDIRECTS + 1):
            # To another origin nothing goes along that proves who we are.
            headers = asked.sign(target, asked.body) if target.origin == first.origin else {}
            answer = self._once(asked, target, url, headers)
            if answer.status not in REDIRECTS:
                return _judged(answer, target, self.clock)
            location = answer.headers.get("location")
            if asked.method != "GET" or not location:
                raise SourceFailed(
                    f"{_called(target)} 把提问转到别处（{answer.status}），这里不跟随",
                    f"{_called(target)} sends the question elsewhere ({answer.status}), which is not followed here",
                )
            url = urljoin(url, location)
            before, target = target, reach_url(url, self.around, self.lookup)
            if before.scheme == "https" and target.scheme == "http":
                raise SourceFailed(
                    f"{_called(before)} 从 https 转到不加密的 http",
                    f"{_called(before)} redirects from https to http, which anybody can read",
                )
        raise SourceFailed(f"{_called(first)} 转来转去没有尽头", f"{_called(first)} redirects without end")

    def _once(self, asked: Asked, target: Target, url: str, headers: Mapping[str, str]) -> Answer:
        sent = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, identity",
            "User-Agent": "chengmai",
            **headers,
            "Host": target.netloc,
        }
        client = self._client_of(target.way.host)
        more = {"sni_hostname": target.way.host, "timeout": httpx.Timeout(self.limits.seconds).as_dict()}
        request = client.build_request(asked.method, target.connect_to, headers=sent, content=asked.body or None, extensions=more)
        try:
            response = client.send(request, stream=True)
            try:
                body = self._body(response, target)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _Passing(f"连不上 {_called(target)}", f"{_called(target)} cannot be reached", is_unread=True) from error
        except httpx.TimeoutException as error:
            raise _Passing(
                f"{_called(target)} 在 {self.limits.seconds:.0f} 秒内没有答完",
                f"{_called(target)} did not answer within {self.limits.seconds:.0f} s",
            ) from error
        except httpx.HTTPError as error:
            raise _Passing(f"{_called(target)} 的应答中断了", f"the answer of {_called(target)} broke off") from error
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body, url)

    def _body(self, response: httpx.Response, target: Target) -> bytes:
        """The body, unpacked; never more than `largest` bytes of it are held, whatever it was packed to."""
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise SourceFailed(f"{_called(target)} 用了没有要求的压缩「{coding}」", f"{_called(target)} packs its answer as '{coding}'")
        unpack = zlib.decompressobj(47) if coding not in ("identity", "") else None
        until, held, came = self.clock.steady() + self.limits.seconds, bytearray(), 0
        try:
            for piece in response.iter_raw():
                came += len(piece)
                room = self.limits.largest + 1 - len(held)
                held += unpack.decompress(piece, room) if unpack else piece
                if len(held) > self.limits.largest:
                    raise _too_large(target, self.limits)
                if self.clock.steady() > until:
                    raise SourceFailed(
                        f"{_called(target)} 的应答 {self.limits.seconds:.0f} 秒还没有完",
                        f"the answer of {_called(target)} has no end after {self.limits.seconds:.0f} s",
                    )
        except zlib.error as error:
            raise _Passing(f"{_called(target)} 的压缩内容是坏的", f"what {_called(target)} packed cannot be unpacked") from error
        if unpack is not None and came and not unpack.eof:
            raise _Passing(f"{_called(target)} 的压缩内容不完整", f"what {_called(target)} packed is not whole")
        return bytes(held)


def _judged(answer: Answer, target: Target, clock: Clock) -> Answer:
    """The answer when its status is one to go on with. Raises _Passing, SourceFailed."""
    if 200 <= answer.status < 300 or answer.status == 401:
        return answer
    zh, en = f"{_called(target)} 回答 {answer.status}", f"{_called(target)} answers {answer.status}"
    if answer.status in PASSING:
        raise _Passing(zh, en, _retry_after(answer.headers.get("retry-after"), clock), answer.status == 429)
    reasons = {
        403: ("：没有权限", ": it does not let us in"),
        404: ("：没有这个地址", ": there is nothing at this address"),
        400: ("：它看不懂提问，看看参数", ": it does not understand the question; look at its parameters"),
    }
    zh_why, en_why = reasons.get(answer.status, ("", ""))
    raise SourceFailed(zh + zh_why, en + en_why)


def _retry_after(text: str | None, clock: Clock) -> float | None:
    """Seconds that a server asks us to wait: a number, or a date."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - clock.seconds())
    except (ValueError, TypeError):
        return None


def _too_large(target: Target, limits: Limits) -> SourceFailed:
    return SourceFailed(
        f"{_called(target)} 的应答超过 {limits.largest:,} 字节：每页少要一些，或调大 largest",
        f"the answer of {_called(target)} is larger than {limits.largest:,} bytes: ask for smaller pages, or raise `largest`",
    )


def _called(target: Target) -> str:
    """The address without its query, which may hold what nobody should read in a log."""
    return f"{target.origin}{target.path}"
