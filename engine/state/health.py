"""How the latest runs of each piece of work ended, and every change of a freshness: what health is told from."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import psycopg
from msgspec import Struct

from engine.state.store import Store


class LastRun(Struct, frozen=True):
    """The latest run of one subject that has ended, and since when its runs fail (最近运行). Instants with a zone."""

    kind: str
    subject: str
    id: str
    status: str
    trace: str
    started_at: datetime
    ended_at: datetime | None
    reason_zh: str | None
    reason_en: str | None
    failing_since: datetime | None  # start of the first failure after the last that went well


class EndedRun(Struct, frozen=True):
    """A run that has ended, as far as it is counted (已结束的运行)."""

    id: str
    kind: str
    subject: str
    status: str
    seconds: float
    rows_in: int | None
    rows_loaded: int | None
    rows_set_aside: int | None


class Change(Struct, frozen=True):
    """A freshness that is another one than before (新鲜度变化)."""

    kind: str  # source, stream, dataset, indicator
    subject: str
    state: str
    since: datetime | None
    reason_zh: str
    reason_en: str
    seen_at: datetime


def last_runs(store: Store, subjects: Iterable[tuple[str, str]]) -> list[LastRun]:
    """The latest ended run of each (kind, subject) that ever ran; one look into the index for each."""
    wanted = sorted(set(subjects))
    rows = store.rows(
        "SELECT w.kind, w.subject, r.id, r.status, r.trace, r.started_at, r.ended_at, r.reason_zh, r.reason_en,"
        " CASE WHEN r.status = 'failed' THEN (SELECT min(f.started_at) FROM runs f WHERE f.kind = w.kind AND f.subject = w.subject"
        " AND f.status = 'failed' AND f.started_at > coalesce((SELECT max(d.started_at) FROM runs d WHERE d.kind = w.kind"
        " AND d.subject = w.subject AND d.status = 'done'), '-infinity'::timestamptz)) END"
        " FROM unnest(%(kinds)s::text[], %(subjects)s::text[]) AS w (kind, subject)"
        " CROSS JOIN LATERAL (SELECT * FROM runs o WHERE o.kind = w.kind AND o.subject = w.subject AND o.status IN ('done', 'failed')"
        " ORDER BY o.started_at DESC, o.id LIMIT 1) AS r ORDER BY w.kind, w.subject",
        {"kinds": [kind for kind, _ in wanted], "subjects": [subject for _, subject in wanted]},
    )
    return [LastRun(*row) for row in rows]


def ended_runs(store: Store, since: datetime) -> list[EndedRun]:
    """Runs that ended at `since` or later, the first to end first."""
    rows = store.rows(
        "SELECT id, kind, subject, status, extract(epoch FROM ended_at - started_at)::double precision, rows_in, rows_loaded,"
        " rows_set_aside FROM runs WHERE ended_at >= %(since)s ORDER BY ended_at, id",
        {"since": since},
    )
    return [EndedRun(*row) for row in rows]


def migrated_to(store: Store) -> int:
    """The number of the last migration: the store is there and speaks. Raises StateIsAway."""
    ((number,),) = store.rows("SELECT max(number) FROM migrations")
    return int(number)


def late_slots(store: Store, before: datetime) -> int:
    """How many slots were due before an instant and are not begun."""
    ((count,),) = store.rows("SELECT count(*) FROM slots WHERE status = 'waiting' AND due_at < %(before)s", {"before": before})
    return int(count)


def note_changes(store: Store, seen: Sequence[Change]) -> list[Change]:
    """Write down what has changed since it was last noted; those changes. Two processes that see the same note it once."""
    rows = store.rows(
        "SELECT kind, subject, state, seen_at FROM freshness_changes c WHERE seen_at = (SELECT max(l.seen_at) FROM freshness_changes l"
        " WHERE l.kind = c.kind AND l.subject = c.subject)"
    )
    before = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    new = [one for one in seen if one.state != (known := before.get((one.kind, one.subject), ("", None)))[0] and known[1] != one.seen_at]
    if not new:
        return []
    try:
        with store.transaction() as connection:
            for one in new:
                connection.execute(
                    "INSERT INTO freshness_changes (kind, subject, state, since, reason_zh, reason_en, seen_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (one.kind, one.subject, one.state, one.since, one.reason_zh, one.reason_en, one.seen_at),
                )
    except psycopg.errors.UniqueViolation:  # another process was quicker; what it missed is seen at the next look
        return []
    return new


def changes_of(store: Store, *, kind: str | None = None, subject: str | None = None, limit: int = 100) -> list[Change]:
    """The latest changes first."""
    rows = store.rows(
        "SELECT kind, subject, state, since, reason_zh, reason_en, seen_at FROM freshness_changes"
        " WHERE (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(subject)s::text IS NULL OR subject = %(subject)s)"
        " ORDER BY seen_at DESC, kind, subject LIMIT %(limit)s",
        {"kind": kind, "subject": subject, "limit": limit},
    )
    return [Change(*row) for row in rows]
