"""What was asked, gathered by what decides which states answer it: a period's own dates do not matter, its edges do."""

from collections.abc import Sequence
from datetime import datetime, time

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.refuse import Refused
from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.asked_log import Noted
from engine.running.lateness import as_of_question
from engine.warehouse import Warehouse

MOST_SHAPES = 200


class Need(Struct, frozen=True):
    """Questions of one shape (提问形状)."""

    key: bytes  # equal for questions that the same states answer
    question: Question
    viewer: Viewer
    as_of: datetime
    times: int
    seconds: float


def needs_of(catalog: Catalog, warehouse: Warehouse, lines: Sequence[Noted]) -> list[Need]:
    """Questions that were counted from rows, alike ones together, the costliest first."""
    found: dict[bytes, Need] = {}
    for line in lines:
        if line.states:
            continue
        key = _key(line)
        before = found.get(key)
        if before is not None:
            found[key] = replace(before, times=before.times + 1, seconds=before.seconds + line.seconds)
            continue
        question = line.question
        if line.conditions:
            # Which values were asked for is not known and does not matter: only whether a state keeps what is compared.
            question = replace(question, where=" and ".join(f"{name} is not null" for name in line.conditions))
        viewer = Viewer("asked", line.access, sees_all=line.sees_all)
        try:
            as_of = as_of_question(catalog, warehouse, question, datetime.max)
        except Refused:  # asked of definitions that are gone
            continue
        found[key] = Need(key, question, viewer, as_of, 1, line.seconds)
    return sorted(found.values(), key=lambda one: -one.seconds)[:MOST_SHAPES]


def _key(line: Noted) -> bytes:
    """What decides which states answer: of dates, only whether they are edges of a month, of a day, or of neither."""
    question, period = line.question, line.question.period
    edges = [_edge(one) for one in (period.start if period else None, period.end if period else None, question.as_of)]
    spans = (period.last, period.next) if period is not None else ()
    plain = replace(question, period=None, as_of=None)
    return msgspec.json.encode((plain, edges, spans, line.conditions, line.access, line.sees_all))


def _edge(text: str | None) -> str:
    if text is None:
        return ""
    moment = datetime.fromisoformat(text)
    return "time" if moment.time() != time.min else "month" if moment.day == 1 else "day"
