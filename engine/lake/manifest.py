"""Which files are a table's rows right now: one small file, put in place in one step, so that a load is seen whole or not at all."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.warehouse import Table, TableColumn, TableState

NAME = "manifest.json"


class RowFile(Struct, frozen=True):
    """A Parquet file of a table (行文件)."""

    name: str  # below the table's folder: <month>/<version>-<number>.parquet
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
    """The manifest of a table's folder; None when there is no table."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None


def swap(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before: a reader sees one or the other, after a power cut too."""
    fresh = folder / f"{NAME}.fresh"
    with fresh.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / NAME)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One load of a table at a time, in whatever process it runs on a machine that sees the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
