"""Rows that business systems give over HTTP interfaces, in pages, behind keys, tokens and signatures."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlencode

import pyarrow as pa
from msgspec import Meta, Struct

from connectors.calls.asking import Asker, ClientCredentials, encoded
from connectors.calls.documents import at, document_of, is_missing, rows_in, table_of_items
from connectors.calls.paging import ByCursor, ByLink, ByPage, Page, Pointer, Reply, pages
from connectors.calls.windows import ByWindow, window_parameters, windows
from connectors.outside.http import Caller, Clock, Limits
from connectors.outside.signing import Signature
from engine.connector import Connector, RowBatch, SourceFailed, Surroundings
from engine.parts import AtLeastOne, Part


class Success(Part, frozen=True):
    """Servers that answer 200 to everything say inside whether it went well (成功标志)."""

    at: Annotated[Pointer, Meta(title="位置", description="JSON pointer to the code", examples=["/code"])]
    among: Annotated[tuple[str | int | bool, ...], Meta(title="成功值", description="Codes that mean it went well")] = (0, "0", 200, "200")
    message_at: Annotated[Pointer, Meta(title="说明位置", description="JSON pointer to why not", examples=["/msg"])] = "/msg"


class RestStream(Part, frozen=True):
    """What is asked, and where in the answers the rows are (接口流)."""

    path: Annotated[str, Meta(title="路径", description="Below the source's url", examples=["weighings"])]
    method: Annotated[Literal["GET", "POST"], Meta(title="方法", description="POST sends the parameters as a JSON body")] = "GET"
    is_reading: Annotated[bool, Meta(title="可重试", description="A POST that only reads, and may be sent again after a failure")] = False
    query: Annotated[dict[str, str | int | float | bool], Meta(title="参数", description="Parameters of each question")] = {}
    rows_at: Annotated[Pointer, Meta(title="行的位置", description="JSON pointer to the list of rows", examples=["/result/items"])] = ""
    fields: Annotated[
        dict[str, Pointer],
        Meta(title="取哪些", description="Column to JSON pointer inside a row; unsaid: all, objects inside a row as a.b"),
    ] = {}
    pages: Annotated[ByPage | None, Meta(title="按页号", description="Pages by number or offset")] = None
    cursor: Annotated[ByCursor | None, Meta(title="按游标", description="Pages by what the last answer says")] = None
    links: Annotated[ByLink | None, Meta(title="按链接", description="Pages by links")] = None
    window: Annotated[ByWindow | None, Meta(title="按时间窗", description="Windows of time; pages inside each")] = None
    success: Annotated[Success | None, Meta(title="成功标志", description="Where an answer says that it went well")] = None

    def __post_init__(self) -> None:
        """One way of paging at most."""
        if sum(one is not None for one in (self.pages, self.cursor, self.links)) > 1:
            raise ValueError("only one of pages, cursor, links")
        if self.window is not None and self.cursor is not None and self.cursor.is_kept:
            raise ValueError("a cursor that is kept needs no window")


class Rest(Connector, frozen=True):
    """Rows over HTTP: JSON, in pages, with OAuth 2, keys or HMAC-SM3 (接口)."""

    tag: ClassVar[str] = "rest"
    stream: ClassVar[type[Struct]] = RestStream
    url: Annotated[str, Meta(title="地址", description="Where the interface begins", examples=["https://waste.example.cn/api"])]
    headers: Annotated[
        dict[str, str], Meta(title="请求头", description="Sent with each question; keys as {secret: name}", examples=[{"X-Api-Key": "…"}])
    ] = {}
    oauth: Annotated[ClientCredentials | None, Meta(title="令牌", description="OAuth 2 client credentials")] = None
    signature: Annotated[Signature | None, Meta(title="签名", description="HMAC-SM3 of each question")] = None
    per_minute: Annotated[AtLeastOne | None, Meta(title="每分钟次数", description="Questions a minute at most")] = None
    seconds: Annotated[AtLeastOne, Meta(title="超时", description="Seconds that an answer may take")] = 60
    tries: Annotated[AtLeastOne, Meta(title="尝试次数", description="Of a question that fails for now")] = 4
    patience: Annotated[AtLeastOne, Meta(title="最长等待", description="Seconds that the server may ask us to wait")] = 300
    largest: Annotated[AtLeastOne, Meta(title="应答上限", description="Bytes of an answer, unpacked")] = 50_000_000

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """A batch a page. The cursor is the end of the last whole window, or the server's own cursor where it is kept."""
        yield from self.reading(stream, around, since, Clock())

    def reading(self, stream: RestStream, around: Surroundings, since: str | None, clock: Clock) -> Generator[RowBatch]:
        """As `read`, by a clock."""
        with closing(self._caller(around, clock)) as caller:
            asker = Asker(caller, self.headers, self.signature, self.oauth)
            if stream.window is None:
                yield from self._batches(asker, stream, {}, since, None, 1)
                return
            first = 1
            for begin, end in windows(stream.window, around.now, since):
                window = window_parameters(stream.window, begin, end)
                for batch in self._batches(asker, stream, window, None, end.isoformat(), first):
                    first += batch.rows.num_rows + len(batch.refused)
                    yield batch

    def check(self, around: Surroundings) -> None:
        """The host is allowed and has an address, and it answers, whatever it answers; a token is fetched where there is one."""
        with closing(self._caller(around, Clock())) as caller:
            Asker(caller, self.headers, self.signature, self.oauth).greet(self.url)

    def _caller(self, around: Surroundings, clock: Clock) -> Caller:
        limits = Limits(self.largest, self.seconds, self.tries, self.patience, self.per_minute)
        return Caller(around, limits, clock)

    def _batches(
        self, asker: Asker, stream: RestStream, window: Mapping[str, Any], since: str | None, end: str | None, first: int
    ) -> Iterator[RowBatch]:
        """The pages of one window; only its last batch bears the end of the window."""
        paging = stream.pages or stream.cursor or stream.links
        is_kept = stream.cursor is not None and stream.cursor.is_kept

        def ask(url: str | None, parameters: Mapping[str, Any]) -> Reply:
            return self._ask(asker, stream, url, {**stream.query, **window, **parameters})

        waiting: RowBatch | None = None
        last = since
        for page in pages(ask, paging, since if is_kept else None):
            last = (page.after or last) if is_kept else None
            if waiting is not None:
                yield waiting
            waiting = _batch(page, stream, last, first)
            first += len(page.items)
        if end is not None:
            empty = RowBatch(pa.table({}), pa.array([], pa.int64()), stream.path)
            done = waiting or empty
            yield RowBatch(done.rows, done.numbers, done.origin, end, done.refused)
        elif waiting is not None:
            yield waiting

    def _ask(self, asker: Asker, stream: RestStream, url: str | None, parameters: Mapping[str, Any]) -> Reply:
        whole = url or _below(self.url, stream.path)
        body = b""
        if stream.method == "POST":
            body = encoded(parameters)
        elif parameters and url is None:
            whole += ("&" if "?" in whole else "?") + urlencode({name: _text(value) for name, value in parameters.items()})
        answer = asker.ask(stream.method, whole, body, stream.method == "GET" or stream.is_reading)
        document = document_of(answer)
        _refuse_failure(document, stream.success)
        return Reply(answer.url, document, rows_in(document, stream.rows_at), answer.headers.get("link"))


def _below(url: str, path: str) -> str:
    """The stream's address: a path can neither name another host nor climb above the source's url."""
    steps = path.split("?")[0].split("/")
    if "://" in path or path.startswith("//") or ".." in steps or "\\" in path or "#" in path or "%2e" in path.lower():
        raise SourceFailed(f"路径「{path}」离开了数据源的地址", f"the path '{path}' leaves the address of the source")
    return f"{url.rstrip('/')}/{path.lstrip('/')}" if path else url


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _refuse_failure(document: Any, success: Success | None) -> None:
    if success is None:
        return
    code = at(document, success.at)
    if any(code == good and isinstance(code, bool) == isinstance(good, bool) for good in success.among):
        return
    message = at(document, success.message_at)
    said = "" if is_missing(message) or message is None else str(message)[:200]
    shown = "—" if is_missing(code) else str(code)[:40]
    raise SourceFailed(f"服务器说没有成功（{shown}）：{said}", f"the server says that it did not go well ({shown}): {said}")


def _batch(page: Page, stream: RestStream, cursor: str | None, first: int) -> RowBatch:
    rows, numbers, refused = table_of_items(page.items, stream.fields, first)
    return RowBatch(rows, pa.array(numbers, pa.int64()), stream.path, cursor, refused, is_sparse=True)
