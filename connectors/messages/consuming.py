"""One reading of a Kafka topic: batches with the offsets they end at, whoever comes and goes in the group meanwhile."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from time import monotonic

import pyarrow as pa
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage
from msgspec import Struct

from connectors.messages.partitions import begun, cursor_of
from connectors.messages.payload import Message, MessageShape, rows_of
from engine.connector import RefusedRow, RowBatch, SourceFailed

GLANCE = 0.2  # seconds after which we look whether we are to stop
LOOK = 5.0  # seconds without a message after which nothing more lies there
MOST_AT_ONCE = 2000
# What the client mends by itself: it says so, and the messages go on.
_PASSING = frozenset({
    KafkaError._PARTITION_EOF, KafkaError._TIMED_OUT, KafkaError._MAX_POLL_EXCEEDED, KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT,
    KafkaError._RESOLVE, KafkaError.REQUEST_TIMED_OUT, KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE,
})  # fmt: skip
_GONE = frozenset({KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET, KafkaError._NO_OFFSET})


class How(Struct, frozen=True):
    """What is read of which topic, within what bounds (读取方式)."""

    topic: str
    message: MessageShape
    encoding: str
    keeps_tombstones: bool
    batch: int
    most_bytes: int
    patience: int
    seconds: int
    brokers: str


class Consuming:
    """A consumer and how far it has come; `offsets` are those of the batches handed out (读取过程)."""

    def __init__(self, how: How, offsets: dict[int, int], opened: Callable[[Callable[[KafkaError], None]], Consumer]) -> None:
        """`opened` makes the consumer, given whom to tell of errors. Raises SourceFailed."""
        self._how, self.offsets = how, offsets
        self._away_since: float | None = None
        self._fatal: KafkaError | None = None
        self._is_first, self._number = True, 1
        self._gathered: list[KafkaMessage] = []
        self._lost: list[RefusedRow] = []
        self._at_once = 20  # until it is known how large they are
        self._is_changing = False
        self._untold: dict[int, int] = {}  # stored, but the group does not know it yet
        self._consumer = opened(self._told)

    def close(self) -> None:
        """Leave the group."""
        self._gathered.clear()
        self._consumer.close()

    def subscribe(self) -> None:
        """Join the group. Raises SourceFailed when there is no such topic."""
        self._partitions()
        self._consumer.subscribe([self._how.topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def batches(self, stop: threading.Event, linger: float) -> Generator[RowBatch]:
        """Batches until `stop` is set. Raises SourceFailed."""
        while self._gather(stop, linger):
            yield self._batch()

    def what_lies_there(self, linger: float) -> Generator[RowBatch]:
        """What is in the topic now, without a group. Raises SourceFailed."""
        places = [TopicPartition(self._how.topic, one) for one in self._partitions()]
        ends = {one.partition: self._consumer.get_watermark_offsets(one, timeout=self._how.seconds)[1] for one in places}
        self._assigned(self._consumer, places)
        stop = threading.Event()
        while any(self.offsets[one] < end for one, end in ends.items()):
            timer = threading.Timer(LOOK, stop.set)
            timer.daemon = True
            timer.start()
            try:
                if not self._gather(stop, linger):
                    return
            finally:
                timer.cancel()
            yield self._batch()

    def tell_group(self, stored: dict[int, int]) -> None:
        """Commit offsets; what the brokers do not take now is told with the next ones, or when the partitions change hands."""
        self._untold.update(stored)
        if not self._untold:
            self._is_changing = False
            return
        try:
            self._consumer.commit(offsets=[TopicPartition(self._how.topic, *one) for one in self._untold.items()], asynchronous=False)
        except KafkaException as error:  # away, or the partitions are just changing hands
            self._is_changing = error.args[0].code() == KafkaError.REBALANCE_IN_PROGRESS
        except RuntimeError:  # closed
            return
        else:
            self._untold.clear()
            self._is_changing = False

    def _wait_for_change(self) -> None:
        """Take nothing more while the group cannot be told: whoever has the partitions next would take it again."""
        mine = self._consumer.assignment()
        self._consumer.pause(mine)
        self._gathered += self._consumed(GLANCE)
        if self._is_changing:
            self.tell_group({})
        if not self._is_changing:
            with suppress(KafkaException):  # they are no longer ours
                self._consumer.resume(mine)

    def _partitions(self) -> list[int]:
        topic = self._how.topic
        try:
            found = self._consumer.list_topics(topic, timeout=self._how.seconds).topics[topic]
        except KafkaException as error:
            raise away(self._how.brokers, error) from None
        if found.error is not None or not found.partitions:
            words = found.error.str() if found.error is not None else "it has no partitions"
            raise SourceFailed(f"Kafka 主题「{topic}」读不了：{words}", f"the Kafka topic '{topic}' cannot be read: {words}")
        return sorted(found.partitions)

    def _assigned(self, consumer: Consumer, given: Sequence[TopicPartition]) -> None:
        try:
            places, lost = begun(consumer, given, self.offsets, is_first=self._is_first, seconds=self._how.seconds)
        except KafkaException as error:
            raise away(self._how.brokers, error) from None
        self._is_first = self._is_changing = False
        self._lost += lost
        self.offsets.update({one.partition: one.offset for one in places})
        consumer.assign(places)

    def _revoked(self, consumer: Consumer, taken: Sequence[TopicPartition]) -> None:
        """What was gathered and not handed out is read again by whoever has the partition now."""
        self.tell_group({})
        gone = {one.partition for one in taken}
        self._untold = {partition: offset for partition, offset in self._untold.items() if partition not in gone}
        self._gathered = [one for one in self._gathered if one.partition() not in gone]

    def _gather(self, stop: threading.Event, linger: float) -> bool:
        """Fill `_gathered`; whether there is a batch to hand out. When we are to stop, what was gathered is left to be read again."""
        end, size = None, 0
        while self._is_changing and not stop.is_set():
            self._wait_for_change()
        while not stop.is_set():
            left = GLANCE if end is None else min(GLANCE, end - monotonic())
            if left <= 0:
                break
            for one in self._consumed(left):
                self._gathered.append(one)
                size += len(one.value() or b"")
            if len(self._gathered) >= self._how.batch or size >= self._how.most_bytes:
                break
            if end is None and (self._gathered or self._lost):
                end = monotonic() + linger
            self._look_whether_away()
        return not stop.is_set() and bool(self._gathered or self._lost)

    def _consumed(self, seconds: float) -> list[KafkaMessage]:
        try:
            got = self._consumer.consume(min(self._at_once, self._how.batch - len(self._gathered)), seconds)
        except KafkaException as error:
            raise away(self._how.brokers, error) from None
        sound = [one for one in got if (told := one.error()) is None or self._is_serious(told)]
        if sound:
            self._away_since = None
            mean = sum(len(one.value() or b"") for one in sound) / len(sound) + 1
            self._at_once = max(1, min(MOST_AT_ONCE, int(self._how.most_bytes / 4 / mean)))
        return sound

    def _is_serious(self, error: KafkaError) -> bool:
        """Always False; raises SourceFailed for what the client does not mend."""
        if error.code() in _PASSING:
            return False
        topic = self._how.topic
        if error.code() in _GONE:
            raise SourceFailed(
                f"Kafka 主题「{topic}」里要读的消息已被删除，将从最早的读起", f"messages of the Kafka topic '{topic}' were removed before they were taken"
            )  # fmt: skip
        raise SourceFailed(f"Kafka 主题「{topic}」读不了：{error.str()}", f"the Kafka topic '{topic}' cannot be read: {error.str()}")

    def _told(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error
        elif error.code() == KafkaError._ALL_BROKERS_DOWN and self._away_since is None:
            self._away_since = monotonic()

    def _look_whether_away(self) -> None:
        if self._fatal is not None:
            raise away(self._how.brokers, KafkaException(self._fatal))
        if self._away_since is not None and monotonic() - self._away_since > self._how.patience:
            self._partitions()  # raises when they are still away
            self._away_since = None

    def _batch(self) -> RowBatch:
        how, messages, lost = self._how, self._gathered, self._lost
        self._gathered, self._lost = [], []
        piece = rows_of((self._message(one) for one in messages), how.message, how.encoding, self._number + len(lost))
        refused = (*(RefusedRow(self._number + at, one.raw, one.reason_zh, one.reason_en) for at, one in enumerate(lost)), *piece.refused)
        self._number += piece.rows.num_rows + len(refused)
        ends = {
            partition: offset + 1 for one in messages if (partition := one.partition()) is not None and (offset := one.offset()) is not None
        }
        self.offsets.update(ends)
        return RowBatch(
            piece.rows, pa.array(piece.numbers, pa.int64()), f"kafka://{how.topic}", cursor_of(self.offsets), refused, Receipt(self, ends)
        )  # fmt: skip

    def _message(self, one: KafkaMessage) -> Message:
        value, key = one.value(), one.key()
        kind, moment = one.timestamp()
        place = f"{one.topic()}-{one.partition()}-{one.offset()}"
        columns = {
            "kafka_partition": one.partition(), "kafka_offset": one.offset(), "kafka_time": moment if kind else None,
            "kafka_key": _text(key),
            "kafka_deleted": value is None,
        }  # fmt: skip
        refusal = None
        if value is None and not self._how.keeps_tombstones:
            refusal = (
                "墓碑消息：要求删除，而数据流没有写 tombstones: row",
                "a tombstone asks to delete; the stream does not say `tombstones: row`",
            )
        return Message(place, value, "kafka_id", place, columns, 0, refusal)


class Receipt(Struct, frozen=True):
    """How far a batch goes in each partition (回执)."""

    consuming: Consuming
    offsets: dict[int, int]


def _text(key: str | bytes | None) -> str | None:
    return key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else key


def away(brokers: str, error: KafkaException) -> SourceFailed:
    """What to say when brokers do not answer."""
    return SourceFailed(f"Kafka「{brokers}」读不了：{words_of(error)}", f"Kafka at {brokers} cannot be read: {words_of(error)}")


def words_of(error: KafkaException) -> str:
    """What the client says, without its inner names."""
    told = error.args[0] if error.args else error
    return (told.str() if isinstance(told, KafkaError) else str(told)) or str(told)
