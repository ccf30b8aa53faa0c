"""Analyses over HTTP: what each does, where its results lie, and its last results."""

from typing import Any

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from msgspec import Struct

from engine.kinds.analysis import Analysis
from engine.loading.members import operators
from engine.running.analyses import outputs_of
from engine.running.analyses_book import Result, results
from engine.state.runs import runs_of
from engine.state.store import Store
from portal.api.catalog import no_definition
from portal.api.parameters import Id
from portal.api.shapes import label_and_sentence
from portal.api.world import World

LAST = 20


class ResultLine(Struct, frozen=True):
    """One result of an analysis (分析结果)."""

    run_id: str
    computed_at: str
    as_of: str
    model_version: str
    status: str
    rows: int
    seconds: float
    params: dict[str, Any]
    inputs: dict[str, int]  # data version of each dataset that was read


class WorkLine(Struct, frozen=True):
    """One time that an analysis was run, whether or not it gave anything new (运行)."""

    id: str
    status: str
    started_at: str
    ended_at: str
    reason_zh: str
    reason_en: str


class AnalysisDetail(Struct, frozen=True):
    """An analysis with its last results (分析)."""

    id: str
    title: str
    meaning: str
    owner: str
    operator: str
    operator_title: str
    every: str
    cron: str
    outputs: dict[str, str]  # dataset -> which output of the operator it takes
    results: list[ResultLine]  # latest first
    works: list[WorkLine]  # latest first; none where nothing is remembered


class AnalysesController(Controller):
    """GET /api/analyses/{id}."""

    path = "/api/analyses/{id:str}"
    tags = ["analysis 分析"]

    @get("/", summary="一个分析与它最近的结果 · One analysis and its last results", sync_to_thread=True)
    def detail(self, id: Id, world: NamedDependency[World]) -> AnalysisDetail:
        """The operator, where results lie, the last twenty results, and the last times it was run."""
        analysis = world.catalog.analysis(id)
        if analysis is None:
            raise no_definition(world, "analysis", id)
        return detail_of(world, id, analysis)


def detail_of(world: World, id: str, analysis: Analysis) -> AnalysisDetail:
    """What is known of an analysis now."""
    operator = operators().get(analysis.operator)
    return AnalysisDetail(
        id=id,
        title=analysis.title,
        meaning=analysis.meaning or "",
        owner=analysis.owner or "",
        operator=analysis.operator,
        operator_title=label_and_sentence(operator)[0] if operator is not None else analysis.operator,
        every=analysis.every or "",
        cron=analysis.cron or "",
        outputs={output.dataset: output.name for output in outputs_of(world.catalog, id)},
        results=[line_of(result) for result in results(world.warehouse, id, limit=LAST)],
        works=works_of(world.store, id) if world.store is not None else [],
    )


def line_of(result: Result) -> ResultLine:
    """A result as JSON has it."""
    return ResultLine(
        result.run_id, result.computed_at.isoformat(), result.as_of.isoformat(), result.model_version, result.status, result.rows_given,
        result.seconds, msgspec.json.decode(result.params), msgspec.json.decode(result.inputs),
    )  # fmt: skip


def works_of(store: Store, id: str) -> list[WorkLine]:
    """The last times it was run."""
    return [
        WorkLine(
            run.id, run.status, run.started_at.isoformat(), run.ended_at.isoformat() if run.ended_at else "", run.reason_zh or "",
            run.reason_en or "",
        )
        for run in runs_of(store, kind="analysis", subject=id, limit=LAST)
    ]  # fmt: skip
