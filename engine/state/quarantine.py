"""What people decided about rows that were set aside: corrected, replayed, discarded; every step stays with who, when and why."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Literal

import psycopg
from msgspec import Struct

from engine.state.store import Connection, Store

Status = Literal["open", "corrected", "refused", "loaded", "superseded", "discarded"]
FINAL: frozenset[Status] = frozenset(("loaded", "superseded", "discarded"))


class Decision(Struct, frozen=True):
    """Where a row of the quarantine stands (处置)."""

    row_id: str
    dataset: str
    status: Status  # refused: replayed, and it came back
    cells: Mapping[str, str | None]  # corrected cells by the source's column
    flaws: str | None  # JSON of what was wrong at the last replay
    changed_at: datetime


class Step(Struct, frozen=True):
    """One thing that was done about a row (处置记录)."""

    row_id: str
    action: Literal["correct", "replay", "discard"]
    who: str
    why: str | None
    at: datetime
    before_cells: str | None  # JSON
    after_cells: str | None  # JSON
    outcome: Status
    reason_zh: str | None = None
    reason_en: str | None = None


def decisions_of(store: Store, row_ids: Iterable[str]) -> dict[str, Decision]:
    """The decisions about some rows; rows that nobody has touched are not among them."""
    rows = store.rows(
        "SELECT row_id, dataset, status, cells, flaws, changed_at FROM quarantine_rows WHERE row_id = ANY(%(ids)s)", {"ids": list(row_ids)}
    )
    return {row[0]: _decision(row) for row in rows}


def steps_of(store: Store, row_id: str) -> list[Step]:
    """What was done about a row, the first step first."""
    rows = store.rows(
        "SELECT row_id, action, who, why, at, before_cells, after_cells, outcome, reason_zh, reason_en FROM quarantine_steps"
        " WHERE row_id = %(row_id)s ORDER BY step_id",
        {"row_id": row_id},
    )
    return [Step(*row) for row in rows]


@contextmanager
def deciding(store: Store, row_id: str, dataset: str, now: datetime) -> Iterator[tuple[Connection, Decision]]:
    """Where a row stands, held in a transaction: whoever else decides about it waits until the block has ended, and then sees what came out."""
    with suppress(psycopg.errors.UniqueViolation):  # in a transaction of its own: a violation would end the one that holds the row
        if not store.rows("SELECT 1 FROM quarantine_rows WHERE row_id = %(row_id)s", {"row_id": row_id}):
            store.run(
                "INSERT INTO quarantine_rows (row_id, dataset, status, cells, changed_at)"
                " VALUES (%(row_id)s, %(dataset)s, 'open', '{}', %(now)s)",
                {"row_id": row_id, "dataset": dataset, "now": now},
            )
    with store.transaction() as connection:
        row = connection.execute(
            "SELECT row_id, dataset, status, cells, flaws, changed_at FROM quarantine_rows WHERE row_id = %(row_id)s FOR UPDATE",
            {"row_id": row_id},
        ).fetchone()
        assert row is not None
        yield connection, _decision(row)


def decide(connection: Connection, step: Step, cells: Mapping[str, str | None], flaws: str | None) -> None:
    """Write a step down, and where the row stands after it; within `deciding`."""
    made = connection.execute("SELECT count(*) FROM quarantine_steps WHERE row_id = %(row_id)s", {"row_id": step.row_id}).fetchone()
    number = made[0] if made is not None else 0  # the row is held: nobody else counts now
    connection.execute(
        "UPDATE quarantine_rows SET status = %(status)s, cells = %(cells)s, flaws = %(flaws)s, changed_at = %(at)s"
        " WHERE row_id = %(row_id)s",
        {
            "status": step.outcome,
            "cells": json.dumps(dict(cells), ensure_ascii=False),
            "flaws": flaws,
            "at": step.at,
            "row_id": step.row_id,
        },
    )
    connection.execute(
        "INSERT INTO quarantine_steps (step_id, row_id, action, who, why, at, before_cells, after_cells, outcome, reason_zh, reason_en)"
        " VALUES (%(step_id)s, %(row_id)s, %(action)s, %(who)s, %(why)s, %(at)s, %(before)s, %(after)s, %(outcome)s, %(zh)s, %(en)s)",
        {
            "step_id": f"{step.row_id}-{number:05}", "row_id": step.row_id, "action": step.action, "who": step.who, "why": step.why, "at": step.at,
            "before": step.before_cells, "after": step.after_cells, "outcome": step.outcome, "zh": step.reason_zh, "en": step.reason_en,
        },
    )  # fmt: skip


def _decision(row: tuple[object, ...]) -> Decision:
    row_id, dataset, status, cells, flaws, changed_at = row
    return Decision(row_id, dataset, status, json.loads(str(cells)), flaws, changed_at)  # type: ignore[arg-type]
