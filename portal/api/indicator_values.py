"""The numbers of a page as files, carrying meaning, unit, as-of, versions and the question, so that a printout can be answered for."""

from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from engine.question import Asked, Question
from portal.api.answering import answers
from portal.api.indicators import asked_question, indicator_of
from portal.api.modifier_words import Modifiers, modifier_written
from portal.api.parameters import Id
from portal.api.problem import refused_for
from portal.api.sheet import Sheet, sheet_of
from portal.api.sheet_files import csv_file, xlsx_file
from portal.api.world import World

TIMES_MORE = 10  # rows of a file may be this many times those of an answer on a page
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Also = Annotated[list[str] | None, QueryParameter(name="also", description="同列给出的其他指标，可多次")]
Edge = Annotated[Literal["cut", "whole"], QueryParameter(name="edge", description="周期切在粒度中间时：cut 截断，whole 取整期")]
Fill = Annotated[Literal["time", "members", "all"] | None, QueryParameter(name="fill", description="补齐没有数据的行：time members all")]


def wanted_question(
    id: Id, world: NamedDependency[World], asked: NamedDependency[Question], modifier: Modifiers = None, also: Also = None,
    edge: Edge = "cut", fill: Fill = None,
) -> Question:  # fmt: skip
    """What an address wants as a file: the indicator, once more under each modifier, and the others beside it."""
    for other in also or ():
        indicator_of(world, other)
    modified = [Asked(of=id, modifier=modifier_written(text), name=f"value_{n}") for n, text in enumerate(modifier or (), 2)]
    indicators = (id, *modified, *dict.fromkeys(other for other in also or () if other != id))
    return msgspec.structs.replace(asked, indicators=indicators, edge=edge, fill=fill, limit=world.limits.rows * TIMES_MORE)


def asked_sheet(world: World, question: Question) -> Sheet:
    """The answer as a sheet; refused with its findings when there is none."""
    answer = next(answers(world, [question]))
    if answer.frame is None:
        raise refused_for(answer.findings)
    return sheet_of(world, answer, question)


class ValuesController(Controller):
    """GET /api/indicators/{id}/values.csv and values.xlsx."""

    path = "/api/indicators/{id:str}"
    tags = ["indicator 指标"]
    dependencies = {
        "asked": Provide(asked_question, sync_to_thread=False),
        "wanted": Provide(wanted_question, sync_to_thread=False),
    }

    @get("/values.csv", summary="下载 CSV，带说明 · The numbers as CSV with their meaning", media_type="text/csv", sync_to_thread=True)
    def csv(self, id: Id, world: NamedDependency[World], wanted: NamedDependency[Question]) -> Response[bytes]:
        """Rows first, then a block of notes; UTF-8 with a byte order mark, so that Excel reads Chinese."""
        sheet = asked_sheet(world, wanted)
        return attached(csv_file(sheet), "text/csv", id, sheet, "csv")

    @get("/values.xlsx", summary="下载 XLSX，带说明 · The numbers as XLSX with their meaning", media_type=XLSX, sync_to_thread=True)
    def xlsx(self, id: Id, world: NamedDependency[World], wanted: NamedDependency[Question]) -> Response[bytes]:
        """Sheet 数据 with typed cells, sheet 说明 with the notes."""
        sheet = asked_sheet(world, wanted)
        return attached(xlsx_file(sheet), XLSX, id, sheet, "xlsx")


def attached(content: bytes, media_type: str, id: str, sheet: Sheet, ending: str) -> Response[bytes]:
    """The file under a Chinese name, with the id for who cannot read that header."""
    said = dict(sheet.notes)
    name = "_".join(filter(None, (sheet.title.split("、")[0], said.get("截至", "")[:10])))
    disposition = f"attachment; filename=\"{id}.{ending}\"; filename*=UTF-8''{quote(f'{name}.{ending}', safe='')}"
    return Response(content, media_type=media_type, headers={"content-disposition": disposition, "cache-control": "no-store"})
