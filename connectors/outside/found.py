"""Which files were read: remembered one by one, since files arrive late, bear old times and are written anew."""

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath

from msgspec import Struct

from engine.connector import SourceFailed

_HALF = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".swp", ".writing")
_MARK = 12  # hexadecimal digits: two of 100,000 files have the same one in 1 of 50,000 folders
_FORM = "v1:"


class FoundFile(Struct, frozen=True):
    """A plain file (文件): its path below the folder, when it was changed (in its place's own count) and its bytes."""

    name: str
    changed: int
    size: int

    @property
    def mark(self) -> str:
        """What the file is known by; it changes when the file does."""
        return hashlib.sha256(f"{self.name}\0{self.changed}\0{self.size}".encode()).hexdigest()[:_MARK]


class FilesRead:
    """The files that are read (已读文件). Its text is the cursor, 12 letters a file; files that are gone are forgotten."""

    def __init__(self, marks: Iterable[str]) -> None:
        self._marks = dict.fromkeys(marks)
        self._told = len(self._marks)

    @staticmethod
    def of(since: str | None, found: Iterable[FoundFile]) -> "FilesRead":
        """What a cursor says of the files that are there. Raises SourceFailed when it is none."""
        if since is None:
            return FilesRead(())
        if not since.startswith(_FORM) or len(since.removeprefix(_FORM)) % _MARK:
            raise SourceFailed("记住的游标不是已读文件的清单", "the remembered cursor is no list of files that were read")
        text = since.removeprefix(_FORM)
        known = {text[place : place + _MARK] for place in range(0, len(text), _MARK)}
        return FilesRead(file.mark for file in found if file.mark in known)

    def has(self, file: FoundFile) -> bool:
        """Whether it was read as it is now."""
        return file.mark in self._marks

    def add(self, file: FoundFile) -> str | None:
        """Note a file that is read; the cursor, but of long lists only each fiftieth part, since it is written with each."""
        self._marks[file.mark] = None
        if len(self._marks) - self._told <= len(self._marks) // 50:
            return None
        return self._text()

    def untold(self) -> str | None:
        """The cursor when files were noted since it was last told."""
        return self._text() if len(self._marks) > self._told else None

    def _text(self) -> str:
        self._told = len(self._marks)
        return _FORM + "".join(self._marks)


def is_half_written(name: str) -> bool:
    """Whether the name says that somebody is still writing."""
    last = PurePosixPath(name).name.lower()
    return last.endswith(_HALF) or last.startswith((".", "~$"))


def refuse_leaving(pattern: str) -> None:
    """Raises SourceFailed for a pattern that steps out of its folder."""
    parts = PurePosixPath(pattern).parts
    if "\0" in pattern or "\\" in pattern or not parts or ".." in parts or PurePosixPath(pattern).is_absolute():
        raise SourceFailed(f"路径「{pattern}」离开了目录", f"the path '{pattern}' leaves the folder")
