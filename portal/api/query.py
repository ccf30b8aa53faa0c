"""Questions come in as a batch, and each answer leaves as soon as it is ready: one slow question holds up no other."""

from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import RawBody
from litestar.response import Stream

from engine.question import Question
from engine.warehouse import Cancel
from portal.api.answering import answers, with_index
from portal.api.kept_lines import Lines
from portal.api.outlet import Done, Outlet, Take
from portal.api.problem import refusal, refused_with
from portal.api.turns import Turns
from portal.api.words import SaidTwice, refuse_doubled_keys, trouble_of_json, trouble_of_shape
from portal.api.world import World

NDJSON = "application/x-ndjson"
NOT_STORED = {"cache-control": "no-store"}


class QueryController(Controller):
    """POST /api/query."""

    path = "/api/query"
    tags = ["query 查询"]

    @post(status_code=200, summary="批量查询，答案逐行返回 · Ask a batch of questions", media_type=NDJSON)
    async def ask(
        self, request: Request[Any, Any, State], body: RawBody, world: NamedDependency[World], turns: NamedDependency[Turns]
    ) -> Stream | Response[bytes]:
        """A JSON list of questions in, NDJSON out: one line for each answer, in the order they are ready, each with its `index`.

        Answers that still hold come at once. The others wait for their turn to be computed: 503 with Retry-After when too many wait.
        """
        if request.content_type[0] != "application/json":  # also keeps other sites' plain forms out
            raise refusal(415, "not-json", "请求体须为 JSON", "the body must be JSON", advice_zh="加上 content-type: application/json",
                          advice_en="say content-type: application/json")  # fmt: skip
        lines = Lines(world, capped(decode_questions(body, world.limits.questions), world.limits.rows), world.clock())
        kept = await to_thread.run_sync(lines.kept)
        world.metrics.kept(len(kept))
        if len(kept) == len(lines.questions):
            return Response(b"".join(kept.values()), media_type=NDJSON, headers=NOT_STORED)
        outlet = outlet_of(lines, kept, await turns.take(), turns.take)
        return Stream(outlet.chunks(), media_type=NDJSON, headers=NOT_STORED)


def capped(questions: list[Question], most: int) -> list[Question]:
    """The questions, each for at most so many rows."""
    return [msgspec.structs.replace(question, limit=min(question.limit or most, most)) for question in questions]


def decode_questions(body: bytes, most: int) -> list[Question]:
    """The questions of a body; a wrong body is refused with the JSON path of what is wrong."""
    try:
        questions = msgspec.json.decode(body, type=list[Question])
        refuse_doubled_keys(body)
    except msgspec.ValidationError:
        raise refused_with(400, trouble_of_shape(body)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, SaidTwice) as error:
        raise refused_with(400, trouble_of_json(error)) from None
    if not questions:
        raise refusal(400, "no-question", "列表里没有查询", "the list holds no question", place="$")
    if len(questions) > most:
        raise refusal(
            413, "too-many-questions", f"一次最多 {most} 个查询，收到 {len(questions)} 个",
            f"at most {most} questions at once, {len(questions)} came",
            place="$", advice_zh="分几次提问", advice_en="ask in several batches",
        )  # fmt: skip
    return questions


def outlet_of(lines: Lines, kept: dict[int, bytes], done: Done, take: Take) -> Outlet:
    """The lines on their way to the client: those that are kept, then the others as they are computed; then the turn is `done`."""
    cancel = Cancel()
    return Outlet(lines_of(lines, kept, cancel), cancel, lines.world.limits, done, take)


def lines_of(lines: Lines, kept: dict[int, bytes], cancel: Cancel) -> Iterator[bytes]:
    """What is kept in one piece, then a line for each answer that had to be computed."""
    if kept:
        yield b"".join(kept.values())
    places = missing(len(lines.questions), kept)
    for answer in answers(lines.world, [lines.questions[place] for place in places], cancel, lines.now):
        yield lines.made(with_index(answer, places[answer.index]))


def missing(count: int, kept: Collection[int]) -> list[int]:
    """The places of a batch that are not kept."""
    return [place for place in range(count) if place not in kept]
