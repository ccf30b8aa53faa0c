"""A long answer comes in pages; each way of asking for the next one ends, and says so when the server goes round in circles."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import urljoin

from msgspec import Meta, Struct

from connectors.calls.documents import at, is_missing, mark_of
from engine.connector import SourceFailed
from engine.parts import AtLeastOne, Part

Pointer = Annotated[str, Meta(pattern=r"^(/.*)?$")]
Parameters = Mapping[str, Any]


class ByPage(Part, frozen=True):
    """The next page has the next number (按页号)."""

    parameter: Annotated[str, Meta(title="页号参数", description="Parameter of the page's number, or of how many rows to skip")] = "page"
    first: Annotated[int, Meta(title="首页", description="Number of the first page", ge=0)] = 1
    counts: Annotated[bool, Meta(title="按行数", description="The parameter says how many rows to skip (offset), from 0")] = False
    size_parameter: Annotated[str | None, Meta(title="每页参数", description="Parameter of rows a page", examples=["page_size"])] = None
    size: Annotated[AtLeastOne, Meta(title="每页行数", description="How many rows to ask for")] = 1000
    total_at: Annotated[
        Pointer | None,
        Meta(
            title="总数位置", description="JSON pointer to how many rows there are; unsaid: an empty page is the end", examples=["/total"]
        ),
    ] = None


class ByCursor(Part, frozen=True):
    """Each answer says from where the next goes on (按游标)."""

    next_at: Annotated[
        Pointer, Meta(title="游标位置", description="JSON pointer to it; null or empty is the end", examples=["/next_cursor"])
    ]
    parameter: Annotated[str, Meta(title="游标参数", description="Parameter in which it is sent back")] = "cursor"
    is_kept: Annotated[bool, Meta(title="长期有效", description="It stays good: a later reading goes on from the last one")] = False
    size_parameter: Annotated[str | None, Meta(title="每页参数", description="Parameter of rows a page")] = None
    size: Annotated[AtLeastOne, Meta(title="每页行数", description="How many rows to ask for")] = 1000


class ByLink(Part, frozen=True):
    """Each answer links to the next (按链接)."""

    next_at: Annotated[Pointer | None, Meta(title="链接位置", description="JSON pointer to it; unsaid: the header Link, rel=next")] = None


class Reply(Struct, frozen=True):
    """What paging looks at in one answer (应答要点)."""

    url: str
    document: Any
    items: list[Any]
    link: str | None  # header Link


class Page(Struct, frozen=True):
    """The rows of one page, and what is sent to go on behind it where that stays good (一页)."""

    items: list[Any]
    after: str | None = None


Ask = Callable[[str | None, Parameters], Reply]  # a whole address (None: the stream's own) and parameters


def pages(ask: Ask, paging: ByPage | ByCursor | ByLink | None, since: str | None) -> Iterator[Page]:
    """All pages, the first asked for from `since` where cursors are kept. Raises SourceFailed."""
    if isinstance(paging, ByPage):
        yield from _by_page(ask, paging)
    elif isinstance(paging, ByCursor):
        yield from _by_cursor(ask, paging, since)
    elif isinstance(paging, ByLink):
        yield from _by_link(ask, paging)
    else:
        yield Page(ask(None, {}).items)


def _by_page(ask: Ask, paging: ByPage) -> Iterator[Page]:
    number, read, seen = 0 if paging.counts else paging.first, 0, set[str]()
    while True:
        reply = ask(None, {paging.parameter: number, **_sized(paging)})
        total = _total(reply, paging.total_at)
        if not reply.items:
            if total is not None and read < total:
                raise SourceFailed(
                    f"说有 {total:,} 行，第 {number} 页却是空的，只读到 {read:,} 行",
                    f"there should be {total:,} rows, yet page {number} is empty after {read:,}",
                )
            return
        _refuse_repeat(reply.items, seen, f"第 {number} 页", f"page {number}")
        yield Page(reply.items)
        read += len(reply.items)
        if total is not None and read >= total:
            return
        number += len(reply.items) if paging.counts else 1


def _by_cursor(ask: Ask, paging: ByCursor, since: str | None) -> Iterator[Page]:
    token, seen = since, {since} if since else set()
    while True:
        reply = ask(None, {**({paging.parameter: token} if token else {}), **_sized(paging)})
        found = at(reply.document, paging.next_at)
        following = None if is_missing(found) or found in (None, "", False) else str(found)
        yield Page(reply.items, following)
        if following is None:
            return
        if following in seen:
            if paging.is_kept and following == token and not reply.items:
                return  # nothing new behind the last one
            raise SourceFailed(
                "翻页游标不前进：服务器又给出用过的游标", "the cursor does not advance: the server gives one that was used before"
            )
        seen.add(following)
        token = following


def _by_link(ask: Ask, paging: ByLink) -> Iterator[Page]:
    url: str | None = None
    seen = set[str]()
    while True:
        reply = ask(url, {})
        yield Page(reply.items)
        found = at(reply.document, paging.next_at) if paging.next_at is not None else _next_link(reply.link)
        if is_missing(found) or not found:
            return
        seen.add(reply.url)
        url = urljoin(reply.url, str(found))
        if url in seen:
            raise SourceFailed("下一页的链接绕回了读过的页", "the link to the next page leads back to one that was read")


def _next_link(header: str | None) -> str | None:
    """The target of rel=next in a header Link (RFC 8288)."""
    for target, parameters in re.findall(r"<([^>]*)>((?:\s*;\s*[^,;\"]+(?:\"[^\"]*\")?)*)", header or ""):
        relations = re.search(r";\s*rel\s*=\s*\"?([^\";]+)", parameters, re.IGNORECASE)
        if relations and "next" in relations[1].lower().split():
            return str(target)
    return None


def _sized(paging: ByPage | ByCursor) -> dict[str, Any]:
    return {paging.size_parameter: paging.size} if paging.size_parameter else {}


def _total(reply: Reply, pointer: str | None) -> int | None:
    if pointer is None:
        return None
    found = at(reply.document, pointer)
    if isinstance(found, bool) or not (isinstance(found, int) or (isinstance(found, str) and found.isdecimal())):
        raise SourceFailed(f"应答的「{pointer}」不是总行数", f"what stands at '{pointer}' is no number of rows")
    return int(found)


def _refuse_repeat(items: list[Any], seen: set[str], zh: str, en: str) -> None:
    """A server that does not know the paging parameter gives its first page for ever."""
    mark = mark_of(items)
    if mark in seen:
        raise SourceFailed(
            f"{zh}与读过的一页相同：看看页号参数的名字", f"{en} is one that was read before: look at the name of its parameter"
        )
    seen.add(mark)
