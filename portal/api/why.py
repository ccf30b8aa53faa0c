"""为什么变了 over HTTP: a change between two periods, divided over the formula and over the members of dimensions."""

from typing import Annotated, Literal

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from engine.question import Asked, Period, Question
from engine.running.change import TOP, why_changed
from engine.running.change_parts import Change
from portal.api.choices import dimensions_of
from portal.api.indicators import asked_question, indicator_of
from portal.api.modifier_words import Modifiers, modifier_written
from portal.api.parameters import By, Id
from portal.api.problem import refused_for
from portal.api.world import World
from portal.identity.local import viewer_of_request

Against = Annotated[
    Literal["prev", "yoy", "mom", "wow"],
    QueryParameter(name="against", description="与什么比：prev 前一期，yoy 去年同期，mom 上月同期，wow 上周同期"),
]
AgainstFrom = Annotated[str | None, QueryParameter(name="against_from", description="自选对比时段的起（含）；与 against_to 同给")]
AgainstTo = Annotated[str | None, QueryParameter(name="against_to", description="自选对比时段的止（不含）")]
Top = Annotated[int, QueryParameter(name="top", description="每个维度最多列几个成员，其余并为一项", ge=1, le=500)]


class WhyController(Controller):
    """GET /api/indicators/{id}/why."""

    path = "/api/indicators/{id:str}/why"
    tags = ["indicator 指标"]
    dependencies = {"asked": Provide(asked_question, sync_to_thread=False)}

    @get(summary="为什么变了：按公式成分与维度成员精确拆分 · Why it changed, divided exactly", sync_to_thread=True)
    def why(
        self, id: Id, world: NamedDependency[World], asked: NamedDependency[Question], against: Against = "prev",
        against_from: AgainstFrom = None, against_to: AgainstTo = None, by: By = None, modifier: Modifiers = None, top: Top = TOP,
    ) -> Change:  # fmt: skip
        """Parts of the formula sum to the change, and so do the parts of each dimension.

        Without a period, the latest finished period of `grain` is explained; without `by`, the first dimension the indicator may be
        split by. When nothing can be divided, `reason` says why and no number is given.
        """
        question = msgspec.structs.replace(asked, indicators=(with_modifiers(id, modifier),), by=())
        other = Period(start=against_from, end=against_to) if against_from or against_to else against
        split = by if by is not None else dimensions_of(world.catalog, indicator_of(world, id))[:1]
        found = why_changed(
            world.catalog, world.warehouse, question, other, list(dict.fromkeys(split)), viewer_of_request(), world.clock(),
            titles=world.titles.of, top=top, seconds=world.limits.seconds,
        )  # fmt: skip
        if isinstance(found, list):
            raise refused_for(found)
        return msgspec.structs.replace(found, definition_version=world.definition_version)


def with_modifiers(id: str, modifiers: list[str] | None) -> str | Asked:
    """The indicator under the modifiers of an address, applied first to last."""
    return Asked(of=id, modifier=tuple(map(modifier_written, modifiers))) if modifiers else id
