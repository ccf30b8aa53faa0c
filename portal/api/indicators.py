"""One indicator over HTTP: how its number comes about, what it is made of, and the SQL that computes it."""

from typing import Any

import msgspec
from litestar import Controller, get
from litestar.params import Parameter
from msgspec import Struct

from engine.compiling.lineage import lineage
from engine.kinds.indicator import Indicator
from engine.question import Period, Question
from engine.running.explain import explain
from portal.api.answering import answers
from portal.api.catalog import no_definition
from portal.api.problem import refused_for
from portal.api.world import World
from portal.identity.local import viewer_of_request

By = Parameter(query="by", default=None, required=False, description="Dimension to split by; several times for several")
Grain = Parameter(query="grain", default=None, required=False, description="Time grain, e.g. month")
From = Parameter(query="from", default=None, required=False, description="First instant, e.g. 2026-01-01")
To = Parameter(query="to", default=None, required=False, description="First instant after")
Last = Parameter(query="last", default=None, required=False, description="A duration ending now, e.g. P30D")
Where = Parameter(query="where", default=None, required=False, description="Condition in the formula grammar")


class SqlText(Struct, frozen=True):
    """The statement that answers a question (SQL)."""

    id: str
    dialect: str
    sql: str


class IndicatorController(Controller):
    """GET /api/indicators/{id}/…"""

    path = "/api/indicators/{id:str}"
    tags = ["indicator 指标"]

    @get("/explain", summary="Formula tree with the value at each node 公式树", sync_to_thread=True)
    def explain(
        self, id: str, world: World, by: list[str] | None = By, grain: str | None = Grain, first: str | None = From, to: str | None = To,
        last: str | None = Last, where: str | None = Where,
    ) -> dict[str, Any]:  # fmt: skip
        """Every node has value, unit, SQL, source tables, data version and as-of, and says why when there is no value."""
        asked = question_of(world, id, by, grain, first, to, last, where)
        explained = explain(world.catalog, world.warehouse, asked, viewer_of_request(), world.clock(), seconds=world.limits.seconds)
        if isinstance(explained, list):
            raise refused_for(explained)
        return plain(explained)

    @get("/lineage", summary="Which columns feed it, and what it feeds 血缘", sync_to_thread=False)
    def lineage(self, id: str, world: World) -> dict[str, Any]:
        """Column-level lineage both ways."""
        indicator_of(world, id)
        return plain(lineage(world.catalog, id))

    @get("/sql", summary="The SQL that computes it 所用 SQL", sync_to_thread=True)
    def sql(
        self, id: str, world: World, by: list[str] | None = By, grain: str | None = Grain, first: str | None = From, to: str | None = To,
        last: str | None = Last, where: str | None = Where,
    ) -> SqlText:  # fmt: skip
        """The statement of the same question that POST /api/query answers."""
        asked = question_of(world, id, by, grain, first, to, last, where)
        answer = next(answers(world, [asked]))
        if answer.frame is None:
            raise refused_for(answer.findings)
        return SqlText(id, world.warehouse.tag, answer.sql)


def indicator_of(world: World, id: str) -> Indicator:
    """The indicator, or 404 with the nearest id."""
    found = world.catalog.indicator(id)
    if found is None:
        raise no_definition(world, "indicator", id)
    return found


def question_of(
    world: World, id: str, by: list[str] | None, grain: str | None, first: str | None, to: str | None, last: str | None, where: str | None
) -> Question:
    """The question that an address asks about one indicator."""
    indicator_of(world, id)
    period = Period(start=first, end=to, last=last) if first or to or last else None
    return Question(indicators=(id,), by=tuple(by or ()), grain=grain, period=period, where=where)


def plain(struct: object) -> dict[str, Any]:
    """A struct of the engine as JSON values."""
    value: dict[str, Any] = msgspec.to_builtins(struct, str_keys=True)
    return value
