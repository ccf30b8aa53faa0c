"""A backup is state, warehouse, files and definitions of one instant, each file with its checksum; a damaged one is refused before anything is touched."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from engine.state.backup import dump, instant_of

FORMAT = 1
MANIFEST, STATE, WAREHOUSE, DEFINITIONS, FILES = "manifest.json", "state.dump", "warehouse", "definitions", "files"
BLOCK = 1 << 20


class BackupIsDamaged(Exception):
    """A backup is not what was written; the message says what is wrong, a line each."""


class TargetIsTaken(Exception):
    """Something lies already where a backup, or what is restored, should go."""


class Piece(Struct, frozen=True):
    """One file of a backup (备份文件)."""

    path: str  # within the backup, with slashes
    size: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds (备份清单)."""

    format: int
    made_at: datetime  # instant of the snapshot, with a zone
    migration: int  # how far the state store was migrated
    definition_version: str
    pieces: tuple[Piece, ...]
    seal: str = ""  # checksum of all the rest, so that no line of the list can be altered

    def sealed(self) -> str:
        """What the seal must be."""
        return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(self, seal=""))).hexdigest()


class Whole(Struct, frozen=True):
    """What is backed up: where each part lies (备份对象)."""

    dsn: str  # of the state store
    # While it is entered nobody loads; it gives the file. None: the warehouse lies in the state's database.
    warehouse: Callable[[], AbstractContextManager[Path]] | None
    folders: tuple[tuple[str, Path], ...]  # name within the backup, and the folder, which may be missing


def back_up(whole: Whole, target: Path, now: datetime, migration: int, definition_version: str) -> Manifest:
    """Write a backup into a folder that is not there yet; it appears when it is complete. Raises TargetIsTaken, DumpFailed, OSError.

    Loads into the warehouse wait while its file is copied, and the state is that of the same instant: a run that is said to be done
    has its rows in it. Questions wait for nothing.
    """
    if target.exists():
        raise TargetIsTaken(target)
    fresh = target.with_name(target.name + ".partial")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        _write(whole, fresh)
        pieces = tuple(piece_of(fresh, path) for path in sorted(_files_below(fresh)))
        plain = Manifest(format=FORMAT, made_at=now, migration=migration, definition_version=definition_version, pieces=pieces)
        manifest = msgspec.structs.replace(plain, seal=plain.sealed())
        (fresh / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        _settle(fresh)
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return manifest


def _write(whole: Whole, folder: Path) -> None:
    if whole.warehouse is None:
        with instant_of(whole.dsn) as snapshot:
            dump(whole.dsn, snapshot, folder / STATE)
    else:
        with ExitStack() as held:
            with whole.warehouse() as file:
                snapshot = held.enter_context(instant_of(whole.dsn))
                copy_file(file, folder / WAREHOUSE / file.name)
                pending = file.with_name(file.name + ".wal")
                if pending.exists():
                    copy_file(pending, folder / WAREHOUSE / pending.name)
            dump(whole.dsn, snapshot, folder / STATE)
    for name, source in whole.folders:  # last: files are only ever added, and those that the state tells of are there
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.partial", "__pycache__"))


def copy_file(source: Path, target: Path) -> None:
    """Copy in a process of its own: a file that this one has locked would lose its lock when a second handle to it is closed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["cp", "--reflink=auto", "--", source, target], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip())


def read_backup(folder: Path) -> Manifest:
    """The list of a backup whose every file is there, whole and unaltered. Raises BackupIsDamaged with all that is wrong."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BackupIsDamaged(f"没有 {folder / MANIFEST}：这不是备份，或者没有写完 · no manifest: not a backup, or not complete") from None
    except msgspec.DecodeError as error:
        raise BackupIsDamaged(f"{MANIFEST} 读不懂 · cannot be read: {error}") from None
    if manifest.format != FORMAT:
        raise BackupIsDamaged(f"备份格式是 {manifest.format}，这个程序认识 {FORMAT} · written in another format")
    if manifest.seal != manifest.sealed():
        raise BackupIsDamaged(f"{MANIFEST} 被改过：校验和不符 · was altered: its seal does not fit")
    wrong = [said for piece in manifest.pieces if (said := _wrong(folder, piece))]
    strangers = set(_files_below(folder)) - {piece.path for piece in manifest.pieces} - {MANIFEST}
    wrong += [f"{path}：清单里没有它 · is not in the manifest" for path in sorted(strangers)]
    if wrong:
        raise BackupIsDamaged("\n".join(wrong))
    return manifest


def _wrong(folder: Path, piece: Piece) -> str:
    path = folder / PurePosixPath(piece.path)
    if not path.is_file():
        return f"{piece.path}：缺失 · is missing"
    size = path.stat().st_size
    if size != piece.size:
        return f"{piece.path}：{size} 字节，应为 {piece.size} · has another size than was written"
    return "" if digest_of(path) == piece.sha256 else f"{piece.path}：内容被改过 · was altered"


def put_back(backup: Path, name: str, target: Path) -> None:
    """A folder of a backup in its place, complete at once; it must not be there, or be empty. Raises TargetIsTaken."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise TargetIsTaken(target)
    if not (backup / name).is_dir():
        return
    fresh = target.with_name(target.name + ".partial")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(backup / name, fresh)
    if target.exists():
        target.rmdir()
    fresh.rename(target)


def piece_of(folder: Path, path: str) -> Piece:
    """A file of a backup with its checksum."""
    file = folder / PurePosixPath(path)
    return Piece(path, file.stat().st_size, digest_of(file))


def digest_of(file: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _files_below(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _settle(folder: Path) -> None:
    """What was written is on the disk before the backup bears its name."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
