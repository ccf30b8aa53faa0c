"""Which files are a table's rows right now: one small file a table, put in place in one step, so that a load is seen whole or not at all."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from engine.warehouse import Table, TableColumn, TableState

NAME = "manifest.json"
COMMIT = "commit.json"  # below the root: manifests that hold already and are not in their places yet
LOCK = ".lock"
Kind = TypeVar("Kind")


class RowFile(Struct, frozen=True):
    """A Parquet file of a table (行文件)."""

    name: str  # below the table's folder: <month>/<version>-<number>-<mark>.parquet, and never the same again
    rows: int
    first: datetime | None  # least and greatest time of its rows; None where none has one
    last: datetime | None


class Outdated(Struct, frozen=True):
    """A file that no longer counts, and since when; running queries may still read it (过期文件)."""

    name: str
    since: datetime


class Manifest(Struct, frozen=True):
    """What a table holds (清单)."""

    version: int = 0  # 0 until the first load
    columns: tuple[TableColumn, ...] = ()
    files: tuple[RowFile, ...] = ()
    outdated: tuple[Outdated, ...] = ()
    loaded_at: datetime | None = None

    def state(self) -> TableState | None:
        """Version, row count and watermark, or None before the first load."""
        if self.loaded_at is None:
            return None
        watermark = max((file.last for file in self.files if file.last is not None), default=None)
        return TableState(self.version, sum(file.rows for file in self.files), watermark, self.loaded_at)


def folder_of(root: Path, table: Table) -> Path:
    """Where a table lies; a character that a path of some file system may not hold is written as its number."""
    return root / _safe(table.schema) / _safe(table.name)


def _safe(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else f"-{ord(letter):x}" for letter in name)


def read(folder: Path) -> Manifest | None:
    """The manifest in a table's folder; None when there is no table."""
    return _decoded(folder / NAME, Manifest)


def current(root: Path, folders: Sequence[Path]) -> list[Manifest | None]:
    """The manifests of several tables as of one moment, whatever commits meanwhile.

    The manifests of a commit that is not finished, or never will be because its process died, count as if they were in their places.
    A second look that finds the same saw no commit between two tables: it would have found `commit.json`, or all of them changed.
    """
    seen = _seen(root, folders)
    while len(folders) > 1 and (again := _seen(root, folders)) != seen:
        seen = again
    return seen


def _seen(root: Path, folders: Sequence[Path]) -> list[Manifest | None]:
    committed = _decoded(root / COMMIT, dict[str, Manifest]) or {}
    return [committed.get(_place(root, folder)) or read(folder) for folder in folders]


def commit(root: Path, manifests: Mapping[Path, Manifest]) -> None:
    """Put the manifests of several tables in place, all or none: they hold from the moment `commit.json` is there."""
    if len(manifests) > 1:
        _write(root / COMMIT, {_place(root, folder): one for folder, one in manifests.items()})
    for folder, one in manifests.items():
        _write(folder / NAME, one)
    (root / COMMIT).unlink(missing_ok=True)


def finish_commit(root: Path) -> None:
    """What a process that died in a commit left to do; only for who holds the lock."""
    committed = _decoded(root / COMMIT, dict[str, Manifest])
    if committed:
        commit(root, {root / place: one for place, one in committed.items()})


def _place(root: Path, folder: Path) -> str:
    return folder.relative_to(root).as_posix()


def _decoded(path: Path, kind: type[Kind]) -> Kind | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None


def _write(path: Path, value: object) -> None:
    """In one step: a reader sees the file before or this one, after a power cut too."""
    fresh = path.with_name(f"{path.name}.fresh")
    with fresh.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value), indent=1))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One transaction at a time, in whatever process it runs on a machine that sees the folder; the system ends the lock of a dead one."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
