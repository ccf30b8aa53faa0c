"""Files are kept under the hash of their content: the same file twice is one file, and a file that was damaged is noticed."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from msgspec import Struct

HASH = re.compile(r"[0-9a-f]{64}")


class FileIsMissing(Exception):
    """No file has this hash."""


class FileIsBroken(Exception):
    """The content under a hash is not what it was when it was put there."""


class FileStore(Protocol):
    """What a store of files must do (文件库); an object store's put, get, head, delete and list are enough for one."""

    def put(self, content: bytes) -> str:
        """Keep a content; its SHA-256. It is there whole once this returns, whatever dies afterwards."""

    def get(self, hash: str) -> bytes:
        """The content of a hash. Raises FileIsMissing, FileIsBroken."""

    def age(self, hash: str, now: float) -> float | None:
        """Seconds since the content was last put; None when it is not there. `now` is in seconds since 1970."""

    def remove(self, hash: str) -> None:
        """Let a content go; nothing happens when it is gone already."""

    def hashes(self) -> Iterator[str]:
        """Every hash that is kept."""


class FolderStore(Struct, frozen=True):
    """Files below a folder (文件夹): two letters of the hash, then the rest."""

    folder: Path

    def put(self, content: bytes) -> str:
        """See FileStore: written beside its place, flushed to the disk, then renamed."""
        hash = hashlib.sha256(content).hexdigest()
        place = self._place(hash)
        if place.is_file() and place.stat().st_size == len(content) and hashlib.sha256(place.read_bytes()).hexdigest() == hash:
            os.utime(place)  # what collects files that nobody names leaves fresh ones alone
            return hash
        place.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, prefix="new-", delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(place)
        for folder in (place.parent, self.folder):
            _flush_folder(folder)
        return hash

    def get(self, hash: str) -> bytes:
        """See FileStore."""
        try:
            content = self._place(hash).read_bytes()
        except FileNotFoundError:
            raise FileIsMissing(hash) from None
        if hashlib.sha256(content).hexdigest() != hash:
            raise FileIsBroken(hash)
        return content

    def age(self, hash: str, now: float) -> float | None:
        """See FileStore."""
        place = self._place(hash)
        return now - place.stat().st_mtime if place.is_file() else None

    def remove(self, hash: str) -> None:
        """See FileStore."""
        self._place(hash).unlink(missing_ok=True)

    def hashes(self) -> Iterator[str]:
        """See FileStore."""
        for place in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*")):
            if HASH.fullmatch(f"{place.parent.name}{place.name}"):
                yield f"{place.parent.name}{place.name}"

    def unfinished(self, now: float, older_than: float) -> list[Path]:
        """What a process that died in the middle of `put` has left."""
        return [place for place in self.folder.glob("new-*") if now - place.stat().st_mtime > older_than]

    def _place(self, hash: str) -> Path:
        if not HASH.fullmatch(hash):  # a hash comes from outside: it must not become a path
            raise FileIsMissing(hash)
        return self.folder / hash[:2] / hash[2:]


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
