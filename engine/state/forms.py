"""Entries that people wrote by hand: whose they are, how far they got, and every version of every row that was ever accepted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal, LiteralString

import msgspec
import psycopg
from msgspec import Struct

from engine.state.store import Connection, Store

Status = Literal["wrong", "ready", "submitted", "accepted", "returned"]


class Entry(Struct, frozen=True):
    """One upload or one web form (填报单). Times are instants with a zone."""

    id: str
    form: str
    dataset: str
    origin: str  # name of the file, or what else it came by
    file_hash: str | None
    form_version: str
    status: Status
    written_by: str
    written_at: datetime
    submitted_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    findings: str = "[]"  # JSON
    inserted: int = 0
    replaced: int = 0
    unchanged: int = 0


class EntryRow(Struct, frozen=True):
    """One row of an entry (填报行)."""

    place: int  # row of the sheet
    row_key: str  # JSON of what tells it apart
    cells: Mapping[str, str | None]
    number: int | None = None  # among the accepted rows of its form


class Version(Struct, frozen=True):
    """One accepted version of a row (行版本)."""

    number: int
    cells: Mapping[str, str | None]
    entry: str
    written_by: str
    written_at: datetime
    decided_by: str
    decided_at: datetime
    origin: str


def add_entry(store: Store, entry: Entry, rows: Sequence[EntryRow]) -> None:
    """Write an entry down with its rows, together."""
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO form_entries (id, form, dataset, origin, file_hash, form_version, status, written_by, written_at, findings, inserted,"
            " replaced, unchanged) VALUES (%(id)s, %(form)s, %(dataset)s, %(origin)s, %(file_hash)s, %(form_version)s, %(status)s,"
            " %(written_by)s, %(written_at)s, %(findings)s, %(inserted)s, %(replaced)s, %(unchanged)s)",
            msgspec.structs.asdict(entry),
        )
        connection.cursor().executemany(
            "INSERT INTO form_rows (entry, place, form, row_key, cells) VALUES (%s, %s, %s, %s, %s)",
            [(entry.id, row.place, entry.form, row.row_key, msgspec.json.encode(row.cells).decode()) for row in rows],
        )


def entry_of(store: Store, id: str) -> Entry | None:
    """An entry by its id."""
    found = store.rows(_ENTRY + "WHERE id = %(id)s", {"id": id})
    return Entry(*found[0]) if found else None


def entries_of(store: Store, dataset: str, limit: int = 50) -> list[Entry]:
    """The latest entries of a dataset first."""
    wanted = {"dataset": dataset, "limit": limit}
    return [Entry(*row) for row in store.rows(_ENTRY + "WHERE dataset = %(dataset)s ORDER BY written_at DESC, id LIMIT %(limit)s", wanted)]


def entry_of_file(store: Store, dataset: str, file_hash: str) -> Entry | None:
    """The latest entry that was made of the same file, unless it was sent back."""
    rows = store.rows(
        "SELECT id FROM form_entries WHERE dataset = %(dataset)s AND file_hash = %(hash)s AND status <> 'returned' ORDER BY written_at DESC LIMIT 1",
        {"dataset": dataset, "hash": file_hash},
    )
    return entry_of(store, rows[0][0]) if rows else None


def rows_of(store: Store, entry: str) -> list[EntryRow]:
    """The rows of an entry, in the order of the sheet."""
    found = store.rows("SELECT place, row_key, cells, number FROM form_rows WHERE entry = %(entry)s ORDER BY place", {"entry": entry})
    return [EntryRow(place, key, msgspec.json.decode(cells), number) for place, key, cells, number in found]


def submit(store: Store, id: str, now: datetime) -> bool:
    """Hand an entry in; False when it was handed in already, or may not be."""
    return bool(
        store.run(
            "UPDATE form_entries SET status = 'submitted', submitted_at = %(now)s WHERE id = %(id)s AND status = 'ready'",
            {"id": id, "now": now},
        )
    )


def send_back(store: Store, id: str, who: str, reason: str, now: datetime) -> bool:
    """Refuse an entry with a reason; False when it was decided already."""
    return bool(
        store.run(
            "UPDATE form_entries SET status = 'returned', decided_by = %(who)s, decided_at = %(now)s, reason = %(reason)s"
            " WHERE id = %(id)s AND status IN ('submitted', 'ready')",
            {"id": id, "who": who, "reason": reason, "now": now},
        )
    )


def accept(store: Store, id: str, who: str, now: datetime) -> bool:
    """Accept a handed-in entry: its rows get their numbers, and count from then on. False when it was decided already.

    The numbers of a form are given under the lock of its line: they become visible in their order, so that a reader skips none.
    """
    entry = entry_of(store, id)
    if entry is None:
        return False
    _begin_counting(store, entry.form)
    with store.transaction() as connection:
        found = connection.execute("SELECT form, status FROM form_entries WHERE id = %(id)s FOR UPDATE", {"id": id}).fetchone()
        if found is None or found[1] != "submitted":
            return False
        connection.execute(
            "UPDATE form_entries SET status = 'accepted', decided_by = %(who)s, decided_at = %(now)s WHERE id = %(id)s",
            {"id": id, "who": who, "now": now},
        )
        places = [
            row[0] for row in connection.execute("SELECT place FROM form_rows WHERE entry = %(id)s ORDER BY place", {"id": id}).fetchall()
        ]
        last = _counted(connection, found[0], len(places))
        connection.cursor().executemany(
            "UPDATE form_rows SET number = %s WHERE entry = %s AND place = %s",
            [(last - len(places) + number, id, place) for number, place in enumerate(places, 1)],
        )
    return True


def accepted_rows(store: Store, form: str, after: int, page: int = 5_000) -> Iterator[EntryRow]:
    """The accepted rows of a form after a number, in order."""
    while True:
        found = store.rows(
            "SELECT place, row_key, cells, number FROM form_rows WHERE form = %(form)s AND number > %(after)s ORDER BY number LIMIT %(page)s",
            {"form": form, "after": after, "page": page},
        )
        for place, key, cells, number in found:
            yield EntryRow(place, key, msgspec.json.decode(cells), number)
        if len(found) < page:
            return
        after = found[-1][3]


def versions_of(store: Store, form: str, row_key: str) -> list[Version]:
    """Every accepted version of a row, the first one first."""
    found = store.rows(
        "SELECT r.number, r.cells, e.id, e.written_by, e.written_at, e.decided_by, e.decided_at, e.origin FROM form_rows r"
        " JOIN form_entries e ON e.id = r.entry WHERE r.form = %(form)s AND r.row_key = %(key)s AND r.number IS NOT NULL ORDER BY r.number",
        {"form": form, "key": row_key},
    )
    return [Version(number, msgspec.json.decode(cells), *rest) for number, cells, *rest in found]


def latest_rows(store: Store, form: str, limit: int = 200) -> list[EntryRow]:
    """The newest accepted version of each row, those that were written last first."""
    found = store.rows(
        "SELECT place, row_key, cells, number FROM form_rows r WHERE form = %(form)s AND number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
        " form_rows n WHERE n.form = r.form AND n.row_key = r.row_key AND n.number > r.number) ORDER BY number DESC LIMIT %(limit)s",
        {"form": form, "limit": limit},
    )
    return [EntryRow(place, key, msgspec.json.decode(cells), number) for place, key, cells, number in found]


def cells_of_entries(store: Store) -> Iterator[str]:
    """The cells of each row of entries that were not sent back, accepted or not, as JSON."""
    found = store.rows("SELECT r.cells FROM form_rows r JOIN form_entries e ON e.id = r.entry WHERE e.status <> 'returned'")
    yield from (row[0] for row in found)


def files_of_entries(store: Store) -> set[str]:
    """The hashes of the files that entries were made of."""
    return {row[0] for row in store.rows("SELECT DISTINCT file_hash FROM form_entries WHERE file_hash IS NOT NULL")}


def _begin_counting(store: Store, form: str) -> None:
    """The line that counts the accepted rows of a form, made once."""
    with suppress(psycopg.errors.UniqueViolation):  # another process was quicker
        store.run(
            "INSERT INTO forms (form, accepted) SELECT %(form)s, 0 WHERE NOT EXISTS (SELECT 1 FROM forms WHERE form = %(form)s)",
            {"form": form},
        )


def _counted(connection: Connection, form: str, rows: int) -> int:
    """The last of so many new numbers of a form; its line stays locked to the end of the transaction."""
    row = connection.execute(
        "UPDATE forms SET accepted = accepted + %(rows)s WHERE form = %(form)s RETURNING accepted", {"form": form, "rows": rows}
    ).fetchone()
    assert row is not None
    return int(row[0])


_ENTRY: LiteralString = (
    "SELECT id, form, dataset, origin, file_hash, form_version, status, written_by, written_at, submitted_at, decided_by, decided_at,"
    " reason, findings, inserted, replaced, unchanged FROM form_entries "
)
