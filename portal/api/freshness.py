"""How fresh things are, as screens and answers say it: the engine's one judgement in the words of JSON."""

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from engine.compiling.reads import datasets_of
from engine.question import Question
from engine.running import freshness as judging
from engine.running.change_coverage import first_row
from engine.running.freshness import WORDS, Paused
from engine.running.health import Ends, Health, ends_of, facts_of, health_of, of_indicator, wall_of
from engine.running.lateness import as_of_question
from engine.state.sources import source_states
from engine.state.store import StateIsAway
from portal.api.answer_line import instant
from portal.api.world import World
from portal.identity.local import viewer_of_request


class Freshness(Struct, frozen=True):
    """As of when something is known, and whether that is good enough (新鲜度)."""

    as_of: Annotated[str | None, Meta(title="截至", description="Rows after this instant are not there yet")]
    state: Annotated[str, Meta(title="状态", description="fresh late stale failed unknown")]
    word: Annotated[str, Meta(title="字样", description="The state as screens write it")]
    since: Annotated[str | None, Meta(title="自", description="Since when it is so, wall clock of the project")] = None
    zh: Annotated[str, Meta(title="原因", description="Why, in Chinese")] = ""
    en: Annotated[str, Meta(title="英文原因", description="Why, in English")] = ""
    of: Annotated[
        str, Meta(title="源头", description="Whose state this is, where something below is the reason", examples=["dataset:a.b"])
    ] = ""


UNKNOWN = Freshness(None, "unknown", WORDS["unknown"])


def said(found: judging.Freshness, as_of: str | None = None) -> Freshness:
    """A judgement as JSON carries it."""
    return Freshness(
        as_of or instant(found.known_until), found.state, WORDS[found.state], instant(found.since), found.zh, found.en, found.of
    )


def ends(world: World) -> Ends:
    """How the work that brings rows went lately; while the state store is away only the rows themselves tell."""
    if world.store is None:
        return Ends()
    try:
        return ends_of(world.catalog, world.store, paused(world))
    except StateIsAway:
        return Ends()


def paused(world: World) -> Mapping[str, Paused]:
    """Sources that somebody has paused. Raises StateIsAway."""
    if world.store is None:
        return {}
    zone = ZoneInfo(world.catalog.project.zone)
    return {
        id: Paused(wall_of(one.paused_at, zone), f"{one.paused_by or '有人'}，{one.paused_why or '没有说明'}", f"{one.paused_by}: {one.paused_why}")
        for id, one in source_states(world.store).items()
        if one.paused_at is not None
    }  # fmt: skip


def world_health(world: World) -> Health:
    """The freshness of everything that is defined."""
    return health_of(world.catalog, world.warehouse, ends(world), world.clock(), world.trails)


class Judge:
    """Judges indicators of one request, looking at each dataset once however many of them read it (判定)."""

    def __init__(self, world: World) -> None:
        self.world, self.now, self.ends = world, world.clock(), ends(world)
        self.datasets: dict[str, judging.Freshness] = {}

    def of(self, id: str) -> Freshness:
        """The freshness of an indicator, as of the instant its questions are answered."""
        world, behind = self.world, self.world.trails.of(self.world.catalog, id)
        for one in behind - self.datasets.keys():
            self.datasets[one] = judging.judged(facts_of(world.catalog, world.warehouse, one, self.ends), self.now)
        found = of_indicator(world.catalog, id, self.datasets, self.now, world.trails)
        as_of = as_of_question(world.catalog, world.warehouse, Question(indicators=(id,)), self.now) if behind else None
        return said(found, instant(as_of) if found.state != "unknown" else None)


def begin_of(world: World, id: str) -> str | None:
    """When the rows of an indicator begin, of several datasets the latest; what is earlier is unknown, however small it looks."""
    datasets = datasets_of(world.catalog, Question(indicators=(id,)))
    begins = [first_row(world.catalog, world.warehouse, dataset, viewer_of_request()) for dataset in datasets]
    return max((instant(begin) or "" for begin in begins if begin is not None), default=None)
