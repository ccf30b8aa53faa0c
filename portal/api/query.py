"""Questions come in as a batch, and each answer leaves as soon as it is ready: one slow question holds up no other."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Controller, Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import RawBody
from litestar.response import Stream

from engine.question import Question
from engine.warehouse import Cancel
from portal.api.answer_line import answer_line, encode_line
from portal.api.answering import answers
from portal.api.problem import refusal, refused_with
from portal.api.words import SaidTwice, refuse_doubled_keys, trouble_of_json, trouble_of_shape
from portal.api.world import World

NDJSON = "application/x-ndjson"


class QueryController(Controller):
    """POST /api/query."""

    path = "/api/query"
    tags = ["query 查询"]

    @post(status_code=200, summary="批量查询，答案逐行返回 · Ask a batch of questions", media_type=NDJSON)
    async def ask(self, request: Request[Any, Any, State], body: RawBody, world: NamedDependency[World]) -> Stream:
        """A JSON list of questions in, NDJSON out: one line for each answer, in the order they are ready, each with its `index`."""
        if request.content_type[0] != "application/json":  # also keeps other sites' plain forms out
            raise refusal(415, "not-json", "请求体须为 JSON", "the body must be JSON", advice_zh="加上 content-type: application/json",
                          advice_en="say content-type: application/json")  # fmt: skip
        questions = decode_questions(body, world.limits.questions)
        return Stream(stream_answers(world, questions), media_type=NDJSON, headers={"cache-control": "no-store"})


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


async def stream_answers(world: World, questions: list[Question]) -> AsyncIterator[bytes]:
    """The lines as they are ready; when the client goes away, the statement that runs in the warehouse is stopped."""
    cancel = Cancel()
    lines = lines_of(world, questions, cancel)
    try:
        while (line := await to_thread.run_sync(next, lines, None, abandon_on_cancel=True)) is not None:
            yield line
    finally:
        cancel.now()


def lines_of(world: World, questions: list[Question], cancel: Cancel) -> Iterator[bytes]:
    """Answers as lines, each of at most `world.limits.rows` rows."""
    most = world.limits.rows
    capped = [msgspec.structs.replace(question, limit=min(question.limit or most, most)) for question in questions]
    for answer in answers(world, capped, cancel):
        yield encode_line(answer_line(answer, questions[answer.index], world.definition_version, world.titles))
