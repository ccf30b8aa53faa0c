"""综合分析: a four-operations formula over indicators, checked while it is typed and answered by the same compiler, stored nowhere."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta, Struct

from engine.parts import AtLeastOne, Expression, Grain, Part
from engine.question import Asked, Order, Period, Question
from engine.running.plans import Plans
from engine.running.results import Results
from portal.api.answer_line import AnswerLine, answer_line
from portal.api.answering import answers
from portal.api.body import read_body
from portal.api.formula_reading import OWN_ID, NamedIndicator, PlacedTrouble, Reading, read_formula
from portal.api.problem import trouble
from portal.api.world import World

VALUE = "value"


class FormulaQuestion(Part, frozen=True):
    """A formula over indicators, asked like an indicator (公式查询)."""

    formula: Annotated[
        str, Meta(title="公式", description="Four operations over indicators by id", examples=["sanitation.msw_day / city.population"])
    ]
    title: Annotated[str | None, Meta(title="标题", description="What the column is called; default: the formula")] = None
    unit: Annotated[
        str | None, Meta(title="单位", description="Unit of the value; default: what the formula gives", examples=["kg/人"])
    ] = None
    by: Annotated[tuple[str, ...], Meta(title="维度", description="Dimensions to split by", examples=[["city.district"]])] = ()
    grain: Annotated[Grain | None, Meta(title="粒度", description="Split by time; none: one value for the period")] = None
    period: Annotated[Period | None, Meta(title="周期", description="Which time; none: all data")] = None
    where: Annotated[Expression | None, Meta(title="条件", description="Cuts the rows that every indicator counts")] = None
    order: Annotated[tuple[Order, ...], Meta(title="排序", description="Sort keys; the value's column is `value`")] = ()
    limit: Annotated[AtLeastOne | None, Meta(title="行数", description="Most rows of the answer")] = None
    fill: Annotated[
        Literal["time", "members", "all"] | None, Meta(title="补齐", description="Adds rows for periods or members without data")
    ] = None
    edge: Annotated[Literal["cut", "whole"], Meta(title="边界", description="What a period does that begins inside a grain")] = "cut"
    check_only: Annotated[bool, Meta(title="只检查", description="Read the formula and answer nothing")] = False


class FormulaAnswer(Struct, frozen=True):
    """How a formula was understood, and its values when nothing is wrong (公式答案)."""

    canonical: str | None
    unit: str
    indicators: list[NamedIndicator]
    findings: list[PlacedTrouble]
    answer: AnswerLine | None = None


class FormulaController(Controller):
    """POST /api/formula."""

    path = "/api/formula"
    tags = ["workbench 综合分析"]

    @post(status_code=200, summary="即席公式：边写边查，随即计算 · A formula over indicators, checked and answered", sync_to_thread=True)
    def formula(self, request: Request[Any, Any, State], body: RawBody, world: NamedDependency[World]) -> FormulaAnswer:
        """A wrong formula is answered with its findings, each with its place in the text; only a wrong body is a problem."""
        asked = read_body(request, body, FormulaQuestion)
        reading = read_formula(world.catalog, asked.formula, asked.unit, asked.title)
        if reading.catalog is None or asked.check_only:
            return formula_answer(reading, list(reading.findings), None)
        line = answered(world, reading, asked)
        if line.rows is None:
            # The formula is sound; what is asked of it is not: said at the whole of it.
            whole = [
                PlacedTrouble(each.code, each.zh, each.en, 0, len(asked.formula), each.place, each.advice_zh, each.advice_en) for each in line.findings
            ]  # fmt: skip
            return formula_answer(reading, whole, None)
        return formula_answer(reading, [], line)


def formula_answer(reading: Reading, findings: list[PlacedTrouble], line: AnswerLine | None) -> FormulaAnswer:
    """The reading with what came of it."""
    return FormulaAnswer(reading.canonical, reading.unit, list(reading.indicators), findings, line)


def answered(world: World, reading: Reading, asked: FormulaQuestion) -> AnswerLine:
    """The line that POST /api/query would give if the formula were a definition."""
    assert reading.catalog is not None
    most = world.limits.rows
    question = Question(
        indicators=(Asked(of=OWN_ID, name=VALUE),), by=asked.by, grain=asked.grain, period=asked.period, where=asked.where, order=asked.order,
        limit=min(asked.limit or most, most), fill=asked.fill, edge=asked.edge,
    )  # fmt: skip
    # Its catalog is its own: plans, states and answers kept for the city's definitions neither know it nor may learn it.
    # Every formula is asked under the same name, so a kept answer would be the last formula's.
    own = msgspec.structs.replace(world, catalog=reading.catalog, plans=Plans(), states=None, results=Results())
    answer = next(answers(own, [question]))
    if answer.frame is None:
        return AnswerLine(0, findings=[trouble(finding) for finding in answer.findings])
    return msgspec.structs.replace(answer_line(answer, question, world.definition_version, world.titles), explain=[])
