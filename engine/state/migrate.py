"""Numbered migrations bring the state store forward, one at a time and never back."""

import hashlib
from collections.abc import Iterable
from importlib.resources import files

from msgspec import Struct

from engine.state.store import Connection, Store

_LOCK = 7_316_021_114  # any number that nobody else takes: one process migrates at a time
_BOOK = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class Migration(Struct, frozen=True):
    """One step forward (迁移)."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """What the text is known by: an applied migration may not change any more."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class StoreIsNewer(Exception):
    """The store was migrated by a later version of the program; this one would not understand it."""


class MigrationChanged(Exception):
    """A migration that was applied reads otherwise now: forward means a new file."""


def shipped() -> tuple[Migration, ...]:
    """The migrations of this program, in order. The file name is `NNNN_what_it_does.sql`."""
    folder = files("engine.state") / "migrations"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".sql")), key=lambda one: one.name)
    return tuple(Migration(int(one.name[:4]), one.name[5:].removesuffix(".sql"), one.read_text(encoding="utf-8")) for one in found)


def migrate(store: Store, migrations: Iterable[Migration] | None = None) -> list[Migration]:
    """Apply what is missing, each migration in a transaction; what was applied. Raises StoreIsNewer, MigrationChanged.

    Several processes may start at once: one migrates, the others wait for it.
    """
    known = tuple(migrations) if migrations is not None else shipped()
    done: list[Migration] = []
    with store.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(_BOOK)
        applied = _applied(connection)
        _refuse_strangers(known, applied)
        for one in known:
            if one.number not in applied:
                connection.execute(one.text.encode())
                connection.execute("INSERT INTO migrations (number, name, digest) VALUES (%s, %s, %s)", (one.number, one.name, one.digest))
                done.append(one)
    return done


def _applied(connection: Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT number, digest FROM migrations").fetchall())


def _refuse_strangers(known: tuple[Migration, ...], applied: dict[int, str]) -> None:
    digests = {one.number: one.digest for one in known}
    if later := sorted(set(applied) - set(digests)):
        raise StoreIsNewer(f"the state store has migration {later[-1]}, this program knows {max(digests, default=0)}")
    for number, digest in applied.items():
        if digests[number] != digest:
            raise MigrationChanged(f"migration {number:04} was changed after it was applied; add a new one instead")
