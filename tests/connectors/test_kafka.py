"""Messages of librdkafka's mock cluster become rows with their offsets; nothing is lost or doubled, whoever is killed or joins."""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from sqlglot import exp

from connectors.kafka import Kafka
from engine.connector import RowBatch, SourceFailed, Surroundings, open_connector, sample, stream_of
from engine.warehouse import Statement
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.connectors.brokers import HOSTS
from tests.connectors.follower import follow, kill_while_it_stores
from tests.connectors.kafka_mock import Cluster, cluster

AROUND = Surroundings(now=datetime(2026, 1, 5), hosts=HOSTS)
PARTITIONS = 4  # of a topic that the mock cluster makes by itself


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    """One cluster for those tests that do it no harm; each has a topic of its own."""
    with cluster(2) as started:
        yield started


class Follower:
    """A topic that is followed here (跟随者)."""

    def __init__(self, given: Cluster, topic: str, *, read: dict[str, Any] | None = None, **settings: Any) -> None:
        kind = open_connector(Kafka, {"brokers": given.brokers, "linger": 100, **settings}, {})
        assert isinstance(kind, Kafka)
        self.connector, self.stream = kind, stream_of(kind, {"topic": topic, "group": f"group of {topic}", **(read or {})})

    def take(self, count: int, since: str | None = None, *, is_stored: bool = True) -> list[RowBatch]:
        """Batches until so many rows and refusals have come."""
        stop, batches, taken = threading.Event(), [], 0
        for batch in self.connector.follow(self.stream, AROUND, since, stop):
            batches.append(batch)
            taken += batch.rows.num_rows + len(batch.refused)
            if is_stored:
                self.connector.stored(batch)
            if taken >= count:
                stop.set()
        return batches


def rows(batches: list[RowBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.rows.to_pylist()]


def numbered(numbers: range) -> list[bytes | None]:
    return [json.dumps({"n": n}).encode() for n in numbers]


def committed(given: Cluster, topic: str) -> int:
    """The sum of the offsets that the group has told."""
    consumer = Consumer({"bootstrap.servers": ",".join(given.brokers), "group.id": f"group of {topic}", "log_level": 0})
    told = consumer.committed([TopicPartition(topic, one) for one in range(PARTITIONS)], timeout=10)
    consumer.close()
    return sum(max(one.offset, 0) for one in told)


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_messages_of_all_partitions_become_rows_however_they_are_compressed(shared: Cluster, codec: str) -> None:
    topic = f"city.{codec}"
    shared.publish(topic, numbered(range(500)), codec=codec)
    got = Follower(shared, topic).take(500)
    assert Counter(row["n"] for row in rows(got)) == Counter(range(500))
    assert len({row["kafka_id"] for row in rows(got)}) == 500
    cursor: dict[str, int] = json.loads(got[-1].cursor or "")
    assert sum(cursor.values()) == 500 and len(cursor) == PARTITIONS


def test_a_row_knows_its_place_key_and_time(shared: Cluster) -> None:
    shared.publish("city.place", [b'{"a": {"b": 1}, "kafka_offset": "mine"}'], partition=2, key="东城")
    [row] = rows(Follower(shared, "city.place").take(1))
    assert row.pop("kafka_time") > 1_600_000_000_000
    assert row == {
        "a.b": 1, "kafka_partition": 2, "kafka_offset": 0, "kafka_key": "东城", "kafka_deleted": False, "kafka_id": "city.place-2-0",
    }  # fmt: skip


def test_following_goes_on_at_the_cursor_even_where_the_group_was_told_more_or_less(shared: Cluster) -> None:
    follower = Follower(shared, "city.cursor", batch=60)
    shared.publish("city.cursor", numbered(range(200)))
    first = follower.take(100)
    told, middle = committed(shared, "city.cursor"), first[0].cursor
    assert told == sum(batch.rows.num_rows for batch in first)
    again = follower.take(200 - first[0].rows.num_rows, middle, is_stored=False)
    assert sorted(row["n"] for row in rows([first[0], *again])) == list(range(200))
    assert committed(shared, "city.cursor") == told
    assert len(rows(follower.take(200 - told))) == 200 - told  # without a cursor the group's offsets count


def test_offsets_that_the_topic_no_longer_has_are_told_and_the_topic_is_read_from_its_beginning(shared: Cluster) -> None:
    shared.publish("city.anew", numbered(range(5)), partition=1)
    got = Follower(shared, "city.anew").take(6, json.dumps({"1": 900}))
    assert sorted(row["n"] for row in rows(got)) == list(range(5))
    [refused] = [one for batch in got for one in batch.refused]
    assert refused.reason_en == "the topic ends at 5, before the stored offset 900: was it made anew? It is read from 0 on"
    assert [number for batch in got for number in [*(one.number for one in batch.refused), *batch.numbers.to_pylist()]] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]


def test_a_tombstone_is_refused_or_where_the_stream_says_so_a_row_with_its_key(shared: Cluster) -> None:
    shared.publish("city.tombs", [b'{"n": 1}', None], partition=0, key="k1")
    [batch] = Follower(shared, "city.tombs").take(2, is_stored=False)
    assert [row["n"] for row in rows([batch])] == [1]
    assert [one.reason_en for one in batch.refused] == ["a tombstone asks to delete; the stream does not say `tombstones: row`"]
    [batch] = Follower(shared, "city.tombs", read={"tombstones": "row"}).take(2)
    assert [(row["n"], row["kafka_key"], row["kafka_deleted"]) for row in rows([batch])] == [(1, "k1", False), (None, "k1", True)]


def test_bad_messages_are_refused_with_their_reasons_and_hold_up_no_other(shared: Cluster) -> None:
    bad: list[bytes | None] = [
        b"",
        b"not json",
        "东".encode("gb18030"),
        b"[" * 100_000,
        b"17",
        json.dumps({"n": "x" * 3_000_000}).encode(),
    ]
    shared.publish("city.bad", [b'{"n": 1}', *bad, b'{"n": 2}'], partition=0)
    got = Follower(shared, "city.bad").take(8)
    assert [row["n"] for row in rows(got)] == [1, 2]
    reasons = [one.reason_en for batch in got for one in batch.refused]
    wanted = ["is empty", "is not JSON", "is not text in utf-8", "nested too deeply", "not a JSON object", "has 3000009 bytes, more than"]
    assert len(reasons) == 6 and all(part in reason for part, reason in zip(wanted, reasons, strict=True))
    assert [one.raw[:12].strip() for batch in got for one in batch.refused] == [f"city.bad-0-{number}" for number in range(1, 7)]


def test_big_messages_make_small_batches(shared: Cluster) -> None:
    shared.publish("city.big", [json.dumps({"n": n, "text": "x" * 100_000}).encode() for n in range(30)])
    got = Follower(shared, "city.big", most_bytes=1_000_000).take(30)
    assert sorted(row["n"] for row in rows(got)) == list(range(30))
    assert max(batch.rows.nbytes for batch in got) < 2_500_000


def test_members_that_join_and_leave_lose_nothing_and_repeat_at_most_what_was_under_way(shared: Cluster) -> None:
    topic, seen, both, stops = "city.members", list[int](), threading.Lock(), [threading.Event(), threading.Event()]
    shared.publish(topic, numbered(range(400)))

    def follow_on(stop: threading.Event) -> None:
        follower = Follower(shared, topic, batch=25)
        for batch in follower.connector.follow(follower.stream, AROUND, None, stop):
            with both:
                seen.extend(batch.rows.column("n").to_pylist())
            follower.connector.stored(batch)

    members = [threading.Thread(target=follow_on, args=(stop,)) for stop in stops]
    members[0].start()
    wait_until(lambda: len(seen) >= 100)
    members[1].start()
    shared.publish(topic, numbered(range(400, 1200)))
    wait_until(lambda: len(seen) >= 900)
    stops[0].set()
    members[0].join()
    shared.publish(topic, numbered(range(1200, 1500)))
    wait_until(lambda: len(set(seen)) == 1500)
    stops[1].set()
    members[1].join()
    assert set(seen) == set(range(1500)) and len(seen) < 1600  # brokers take no commits while partitions change hands


def wait_until(is_so: Any) -> None:
    for _ in range(600):
        if is_so():
            return
        threading.Event().wait(0.05)
    pytest.fail("it did not come within 30 seconds")


def test_a_sample_tells_no_group(shared: Cluster) -> None:
    shared.publish("city.sample", numbered(range(50)))
    follower = Follower(shared, "city.sample")
    assert sample(follower.connector, follower.stream, AROUND, 5).num_rows == 5
    [*_, last] = follower.connector.read(follower.stream, AROUND)
    assert list(follower.connector.read(follower.stream, AROUND, last.cursor)) == []
    assert committed(shared, "city.sample") == 0


DEFINITIONS = {
    "project.yaml": "title: 过磅\nzone: Asia/Shanghai\n",
    "city/events.dataset.yaml": (
        "title: 事件\none_row_is: 一个事件\nfrom: events/all\nregion: public\ntimes: [{name: at, column: at, default: true}]\n"
        "columns:\n  - {name: n, title: 序号, type: integer}\n  - {name: at, title: 时间, type: timestamp}\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.chaos)])
def test_rows_without_a_key_are_stored_exactly_once_however_often_the_follower_is_killed(
    shared: Cluster, tmp_path: Path, kills: int
) -> None:
    chance, topic = random.Random(seed := random.randrange(10**6)), f"city.killed{kills}"
    source = {
        "title": "事件", "connector": "kafka", "settings": {"brokers": shared.brokers, "linger": 20, "batch": 20},
        "streams": [{"name": "all", "read": {"topic": topic, "group": topic}}],
    }  # fmt: skip
    folder, file, each = tmp_path / "definitions", tmp_path / "house.duckdb", 400
    for path, text in {**DEFINITIONS, "events.source.yaml": json.dumps(source)}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for turn in range(kills):
        numbers = range(turn * each, (turn + 1) * each)
        shared.publish(topic, [json.dumps({"n": n, "at": "2026-01-05 08:00:00"}).encode() for n in numbers])
        kill_while_it_stores(folder, "city.events", file, chance.uniform(0, 0.6))
    warehouse = DuckDbWarehouse(str(file), memory_limit="500MB")
    stop = threading.Event()
    threading.Timer(20, stop.set).start()
    follow(folder, "city.events", warehouse, stop)
    tree = exp.Select(expressions=[exp.column("n")]).from_(exp.table_("events", db="city"))
    stored = Counter(warehouse.query(Statement(tree)).column("n").to_pylist())
    warehouse.close()
    assert stored == Counter(range(kills * each)), f"seed {seed}"


def test_brokers_that_go_away_are_said_after_our_patience() -> None:
    gone = Cluster()
    gone.publish("t", numbered(range(3)))
    follower = Follower(gone, "t", patience=1, seconds=2)
    batches = follower.connector.follow(follower.stream, AROUND, None, threading.Event())
    next(batches)
    del gone
    with pytest.raises(SourceFailed, match="cannot be read"):
        next(batches)


def test_topics_brokers_hosts_and_cursors_that_do_not_do_are_said(shared: Cluster) -> None:
    with pytest.raises(SourceFailed, match="cannot be read") as failure:
        Follower(shared, "t", brokers=["127.0.0.1:1"], seconds=1).connector.check(AROUND)
    assert "\n" not in failure.value.en
    with pytest.raises(SourceFailed, match="not on the list"):
        Follower(shared, "t", brokers=["10.0.0.1:9092"]).connector.check(AROUND)
    with pytest.raises(SourceFailed, match="'localhost' is no host:port"):
        Follower(shared, "t", brokers=["localhost"]).connector.check(AROUND)
    with pytest.raises(SourceFailed, match="does not say offsets"):
        Follower(shared, "t").take(1, "2026-01-05")
    Follower(shared, "t").connector.check(AROUND)


def test_brokers_that_name_hosts_which_are_not_allowed_are_not_followed(shared: Cluster) -> None:
    port = shared.brokers[0].rpartition(":")[2]
    only_the_first = Surroundings(now=AROUND.now, hosts=frozenset({f"127.0.0.1:{port}"}))
    with pytest.raises(SourceFailed, match="not on the list"):
        Follower(shared, "t", brokers=[shared.brokers[0]]).connector.check(only_the_first)
