"""Processes that work off slots give signs of life; what a silent one was at is taken up by another."""

from collections.abc import Iterable
from datetime import datetime

from engine.state.lease import Lease, hold_lease
from engine.state.store import Store


def beat_worker(store: Store, worker: str, now: datetime) -> None:
    """A sign of life of a worker; its first writes it down."""
    values = {"id": worker, "now": now}
    with store.transaction() as connection:
        if not connection.execute("UPDATE workers SET beat = beat + 1, beat_at = %(now)s WHERE id = %(id)s", values).rowcount:
            connection.execute("INSERT INTO workers (id, beat, beat_at) VALUES (%(id)s, 1, %(now)s)", values)


def beats_of(store: Store) -> dict[str, int]:
    """How often each worker that is not known to be gone has given a sign of life, and 0 for one that has a slot and never did."""
    beats = {row[0]: row[1] for row in store.rows("SELECT id, beat FROM workers")}
    busy = {row[0]: 0 for row in store.rows("SELECT DISTINCT worker FROM schedules WHERE worker IS NOT NULL")}
    return busy | beats


def leave(store: Store, worker: str) -> None:
    """A worker says that it goes; what it had begun waits again."""
    _give_back(store, [worker], None)  # a trial that was broken off in good order does not count


def retake(store: Store, lease: Lease, gone: Iterable[str]) -> int:
    """Slots of workers that are gone wait again; how many. Raises LeaseIsLost."""
    return _give_back(store, list(gone), lease)


def _give_back(store: Store, gone: list[str], lease: Lease | None) -> int:
    with store.transaction() as connection:
        if lease is not None:
            hold_lease(connection, lease)
        values = {"gone": gone, "uncounted": 1 if lease is None else 0}
        # Schedules first, as whoever claims does, so that neither waits for the other.
        connection.execute("SELECT 1 FROM schedules WHERE worker = ANY(%(gone)s) ORDER BY work, subject FOR UPDATE", values)
        touched = connection.execute(
            "UPDATE slots SET status = 'waiting', worker = NULL, started_at = NULL, attempts = attempts - %(uncounted)s"
            " WHERE status = 'running' AND worker = ANY(%(gone)s)",
            values,
        ).rowcount
        connection.execute("UPDATE schedules SET worker = NULL WHERE worker = ANY(%(gone)s)", values)
        connection.execute("DELETE FROM workers WHERE id = ANY(%(gone)s)", values)
    return touched
