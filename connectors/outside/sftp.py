"""Files on another machine, fetched by SFTP from a server whose key is known beforehand, and fetched on when the line breaks."""

import asyncio
import stat
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Annotated, Any, TypeVar

import asyncssh
from msgspec import Meta

from connectors.outside.found import FoundFile, refuse_leaving
from connectors.outside.hosts import reach
from engine.connector import SourceFailed, Surroundings
from engine.parts import AtLeastOne, Part

Result = TypeVar("Result")
_PIECE = 1 << 18
_TRIES = 4


class SftpLogin(Part, frozen=True):
    """A server of files (SFTP 服务器)."""

    host: Annotated[str, Meta(title="主机", description="Host name", examples=["exchange.example.cn"])]
    user: Annotated[str, Meta(title="用户", description="A user who may read", examples=["chengmai"])]
    host_key: Annotated[
        str,
        Meta(
            title="主机公钥",
            description="Public key of the server, as its administrator gives it: another one is refused",
            examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI…"],
        ),
    ]
    password: Annotated[str | None, Meta(title="口令", description="{secret: name} or {env: NAME}; never written here")] = None
    private_key: Annotated[str | None, Meta(title="私钥", description="Text of our key, {secret: name} or {env: NAME}")] = None
    port: Annotated[Annotated[int, Meta(ge=1, le=65535)], Meta(title="端口", description="Of the server")] = 22
    seconds: Annotated[AtLeastOne, Meta(title="超时", description="Seconds to wait for the server")] = 30


class Sftp:
    """A folder on the server; the connection lives in a thread of its own, and comes back when it breaks (远程目录). Not for several threads."""

    def __init__(self, login: SftpLogin, folder: str, around: Surroundings) -> None:
        self.login, self.folder, self.around = login, folder, around
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sftp", daemon=True)
        self._thread.start()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    def close(self) -> None:
        """Leave the server and end the thread."""
        with suppress(Exception):  # the line may be broken already
            self._do(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def files(self, pattern: str) -> list[FoundFile]:
        """The plain files that match, by name; links are not followed, neither files nor folders. Raises SourceFailed."""
        refuse_leaving(pattern)
        return self._again(lambda: self._list(pattern))

    def look(self, file: FoundFile) -> FoundFile:
        """The file as it is now. Raises SourceFailed."""
        return self._again(lambda: self._look(file.name))

    @contextmanager
    def brought(self, file: FoundFile) -> Iterator[tuple[Path, bool]]:
        """A copy for the time of the block, and whether it is whole: not when the file changed meanwhile. Raises SourceFailed.

        A broken line is taken up again where it broke, for the bytes of a file that does not change stay the same.
        """
        with TemporaryDirectory(prefix="chengmai-") as folder:
            into = Path(folder) / PurePosixPath(file.name).name
            into.touch()
            self._again(lambda: self._copy(file, into))
            yield into, self.look(file) == file and into.stat().st_size == file.size

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _again(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Do it, and once more after each break of the line."""
        called = f"sftp://{self.login.host}"
        for tried in range(1, _TRIES + 1):
            try:
                return self._do(work())
            except asyncssh.HostKeyNotVerifiable as error:
                raise SourceFailed(
                    f"{called} 出示的公钥不是登记的那个：可能有人冒充，请向对方管理员核对",
                    f"{called} shows another key than the one that is known: somebody may pose as it; ask its administrator",
                ) from error
            except asyncssh.PermissionDenied as error:
                raise SourceFailed(f"{called} 不认用户或口令", f"{called} does not accept the user or the secret") from error
            except asyncssh.SFTPNoSuchFile as error:
                raise SourceFailed(
                    f"{called} 上没有目录或文件「{self.folder}」", f"{called} has no folder or file '{self.folder}'"
                ) from error
            except asyncssh.SFTPPermissionDenied as error:
                raise SourceFailed(f"{called} 不让读「{self.folder}」", f"{called} does not let us read '{self.folder}'") from error
            except (OSError, asyncssh.Error, TimeoutError, CancelledError) as error:
                with suppress(Exception):
                    self._do(self._hang_up())
                if tried == _TRIES:
                    words = (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
                    raise SourceFailed(
                        f"{called} 读不了：{words}（试了 {tried} 次）", f"{called} cannot be read: {words} (tried {tried} times)"
                    ) from error
        raise AssertionError("there is at least one try")

    async def _opened(self) -> asyncssh.SFTPClient:
        if self._client is None:
            way = reach(self.login.host, self.login.port, self.around)
            known = _public_key(self.login.host_key)
            keys = [_private_key(self.login.private_key)] if self.login.private_key else []
            connecting = asyncssh.connect(
                way.address, way.port, username=self.login.user, password=self.login.password, client_keys=keys, known_hosts=([known], [], []),
                config=None, agent_path=None, gss_host=None, server_host_key_algs=_algorithms(known), connect_timeout=self.login.seconds,
                login_timeout=self.login.seconds, keepalive_interval=15,
            )  # fmt: skip
            self._connection = await connecting
            self._client = await self._connection.start_sftp_client()
        return self._client

    async def _hang_up(self) -> None:
        client, connection, self._client, self._connection = self._client, self._connection, None, None
        if client is not None:
            client.exit()
        if connection is not None:
            connection.abort()
            await connection.wait_closed()

    async def _list(self, pattern: str) -> list[FoundFile]:
        client = await self._opened()
        steps = PurePosixPath(pattern).parts
        found = [one async for one in _matching(client, PurePosixPath(self.folder), steps)]
        return [await self._look(name) for name in sorted({str(path.relative_to(self.folder)) for path in found})]

    async def _look(self, name: str) -> FoundFile:
        client = await self._opened()
        seen = await client.lstat(str(PurePosixPath(self.folder) / name))
        return FoundFile(name, int(seen.mtime or 0), int(seen.size or 0))

    async def _copy(self, file: FoundFile, into: Path) -> None:
        client: Any = await self._opened()
        async with client.open(str(PurePosixPath(self.folder) / file.name), "rb") as there:
            with into.open("ab") as here:
                while piece := await asyncio.wait_for(there.read(_PIECE, here.tell()), self.login.seconds):
                    here.write(piece)


async def _matching(client: asyncssh.SFTPClient, folder: PurePosixPath, steps: tuple[str, ...]) -> Any:
    """Plain files below the folder whose steps match the pattern's; `**` is any number of folders."""
    if not steps:
        return
    step, rest = steps[0], steps[1:]
    if step == "**":
        async for found in _matching(client, folder, rest or ("*",)):
            yield found
    for entry in [one async for one in client.scandir(str(folder))]:
        name, mode = str(entry.filename), entry.attrs.permissions or 0
        if name in (".", ".."):
            continue
        is_folder = stat.S_ISDIR(mode)
        if step == "**" and is_folder:
            async for found in _matching(client, folder / name, steps):
                yield found
        elif step != "**" and PurePosixPath(name).match(step):
            if rest and is_folder:
                async for found in _matching(client, folder / name, rest):
                    yield found
            elif not rest and stat.S_ISREG(mode):
                yield folder / name


def _public_key(text: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(text)
    except (asyncssh.KeyImportError, ValueError) as error:
        raise SourceFailed("host_key 不是公钥：写成 ssh-ed25519 AAAA…", "host_key is no public key: it reads ssh-ed25519 AAAA…") from error


def _private_key(text: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(text)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        raise SourceFailed("private_key 不是没有口令的私钥", "private_key is no private key without a passphrase") from error


def _algorithms(known: asyncssh.SSHKey) -> list[str]:
    """Only those of the pinned key, so that the server shows that one of its keys."""
    return [one.decode() for one in known.sig_algorithms]


@contextmanager
def opened_folder(login: SftpLogin, folder: str, around: Surroundings) -> Iterator[Sftp]:
    """The folder for the time of the block."""
    sftp = Sftp(login, folder, around)
    try:
        yield sftp
    finally:
        sftp.close()
