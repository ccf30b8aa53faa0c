"""Rows come over HTTP in every way that pages are given, under every proof of who asks, and later readings go on where the last ended."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from gmssl import sm3  # a second implementation than the one in use

from connectors.outside.signing import canonical
from connectors.rest import Rest
from engine.connector import SourceFailed
from tests.connectors.interface import Interface, Question, Reply, interface
from tests.connectors.rest_reading import AROUND, Slept, read, rows

ROWS = [{"id": number, "net": number / 2} for number in range(25)]


@pytest.fixture
def server() -> Iterator[Interface]:
    with interface() as opened:
        yield opened


def ids(found: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in found]


def test_pages_by_number_end_at_the_empty_page(server: Interface) -> None:
    def page(asked: Question) -> Reply:
        size, number = int(asked.query["size"]), int(asked.query["page"])
        return Reply({"result": {"items": ROWS[(number - 1) * size : number * size]}})

    server.on("/weighings", page)
    stream = {"path": "weighings", "rows_at": "/result/items", "pages": {"size_parameter": "size", "size": 10}}
    batches = read(server, stream)
    assert ids(rows(batches)) == list(range(25))
    assert [batch.rows.num_rows for batch in batches] == [10, 10, 5]
    assert batches[2].numbers.to_pylist() == [21, 22, 23, 24, 25]
    assert len(server.asked) == 4


def test_a_server_that_gives_smaller_pages_than_asked_for_loses_no_row(server: Interface) -> None:
    server.on("/w", lambda asked: Reply({"data": ROWS[int(asked.query["offset"]) :][:7], "total": 25}))
    stream = {"path": "w", "rows_at": "/data", "pages": {"counts": True, "parameter": "offset", "total_at": "/total", "size": 100}}
    assert ids(rows(read(server, stream))) == list(range(25))
    assert [asked.query["offset"] for asked in server.asked] == ["0", "7", "14", "21"]


def test_pages_by_cursor_go_on_from_the_last_one_in_a_later_reading(server: Interface) -> None:
    def page(asked: Question) -> Reply:
        first = int(asked.query.get("after", 0))
        return Reply({"rows": ROWS[first : first + 10], "next": str(min(first + 10, 25)) if first < 25 else asked.query["after"]})

    server.on("/w", page)
    stream = {"path": "w", "rows_at": "/rows", "cursor": {"parameter": "after", "next_at": "/next", "is_kept": True}}
    first = read(server, stream)
    assert ids(rows(first)) == list(range(25))
    assert [batch.cursor for batch in first] == ["10", "20", "25", "25"]
    assert ids(rows(read(server, stream, since="20"))) == [20, 21, 22, 23, 24]
    assert rows(read(server, stream, since="25")) == []


def test_a_cursor_that_is_not_kept_is_no_place_to_go_on_from(server: Interface) -> None:
    server.on("/w", lambda asked: Reply({"rows": ROWS[:2], "next": None if "cursor" in asked.query else "x"}))
    batches = read(server, {"path": "w", "rows_at": "/rows", "cursor": {"next_at": "/next"}})
    assert [batch.cursor for batch in batches] == [None, None]


@pytest.mark.parametrize("in_header", [True, False])
def test_pages_by_link_are_followed(server: Interface, in_header: bool) -> None:
    def page(asked: Question) -> Reply:
        number = int(asked.query.get("p", 0))
        link = f"/w?p={number + 1}&k=1" if number < 2 else None
        header = f'<{server.url}/w?p=0>; rel="first", <{link}>; title="a, b"; rel="next"' if link else '</w?p=0>; rel="prev"'
        items = ROWS[number * 10 : number * 10 + 10]
        return Reply(items, headers={"Link": header}) if in_header else Reply({"items": items, "links": {"next": link}})

    server.on("/w", page)
    stream = {"path": "w", "links": {}} if in_header else {"path": "w", "rows_at": "/items", "links": {"next_at": "/links/next"}}
    assert ids(rows(read(server, stream))) == list(range(25))


def test_windows_go_up_to_now_and_a_later_reading_begins_at_the_last_end_less_the_overlap(server: Interface) -> None:
    def page(asked: Question) -> Reply:
        number = int(asked.query["page"])
        return Reply([{"id": asked.query["from"], "page": number}] if number < 3 else [])

    server.on("/w", page)
    stream = {"path": "w", "window": {"step": "P1D", "reach": "P2D", "overlap": "PT1H"}, "pages": {}}
    batches = read(server, stream)
    assert [row["id"] for row in rows(batches)] == ["2026-01-03T12:00:00"] * 2 + ["2026-01-04T12:00:00"] * 2
    assert [batch.cursor for batch in batches] == [None, "2026-01-04T12:00:00", None, "2026-01-05T12:00:00"]
    assert [number for batch in batches for number in batch.numbers.to_pylist()] == [1, 2, 3, 4]
    again = read(server, stream, since="2026-01-05T11:30:00")
    assert (rows(again)[0]["id"], again[-1].cursor) == ("2026-01-05T10:30:00", "2026-01-05T12:00:00")


def test_an_empty_window_still_moves_the_cursor(server: Interface) -> None:
    server.on("/w", lambda asked: Reply({"data": None}))
    batches = read(server, {"path": "w", "rows_at": "/data", "window": {"reach": "P1D"}})
    assert [(batch.rows.num_rows, batch.cursor) for batch in batches] == [(0, "2026-01-05T12:00:00")]


@pytest.mark.parametrize(
    ("form", "written"),
    [("seconds", "1767499200"), ("milliseconds", "1767499200000"), ("iso_zone", "2026-01-04T12:00:00+08:00"), ("date", "2026-01-04"),
     ("compact", "20260104120000")],
)  # fmt: skip
def test_times_are_written_as_the_server_wants_them(server: Interface, form: str, written: str) -> None:
    server.on("/w", lambda asked: Reply([]))
    read(server, {"path": "w", "window": {"reach": "P1D", "form": form, "start": "begin", "end": "stop"}})
    assert server.asked[0].query["begin"] == written


def test_fields_inside_a_row_are_taken_by_their_pointers_or_all_with_dots(server: Interface) -> None:
    item = {"id": 1, "weigh": {"net": 2.5, "a/b": [7, 8]}, "none": {}}
    server.on("/w", lambda asked: Reply([item, 7, {"id": "x"}]))
    [batch] = read(server, {"path": "w", "fields": {"no": "/id", "net": "/weigh/net", "second": "/weigh/a~1b/1"}})
    assert batch.rows.to_pylist() == [{"no": "1", "net": 2.5, "second": 8}, {"no": "x", "net": None, "second": None}]
    assert [(row.number, row.raw) for row in batch.refused] == [(2, "7")]
    assert batch.numbers.to_pylist() == [1, 3]
    [batch] = read(server, {"path": "w"})
    assert batch.rows.to_pylist()[0] == {"id": "1", "weigh.net": 2.5, "weigh.a/b": [7, 8]}


def test_packed_answers_and_answers_in_gb18030_are_read(server: Interface) -> None:
    server.on("/zip", lambda asked: Reply(gzip.compress(b'[{"id": 1}]'), headers={"Content-Encoding": "gzip"}))
    server.on(
        "/gb", lambda asked: Reply('[{"名称": "朝阳"}]'.encode("gb18030"), headers={"Content-Type": "application/json; charset=GB18030"})
    )
    assert rows(read(server, {"path": "zip"})) == [{"id": 1}]
    assert rows(read(server, {"path": "gb"})) == [{"名称": "朝阳"}]
    assert server.asked[0].headers["accept-encoding"] == "gzip, identity"


def test_a_post_sends_its_parameters_as_a_document(server: Interface) -> None:
    server.on("/w", lambda asked: Reply([]))
    read(server, {"path": "w", "method": "POST", "query": {"region": "110105", "deep": True}, "pages": {}})
    assert (server.asked[0].body, server.asked[0].raw_query) == (b'{"region":"110105","deep":true,"page":1}', "")
    assert server.asked[0].headers["content-type"] == "application/json"


def test_a_token_is_fetched_once_and_again_when_it_is_refused(server: Interface) -> None:
    given: list[str] = []

    def token(asked: Question) -> Reply:
        assert asked.body == b"grant_type=client_credentials&client_id=cm&client_secret=s3cret&scope=read"
        given.append(f"t{len(given)}")
        return Reply({"access_token": given[-1], "expires_in": 3600})

    def page(asked: Question) -> Reply:
        number = int(asked.query["page"])
        wanted = "Bearer t0" if number == 1 else "Bearer t1"
        return Reply(ROWS[number - 1 : number] if number < 4 else []) if asked.headers["authorization"] == wanted else Reply(status=401)

    server.on("/token", token)
    server.on("/w", page)
    oauth = {"token_url": f"{server.url}/token", "client_id": "cm", "client_secret": {"env": "KEY"}, "scope": "read"}
    assert ids(rows(read(server, {"path": "w", "pages": {}}, oauth=oauth))) == [0, 1, 2]
    assert given == ["t0", "t1"]


def test_a_token_is_fetched_anew_before_it_ends(server: Interface) -> None:
    given: list[str] = []
    slept = Slept()

    def page(asked: Question) -> Reply:
        slept.now += 40
        return Reply(ROWS[: int(asked.query["page"])] if asked.query["page"] != "3" else [])

    def token(asked: Question) -> Reply:
        given.append("t")
        return Reply({"access_token": "t", "expires_in": 60})

    server.on("/token", token)
    server.on("/w", page)
    oauth = {"token_url": f"{server.url}/token", "client_id": "cm", "client_secret": "x"}
    read(server, {"path": "w", "pages": {}}, oauth=oauth, slept=slept)
    assert len(given) == 3


def test_credentials_that_are_never_accepted_are_said_after_one_new_token(server: Interface) -> None:
    server.on("/token", lambda asked: Reply({"access_token": "t"}))
    server.on("/w", lambda asked: Reply(status=401))
    oauth = {"token_url": f"{server.url}/token", "client_id": "cm", "client_secret": "x"}
    with pytest.raises(SourceFailed, match="does not accept who we say we are"):
        read(server, {"path": "w"}, oauth=oauth)
    assert [asked.path for asked in server.asked] == ["/token", "/w", "/token", "/w"]


def hmac_sm3(key: bytes, text: bytes) -> str:
    """HMAC by its definition (RFC 2104), over the other package's SM3."""
    padded = key.ljust(64, b"\0")
    inner = sm3.sm3_hash(list(bytes(one ^ 0x36 for one in padded) + text))
    return str(sm3.sm3_hash(list(bytes(one ^ 0x5C for one in padded) + bytes.fromhex(inner))))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_question_is_signed_by_hmac_sm3(server: Interface, method: str) -> None:
    server.on("/api/w", lambda asked: Reply([]))
    settings: dict[str, Any] = {"url": f"{server.url}/api", "signature": {"app": "chengmai", "secret": {"env": "KEY"}}}
    read(server, {"path": "w", "method": method, "query": {"region": "朝阳 区", "b": "1"}}, **settings)
    [asked] = server.asked
    headers = asked.headers
    wanted = canonical(method, "/api/w", asked.raw_query, headers["x-timestamp"], headers["x-nonce"], asked.body)
    assert wanted.splitlines()[2] == ("b=1&region=%E6%9C%9D%E9%98%B3%20%E5%8C%BA" if method == "GET" else "")
    assert headers["x-signature"] == hmac_sm3(b"s3cret", wanted.encode())
    assert (headers["x-app-id"], headers["x-timestamp"]) == ("chengmai", "1767585600000")


def test_a_declared_rate_is_kept(server: Interface) -> None:
    server.on("/w", lambda asked: Reply(ROWS[: int(asked.query["page"])] if asked.query["page"] != "4" else []))
    slept = Slept()
    read(server, {"path": "w", "pages": {}}, per_minute=30, slept=slept)
    assert slept.times == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), ("Mon, 05 Jan 2026 04:00:09 GMT", 9.0), ("soon", 0.5)])
def test_a_server_that_asks_to_wait_is_waited_for(server: Interface, header: str, wait: float) -> None:
    server.on("/w", lambda asked: Reply(ROWS) if len(server.asked) > 1 else Reply(status=429, headers={"Retry-After": header}))
    slept = Slept()
    assert len(rows(read(server, {"path": "w"}, slept=slept))) == 25
    assert slept.times == [wait]


def test_the_source_is_tried_without_reading_rows(server: Interface) -> None:
    Rest(url=server.url).check(AROUND)  # 404 is an answer too
    server.on("/", lambda asked: Reply(status=401))
    with pytest.raises(SourceFailed, match="answers 401"):
        Rest(url=server.url).check(AROUND)
    with pytest.raises(SourceFailed, match="cannot be reached"):
        Rest(url="http://127.0.0.1:1").check(AROUND)


def test_two_ways_of_paging_in_one_stream_are_refused(server: Interface) -> None:
    with pytest.raises(SourceFailed, match="only one of pages, cursor, links"):
        read(server, {"path": "w", "pages": {}, "links": {}})
