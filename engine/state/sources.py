"""What is known of each source beside its rows: whether somebody has paused it, how its breaker stands, which columns its streams had."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal
from uuid import uuid4

import msgspec
import psycopg
from msgspec import Struct

from engine.state.store import Connection, Store

Act = Literal["pause", "resume"]


class SourceState(Struct, frozen=True):
    """What is known of a source (数据源状态). Times are instants with a zone."""

    source: str
    paused_at: datetime | None = None
    paused_by: str | None = None
    paused_why: str | None = None
    standing: str = "closed"
    failures: int = 0
    retry_at: datetime | None = None
    failed_at: datetime | None = None
    reason_zh: str | None = None
    reason_en: str | None = None
    worked_at: datetime | None = None


class SourceAct(Struct, frozen=True):
    """Somebody paused or resumed a source (启停记录)."""

    source: str
    act: Act
    by_whom: str
    why: str
    at: datetime


class ShapeChange(Struct, frozen=True):
    """A column of a stream that was not as before (结构变化记录)."""

    stream: str
    column_name: str
    change: str
    was: str | None
    now_is: str | None
    is_mapped: bool
    run: str | None
    at: datetime


def source_state(store: Store, source: str) -> SourceState:
    """What is known of a source; of a new one, that all is well."""
    found = _read(store, source)
    return found[0] if found else SourceState(source)


def source_states(store: Store) -> dict[str, SourceState]:
    """All sources of which anything is known."""
    return {one.source: one for one in _read(store, None)}


def _read(store: Store, source: str | None) -> list[SourceState]:
    rows = store.rows(
        "SELECT source, paused_at, paused_by, paused_why, standing, failures, retry_at, failed_at, reason_zh, reason_en, worked_at"
        " FROM sources WHERE (%(source)s::text IS NULL OR source = %(source)s) ORDER BY source",
        {"source": source},
    )
    return [SourceState(*row) for row in rows]


def pause_source(store: Store, source: str, by_whom: str, why: str, now: datetime) -> None:
    """Nothing is read from the source until somebody resumes it."""
    with store.transaction() as connection:
        _ensure(connection, source)
        connection.execute(
            "UPDATE sources SET paused_at = %(now)s, paused_by = %(by)s, paused_why = %(why)s WHERE source = %(source)s",
            {"source": source, "by": by_whom, "why": why, "now": now},
        )
        _note(connection, source, "pause", by_whom, why, now)


def resume_source(store: Store, source: str, by_whom: str, why: str, now: datetime) -> None:
    """The source is read again, and at once: its breaker is closed."""
    with store.transaction() as connection:
        _ensure(connection, source)
        connection.execute(
            "UPDATE sources SET paused_at = NULL, paused_by = NULL, paused_why = NULL, standing = 'closed', failures = 0, retry_at = NULL"
            " WHERE source = %(source)s",
            {"source": source},
        )
        _note(connection, source, "resume", by_whom, why, now)


def source_acts(store: Store, source: str) -> list[SourceAct]:
    """Who paused and resumed a source, the latest first."""
    rows = store.rows(
        "SELECT source, act, by_whom, why, at FROM source_acts WHERE source = %(source)s ORDER BY at DESC, id", {"source": source}
    )
    return [SourceAct(*row) for row in rows]


def change_source(store: Store, source: str, change: Callable[[SourceState], SourceState | None]) -> SourceState | None:
    """Put the state that `change` makes of the present one in its place, nobody coming between; None: it is left as it is.

    `change` may be called by whoever decides on what it sees: the row is locked until the new state is written.
    """
    with store.transaction() as connection:
        _ensure(connection, source)
        row = connection.execute(
            "SELECT source, paused_at, paused_by, paused_why, standing, failures, retry_at, failed_at, reason_zh, reason_en, worked_at"
            " FROM sources WHERE source = %(source)s FOR UPDATE",
            {"source": source},
        ).fetchone()
        assert row is not None
        changed = change(SourceState(*row))
        if changed is not None:
            connection.execute(
                "UPDATE sources SET standing = %(standing)s, failures = %(failures)s, retry_at = %(retry_at)s, failed_at = %(failed_at)s,"
                " reason_zh = %(reason_zh)s, reason_en = %(reason_en)s, worked_at = %(worked_at)s WHERE source = %(source)s",
                msgspec.structs.asdict(changed),
            )
        return changed


def stream_shape(store: Store, stream: str) -> dict[str, str]:
    """The columns that a stream had when it was last read, by the sort of their values; empty for one never read."""
    rows = store.rows("SELECT columns FROM stream_shapes WHERE stream = %(stream)s", {"stream": stream})
    return msgspec.json.decode(rows[0][0], type=dict[str, str]) if rows else {}


def remember_shape(store: Store, stream: str, columns: dict[str, str], now: datetime) -> None:
    """Remember the columns that a stream has."""
    said = {"stream": stream, "columns": msgspec.json.encode(columns).decode(), "now": now}
    update = "UPDATE stream_shapes SET columns = %(columns)s, seen_at = %(now)s WHERE stream = %(stream)s"
    if not store.run(update, said):
        try:
            store.run("INSERT INTO stream_shapes (stream, columns, seen_at) VALUES (%(stream)s, %(columns)s, %(now)s)", said)
        except psycopg.errors.UniqueViolation:  # another reading was quicker
            store.run(update, said)


def forget_shape(store: Store, stream: str) -> bool:
    """The next reading takes the columns as they come; whether any were known."""
    return store.run("UPDATE stream_shapes SET columns = '{}' WHERE stream = %(stream)s AND columns <> '{}'", {"stream": stream}) == 1


def note_changes(store: Store, changes: Iterable[ShapeChange]) -> None:
    """Write down columns that are not as before; one that was told last in the same words is not told again."""
    with store.transaction() as connection:
        for one in changes:
            last = connection.execute(
                "SELECT change, was, now_is FROM shape_changes WHERE stream = %(stream)s AND column_name = %(column)s"
                " ORDER BY at DESC, id LIMIT 1",
                {"stream": one.stream, "column": one.column_name},
            ).fetchone()
            if last != (one.change, one.was, one.now_is):
                connection.execute(
                    "INSERT INTO shape_changes (id, stream, column_name, change, was, now_is, is_mapped, run, at) VALUES (%(id)s,"
                    " %(stream)s, %(column_name)s, %(change)s, %(was)s, %(now_is)s, %(is_mapped)s, %(run)s, %(at)s)",
                    {**msgspec.structs.asdict(one), "id": uuid4().hex},
                )


def shape_changes(store: Store, stream: str | None = None, limit: int = 100) -> list[ShapeChange]:
    """Columns that were not as before, of a stream or of all, the latest first."""
    rows = store.rows(
        "SELECT stream, column_name, change, was, now_is, is_mapped, run, at FROM shape_changes"
        " WHERE (%(stream)s::text IS NULL OR stream = %(stream)s) ORDER BY at DESC, id LIMIT %(limit)s",
        {"stream": stream, "limit": limit},
    )
    return [ShapeChange(*row) for row in rows]


def _ensure(connection: Connection, source: str) -> None:
    found = connection.execute("SELECT 1 FROM sources WHERE source = %(source)s", {"source": source}).fetchone()
    if found is None:
        try:
            with connection.transaction():  # a savepoint: who comes second finds the row
                connection.execute("INSERT INTO sources (source) VALUES (%(source)s)", {"source": source})
        except psycopg.errors.UniqueViolation:
            return


def _note(connection: Connection, source: str, act: Act, by_whom: str, why: str, now: datetime) -> None:
    connection.execute(
        "INSERT INTO source_acts (id, source, act, by_whom, why, at) VALUES (%(id)s, %(source)s, %(act)s, %(by)s, %(why)s, %(now)s)",
        {"id": uuid4().hex, "source": source, "act": act, "by": by_whom, "why": why, "now": now},
    )
