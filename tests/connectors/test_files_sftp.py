"""Files are fetched from a server whose key is known, go on where the line broke, and what is still being written stays where it is."""

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from connectors.files import Files
from engine.connector import RowBatch, SourceFailed, Surroundings, open_connector, stream_of
from tests.connectors.sftp_server import Exchange, exchange

NOW = datetime(2026, 1, 5)
AROUND = Surroundings(now=NOW, hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Exchange]:
    root = tmp_path / "there"
    (root / "out" / "day").mkdir(parents=True)
    (root / "out" / "1.csv").write_text("a\n1\n")
    (root / "out" / "day" / "2.csv").write_text("a\n2\n")
    (root / "out" / "3.csv.part").write_text("a\n3\n")
    (root / "secret.csv").write_text("a\n9\n")
    (root / "out" / "link.csv").symlink_to(root / "secret.csv")
    (root / "out" / "linked").symlink_to(root)
    with exchange(root) as opened:
        yield opened


def files(server: Exchange, root: str = "/out", settle: int = 0, **sftp: Any) -> Files:
    login = {"host": "127.0.0.1", "port": server.port, "user": "chengmai", "host_key": server.public, "password": {"env": "KEY"}, **sftp}
    opened = open_connector(Files, {"root": root, "settle": settle, "sftp": login}, {"KEY": "s3cret"})
    assert isinstance(opened, Files)
    return opened


def read(server: Exchange, path: str = "**/*.csv*", since: str | None = None, **settings: Any) -> list[RowBatch]:
    opened = files(server, **settings)
    return list(opened.read(stream_of(opened, {"path": path}), AROUND, since))


def test_files_are_read_by_name_without_links_and_half_written_ones(server: Exchange) -> None:
    batches = read(server)
    assert [(batch.origin, batch.rows.to_pylist()) for batch in batches] == [("1.csv", [{"a": "1"}]), ("day/2.csv", [{"a": "2"}])]
    assert [batch.origin for batch in read(server, "*/*.csv")] == ["day/2.csv"]


def test_a_later_reading_fetches_only_what_is_new(server: Exchange) -> None:
    cursor = read(server)[-1].cursor
    server.read.clear()
    assert read(server, since=cursor) == []
    assert server.read == []
    (server.root / "out" / "3.csv.part").rename(server.root / "out" / "3.csv")
    assert [batch.origin for batch in read(server, since=cursor)] == ["3.csv"]


def test_a_broken_line_is_taken_up_where_it_broke(server: Exchange) -> None:
    lines = "a\n" + "".join(f"{number:09}\n" for number in range(300_000))
    (server.root / "out" / "large.csv").write_text(lines)
    server.breaks_after, server.breaks = 1_000_000, 2
    batches = read(server, "large.csv")
    numbers = [int(row["a"]) for batch in batches for row in batch.rows.to_pylist()]
    assert numbers == list(range(300_000))
    assert server.breaks == 0
    assert server.logins == 3
    assert sum(offset == 0 for _, offset in server.read) == 1  # the beginning was not fetched again


def test_a_line_that_breaks_again_and_again_is_said(server: Exchange) -> None:
    server.breaks_after, server.breaks = 0, 99
    with pytest.raises(SourceFailed, match=r"cannot be read: .* \(tried 4 times\)"):
        read(server, "1.csv")


def test_a_file_that_grows_is_left_for_later(server: Exchange) -> None:
    grows, stop = server.root / "out" / "day" / "2.csv", threading.Event()

    def grow() -> None:
        with grows.open("a") as file:
            while not stop.wait(0.02):
                file.write("2\n")
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        batches = read(server, settle=1)
    finally:
        stop.set()
        writer.join()
    assert [batch.origin for batch in batches] == ["1.csv"]
    assert [batch.origin for batch in read(server, since=batches[-1].cursor)] == ["day/2.csv"]


def test_a_server_with_another_key_is_refused_before_the_password_is_said(server: Exchange) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(SourceFailed, match="shows another key"):
        read(server, host_key=other)
    assert server.logins == 0


def test_a_key_of_ours_opens_too(server: Exchange) -> None:
    ours = server.our_key.export_private_key().decode()
    assert len(read(server, password=None, private_key=ours)) == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password": "wrong"}, "does not accept"),
        ({"user": "root"}, "does not accept"),
        ({"root": "/nowhere"}, "no folder"),
        ({"port": 1}, "cannot be read"),
        ({"host": "localhost"}, "not on the list"),
        ({"host": "2130706433"}, "neither the name"),
        ({"host_key": "AAAA"}, "no public key"),
        ({"private_key": "AAAA"}, "no private key"),
    ],
)
def test_what_is_in_the_way_is_said(server: Exchange, settings: dict[str, Any], words: str) -> None:
    for attempt in (lambda: files(server, **settings).check(AROUND), lambda: read(server, **settings)):
        with pytest.raises(SourceFailed, match=words) as failure:
            attempt()
        assert "s3cret" not in failure.value.zh + failure.value.en
    files(server).check(AROUND)


@pytest.mark.parametrize("path", ["../secret.csv", "/secret.csv", "day/../../secret.csv", "a\0b"])
def test_a_pattern_cannot_leave_the_folder(server: Exchange, path: str) -> None:
    with pytest.raises(SourceFailed, match="leaves the folder"):
        read(server, path)


def test_a_reading_that_is_given_up_ends_its_thread(server: Exchange) -> None:
    opened = files(server)
    reading = opened.read(stream_of(opened, {"path": "*.csv"}), AROUND)
    next(reading)
    assert any(thread.name == "sftp" for thread in threading.enumerate())
    reading.close()
    assert not any(thread.name == "sftp" for thread in threading.enumerate())
