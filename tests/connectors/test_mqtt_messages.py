"""What anybody may send: every bad message is refused alone and with its reason; topics are told as the broker tells them."""

import json

import pytest

from connectors.messages.topics import filter_of, levels_by, why_no_topic
from connectors.mqtt import Mqtt
from engine.connector import SourceFailed, open_connector, stream_of
from tests.connectors.brokers import Broker, publish
from tests.connectors.mqtt_streams import TOPICS, Follower, rows

BAD = [
    (b"", "the message is empty"),
    (b" \n", "the message is empty"),
    (b"not json", "it is not JSON"),
    (b'{"n": 1', "it is not JSON"),
    (b'{"n": NaN}', "it is not JSON"),
    (b'{"n": Infinity}', "it is not JSON"),
    (b'{"n": 1e999}', "it is not JSON"),
    (b'{"n": 1}{"n": 2}', "it is not JSON"),
    ("{'n': '东'}".encode("gb18030"), "it is not text in utf-8"),
    (b'{"n": "\xff\xfe"}', "it is not text in utf-8"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "it is not text in utf-8"),
    (b"[" * 200_000, "it is nested too deeply"),
    (b'{"a":' * 900 + b"1" + b"}" * 900, "a name of more than 300 letters"),
    (b"17", "it is not a JSON object"),
    (b'"text"', "it is not a JSON object"),
    (b"null", "it is not a JSON object"),
    (b"[[1, 2]]", "it is not a JSON object"),
    (b"{}", "the object has no fields"),
    (json.dumps({f"field {n}": n for n in range(5000)}).encode(), "brings the different fields of one batch above 1000"),
    (b"[" + b'{"n":1},' * 60_000 + b'{"n":1}]', "has 60001 rows, more than 50000"),
    (json.dumps({"n": "x" * 10_000_000}).encode(), "has 10000009 bytes, more than 1000000"),
    (b"\x00" * 100, "it is not JSON"),
]


@pytest.mark.parametrize(("payload", "reason"), BAD, ids=[f"{number}" for number in range(len(BAD))])
def test_a_bad_message_is_refused_with_its_reason_and_holds_up_no_other(shared: Broker, payload: bytes, reason: str) -> None:
    follower = Follower(shared.port, f"bad-{hash(payload)}")
    follower.join()
    publish(shared.port, [("sensors/a/b/reading", b'{"n": 1}'), ("sensors/a/bad/reading", payload), ("sensors/a/b/reading", b'{"n": 2}')])
    batches = follower.take(3)
    assert [row["n"] for row in rows(batches)] == [1, 2]
    [refused] = [one for batch in batches for one in batch.refused]
    assert reason in refused.reason_en
    assert refused.raw.startswith("sensors/a/bad/reading") and len(refused.raw) <= 2000


def test_messages_in_another_encoding_are_read_when_it_is_named(shared: Broker) -> None:
    follower = Follower(shared.port, "gb")
    follower.stream = stream_of(follower.connector, {"topics": TOPICS, "client": "gb", "encoding": "gb18030"})
    follower.join()
    publish(shared.port, [("sensors/a/b/reading", '{"name": "东城"}'.encode("gb18030"))])
    assert rows(follower.take(1))[0]["name"] == "东城"


@pytest.mark.parametrize(
    ("topic", "fits", "levels"),
    [
        ("a/{b}/c", "a/x/c", {"b": "x"}),
        ("a/{b}/c", "a/x/y/c", None),
        ("a/#", "a", {}),
        ("a/#", "a/b/c", {}),
        ("a/#", "ab", None),
        ("#", "a/b", {}),
        ("+/{b}", "/x", {"b": "x"}),
        ("a.b/{c}", "aXb/x", None),
        ("a/+", "a/", {}),
    ],
)
def test_levels_are_told_as_the_broker_tells_them(topic: str, fits: str, levels: dict[str, str] | None) -> None:
    assert why_no_topic(topic) is None
    assert levels_by([topic])(fits) == levels
    assert "{" not in filter_of(topic)


@pytest.mark.parametrize("topic", ["", "a/#/b", "a+", "a/{B}", "a/{b}/{b}", "a\0", "a/b#", "x" * 70_000])
def test_a_topic_that_is_none_is_said_when_the_stream_is_opened(topic: str) -> None:
    connector = open_connector(Mqtt, {"host": "h"}, {})
    with pytest.raises(SourceFailed):
        stream_of(connector, {"topics": [topic], "client": "c"})
