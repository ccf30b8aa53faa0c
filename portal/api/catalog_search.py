"""The catalogue's search over HTTP: what a person half remembers, found with everything the list shows of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from engine.kinds.indicator import Indicator
from engine.parts import level_limits
from portal.api.catalog import kind_named
from portal.api.catalogue_page import domain_of, domain_titles
from portal.api.freshness import UNKNOWN, Freshness, Judge
from portal.api.latest import SPANS, grain_of
from portal.api.search_index import Hit, Indexed, SearchIndex
from portal.api.state import NAMES
from portal.api.world import World

Sought = Annotated[str, QueryParameter(name="q", description="词，空格分开，全部命中：中文、拼音首字母 shljqyl、全拼、标识、负责人")]
KindSought = Annotated[str, QueryParameter(name="kind", description="定义类型，缺省 indicator；all 为全部")]
Domain = Annotated[str, QueryParameter(name="domain", description="领域，如 sanitation")]
Owner = Annotated[str, QueryParameter(name="owner", description="负责人")]
Most = Annotated[int, QueryParameter(name="limit", description="最多几项", ge=1, le=500)]
Skipped = Annotated[int, QueryParameter(name="offset", description="跳过前几项", ge=0)]


class LevelLimit(Struct, frozen=True):
    """Where a level begins (级别界限)."""

    comparison: str
    level: str
    limit: float


class FoundEntry(Struct, frozen=True):
    """One definition that was found; the last fields say how an indicator is shown (检索结果)."""

    id: str
    kind: str
    title: str
    unit: str | None
    meaning: str | None
    owner: str | None
    domain: str
    domain_title: str
    used_by: int
    freshness: Freshness
    match: str
    default_grain: str = ""
    default_last: str = ""
    display: str | None = None
    direction: str = "neutral"
    levels: list[LevelLimit] = []


class DomainCount(Struct, frozen=True):
    """How many of the found belong to a domain (领域计数)."""

    name: str
    title: str
    count: int


class OwnerCount(Struct, frozen=True):
    """How many of the found belong to an owner (负责人计数)."""

    name: str
    count: int


class SearchAnswer(Struct, frozen=True):
    """What a search found; the counts are of all of it, whatever part of it is listed (检索)."""

    q: str
    count: int
    results: list[FoundEntry]
    domains: list[DomainCount]
    owners: list[OwnerCount]


class SearchController(Controller):
    """GET /api/catalog/search."""

    path = "/api/catalog/search"
    tags = ["catalog 目录"]

    @get(summary="按中文、拼音首字母或全拼检索 · Search by Chinese, pinyin initials or pinyin", sync_to_thread=True)
    def search(
        self, world: NamedDependency[World], index: NamedDependency[SearchIndex], q: Sought = "", kind: KindSought = "indicator",
        domain: Domain = "", owner: Owner = "", limit: Most = 50, offset: Skipped = 0,
    ) -> SearchAnswer:  # fmt: skip
        """Best match first: beginning of the title, initials, pinyin, title, meaning, id, owner."""
        named = None if kind == "all" else kind_named(kind)
        every = index.found(q, lambda one: named is None or one.definition.kind == named)
        kept = [hit for hit in every if is_kept(hit.indexed, domain, owner)]
        titles, judge = domain_titles(world), Judge(world)
        return SearchAnswer(
            q=q, count=len(kept), results=[found_entry(judge, hit, titles) for hit in kept[offset : offset + limit]],
            domains=domain_counts([hit for hit in every if is_kept(hit.indexed, "", owner)], titles),
            owners=owner_counts([hit for hit in every if is_kept(hit.indexed, domain, "")]),
        )  # fmt: skip


def is_kept(one: Indexed, domain: str, owner: str) -> bool:
    """Whether a definition is of a domain and an owner; no text means any."""
    return (not domain or domain_of(one.definition.id) == domain) and (not owner or one.owner == owner.casefold())


def domain_counts(hits: Sequence[Hit], titles: dict[str, str]) -> list[DomainCount]:
    """The found in each domain, in the order of the project."""
    counts = Counter(domain_of(hit.indexed.definition.id) for hit in hits)
    return [DomainCount(name, titles.get(name, name), counts[name]) for name in dict.fromkeys([*titles, *counts]) if counts[name]]


def owner_counts(hits: Sequence[Hit]) -> list[OwnerCount]:
    """The found of each owner, the most first."""
    counts = Counter(str(getattr(hit.indexed.definition.spec, "owner", None) or "") for hit in hits)
    return [OwnerCount(name, count) for name, count in counts.most_common() if name]


def found_entry(judge: Judge, hit: Hit, titles: dict[str, str]) -> FoundEntry:
    """A hit as the list shows it."""
    definition, spec = hit.indexed.definition, hit.indexed.definition.spec
    unit, meaning, owner = (getattr(spec, name, None) for name in ("unit", "meaning", "owner"))
    domain = domain_of(definition.id)
    title = str(getattr(spec, "title", None) or definition.id)
    plain = (definition.id, definition.kind, title, unit, meaning, owner, domain, titles.get(domain, domain), hit.indexed.used_by)
    if not isinstance(spec, Indicator):
        return FoundEntry(*plain, UNKNOWN, hit.match)
    grain = grain_of(spec)
    return FoundEntry(
        *plain, judge.of(definition.id), hit.match, grain, SPANS.get(grain, "P30D"), spec.display, spec.direction,
        limits_of(spec),
    )  # fmt: skip


def limits_of(indicator: Indicator) -> list[LevelLimit]:
    """Where the levels of an indicator begin."""
    said = level_limits(indicator.levels) if indicator.levels is not None else []
    return [LevelLimit(comparison, NAMES.get(level, level), limit) for comparison, limits in said for level, limit in limits.items()]
