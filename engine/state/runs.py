"""Runs: every piece of work that was begun, how it ended and why; what the platform says of itself is read from here."""

from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from msgspec import Struct

from engine.state.store import Store

Status = Literal["running", "done", "failed", "abandoned"]


class Run(Struct, frozen=True):
    """One piece of work (运行). Times are instants with a zone."""

    id: str
    kind: str  # intake, refresh, analysis …
    subject: str  # id of the definition it was for
    slot_at: datetime | None  # which due time it answers; None: somebody asked for it
    trace: str  # what its log lines, rows and answers share
    status: Status
    started_at: datetime
    ended_at: datetime | None = None
    rows_in: int | None = None
    rows_loaded: int | None = None
    rows_set_aside: int | None = None
    reason_zh: str | None = None
    reason_en: str | None = None
    detail: str | None = None  # JSON of what the kind of work adds


def begin_run(store: Store, kind: str, subject: str, now: datetime, *, slot_at: datetime | None = None, trace: str | None = None) -> Run:
    """Write down that a work begins; its trace is new unless it continues another's."""
    run = Run(uuid4().hex, kind, subject, slot_at, trace or uuid4().hex, "running", now.astimezone(UTC))
    store.run(
        "INSERT INTO runs (id, kind, subject, slot_at, trace, status, started_at)"
        " VALUES (%(id)s, %(kind)s, %(subject)s, %(slot_at)s, %(trace)s, %(status)s, %(started_at)s)",
        {"id": run.id, "kind": kind, "subject": subject, "slot_at": slot_at, "trace": run.trace, "status": run.status,
         "started_at": run.started_at},
    )  # fmt: skip
    return run


def end_run(store: Store, run: Run, ended: Run) -> bool:
    """Write down how a run ended: `ended` is the run with its status, counts and reasons. False when it was given up meanwhile."""
    touched = store.run(
        "UPDATE runs SET status = %(status)s, ended_at = %(ended_at)s, rows_in = %(rows_in)s, rows_loaded = %(rows_loaded)s,"
        " rows_set_aside = %(rows_set_aside)s, reason_zh = %(reason_zh)s, reason_en = %(reason_en)s, detail = %(detail)s"
        " WHERE id = %(id)s AND status = 'running'",
        {"id": run.id, "status": ended.status, "ended_at": ended.ended_at, "rows_in": ended.rows_in, "rows_loaded": ended.rows_loaded,
         "rows_set_aside": ended.rows_set_aside, "reason_zh": ended.reason_zh, "reason_en": ended.reason_en, "detail": ended.detail},
    )  # fmt: skip
    return touched == 1


def abandon_runs(store: Store, now: datetime, kinds: tuple[str, ...]) -> int:
    """Mark the runs of some kinds that nobody can be working on any more (the process that began them is gone); how many."""
    return store.run(
        "UPDATE runs SET status = 'abandoned', ended_at = %(now)s, reason_zh = '执行它的进程已经退出',"
        " reason_en = 'the process that did it is gone' WHERE status = 'running' AND kind = ANY(%(kinds)s)",
        {"now": now, "kinds": list(kinds)},
    )


def runs_of(store: Store, *, kind: str | None = None, subject: str | None = None, limit: int = 100) -> list[Run]:
    """The latest runs first."""
    rows = store.rows(
        "SELECT id, kind, subject, slot_at, trace, status, started_at, ended_at, rows_in, rows_loaded, rows_set_aside, reason_zh,"
        " reason_en, detail FROM runs WHERE (%(kind)s::text IS NULL OR kind = %(kind)s)"
        " AND (%(subject)s::text IS NULL OR subject = %(subject)s) ORDER BY started_at DESC, id LIMIT %(limit)s",
        {"kind": kind, "subject": subject, "limit": limit},
    )
    return [Run(*row) for row in rows]
