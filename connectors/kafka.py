"""Business systems publish their events on Kafka: the offsets are the cursor, stored with the rows, and the broker is told afterwards."""

import threading
from collections.abc import Generator
from contextlib import closing
from typing import Annotated, Any, ClassVar, Literal

from confluent_kafka import Consumer, KafkaException
from msgspec import Meta, Struct, field

from connectors.messages.consuming import Consuming, How, Receipt, away, words_of
from connectors.messages.partitions import offsets_of
from connectors.messages.payload import MessageShape
from connectors.outside.hosts import reach
from engine.connector import Following, RowBatch, SourceFailed, Surroundings
from engine.parts import AtLeastOne, Part


class KafkaStream(Part, frozen=True):
    """Messages of a topic (Kafka 数据流).

    A row has the message's fields, and `kafka_partition`, `kafka_offset`, `kafka_key`, `kafka_time` (milliseconds since 1970),
    `kafka_deleted` (a tombstone: the key's rows are gone), and `kafka_id`, which no other row has. Of equal names ours win.
    """

    topic: Annotated[
        str, Meta(title="主题", description="Name of the topic", pattern=r"^[A-Za-z0-9._-]{1,249}$", examples=["waste.weighings"])
    ]
    group: Annotated[
        str, Meta(title="消费组", description="Of one stream alone", min_length=1, max_length=200, examples=["chengmai-weighings"])
    ]
    message: Annotated[MessageShape, Meta(title="消息内容", description="What stands in a message")] = field(default_factory=MessageShape)
    tombstones: Annotated[
        Literal["refuse", "row"],
        Meta(title="墓碑", description="A message without content: refused, or a row with its key and kafka_deleted"),
    ] = "refuse"
    encoding: Annotated[str, Meta(title="编码", description="Text encoding of the messages", examples=["gb18030"])] = "utf-8"


class Kafka(Following, frozen=True):
    """Messages of Kafka, each stored exactly once with its offset (Kafka 消息)."""

    tag: ClassVar[str] = "kafka"
    stream: ClassVar[type[Struct]] = KafkaStream
    brokers: Annotated[
        tuple[str, ...],
        Meta(title="服务器", description="host:port of some brokers; they name the others", min_length=1, examples=[["kafka-1:9092"]]),
    ]
    user: Annotated[str | None, Meta(title="用户", description="Unsaid: without login")] = None
    password: Annotated[str | None, Meta(title="口令", description="{secret: name} or {env: NAME}; never written here")] = None
    login: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], Meta(title="登录方式", description="How user and password are shown")
    ] = "SCRAM-SHA-512"
    tls: Annotated[bool, Meta(title="加密", description="Whether connections are encrypted and the brokers' certificates checked")] = False
    ca: Annotated[
        str | None, Meta(title="根证书", description="PEM text of who signed the brokers' certificates; unsaid: those of the system")
    ] = None
    patience: Annotated[
        AtLeastOne, Meta(title="断线等待秒数", description="How long the brokers may be away before the source counts as failed")
    ] = 30
    seconds: Annotated[AtLeastOne, Meta(title="连接超时", description="Seconds to wait for an answer")] = 10
    most_bytes: Annotated[
        AtLeastOne, Meta(title="攒批字节", description="Bytes of messages in one batch; the rest waits with the brokers")
    ] = 16_000_000

    def follow(self, stream: KafkaStream, around: Surroundings, since: str | None, stop: threading.Event) -> Generator[RowBatch]:
        """Messages from the offsets in `since` on; from the group's where a partition has none there, else from the beginning.

        Of one follower the cursor makes every row come once. In a group of several, what one has stored while partitions change hands may
        come to the next one again, with the same `kafka_id`. Raises SourceFailed.
        """
        with closing(self._consuming(stream, around, since, stream.group)) as consuming:
            consuming.subscribe()
            yield from consuming.batches(stop, self.linger / 1000)

    def stored(self, batch: RowBatch) -> None:
        """Tells the brokers how far the rows are stored, for those who watch the group; we ourselves go by the cursor."""
        if isinstance(batch.receipt, Receipt):
            batch.receipt.consuming.tell_group(batch.receipt.offsets)

    def read(self, stream: KafkaStream, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """What lies in the topic now, from `since` or the beginning on; no group is told. Raises SourceFailed."""
        with closing(self._consuming(stream, around, since, "chengmai-look")) as consuming:
            yield from consuming.what_lies_there(self.linger / 1000)

    def _consuming(self, stream: KafkaStream, around: Surroundings, since: str | None, group: str) -> Consuming:
        how = How(
            stream.topic, stream.message, stream.encoding, stream.tombstones == "row", self.batch, self.most_bytes, self.patience,
            self.seconds, ", ".join(self.brokers),
        )  # fmt: skip
        return Consuming(how, offsets_of(since), lambda told: self._opened(around, group, {"error_cb": told}))

    def check(self, around: Surroundings) -> None:
        """Asks the brokers who they are."""
        self._opened(around, "chengmai-look", {}).close()

    def _opened(self, around: Surroundings, group: str, more: dict[str, Any]) -> Consumer:
        """A client that may reach only hosts that are allowed. Raises SourceFailed."""
        for broker in self.brokers:
            host, _, port = broker.rpartition(":")
            if not host or not port.isdecimal():
                raise SourceFailed(f"「{broker}」不是 主机:端口", f"'{broker}' is no host:port")
            reach(host.strip("[]"), int(port), around)
        settings: dict[str, Any] = {
            "bootstrap.servers": ",".join(self.brokers), "group.id": group, "client.id": "chengmai", "enable.auto.commit": False,
            "enable.auto.offset.store": False, "auto.offset.reset": "error", "queued.max.messages.kbytes": 32_768, "log_level": 0,
            "fetch.wait.max.ms": 100, "session.timeout.ms": 6_000, "allow.auto.create.topics": False, "socket.connection.setup.timeout.ms": self.seconds * 1000,
            "security.protocol": f"{'SASL_' if self.user else ''}{'SSL' if self.tls else 'PLAINTEXT'}", **more,
        }  # fmt: skip
        if self.user:
            settings |= {"sasl.mechanism": self.login, "sasl.username": self.user, "sasl.password": self.password or ""}
        if self.tls and self.ca:
            settings["ssl.ca.pem"] = self.ca
        try:
            consumer = Consumer(settings)
        except KafkaException as error:
            raise SourceFailed(f"Kafka 的设置不对：{words_of(error)}", f"the settings of Kafka do not fit: {words_of(error)}") from None
        try:
            self._refuse_foreign(consumer, around)
        except BaseException:
            consumer.close()
            raise
        return consumer

    def _refuse_foreign(self, consumer: Consumer, around: Surroundings) -> None:
        """The brokers name each other: a name that leads elsewhere is not followed."""
        try:
            named = consumer.list_topics(timeout=self.seconds).brokers.values()
        except KafkaException as error:
            raise away(", ".join(self.brokers), error) from None
        for broker in named:
            reach(broker.host, broker.port, around)
