"""Attachments of rows: taken in by content, read through one function that knows who asks, let go when no row names them any more."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
from msgspec import Struct
from sqlglot import exp

from engine.compiling.tables import stored_columns, table_of
from engine.loading.catalog import Catalog
from engine.question import Viewer
from engine.running.file_kinds import KINDS, FileKind, kind_of
from engine.running.file_store import FileIsMissing, FileStore
from engine.running.pictures import picture_facts
from engine.state.files import KeptFile, all_files, file_of, forget_file, remember_file
from engine.state.forms import cells_of_entries, files_of_entries
from engine.state.store import Store
from engine.warehouse import Statement, Warehouse

_HASH = re.compile(r"[0-9a-f]{64}")
_STRANGE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]")
GRACE = 86_400.0  # seconds that a file which nobody names yet is left alone: its row may still be on the way


class Content(Struct, frozen=True):
    """A file as it is handed out (文件内容)."""

    file: KeptFile
    kind: FileKind
    content: bytes


def take_file(files: FileStore, store: Store, name: str, content: bytes, who: str, now: datetime) -> KeptFile:
    """Keep a file and what is known of it; the same content again is the file that was there. Raises FileRefused.

    Place and time come from the camera's notes: WGS-84, which CGCS2000 equals within centimetres, so both are stored as they are.
    """
    kind = kind_of(content)
    facts = picture_facts(kind.name, content) if kind.is_picture else None
    hash = files.put(content)
    thumbnail = files.put(facts.thumbnail) if facts is not None else None
    file = KeptFile(hash, kind.name, len(content), plain_name(name, kind), who, now.astimezone(UTC), thumbnail)
    if facts is not None:
        taken = facts.taken_at.isoformat(sep=" ") if facts.taken_at else None
        file = KeptFile(
            hash, kind.name, len(content), file.name, who, file.kept_at, thumbnail, facts.width, facts.height, taken, facts.longitude, facts.latitude
        )  # fmt: skip
    return remember_file(store, file)


def plain_name(name: str, kind: FileKind) -> str:
    """A name that means nothing to a file system, a header or a reader's eye but itself."""
    return _STRANGE.sub("_", name.strip())[-120:].lstrip(".") or f"附件.{kind.name}"


def read_file(files: FileStore, store: Store, viewer: Viewer, hash: str, *, small: bool = False) -> Content:
    """A file, or its small picture. Whoever hands out a file asks here: who may see what is decided in this one place.

    Raises FileIsMissing, FileIsBroken; FileIsMissing too for what the viewer may not know of.
    """
    known = file_of(store, hash) if _HASH.fullmatch(hash) else None
    if known is None or not may_read(viewer, known):
        raise FileIsMissing(hash)
    if not small:
        return Content(known, KINDS[known.kind], files.get(hash))
    if known.thumbnail is None:
        raise FileIsMissing(hash)
    return Content(known, KINDS["jpeg"], files.get(known.thumbnail))


def may_read(viewer: Viewer, file: KeptFile) -> bool:
    """Whether a viewer may see a file: until there are accounts only who sees every row does."""
    return viewer.sees_all


def hashes_in(text: str | None) -> list[str]:
    """The files that an attachment cell names."""
    return _HASH.findall(text or "")


def named_files(catalog: Catalog, warehouse: Warehouse, store: Store) -> set[str]:
    """Every file that something names: attachment columns of stored rows, rows that are on their way, workbooks that were uploaded."""
    named = set(files_of_entries(store))
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        for column in dataset.columns if dataset is not None else ():
            if column.type == "attachment":
                named |= {hash for text in _texts(catalog, warehouse, id, column.name) for hash in hashes_in(text)}
    for text in cells_of_entries(store):
        named |= set(hashes_in(text))
    return named


def collect(files: FileStore, store: Store, catalog: Catalog, warehouse: Warehouse, now: float, grace: float = GRACE) -> list[str]:
    """Let go of files that nothing names and that are older than the grace; their hashes."""
    named = named_files(catalog, warehouse, store)
    known = {file.hash: file for file in all_files(store)}
    named |= {file.thumbnail for hash, file in known.items() if hash in named and file.thumbnail}
    gone = [hash for hash in files.hashes() if hash not in named and (files.age(hash, now) or 0.0) > grace]
    for hash in gone:
        if hash in known:
            forget_file(store, hash)  # first the book, then the bytes: a file without a line is collected the next time
        files.remove(hash)
    return gone


def _texts(catalog: Catalog, warehouse: Warehouse, id: str, column: str) -> Iterator[str]:
    dataset = catalog.dataset(id)
    if dataset is None or warehouse.state(table_of(id, dataset)) is None or column not in {one.name for one in stored_columns(dataset)}:
        return
    table = table_of(id, dataset)
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    select = exp.Select(expressions=[exp.column(exp.to_identifier(column, quoted=True))], distinct=exp.Distinct()).from_(source)
    values: pa.Array = warehouse.query(Statement(select)).column(0)
    yield from (text for text in values.to_pylist() if text)
