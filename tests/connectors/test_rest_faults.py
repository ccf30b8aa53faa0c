"""A server that fails, lies, never ends or leads elsewhere is a sentence that says so; what may pass by is tried again, once more only where it does no harm."""

import gzip
import itertools
from collections.abc import Iterator

import pytest

from connectors.calls.paging import ByPage
from connectors.rest import Rest, RestStream
from engine.connector import SourceFailed, Surroundings
from tests.connectors.interface import Interface, Question, Reply, interface
from tests.connectors.rest_reading import AROUND, NOW, Slept, read, rows

HTTP = "http:" + "//"  # apart, for no file of ours is to look as if it named a host
GOOD = Reply([{"id": 1}])


@pytest.fixture
def server() -> Iterator[Interface]:
    with interface() as opened:
        yield opened


def failing(server: Interface, times: int, reply: Reply) -> None:
    server.on("/w", lambda asked: reply if len(server.asked) <= times else GOOD)


PASSING = [
    Reply(status=500),
    Reply(status=502),
    Reply(status=503),
    Reply([{"id": 1}], cut=4),
    Reply(gzip.compress(b'[{"id": 1}]')[:-6], headers={"Content-Encoding": "gzip"}),
    Reply(b"\x1f\x8b\x08\x00garbage", headers={"Content-Encoding": "gzip"}),
]


@pytest.mark.parametrize("reply", PASSING, ids=["500", "502", "503", "cut off", "gzip cut off", "no gzip"])
def test_what_may_pass_by_is_tried_again_with_growing_waits(server: Interface, reply: Reply) -> None:
    failing(server, 2, reply)
    slept = Slept()
    assert rows(read(server, {"path": "w"}, slept=slept)) == [{"id": 1}]
    assert slept.times == [0.5, 1.0]


@pytest.mark.parametrize("reply", PASSING, ids=["500", "502", "503", "cut off", "gzip cut off", "no gzip"])
def test_what_does_not_pass_by_is_said_with_how_often_it_was_tried(server: Interface, reply: Reply) -> None:
    failing(server, 99, reply)
    with pytest.raises(SourceFailed, match=r"/w .*\(tried 4 times\)"):
        read(server, {"path": "w"})
    assert len(server.asked) == 4


def test_a_question_that_may_change_something_is_not_sent_twice_unless_it_only_reads(server: Interface) -> None:
    failing(server, 1, Reply(status=500))
    with pytest.raises(SourceFailed, match=r"tried 1 times"):
        read(server, {"path": "w", "method": "POST"})
    server.asked.clear()
    assert rows(read(server, {"path": "w", "method": "POST", "is_reading": True})) == [{"id": 1}]


def test_a_question_that_was_turned_away_unread_is_sent_again_even_if_it_may_change_something(server: Interface) -> None:
    failing(server, 1, Reply(status=429))
    assert rows(read(server, {"path": "w", "method": "POST"})) == [{"id": 1}]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=403), "answers 403: it does not let us in"),
        (Reply(status=404), "answers 404: there is nothing"),
        (Reply(status=400), "answers 400: it does not understand"),
        (Reply(status=418), "answers 418"),
        (Reply(b"<html>log in</html>", headers={"Content-Type": "text/html; charset=utf-8"}), "is text/html, not JSON"),
        (Reply(b'[{"id": 1}, {"id"'), "no whole JSON"),
        (Reply(b"[" * 100_000), "no whole JSON"),
        (Reply(b'[{"id": NaN}]'), "no whole JSON"),
        (Reply(b'[{"a": "\xff"}]'), "no whole JSON"),
        (Reply(b"[]", headers={"Content-Type": "application/json; charset=klingon"}), "no whole JSON"),
        (Reply(b""), "no whole JSON"),
        (Reply({"error": 1}), "is no list"),
        (Reply(b"[]", headers={"Content-Encoding": "br"}), "packs its answer as 'br'"),
        (Reply(status=429, headers={"Retry-After": "86400"}), "asks to wait 86400 s, longer than 300 s"),
    ],
)
def test_an_answer_that_is_of_no_use_is_said_at_once(server: Interface, reply: Reply, words: str) -> None:
    failing(server, 99, reply)
    with pytest.raises(SourceFailed, match=words) as failure:
        read(server, {"path": "w"})
    assert len(server.asked) == 1
    assert any("\u4e00" <= letter <= "\u9fff" for letter in failure.value.zh)


def test_secrets_in_the_query_are_in_no_sentence(server: Interface) -> None:
    with pytest.raises(SourceFailed) as failure:
        read(server, {"path": "w", "query": {"token": "verysecret"}})
    assert "verysecret" not in failure.value.zh + failure.value.en


def test_a_body_of_ten_megabytes_is_read_or_refused_by_the_limit(server: Interface) -> None:
    failing(server, 99, Reply([{"id": 1, "text": "x" * 10_000_000}]))
    assert len(rows(read(server, {"path": "w"}))[0]["text"]) == 10_000_000
    with pytest.raises(SourceFailed, match="larger than 1,000,000 bytes"):
        read(server, {"path": "w"}, largest=1_000_000)


def test_an_endless_body_is_left_at_the_limit(server: Interface) -> None:
    server.on("/w", lambda asked: Reply(pieces=itertools.repeat(b"[" + b" " * 100_000)))
    with pytest.raises(SourceFailed, match="larger than 2,000,000 bytes"):
        read(server, {"path": "w"}, largest=2_000_000)


def test_a_body_that_unpacks_to_very_much_is_left_at_the_limit(server: Interface) -> None:
    bomb = gzip.compress(b" " * 40_000_000, 9)
    server.on("/w", lambda asked: Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceFailed, match="larger than 2,000,000 bytes"):
        read(server, {"path": "w"}, largest=2_000_000)


def test_a_body_that_drips_without_end_is_left_when_its_time_is_over(server: Interface) -> None:
    slept = Slept()

    def drip() -> Iterator[bytes]:
        while True:
            slept.now += 10
            yield b" "

    server.on("/w", lambda asked: Reply(pieces=drip()))
    with pytest.raises(SourceFailed, match="no end after 60 s"):
        read(server, {"path": "w"}, slept=slept)


def test_a_page_that_repeats_is_said(server: Interface) -> None:
    server.on("/w", lambda asked: GOOD)
    with pytest.raises(SourceFailed, match="page 2 is one that was read before"):
        read(server, {"path": "w", "pages": {}})
    assert len(server.asked) == 2


def test_pages_that_take_turns_are_said(server: Interface) -> None:
    server.on("/w", lambda asked: Reply([{"id": int(asked.query["page"]) % 2}]))
    with pytest.raises(SourceFailed, match="page 3 is one that was read before"):
        read(server, {"path": "w", "pages": {}})


def test_a_total_that_is_not_reached_is_said(server: Interface) -> None:
    server.on("/w", lambda asked: Reply({"rows": [{"id": 1}] if asked.query["page"] == "1" else [], "total": 9}))
    with pytest.raises(SourceFailed, match="9 rows, yet page 2 is empty after 1"):
        read(server, {"path": "w", "rows_at": "/rows", "pages": {"total_at": "/total"}})
    with pytest.raises(SourceFailed, match="is no number of rows"):
        read(server, {"path": "w", "rows_at": "/rows", "pages": {"total_at": "/rows"}})


def test_a_cursor_that_does_not_advance_is_said(server: Interface) -> None:
    server.on("/w", lambda asked: Reply({"rows": [{"id": len(server.asked)}], "next": "same"}))
    with pytest.raises(SourceFailed, match="the cursor does not advance"):
        read(server, {"path": "w", "rows_at": "/rows", "cursor": {"next_at": "/next"}})
    assert len(server.asked) == 2


def test_a_link_that_leads_back_is_said(server: Interface) -> None:
    server.on("/w", lambda asked: Reply([{"id": 1}], headers={"Link": "</w>; rel=next"}))
    with pytest.raises(SourceFailed, match="leads back"):
        read(server, {"path": "w", "links": {}})


def test_a_redirect_is_followed_without_what_proves_who_we_are_when_it_leads_to_another_origin(server: Interface) -> None:
    with interface() as other:
        other.on("/w", lambda asked: GOOD)
        server.on("/w", lambda asked: Reply(status=302, headers={"Location": f"{other.url}/w"}))
        server.on("/here", lambda asked: Reply(status=307, headers={"Location": "/there?x=1"}))
        server.on("/there", lambda asked: GOOD)
        assert rows(read(server, {"path": "w"}, headers={"X-Api-Key": {"env": "KEY"}})) == [{"id": 1}]
        assert "x-api-key" not in other.asked[0].headers
        assert rows(read(server, {"path": "here"}, headers={"X-Api-Key": {"env": "KEY"}})) == [{"id": 1}]
        assert server.asked[-1].headers["x-api-key"] == "s3cret"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (HTTP + "169.254.169.254/latest/meta-data", "not on the list"),
        (HTTP + "localhost:8080/", "not on the list"),
        (HTTP + "2130706433/", "neither the name of a host nor an address"),
        (HTTP + "127.0.0.1@evil.example.cn/", "no user"),
        ("file:///etc/passwd", "'file:' are not allowed"),
        ("gopher://127.0.0.1/", "'gopher:' are not allowed"),
        ("//evil.example.cn/w", "not on the list"),
        (HTTP + "[::ffff:127.0.0.1]/", "not on the list"),
        ("/w", "redirects without end"),
    ],
)
def test_a_redirect_to_where_we_may_not_go_is_refused(server: Interface, location: str, words: str) -> None:
    server.on("/w", lambda asked: Reply(status=302, headers={"Location": location}))
    with pytest.raises(SourceFailed, match=words):
        read(server, {"path": "w"})


def test_a_link_to_a_host_that_is_not_listed_is_refused(server: Interface) -> None:
    server.on("/w", lambda asked: Reply([{"id": 1}], headers={"Link": "<http://evil.example.cn/w>; rel=next"}))
    with pytest.raises(SourceFailed, match="not on the list"):
        read(server, {"path": "w", "links": {}})


def test_a_redirected_post_is_not_followed(server: Interface) -> None:
    server.on("/w", lambda asked: Reply(status=307, headers={"Location": "/other"}))
    with pytest.raises(SourceFailed, match="not followed"):
        read(server, {"path": "w", "method": "POST"})


@pytest.mark.parametrize("path", ["../admin", "a/../../b", HTTP + "evil.cn/x", "//evil.cn", "a\\b", "%2e%2e/x", "a#b"])
def test_a_path_cannot_leave_the_address_of_the_source(server: Interface, path: str) -> None:
    with pytest.raises(SourceFailed, match="leaves the address"):
        read(server, {"path": path})


def test_a_server_that_says_inside_that_it_failed_is_believed(server: Interface) -> None:
    server.on("/w", lambda asked: Reply({"code": 500, "msg": "无权访问", "rows": []}))
    success = {"at": "/code"}
    with pytest.raises(SourceFailed, match="无权访问"):
        read(server, {"path": "w", "rows_at": "/rows", "success": success})
    server.on("/w", lambda asked: Reply({"code": "0", "rows": [{"id": 1}]}))
    assert rows(read(server, {"path": "w", "rows_at": "/rows", "success": success})) == [{"id": 1}]


def test_without_a_list_this_machine_is_not_reached(server: Interface) -> None:
    for hosts in (None, frozenset[str]()):
        with pytest.raises(SourceFailed):
            read(server, {"path": "w"}, around=Surroundings(now=NOW, hosts=hosts))
    assert server.asked == []


def test_a_reading_that_is_given_up_halfway_closes_its_connections(server: Interface) -> None:
    def page(asked: Question) -> Reply:
        return Reply([{"id": asked.query["page"]}])

    server.on("/w", page)
    reading = Rest(url=server.url).read(RestStream(path="w", pages=ByPage()), AROUND)
    next(reading)
    reading.close()  # the server's thread, which waits for the next question of this connection, ends: `interface` joins it
