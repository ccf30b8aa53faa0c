"""How a batch would be read: which questions share a scan, and why one is read alone; nothing is read for it."""

from typing import Annotated

from anyio import to_thread
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta, Struct

from engine.compiling.pool_cost import Told
from engine.findings import Finding
from engine.running.ask import told_of
from portal.api.problem import Trouble, trouble
from portal.api.query import capped, decode_questions
from portal.api.world import World
from portal.identity.local import viewer_of_request


class ReadingLine(Struct, frozen=True):
    """How one question of a batch is read (读法)."""

    index: Annotated[int, Meta(title="序号", description="Place of the question in the batch, from 0")]
    zh: Annotated[str, Meta(title="中文", description="With which other questions, or why alone")] = ""
    en: Annotated[str, Meta(title="英文", description="The same in English")] = ""
    findings: Annotated[list[Trouble], Meta(title="问题", description="Why the question cannot be answered; else empty")] = []


class QueryPlanController(Controller):
    """POST /api/query/plan."""

    path = "/api/query/plan"
    tags = ["query 查询"]

    @post(status_code=200, summary="批量查询如何合并读取 · How a batch of questions would be read")
    async def plan(self, body: RawBody, world: NamedDependency[World]) -> list[ReadingLine]:
        """The same JSON list of questions as POST /api/query; for each, with which others it shares a scan and why."""
        questions = capped(decode_questions(body, world.limits.questions), world.limits.rows)
        told = await to_thread.run_sync(
            told_of, world.catalog, world.warehouse, questions, viewer_of_request(), world.clock(), world.states
        )
        return [line(index, one) for index, one in enumerate(told)]


def line(index: int, told: Told | tuple[Finding, ...]) -> ReadingLine:
    """What is told of one question."""
    if isinstance(told, Told):
        return ReadingLine(index, told.zh, told.en)
    return ReadingLine(index, findings=[trouble(finding) for finding in told])
