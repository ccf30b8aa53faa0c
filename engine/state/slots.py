"""Due times of scheduled work, each a row that is there once; whoever dies, a slot is neither lost nor made twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from engine.state.lease import Lease, hold_lease
from engine.state.store import Connection, Store

Missed = Literal["all", "latest"]
SlotStatus = Literal["waiting", "running", "done", "failed", "skipped"]


class Schedule(Struct, frozen=True):
    """Work that comes again and again (定时)."""

    work: str  # intake, analysis, retain …
    subject: str  # what it is done to: a stream, a definition
    timing: str  # an ISO duration, or five fields of cron
    missed: Missed = "latest"  # all: every slot is worked off, in order; latest: the newest stands for those before it


class Made(Struct, frozen=True):
    """A schedule and up to when its slots are made (定时进度)."""

    schedule: Schedule
    until: datetime


class Slot(Struct, frozen=True):
    """One due time of one piece of work (到期点)."""

    work: str
    subject: str
    due_at: datetime
    status: SlotStatus
    attempts: int = 0
    worker: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    not_before: datetime | None = None
    reason_zh: str | None = None
    reason_en: str | None = None


def known_schedules(store: Store) -> list[Made]:
    """All schedules that are not retired, by name."""
    rows = store.rows("SELECT work, subject, timing, missed, made_until FROM schedules WHERE retired_at IS NULL ORDER BY work, subject")
    return [Made(Schedule(*row[:4]), row[4]) for row in rows]


def write_schedules(store: Store, lease: Lease, wanted: Sequence[Schedule], now: datetime) -> None:
    """What is scheduled from now on: a new one has its first slot after `now`, one that is no longer wanted is retired.

    A rule that changed goes on from where the old one stopped. Raises LeaseIsLost.
    """
    with store.transaction() as connection:
        hold_lease(connection, lease)
        rows = connection.execute("SELECT work, subject, timing, missed, retired_at FROM schedules FOR UPDATE").fetchall()
        known = {(row[0], row[1]): row for row in rows}
        for one in wanted:
            values = {"work": one.work, "subject": one.subject, "timing": one.timing, "missed": one.missed, "now": now}
            row = known.pop((one.work, one.subject), None)
            if row is None:
                connection.execute(
                    "INSERT INTO schedules (work, subject, timing, missed, made_until)"
                    " VALUES (%(work)s, %(subject)s, %(timing)s, %(missed)s, %(now)s)",
                    values,
                )
            elif row[2:] != (one.timing, one.missed, None):
                connection.execute(
                    "UPDATE schedules SET timing = %(timing)s, missed = %(missed)s,"
                    " made_until = CASE WHEN retired_at IS NULL THEN made_until ELSE %(now)s END, retired_at = NULL"
                    " WHERE work = %(work)s AND subject = %(subject)s",
                    values,
                )
        for (work, subject), row in known.items():
            if row[4] is None:
                connection.execute(
                    "UPDATE schedules SET retired_at = %(now)s WHERE work = %(work)s AND subject = %(subject)s",
                    {"work": work, "subject": subject, "now": now},
                )


def make_slots(store: Store, lease: Lease, due: Mapping[tuple[str, str], Sequence[datetime]]) -> int:
    """Make the slots of due times, by (work, subject) and in order; how many. Those up to when slots were made are there already.

    All in one transaction, in which the lease is held. Raises LeaseIsLost.
    """
    made = 0
    with store.transaction() as connection:
        hold_lease(connection, lease)
        for (work, subject), times in sorted(due.items()):
            values = {"work": work, "subject": subject, "fence": lease.fence}
            row = connection.execute(
                "SELECT made_until FROM schedules WHERE work = %(work)s AND subject = %(subject)s FOR UPDATE", values
            ).fetchone()
            new = [time for time in times if row is not None and time > row[0]]
            if not new:
                continue
            connection.execute(
                "INSERT INTO slots (work, subject, due_at, status, fence)"
                " SELECT %(work)s, %(subject)s, due, 'waiting', %(fence)s FROM unnest(%(times)s::timestamptz[]) AS due",
                {**values, "times": new},
            )
            connection.execute(
                "UPDATE schedules SET made_until = %(until)s WHERE work = %(work)s AND subject = %(subject)s", {**values, "until": new[-1]}
            )
            made += len(new)
    return made


def claim_slot(store: Store, worker: str, now: datetime, *, slow: float, slow_most: int, patience: timedelta) -> Slot | None:
    """The oldest slot that may be begun, now ours; None when there is none. Never two of the same work at a time.

    Work whose last run took `slow` seconds gets at most `slow_most` workers, so that quick work always finds one. A slot that waits for
    its next trial for longer than `patience` waits because the clock went back: it waits no more.
    """
    with store.transaction() as connection:
        found = connection.execute(
            "SELECT c.work, c.subject, c.missed, s.due_at FROM schedules c JOIN slots s ON s.work = c.work AND s.subject = c.subject"
            " AND s.due_at = (SELECT min(e.due_at) FROM slots e WHERE e.status = 'waiting' AND e.work = c.work AND e.subject = c.subject"
            " AND (c.missed = 'all' OR e.not_before IS NULL OR e.not_before <= %(now)s OR e.not_before > %(far)s))"
            " WHERE c.worker IS NULL AND s.status = 'waiting'"
            " AND (s.not_before IS NULL OR s.not_before <= %(now)s OR s.not_before > %(far)s)"
            " AND (coalesce(c.last_seconds, 0) < %(slow)s OR (SELECT count(*) FROM schedules b"
            " WHERE b.worker IS NOT NULL AND b.last_seconds >= %(slow)s) < %(slow_most)s)"
            " ORDER BY s.due_at LIMIT 1 FOR UPDATE OF c SKIP LOCKED",
            {"now": now, "far": now + patience, "slow": slow, "slow_most": slow_most},
        ).fetchone()
        if found is None:
            return None
        work, subject, missed, due_at = found
        if missed == "latest":
            due_at = _newest(connection, work, subject, due_at)
        return _begun(connection, work, subject, due_at, worker, now)


def _newest(connection: Connection, work: str, subject: str, due_at: datetime) -> datetime:
    """The newest of the waiting slots; those before it are skipped, with the reason."""
    values = {"work": work, "subject": subject}
    row = connection.execute(
        "SELECT max(due_at) FROM slots WHERE work = %(work)s AND subject = %(subject)s AND status = 'waiting'", values
    ).fetchone()
    newest: datetime = (row[0] if row else None) or due_at
    connection.execute(
        "UPDATE slots SET status = 'skipped', ended_at = %(newest)s, reason_zh = '由之后的到期点一并完成',"
        " reason_en = 'done together with a later slot'"
        " WHERE work = %(work)s AND subject = %(subject)s AND status = 'waiting' AND due_at < %(newest)s",
        {**values, "newest": newest},
    )
    return newest


def _begun(connection: Connection, work: str, subject: str, due_at: datetime, worker: str, now: datetime) -> Slot | None:
    values = {"work": work, "subject": subject, "due_at": due_at, "worker": worker, "now": now}
    row = connection.execute(
        "UPDATE slots SET status = 'running', attempts = attempts + 1, worker = %(worker)s, started_at = %(now)s, not_before = NULL"
        " WHERE work = %(work)s AND subject = %(subject)s AND due_at = %(due_at)s AND status = 'waiting' RETURNING attempts",
        values,
    ).fetchone()
    if row is None:  # between our look and our lock it was done
        return None
    connection.execute("UPDATE schedules SET worker = %(worker)s WHERE work = %(work)s AND subject = %(subject)s", values)
    return Slot(work, subject, due_at, "running", row[0], worker, now)


def end_slot(store: Store, slot: Slot, ended: Slot, seconds: float) -> bool:
    """Write down how a slot ended: `ended` is the slot with its status and reasons, `waiting` with `not_before` when it is tried again.

    False when it was taken from us meanwhile: then nothing is written.
    """
    values = {
        "work": slot.work, "subject": slot.subject, "due_at": slot.due_at, "worker": slot.worker, "attempts": slot.attempts,
        "status": ended.status, "ended_at": ended.ended_at, "not_before": ended.not_before, "zh": ended.reason_zh, "en": ended.reason_en,
        "seconds": seconds,
    }  # fmt: skip
    with store.transaction() as connection:
        # The schedule first, as whoever claims does, so that neither waits for the other.
        connection.execute("SELECT 1 FROM schedules WHERE work = %(work)s AND subject = %(subject)s FOR UPDATE", values)
        touched = connection.execute(
            "UPDATE slots SET status = %(status)s, ended_at = %(ended_at)s, not_before = %(not_before)s, reason_zh = %(zh)s,"
            " reason_en = %(en)s WHERE work = %(work)s AND subject = %(subject)s AND due_at = %(due_at)s AND status = 'running'"
            " AND worker = %(worker)s AND attempts = %(attempts)s",
            values,
        ).rowcount
        if touched:
            connection.execute(
                "UPDATE schedules SET worker = NULL, last_seconds = %(seconds)s WHERE work = %(work)s AND subject = %(subject)s", values
            )
    return touched == 1


def slots_of(store: Store, *, work: str | None = None, subject: str | None = None, limit: int = 100) -> list[Slot]:
    """The latest slots first."""
    rows = store.rows(
        "SELECT work, subject, due_at, status, attempts, worker, started_at, ended_at, not_before, reason_zh, reason_en FROM slots"
        " WHERE (%(work)s::text IS NULL OR work = %(work)s)"
        " AND (%(subject)s::text IS NULL OR subject = %(subject)s) ORDER BY due_at DESC, work, subject LIMIT %(limit)s",
        {"work": work, "subject": subject, "limit": limit},
    )
    return [Slot(*row) for row in rows]


def waiting_slots(store: Store) -> int:
    """How many slots are waiting or under way."""
    return int(store.rows("SELECT count(*) FROM slots WHERE status IN ('waiting', 'running')")[0][0])


def forget_slots(store: Store, before: datetime) -> int:
    """Delete slots that ended long ago; how many."""
    return store.run("DELETE FROM slots WHERE ended_at < %(before)s AND status IN ('done', 'failed', 'skipped')", {"before": before})
