"""How fresh an indicator is, from what its datasets have loaded and what its definition promises."""

from msgspec import Struct

from engine.compiling.lineage import lineage
from engine.compiling.reads import datasets_of
from engine.compiling.tables import table_of
from engine.kinds.indicator import Indicator
from engine.question import Question
from engine.running.change_coverage import first_row
from engine.running.lateness import as_of_question
from portal.api.answer_line import instant
from portal.api.state import is_stale
from portal.api.world import World
from portal.identity.local import viewer_of_request

WORDS = {"fresh": "最新", "stale": "陈旧", "empty": "无数据", "unknown": "未知"}


class Freshness(Struct, frozen=True):
    """As of when an indicator is known, and whether that is good enough: fresh, stale, empty or unknown (新鲜度)."""

    as_of: str | None
    state: str
    word: str


UNKNOWN = Freshness(None, "unknown", WORDS["unknown"])


def freshness_of(world: World, id: str, indicator: Indicator) -> Freshness:
    """The freshness of an indicator; a definition that promises nothing is never stale."""
    question = Question(indicators=(id,))
    datasets = {use.dataset for use in trail.all_uses} if (trail := lineage(world.catalog, id)) is not None else set()
    if not datasets:
        return UNKNOWN
    if not any(has_rows(world, dataset) for dataset in datasets):
        return Freshness(None, "empty", WORDS["empty"])
    as_of = as_of_question(world.catalog, world.warehouse, question, world.clock())
    state = "stale" if is_stale(indicator, as_of, world.clock()) else "fresh"
    return Freshness(instant(as_of), state, WORDS[state])


def begin_of(world: World, id: str) -> str | None:
    """When the rows of an indicator begin, of several datasets the latest; what is earlier is unknown, however small it looks."""
    datasets = datasets_of(world.catalog, Question(indicators=(id,)))
    begins = [first_row(world.catalog, world.warehouse, dataset, viewer_of_request()) for dataset in datasets]
    return max((instant(begin) or "" for begin in begins if begin is not None), default=None)


def has_rows(world: World, id: str) -> bool:
    """Whether anything was ever loaded into a dataset."""
    dataset = world.catalog.dataset(id)
    state = world.warehouse.state(table_of(id, dataset)) if dataset is not None else None
    return state is not None and state.rows > 0
