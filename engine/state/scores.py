"""How good the rows of each source were, day by day; what screens and the platform's own indicators read."""

from datetime import date, datetime

import psycopg
from msgspec import Struct

from engine.state.store import Store


class Score(Struct, frozen=True):
    """The rows of a source on the day they came (数据质量评分). `score` is 0 to 100; None: nothing came and nothing was expected."""

    source: str
    day: date
    score: float | None
    rows_in: int
    loaded: int
    late: int
    suspect: int
    quarantined: int
    expected: float | None  # median of the same weekdays before; None: none of them is known
    said_zh: str
    said_en: str
    computed_at: datetime


def keep_score(store: Store, score: Score) -> None:
    """Write the score of a day, instead of an earlier one of the same day."""
    values = {name: getattr(score, name) for name in score.__struct_fields__}
    with store.transaction() as connection:
        touched = connection.execute(_UPDATE, values).rowcount
    if not touched:
        try:
            store.run(_INSERT, values)
        except psycopg.errors.UniqueViolation:  # another process was quicker
            store.run(_UPDATE, values)


def scores_of(store: Store, *, source: str | None = None, since: date | None = None, until: date | None = None) -> list[Score]:
    """Scores by source and day; `until` is the day after the last."""
    rows = store.rows(
        "SELECT source, day, score, rows_in, loaded, late, suspect, quarantined, expected, said_zh, said_en, computed_at FROM source_scores"
        " WHERE (%(source)s::text IS NULL OR source = %(source)s) AND (%(since)s::date IS NULL OR day >= %(since)s)"
        " AND (%(until)s::date IS NULL OR day < %(until)s) ORDER BY source, day",
        {"source": source, "since": since, "until": until},
    )
    return [Score(*row) for row in rows]


_UPDATE = (
    "UPDATE source_scores SET score = %(score)s, rows_in = %(rows_in)s, loaded = %(loaded)s, late = %(late)s, suspect = %(suspect)s,"
    " quarantined = %(quarantined)s, expected = %(expected)s, said_zh = %(said_zh)s, said_en = %(said_en)s, computed_at = %(computed_at)s"
    " WHERE source = %(source)s AND day = %(day)s"
)
_INSERT = (
    "INSERT INTO source_scores (source, day, score, rows_in, loaded, late, suspect, quarantined, expected, said_zh, said_en, computed_at)"
    " VALUES (%(source)s, %(day)s, %(score)s, %(rows_in)s, %(loaded)s, %(late)s, %(suspect)s, %(quarantined)s, %(expected)s, %(said_zh)s,"
    " %(said_en)s, %(computed_at)s)"
)
