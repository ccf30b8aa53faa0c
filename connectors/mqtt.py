"""Sensors and vehicles speak MQTT: their messages are taken as they come and acknowledged only when their rows are stored."""

import ssl
import threading
from collections.abc import Generator, Iterable
from contextlib import closing
from hashlib import blake2b
from time import monotonic
from typing import Annotated, ClassVar

import pyarrow as pa
from msgspec import Meta, Struct, field

from connectors.messages.link import MOST_UNSTORED, Arrived, Door, Link, NamedContext, Receipt
from connectors.messages.payload import Message, MessageShape, rows_of
from connectors.messages.topics import filter_of, levels_by, why_no_topic
from connectors.outside.hosts import reach
from engine.connector import Following, RowBatch, SourceFailed, Surroundings
from engine.parts import AtLeastOne, Part

LOOK = 2.0  # seconds that `read` waits for a first message
RESTLESS, MOST_LOSSES = 60.0, 6  # a connection that breaks more often within so many seconds is not worth mending
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between attempts to come back


class MqttStream(Part, frozen=True):
    """Messages of some topics (MQTT 数据流).

    A row has the message's fields, the captured levels of its topic, `mqtt_topic`, and `mqtt_id`: a name made of topic and content, so
    that a message which comes again is the same one. Of equal names ours win.
    """

    topics: Annotated[
        tuple[str, ...],
        Meta(
            title="主题",
            description="Filters: + is any level, {name} a level that becomes a column, # the rest",
            min_length=1,
            examples=[["sensors/{district}/+/reading"]],
        ),
    ]
    client: Annotated[
        str,
        Meta(
            title="客户端标识",
            description="Under this name the broker keeps what we have not stored; of one stream alone, and never changed",
            min_length=1,
            max_length=200,
            examples=["chengmai-weather"],
        ),
    ]
    message: Annotated[MessageShape, Meta(title="消息内容", description="What stands in a message")] = field(default_factory=MessageShape)
    encoding: Annotated[str, Meta(title="编码", description="Text encoding of the messages", examples=["gb18030"])] = "utf-8"

    def __post_init__(self) -> None:
        for topic in self.topics:
            if wrong := why_no_topic(topic):
                raise ValueError(wrong)


class Mqtt(Following, frozen=True):
    """Messages of an MQTT broker, each at least once, by MQTT 5 with QoS 1 (MQTT 消息)."""

    tag: ClassVar[str] = "mqtt"
    stream: ClassVar[type[Struct]] = MqttStream
    host: Annotated[str, Meta(title="主机", description="Host name of the broker", examples=["mqtt.weather.local"])]
    port: Annotated[Annotated[int, Meta(ge=1, le=65535)] | None, Meta(title="端口", description="Unsaid: 1883, with TLS 8883")] = None
    user: Annotated[str | None, Meta(title="用户", description="{env: NAME} takes it from the environment")] = None
    password: Annotated[str | None, Meta(title="口令", description="{env: NAME}; never written here")] = None
    tls: Annotated[bool, Meta(title="加密", description="Whether the connection is encrypted and the broker's certificate checked")] = False
    ca: Annotated[
        str | None, Meta(title="根证书", description="PEM text of who signed the broker's certificate; unsaid: those of the system")
    ] = None
    keep: Annotated[AtLeastOne, Meta(title="会话保留秒数", description="How long the broker keeps messages for us while we are away")] = (
        604_800
    )
    patience: Annotated[
        AtLeastOne, Meta(title="断线等待秒数", description="How long we try to come back before the source counts as failed")
    ] = 30
    seconds: Annotated[AtLeastOne, Meta(title="连接超时", description="Seconds to wait for a connection")] = 10
    most_bytes: Annotated[
        AtLeastOne, Meta(title="攒批字节", description="Bytes of messages that may wait in memory; the rest waits with the broker")
    ] = 16_000_000

    def follow(self, stream: MqttStream, around: Surroundings, since: str | None, stop: threading.Event) -> Generator[RowBatch]:
        """Messages as they come; the broker knows what was stored, so there is no cursor. Raises SourceFailed."""
        number, pause, losses = 1, FIRST_PAUSE, list[float]()
        link: Link | None = self._link(stream, around, stream.client)
        try:
            while link is not None:
                while taken := link.take(self._count(), self.linger / 1000, stop):
                    batch = self._batch(taken, stream, number, Receipt(link, [message.mid for message in taken if message.mid]))
                    number, pause = number + batch.rows.num_rows + len(batch.refused), FIRST_PAUSE
                    yield batch
                link.close()
                if stop.wait(pause):
                    return
                pause = min(pause * 2, LONGEST_PAUSE)
                losses = [*(at for at in losses if at > monotonic() - RESTLESS), monotonic()]
                if link.refused is not None or len(losses) > MOST_LOSSES:
                    raise link.refused or self._restless(stream)
                link = self._back(stream, around, stop)
        finally:
            if link is not None:
                link.close()

    def stored(self, batch: RowBatch) -> None:
        """Acknowledges the messages of the batch."""
        if isinstance(batch.receipt, Receipt):
            batch.receipt.link.acknowledge(batch.receipt.mids)

    def read(self, stream: MqttStream, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """What comes within two seconds, retained messages first, seen by a passing client: nobody's message is taken away."""
        with closing(self._link(stream, around, "")) as link:
            stop, end, number = threading.Event(), monotonic() + LOOK, 1
            timer = threading.Timer(LOOK, stop.set)
            timer.daemon = True
            timer.start()
            try:
                while monotonic() < end and (taken := link.take(self._count(), min(self.linger / 1000, LOOK / 2), stop)):
                    batch = self._batch(taken, stream, number, None)
                    number += batch.rows.num_rows + len(batch.refused)
                    link.acknowledge(message.mid for message in taken if message.mid)  # of the passing session, so that more comes
                    yield batch
            finally:
                timer.cancel()

    def check(self, around: Surroundings) -> None:
        """Connects as a passing client."""
        self._open(around, "", (), 1).close()

    def _count(self) -> int:
        return min(self.batch, MOST_UNSTORED)

    def _link(self, stream: MqttStream, around: Surroundings, client: str) -> Link:
        return self._open(around, client, [filter_of(topic) for topic in stream.topics], stream.message.largest)

    def _open(self, around: Surroundings, client: str, filters: Iterable[str], largest: int) -> Link:
        port = self.port or (8883 if self.tls else 1883)
        # One batch is on its way into the warehouse while the next one gathers.
        way = reach(self.host, port, around)
        door = Door(
            self.host, port, way.address, client, self.user, self.password, self._encryption(), self.seconds, self.keep, 2 * self._count()
        )
        return Link(door, list(filters), largest, self.most_bytes)

    def _encryption(self) -> ssl.SSLContext | None:
        if not self.tls:
            return None
        try:
            context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
            context.name = self.host
            if self.ca is None:
                context.load_default_certs()
            else:
                context.load_verify_locations(cadata=self.ca)
        except (ssl.SSLError, ValueError) as error:
            raise SourceFailed(f"根证书读不出：{error}", f"the certificate in `ca` cannot be read: {error}") from error
        return context

    def _back(self, stream: MqttStream, around: Surroundings, stop: threading.Event) -> Link | None:
        """A new connection within our patience; None when we are to stop meanwhile. Raises SourceFailed."""
        end, pause = monotonic() + self.patience, FIRST_PAUSE
        while True:
            try:
                return self._link(stream, around, stream.client)
            except SourceFailed:
                if monotonic() > end:
                    raise
            if stop.wait(pause):
                return None
            pause = min(pause * 2, LONGEST_PAUSE)

    def _restless(self, stream: MqttStream) -> SourceFailed:
        return SourceFailed(
            f"MQTT 连接一再断开；另一个程序也用客户端标识「{stream.client}」？",
            f"the MQTT connection breaks again and again; does another program use the client id '{stream.client}' too?",
        )

    def _batch(self, taken: list[Arrived], stream: MqttStream, number: int, receipt: Receipt | None) -> RowBatch:
        levels = levels_by(stream.topics)
        piece = rows_of((_message(one, levels(one.topic or "")) for one in taken), stream.message, stream.encoding, number)
        origin = f"mqtt://{self.host}/{stream.topics[0]}"
        return RowBatch(piece.rows, pa.array(piece.numbers, pa.int64()), origin, None, piece.refused, receipt)


def _message(arrived: Arrived, levels: dict[str, str] | None) -> Message:
    refusal = None
    if arrived.topic is None:
        refusal = ("主题不是文字", "its topic is no text")
    elif levels is None:
        refusal = ("主题已不在订阅之列", "its topic is no longer among those that we follow")
    topic = arrived.topic or "?"
    name = blake2b(topic.encode("utf-8", "surrogatepass") + b"\0" + arrived.payload, digest_size=16).hexdigest()
    return Message(topic, arrived.payload, "mqtt_id", name, {"mqtt_topic": topic, **(levels or {})}, arrived.size, refusal)
