"""One of several schedulers makes slots: who it is stands in a row, and whoever was overtaken can write nothing any more."""

from datetime import datetime

import psycopg
from msgspec import Struct

from engine.state.store import Connection, Store


class LeaseIsLost(Exception):
    """Somebody else has taken the lease over; what was about to be written was not."""


class Lease(Struct, frozen=True):
    """The right to make slots, until somebody takes it over (租约)."""

    name: str
    holder: str
    fence: int


class Seen(Struct, frozen=True):
    """A lease as somebody else holds it (租约状态)."""

    holder: str
    fence: int
    beat: int
    beat_at: datetime
    is_released: bool


def seen_lease(store: Store, name: str) -> Seen | None:
    """The lease as it stands; None when nobody ever held it."""
    rows = store.rows("SELECT holder, fence, beat, beat_at, released FROM leases WHERE name = %(name)s", {"name": name})
    return Seen(*rows[0]) if rows else None


def take_lease(store: Store, name: str, holder: str, seen: Seen | None, now: datetime) -> Lease | None:
    """Take a lease that has not moved since it was `seen`; None when somebody was quicker, or its holder gave a sign of life.

    Whether a holder has been silent for too long is for the caller to know, by a clock that never jumps.
    """
    values = {"name": name, "holder": holder, "now": now, "fence": seen.fence if seen else 0, "beat": seen.beat if seen else 0}
    if seen is None:
        try:
            store.run("INSERT INTO leases (name, holder, fence, beat, beat_at) VALUES (%(name)s, %(holder)s, 1, 1, %(now)s)", values)
        except psycopg.errors.UniqueViolation:
            return None
        return Lease(name, holder, 1)
    touched = store.run(
        "UPDATE leases SET holder = %(holder)s, fence = fence + 1, beat = beat + 1, beat_at = %(now)s, released = false"
        " WHERE name = %(name)s AND fence = %(fence)s AND beat = %(beat)s",
        values,
    )
    return Lease(name, holder, seen.fence + 1) if touched else None


def beat_lease(store: Store, lease: Lease, now: datetime) -> None:
    """A sign of life. Raises LeaseIsLost."""
    touched = store.run(
        "UPDATE leases SET beat = beat + 1, beat_at = %(now)s WHERE name = %(name)s AND fence = %(fence)s AND NOT released",
        {"name": lease.name, "fence": lease.fence, "now": now},
    )
    if not touched:
        raise LeaseIsLost(lease.name)


def release_lease(store: Store, lease: Lease) -> None:
    """Give the lease up, so that nobody has to wait for the silence; the fence stays, and moves at the next take-over."""
    store.run("UPDATE leases SET released = true WHERE name = %(name)s AND fence = %(fence)s", {"name": lease.name, "fence": lease.fence})


def hold_lease(connection: Connection, lease: Lease) -> None:
    """Make sure, within a transaction, that the lease is ours until it ends: a take-over waits for it. Raises LeaseIsLost."""
    found = connection.execute(
        "SELECT 1 FROM leases WHERE name = %(name)s AND fence = %(fence)s AND NOT released FOR SHARE",
        {"name": lease.name, "fence": lease.fence},
    ).fetchone()
    if found is None:
        raise LeaseIsLost(lease.name)
