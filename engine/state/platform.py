"""What the platform knows of its own work, as rows for those who write indicators over it."""

from datetime import datetime

from engine.state.store import Row, Store

MOST = 50_000


def ended_run_rows(store: Store, since: datetime | None) -> list[Row]:
    """Runs that ended at an instant or later, earliest first: run_id, kind, subject, status, slot_at, started_at, ended_at, rows_in,
    rows_loaded, rows_set_aside."""
    return store.rows(
        "SELECT id, kind, subject, status, slot_at, started_at, ended_at, rows_in, rows_loaded, rows_set_aside FROM runs"
        " WHERE ended_at IS NOT NULL AND (%(since)s::timestamptz IS NULL OR ended_at >= %(since)s)"
        " ORDER BY ended_at, id LIMIT %(most)s",
        {"since": since, "most": MOST},
    )


def ended_slot_rows(store: Store, since: datetime | None) -> list[Row]:
    """Slots that ended at an instant or later, earliest first: work, subject, due_at, status, attempts, started_at, ended_at.

    Without those of the work that reads them: it would find itself each time.
    """
    return store.rows(
        "SELECT work, subject, due_at, status, attempts, started_at, ended_at FROM slots WHERE status IN ('done', 'failed', 'skipped')"
        " AND work <> 'platform' AND ended_at IS NOT NULL AND (%(since)s::timestamptz IS NULL OR ended_at >= %(since)s)"
        " ORDER BY ended_at, work, subject, due_at LIMIT %(most)s",
        {"since": since, "most": MOST},
    )


def freshness_rows(store: Store, since: datetime | None) -> list[Row]:
    """Changes of freshness seen at an instant or later, earliest first: kind, subject, state, since, seen_at."""
    return store.rows(
        "SELECT kind, subject, state, since, seen_at FROM freshness_changes"
        " WHERE (%(since)s::timestamptz IS NULL OR seen_at >= %(since)s) ORDER BY seen_at, kind, subject LIMIT %(most)s",
        {"since": since, "most": MOST},
    )
