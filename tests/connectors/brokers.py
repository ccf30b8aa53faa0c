"""A real Mosquitto on a free port, which tests may kill and start again, and a publisher of messages."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessageInfo, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

HOSTS = frozenset({"127.0.0.1", "localhost"})


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


class Broker:
    """Mosquitto with its session store in a folder of its own (测试用 MQTT 服务器)."""

    def __init__(self, folder: Path, lines: Iterable[str] = ()) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            pytest.fail("Mosquitto is not installed: .ci/setup test installs it, or apt-get install mosquitto")
        self.port, self._program, self._folder = free_port(), program, folder
        folder.mkdir(parents=True, exist_ok=True)
        said = list(lines) or ["allow_anonymous true"]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            "\n".join(
                [
                    f"listener {self.port} 127.0.0.1",
                    "persistence true",
                    f"persistence_location {folder}/",
                    "max_queued_messages 0",
                    f"log_dest file {folder}/log",
                    "user root",
                    *said,
                ]
            )
            + "\n"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)
        pytest.fail("Mosquitto did not start within ten seconds")

    def save(self) -> None:
        """Lets it write what it holds to its disk, as it does every so often."""
        assert self._process is not None
        store = self._folder / "mosquitto.db"
        before = store.stat().st_mtime_ns if store.exists() else 0
        self._process.send_signal(signal.SIGUSR1)
        while not store.exists() or store.stat().st_mtime_ns == before:
            time.sleep(0.02)
        time.sleep(0.1)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@contextmanager
def broker(folder: Path, lines: Iterable[str] = ()) -> Iterator[Broker]:
    """A broker that is gone afterwards."""
    started = Broker(folder, lines)
    try:
        yield started
    finally:
        started.kill()


def publish(
    port: int, messages: Iterable[tuple[str, bytes]], retain: bool = False, user: str | None = None, password: str | None = None
) -> None:
    """Hands messages to the broker with QoS 1 and waits until it has taken each."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.max_inflight_messages_set(1000)
    client.username_pw_set(user, password) if user else None
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        waiting: list[MQTTMessageInfo] = [client.publish(topic, payload, qos=1, retain=retain) for topic, payload in messages]
        for one in waiting:
            one.wait_for_publish(30)
            assert one.is_published()
    finally:
        client.disconnect()
        client.loop_stop()
