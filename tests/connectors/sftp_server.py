"""A real SFTP server over a folder, on a port of this machine, in a thread of its own; it can break the line as real ones do."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh


class Exchange:
    """The server: its address, keys, and what it is to do wrong (文件交换服务器)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.our_key = asyncssh.generate_private_key("ssh-ed25519")
        self.breaks_after: int | None = None  # bytes of reading after which the line is cut, once
        self.breaks = 0
        self.read: list[tuple[str, int]] = []  # what was read, from which byte on
        self.logins = 0

    @property
    def public(self) -> str:
        """The key of the server as its administrator gives it."""
        return self.host_key.export_public_key().decode()


class _Door(asyncssh.SSHServer):
    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self.exchange.logins += 1
        return (username, password) == ("chengmai", "s3cret")

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "chengmai" and key.public_data == self.exchange.our_key.public_data


def _files(exchange: Exchange) -> Any:
    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(exchange.root).encode())
            self.line = channel.get_connection()
            self.sent = 0

        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            exchange.read.append((Path(file_obj.name.decode()).name, offset))
            if exchange.breaks_after is not None and self.sent >= exchange.breaks_after and exchange.breaks:
                exchange.breaks -= 1
                self.line.abort()
                raise asyncssh.SFTPConnectionLost("cut")
            piece: bytes = super().read(file_obj, offset, size)  # type: ignore[assignment]
            self.sent += len(piece)
            return piece

    return Files


@contextmanager
def exchange(root: Path) -> Iterator[Exchange]:
    """The server for the time of a test."""
    opened = Exchange(root)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[opened.host_key], server_factory=lambda: _Door(opened), sftp_factory=_files(opened)
        )

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        await acceptor.wait_closed()
        await asyncio.sleep(0.05)

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result()
    opened.port = acceptor.get_port()
    try:
        yield opened
    finally:
        asyncio.run_coroutine_threadsafe(stop(acceptor), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
