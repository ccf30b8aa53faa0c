"""Streams of MQTT that tests follow in their own process."""

import json
import threading
from datetime import datetime
from typing import Any

from connectors.mqtt import Mqtt
from engine.connector import RowBatch, Surroundings, open_connector, stream_of
from tests.connectors.brokers import HOSTS

AROUND = Surroundings(now=datetime(2026, 1, 5), hosts=HOSTS)
TOPICS = ("sensors/{district}/+/reading",)


class Follower:
    """A stream that is followed here (跟随者)."""

    def __init__(
        self, port: int, client: str, topics: tuple[str, ...] = TOPICS, message: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        kind = open_connector(Mqtt, {"host": "127.0.0.1", "port": port, "linger": 100, **settings}, {})
        assert isinstance(kind, Mqtt)
        self.connector = kind
        self.stream = stream_of(kind, {"topics": topics, "client": client, "message": message or {}})

    def join(self) -> None:
        """Lets the broker know the client, so that it keeps messages for it from now on."""
        stop = threading.Event()
        stop.set()
        assert list(self.connector.follow(self.stream, AROUND, None, stop)) == []

    def take(self, count: int, *, is_stored: bool = True) -> list[RowBatch]:
        """Batches until so many rows and refusals have come."""
        stop, batches, taken = threading.Event(), [], 0
        for batch in self.connector.follow(self.stream, AROUND, None, stop):
            batches.append(batch)
            taken += batch.rows.num_rows + len(batch.refused)
            if is_stored:
                self.connector.stored(batch)
            if taken >= count:
                stop.set()
        return batches


def rows(batches: list[RowBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.rows.to_pylist()]


def readings(numbers: range) -> list[tuple[str, bytes]]:
    return [(f"sensors/{'东城西城'[number % 2 :: 2]}/s{number % 7}/reading", json.dumps({"n": number}).encode()) for number in numbers]
