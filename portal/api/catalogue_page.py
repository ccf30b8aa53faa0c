"""The front page: every indicator with its latest value, so that the catalogue is also the first look at the city."""

from datetime import datetime

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from engine.kinds.indicator import Indicator
from portal.api.answering import answers
from portal.api.app_page import is_built
from portal.api.catalog import definitions_of, entry_of, is_found
from portal.api.latest import Latest, grain_of, latest_in, series_question
from portal.api.page import Page, page_response
from portal.api.parameters import Chosen
from portal.api.state import State
from portal.api.world import World
from renderers.line import SparkSpec, finished, spark
from renderers.period import instant_label


class Row(Struct, frozen=True):
    """One indicator of the list (指标行)."""

    id: str
    title: str
    meaning: str
    value: str
    unit: str
    period: str
    spark: SparkSpec
    state: State
    owner: str


class Domain(Struct, frozen=True):
    """A domain's tile (领域)."""

    name: str
    title: str
    count: int
    address: str


class DomainGroup(Struct, frozen=True):
    """The indicators of one domain (领域指标)."""

    title: str
    rows: list[Row]


class CataloguePage(Struct, frozen=True):
    """Values of the front page (目录页)."""

    search: str
    domain: str
    count: int
    as_of: str
    domains: list[Domain]
    groups: list[DomainGroup]


class CataloguePageController(Controller):
    """GET /."""

    include_in_schema = False

    @get("/", sync_to_thread=True)
    def page(self, world: NamedDependency[World], search: Chosen = "", domain: Chosen = "", plain: Chosen = "") -> Response[str] | Redirect:
        """The catalogue, cut by a search and a domain; where the front end is built it is the first page, and `plain` asks for this one."""
        if is_built() and not (search or domain or plain):
            return Redirect("/app/")
        return page_response(world, Page("catalogue.html", "指标目录", "catalogue", catalogue(world, search, domain)))


def catalogue(world: World, search: str, domain: str) -> CataloguePage:
    """The values of the page: one batch of questions for all indicators that are shown."""
    definitions = definitions_of(world, "indicator")
    found = [each for each in definitions if is_found(entry_of(each), search)]
    shown = {each.id: each.spec for each in found if isinstance(each.spec, Indicator) and (not domain or domain_of(each.id) == domain)}
    latest, as_of = latest_values(world, shown)
    counts = {name: sum(1 for each in found if domain_of(each.id) == name) for name in domain_titles(world)}
    groups = [
        DomainGroup(title, [row_of(id, spec, latest[id]) for id, spec in shown.items() if domain_of(id) == name])
        for name, title in domain_titles(world).items()
    ]
    address = f"?search={search}&domain=" if search else "?domain="
    return CataloguePage(
        search, domain, len(definitions), instant_label(as_of),
        [Domain(name, title, counts[name], "/" if name == domain else f"/{address}{name}") for name, title in domain_titles(world).items()],
        [group for group in groups if group.rows],
    )  # fmt: skip


def latest_values(world: World, shown: dict[str, Indicator]) -> tuple[dict[str, Latest], datetime | None]:
    """The latest value of each indicator, and the newest as-of among them."""
    ids, now = list(shown), world.clock()
    latest: dict[str, Latest] = {}
    moments = []
    for answer in answers(world, [series_question(id, shown[id]) for id in ids]):
        id = ids[answer.index]
        latest[id] = latest_in(answer, shown[id], grain_of(shown[id]), now)
        moments += [answer.as_of] if answer.as_of is not None else []
    return latest, max(moments, default=None)


def row_of(id: str, indicator: Indicator, latest: Latest) -> Row:
    """One indicator as the list shows it."""
    return Row(
        id,
        indicator.title,
        indicator.meaning or "",
        latest.value,
        latest.unit,
        latest.period,
        spark(finished(latest.points)),
        latest.state,
        indicator.owner or "",
    )


def domain_of(id: str) -> str:
    """The domain an indicator belongs to: the first part of its path."""
    return id.partition(".")[0]


def domain_titles(world: World) -> dict[str, str]:
    """The domains of the project, in its order; a folder that the project does not name comes last under its own name."""
    named = {domain.name: domain.title for domain in world.catalog.project.domains}
    return named | {name: name for name in dict.fromkeys(domain_of(id) for id in world.catalog.ids("indicator")) if name not in named}
