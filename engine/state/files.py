"""What is known of each kept file, so that a list of files opens none of them."""

from datetime import datetime

import msgspec
import psycopg
from msgspec import Struct

from engine.state.store import Store


class KeptFile(Struct, frozen=True):
    """A kept file (文件). Degrees in the CRS of the platform; `taken_at` is the camera's wall clock, as ISO text."""

    hash: str
    kind: str
    size: int
    name: str  # as its owner called it, for showing only
    kept_by: str
    kept_at: datetime
    thumbnail: str | None = None  # hash of the small picture
    width: int | None = None
    height: int | None = None
    taken_at: str | None = None
    longitude: float | None = None
    latitude: float | None = None


def remember_file(store: Store, file: KeptFile) -> KeptFile:
    """Write a file down; what was known of the same content stays as it was."""
    known = file_of(store, file.hash)
    if known is not None:
        return known
    try:
        store.run(
            "INSERT INTO files (hash, kind, size, name, kept_by, kept_at, thumbnail, width, height, taken_at, longitude, latitude) VALUES"
            " (%(hash)s, %(kind)s, %(size)s, %(name)s, %(kept_by)s, %(kept_at)s, %(thumbnail)s, %(width)s, %(height)s, %(taken_at)s,"
            " %(longitude)s, %(latitude)s)",
            msgspec.structs.asdict(file),
        )
    except psycopg.errors.UniqueViolation:  # another upload of the same content was quicker
        return file_of(store, file.hash) or file
    return file


def file_of(store: Store, hash: str) -> KeptFile | None:
    """What is known of a file."""
    found = store.rows(
        "SELECT hash, kind, size, name, kept_by, kept_at, thumbnail, width, height, taken_at, longitude, latitude FROM files"
        " WHERE hash = %(hash)s",
        {"hash": hash},
    )
    return KeptFile(*found[0]) if found else None


def all_files(store: Store) -> list[KeptFile]:
    """Every file, the newest first."""
    found = store.rows(
        "SELECT hash, kind, size, name, kept_by, kept_at, thumbnail, width, height, taken_at, longitude, latitude FROM files ORDER BY kept_at DESC, hash"
    )
    return [KeptFile(*row) for row in found]


def forget_file(store: Store, hash: str) -> None:
    """Strike a file out."""
    store.run("DELETE FROM files WHERE hash = %(hash)s", {"hash": hash})
