"""Asks the engine for whoever is looking; one question that fails or takes too long never takes the others with it."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from time import monotonic

import msgspec

from engine.findings import Finding, Place
from engine.question import Question, Viewer
from engine.running.ask import Answer, ask
from engine.running.asked_log import rows_read, timed
from engine.running.explain import Explained, explain
from engine.warehouse import Cancel, StatementCancelled, StatementTimedOut, Warehouse
from portal.api.world import World
from portal.identity.local import viewer_of_request

log = logging.getLogger("chengmai")
TIMED_OUT = Finding(
    place=Place("question"),
    code="timed-out",
    zh="计算超过时限，已停止",
    en="the computation ran past its limit and was stopped",
    advice_zh="缩短时段，或改用更粗的粒度",
    advice_en="ask for a shorter period or a coarser grain",
)
FAILED = Finding(
    place=Place("question"),
    code="internal-error",
    zh="计算这个问题时出错，已记入日志",
    en="something went wrong while this was computed; it is in the log",
)


def answers(world: World, questions: Sequence[Question], cancel: Cancel | None = None, now: datetime | None = None) -> Iterator[Answer]:
    """An answer for each question, in their order; the whole batch has the limit of `world.limits.seconds`. Raises StatementCancelled."""
    until, now = monotonic() + world.limits.seconds, now or world.clock()
    index = 0
    while index < len(questions) and monotonic() < until:
        seconds = until - monotonic()
        rest = questions[index:]
        try:
            viewer = viewer_of_request()
            asked = ask(
                world.catalog,
                world.warehouse,
                rest,
                viewer,
                now,
                seconds=seconds,
                cancel=cancel,
                plans=world.plans,
                states=world.states,
                results=world.results,
            )
            for answer, took in timed(asked):
                world.metrics.asked("answered" if answer.frame is not None else "refused", took)
                _note(world, answer, viewer, took)
                yield with_index(answer, index)
                index += 1
                if monotonic() >= until:
                    break
        except StatementCancelled:
            raise
        except StatementTimedOut:
            break
        except Exception:
            log.exception("question %r failed", questions[index])
            world.metrics.asked("failed", monotonic() - (until - seconds))
            yield Answer(index, questions[index], findings=(FAILED,))
            index += 1
    for n in range(index, len(questions)):
        world.metrics.asked("timed_out", world.limits.seconds)
        yield Answer(n, questions[n], findings=(TIMED_OUT,))


def _note(world: World, answer: Answer, viewer: Viewer, seconds: float) -> None:
    """A line of the log of questions; a full disk takes no answer away."""
    if world.asked is None:
        return
    try:
        world.asked.note(answer, viewer, seconds, rows_read(world.warehouse, world.states, answer))
    except OSError:
        log.exception("the log of questions could not be written")


def explanation(world: World, question: Question) -> Explained | list[Finding]:
    """How a number comes about, or why that cannot be told."""
    try:
        return explain(
            world.catalog, world.warehouse, question, viewer_of_request(), world.clock(), seconds=world.limits.seconds, states=world.states
        )
    except StatementTimedOut:
        return [TIMED_OUT]
    except Exception:
        log.exception("question %r could not be explained", question)
        return [FAILED]


def with_index(answer: Answer, index: int) -> Answer:
    """The answer under its place in the whole batch."""
    return msgspec.structs.replace(answer, index=index)


def written_sql(warehouse: Warehouse, answer: Answer) -> str:
    """The statement of an answer, laid out for reading; no text where there is none."""
    statement = answer.compiled.statement if answer.compiled is not None else None
    return warehouse.write(statement.tree, pretty=True) if statement is not None else ""
