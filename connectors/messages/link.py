"""One connection to an MQTT broker: what arrives waits here, within bounds, until it is taken, and is acknowledged only when it is stored."""

import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any

from msgspec import Struct
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from engine.connector import SourceFailed

MOST_UNSTORED = 65_535  # what the protocol can count
KEEPALIVE = 30
LEAVING = 0.8  # seconds to wait, when we leave, until the broker has read our acknowledgements
_NOTHING = "chengmai/nothing"  # a topic that nobody follows
TAKEN_OVER = 142  # the broker's code for: somebody else came with your client id


class NamedContext(ssl.SSLContext):
    """Checks the certificate against the host's name, though the connection goes to the address that the name was looked up to."""

    name: str = ""

    def wrap_socket(self, sock: socket.socket, *args: Any, **settings: Any) -> ssl.SSLSocket:
        """As usual, under the name, and with hands shaken: a socket whose certificate does not do is closed."""
        wrapped = super().wrap_socket(sock, *args, **{**settings, "server_hostname": self.name, "do_handshake_on_connect": False})
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped


class Door(Struct, frozen=True):
    """How a broker is reached, and as whom (接入方式). An empty client: a passing one, whose session ends with the connection."""

    host: str
    port: int
    address: str  # what the host was looked up to
    client: str
    user: str | None
    password: str | None
    tls: ssl.SSLContext | None
    seconds: int
    keep: int  # seconds that the broker keeps the session, and what comes for it, while nobody is connected
    unstored: int  # messages that the broker may send ahead of their acknowledgement


class Arrived(Struct, frozen=True):
    """A message off the wire; `topic` is None where it is no text (到达的消息). `payload` may be only the beginning of `size` bytes."""

    mid: int
    topic: str | None
    payload: bytes
    size: int


class Link:
    """A connection with its subscriptions; gone when `lost` says why. A new one is made instead of mending one (连接)."""

    def __init__(self, door: Door, topics: Sequence[str], largest: int, most_bytes: int) -> None:
        """Connects, and asks for the topics. Raises SourceFailed."""
        self.lost: str | None = None
        self.refused: SourceFailed | None = None  # why trying again is of no use
        self._door, self._topics, self._largest, self._most_bytes = door, topics, largest, most_bytes
        self._waiting: deque[Arrived] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._is_closing = self._is_heard = False
        self._answer: ReasonCode | None = None
        self._client = self._made()
        try:
            self._connect()
            self._subscribe()
        except BaseException:
            self.close()
            raise

    def take(self, count: int, linger: float, stop: threading.Event) -> list[Arrived]:
        """The next messages, at most `count`, `linger` seconds after the first; none when the connection is lost or `stop` is set."""
        with self._changed:
            while not self._waiting and self.lost is None and not stop.is_set():
                self._changed.wait(0.1)
            end = monotonic() + linger
            while len(self._waiting) < count and self._bytes < self._most_bytes and self.lost is None and not stop.is_set():
                left = end - monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, 0.1))
            if self.lost is not None or stop.is_set():
                return []  # they come again
            taken = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
            self._bytes -= sum(len(message.payload) for message in taken)
            self._changed.notify_all()
            return taken

    def acknowledge(self, messages: Iterable[int]) -> None:
        """Tell the broker that these need not come again; nothing happens when the connection is gone."""
        for message in messages:
            if self.lost is not None or self._is_closing:
                return
            self._client.ack(message, 1)

    def close(self) -> None:
        """Sends what is still to be acknowledged and leaves; the session stays with the broker as long as the door says."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._answer is not None and self.lost is None:
            # Some brokers drop what they have not read when a connection closes; they answer in order, so after this all is read.
            self._client.unsubscribe(_NOTHING)
            with self._changed:
                self._changed.wait_for(lambda: self._is_heard or self.lost is not None, LEAVING)
        self._client.disconnect()
        self._client.loop_stop()

    def _made(self) -> Client:
        door = self._door
        client = Client(CallbackAPIVersion.VERSION2, door.client, protocol=MQTTv5, manual_ack=True, reconnect_on_failure=False)
        client.connect_timeout = door.seconds
        client.max_queued_messages_set(0)
        if door.user is not None:
            client.username_pw_set(door.user, door.password)
        if door.tls is not None:
            client.tls_set_context(door.tls)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_unsubscribe = self._unsubscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._arrived
        return client

    def _connect(self) -> None:
        door = self._door
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = door.keep if door.client else 0
        properties.ReceiveMaximum = min(door.unstored, MOST_UNSTORED)
        try:
            self._client.connect(door.address, door.port, KEEPALIVE, clean_start=not door.client, properties=properties)
        except (OSError, ValueError) as error:
            raise _away(door, str(error) or type(error).__name__) from error
        self._client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._answer is not None or self.lost is not None, door.seconds)
        if self._answer is None:
            raise _away(door, self.lost or f"no answer within {door.seconds} s")
        if self._answer.is_failure:
            raise _away(door, str(self._answer))

    def _subscribe(self) -> None:
        # Retained messages come with a new subscription only, not each time we are back. Nobody waits for the answer: it stands behind
        # the messages of the session, which may be more than we take at once.
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        if self._topics:
            self._client.subscribe([(topic, options) for topic in self._topics])

    def _connected(self, client: Client, userdata: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        with self._changed:
            self._answer = code
            self._changed.notify_all()

    def _subscribed(self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], properties: Any) -> None:
        for topic, code in zip(self._topics, codes, strict=False):
            if code.is_failure:
                self.refused = SourceFailed(
                    f"MQTT 服务器不让订阅「{topic}」：{code}", f"the MQTT broker does not let us subscribe to '{topic}': {code}"
                )
                self._lose(str(code))

    def _unsubscribed(self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], properties: Any) -> None:
        with self._changed:
            self._is_heard = True
            self._changed.notify_all()

    def _disconnected(self, client: Client, userdata: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        if code.value == TAKEN_OVER:
            name = self._door.client
            self.refused = SourceFailed(f"另一个程序也用客户端标识「{name}」", f"another program uses the client id '{name}' too")
        self._lose(str(code))

    def _lose(self, why: str) -> None:
        with self._changed:
            self.lost = self.lost or why
            self._waiting.clear()  # the broker sends them again
            self._bytes = 0
            self._changed.notify_all()

    def _arrived(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        try:
            topic: str | None = message.topic
        except UnicodeDecodeError:
            topic = None
        size = len(message.payload)
        payload = message.payload if size <= self._largest else message.payload[:4000]
        with self._changed:
            # Nothing more is read off the wire meanwhile, so that the rest waits with the broker and not in our memory.
            while self._bytes >= self._most_bytes and not self._is_closing:
                self._changed.wait(1.0)
            if self._is_closing or self.lost is not None:
                return  # it comes again
            self._waiting.append(Arrived(message.mid if message.qos else 0, topic, bytes(payload), size))
            self._bytes += len(payload)
            if len(self._waiting) == 1 or len(self._waiting) % 500 == 0 or self._bytes >= self._most_bytes:
                self._changed.notify_all()


class Receipt(Struct, frozen=True):
    """Which messages of which connection a batch stands for (回执)."""

    link: Link
    mids: list[int]


def _away(door: Door, words: str) -> SourceFailed:
    return SourceFailed(
        f"MQTT 服务器「{door.host}:{door.port}」连不上：{words}", f"the MQTT broker at {door.host}:{door.port} cannot be reached: {words}"
    )
