"""One indicator over HTTP: how its number comes about, what it is made of, and the SQL that computes it."""

from typing import Any

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from engine.compiling.lineage import lineage
from engine.kinds.indicator import Indicator
from engine.question import Period, Question
from portal.api.answering import answers, explanation, written_sql
from portal.api.catalog import no_definition
from portal.api.parameters import By, From, Grain, Id, Last, To, Where
from portal.api.problem import refused_for
from portal.api.world import World


class SqlText(Struct, frozen=True):
    """The statement that answers a question (SQL)."""

    id: str
    dialect: str
    sql: str


def asked_question(
    id: Id, world: NamedDependency[World], by: By = None, grain: Grain = None, first: From = None, to: To = None, last: Last = None,
    where: Where = None,
) -> Question:  # fmt: skip
    """The question that an address asks about one indicator; 404 when there is none of that id."""
    indicator_of(world, id)
    period = Period(start=first, end=to, last=last) if first or to or last else None
    return Question(indicators=(id,), by=tuple(by or ()), grain=grain, period=period, where=where)


class IndicatorController(Controller):
    """GET /api/indicators/{id}/…"""

    path = "/api/indicators/{id:str}"
    tags = ["indicator 指标"]
    dependencies = {"asked": Provide(asked_question, sync_to_thread=False)}

    @get("/explain", summary="公式树，每个节点有值 · Formula tree with the value at each node", sync_to_thread=True)
    def explain(self, world: NamedDependency[World], asked: NamedDependency[Question]) -> dict[str, Any]:
        """Every node has value, unit, SQL, source tables, data version and as-of, and says why when there is no value."""
        explained = explanation(world, asked)
        if isinstance(explained, list):
            raise refused_for(explained)
        return plain(explained)

    @get("/lineage", summary="血缘：来自哪些列，用于哪些指标 · Which columns feed it, and what it feeds", sync_to_thread=False)
    def lineage(self, id: Id, world: NamedDependency[World]) -> dict[str, Any]:
        """Column-level lineage both ways."""
        indicator_of(world, id)
        return plain(lineage(world.catalog, id))

    @get("/sql", summary="所用 SQL · The SQL that computes it", sync_to_thread=True)
    def sql(self, world: NamedDependency[World], asked: NamedDependency[Question]) -> SqlText:
        """The statement of the same question that POST /api/query answers."""
        answer = next(answers(world, [asked]))
        if answer.frame is None:
            raise refused_for(answer.findings)
        return SqlText(str(asked.indicators[0]), world.warehouse.tag, written_sql(world.warehouse, answer))


def indicator_of(world: World, id: str) -> Indicator:
    """The indicator, or 404 with the nearest id."""
    found = world.catalog.indicator(id)
    if found is None:
        raise no_definition(world, "indicator", id)
    return found


def plain(struct: object) -> dict[str, Any]:
    """A struct of the engine as JSON values."""
    value: dict[str, Any] = msgspec.to_builtins(struct, str_keys=True)
    return value
