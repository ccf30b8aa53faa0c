"""The HTTP application: controllers, the shape of every refusal, and the headers that keep foreign hosts and inline code out."""

import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader, MutableScopeHeaders, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler, Message, Scope

from engine.running.watched import Watched
from engine.state.migrate import MigrationChanged, StoreIsNewer
from engine.state.server import ServerDidNotStart
from engine.state.store import StateIsAway, Store
from engine.warehouse import StatementTimedOut
from portal import wiring
from portal.api.analyses import AnalysesController
from portal.api.answering import TIMED_OUT
from portal.api.api_page import ApiPageController
from portal.api.app_page import ASSETS, AppPageController, is_built
from portal.api.backup import BackupController
from portal.api.catalog import CatalogController
from portal.api.catalog_search import SearchController
from portal.api.catalogue_page import CataloguePageController
from portal.api.correlation import CorrelationController
from portal.api.definitions import DefinitionsController
from portal.api.dimension_members import MembersController
from portal.api.error_page import error_page
from portal.api.form_entry_page import FormEntryPageController
from portal.api.form_row_page import FormRowPageController
from portal.api.forms_page import FormsPageController
from portal.api.formula import FormulaController
from portal.api.health import HealthController
from portal.api.indicator_facts import FactsController
from portal.api.indicator_page import IndicatorPageController
from portal.api.indicator_values import ValuesController
from portal.api.indicators import IndicatorController
from portal.api.kept_files import KeptFilesController
from portal.api.log_lines import handlers_of, log_as_json
from portal.api.page import page_response
from portal.api.problem import Problem, Refused, Trouble, problem_for_status, problem_response, refusal, refused_with, trouble, wants_page
from portal.api.query import QueryController
from portal.api.query_plan import QueryPlanController
from portal.api.reference_page import ReferencePageController
from portal.api.search_index import SearchIndex
from portal.api.tracing import traced
from portal.api.turns import Turns, taking_turns
from portal.api.unchanged import add_tag, unchanged
from portal.api.why import WhyController
from portal.api.world import FONTS, STATIC, World
from portal.background import work_unasked
from portal.following import Following

log = logging.getLogger("chengmai")
Asking = Request[Any, Any, State]

# Another site's name that leads to this machine is how a foreign page would read what only this machine may.
LOCAL_NAMES = {"127.0.0.1", "localhost", "[::1]"}
SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(world: World, stopped: Callable[[], None] = lambda: None) -> Litestar:
    """The application over a world, whose warehouse is closed when it stops; before, `stopped` is called."""
    index, turns = SearchIndex(world.catalog), Turns(world.limits)
    return Litestar(
        route_handlers=[*controllers(), *static_files()],
        before_request=at_the_door(world),
        middleware=[traced(world.metrics), taking_turns(turns)],
        dependencies={
            "world": Provide(lambda: world, sync_to_thread=False),
            "index": Provide(lambda: index, sync_to_thread=False),
            "turns": Provide(lambda: turns, sync_to_thread=False),
        },
        exception_handlers=refusals(world),
        openapi_config=OpenAPIConfig(
            title="城脉 Chengmai", version="1", render_plugins=[], path="/api/openapi", use_handler_docstrings=True
        ),
        request_max_body_size=world.limits.body_bytes,
        compression_config=CompressionConfig(backend="gzip", minimum_size=1024, exclude=["/api/query", "/fonts/files", r"\.woff2$"]),
        before_send=[headers_of(world)],
        lifespan=[closing(world, stopped)],
    )


def controllers() -> list[ControllerRouterHandler]:
    """One controller a resource."""
    return [
        QueryController, QueryPlanController, CatalogController, DefinitionsController, SearchController, IndicatorController, FactsController, WhyController,
        ValuesController, AnalysesController, MembersController, FormulaController, CorrelationController, HealthController, BackupController,
        CataloguePageController, IndicatorPageController, ReferencePageController, ApiPageController,
        FormsPageController, FormRowPageController, FormEntryPageController, KeptFilesController,
    ]  # fmt: skip


def static_files() -> list[ControllerRouterHandler]:
    """Style, script and mark of the pages, and the font's slices where set-up has fetched them."""
    brief, long = CacheControlHeader(max_age=300, public=True), CacheControlHeader(max_age=31_536_000, immutable=True, public=True)
    routers: list[ControllerRouterHandler] = [create_static_files_router("/static", [STATIC], name="static", cache_control=brief)]
    if FONTS.is_dir():
        routers.append(create_static_files_router("/fonts", [FONTS], name="fonts", cache_control=long))
    if is_built():
        routers += [create_static_files_router("/app/assets", [ASSETS], name="app", cache_control=long), AppPageController]
    return routers


def refusals(world: World) -> dict[int | type[Exception], Any]:
    """What is answered when a controller does not: to a person a page, to a program application/problem+json."""

    def answer(request: Asking, problem: Problem) -> Response[Any]:
        return page_response(world, error_page(problem), problem.status) if wants_page(request) else problem_response(problem)

    def refused(request: Asking, error: Refused) -> Response[Any]:
        return answer(request, error.problem)

    def turned_away(request: Asking, error: HTTPException) -> Response[Any]:
        if error.status_code >= 500:
            return failed(request, error)
        return answer(request, of_validation(error) if error.status_code == 400 else problem_for_status(error.status_code))

    def too_slow(request: Asking, error: StatementTimedOut) -> Response[Any]:
        return answer(request, refused_with(504, trouble(TIMED_OUT)).problem)

    def failed(request: Asking, error: Exception) -> Response[Any]:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(request, problem_for_status(500))

    return {Refused: refused, StatementTimedOut: too_slow, HTTPException: turned_away, Exception: failed}


def of_validation(error: HTTPException) -> Problem:
    """Which parameter of an address does not fit, where the framework knows it."""
    extra = error.extra if isinstance(error.extra, list) else []
    place = ", ".join(str(part["key"]) for part in extra if isinstance(part, dict) and "key" in part)
    if not place:
        return problem_for_status(400)
    said = Trouble(
        "wrong-parameter",
        f"参数「{place}」的写法不对",
        f"the parameter '{place}' is not written like this",
        place,
        "「/api」列出全部参数",
        "/api lists all parameters",
    )
    return refused_with(400, said).problem


def at_the_door(world: World) -> Callable[[Asking], Awaitable[Response[None] | None]]:
    """Who may come in, and who holds already what it asks for."""

    async def met(request: Asking) -> Response[None] | None:
        await refuse_foreign_names(request)
        return unchanged(request, world)

    return met


async def refuse_foreign_names(request: Asking) -> None:
    """Only who calls this machine by a name of its own is answered."""
    name = re.sub(r":\d+$", "", request.headers.get("host", ""))
    if name not in LOCAL_NAMES:
        raise refusal(
            400, "foreign-host", f"这里不叫「{name}」", f"this is not '{name}'",
            advice_zh="用 127.0.0.1 或 localhost 访问", advice_en="call it 127.0.0.1 or localhost",
        )  # fmt: skip


def headers_of(world: World) -> Callable[[Message, Scope], Awaitable[None]]:
    """The security headers on whatever is answered, and the mark of what only definitions decide."""

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            add_tag(message, scope, world)

    return add


def closing(world: World, stopped: Callable[[], None]) -> Any:
    """Closes the warehouse when the server stops."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            stopped()  # first: what works unasked works on the warehouse
            world.warehouse.close()

    return lifespan


def state_of(settings: wiring.Settings, stack: ExitStack) -> Store | None:
    """The state store, open until the stack is closed; None where it cannot be opened: questions are answered, and /readyz says what is missing."""
    try:
        return stack.enter_context(wiring.opened_state(settings))
    except (StateIsAway, ServerDidNotStart, StoreIsNewer, MigrationChanged):
        log.exception("the state store could not be opened")
        return None


def create() -> Following:
    """The application as the server's own process makes it: everything it needs to know is in its environment."""
    wiring.leave_with_parent()
    settings = wiring.read_this_process()
    watched = Watched(settings.definitions)
    catalog = wiring.sound(watched.checked)
    log_as_json(handlers_of(settings.var, sys.stderr), wiring.secrets_of(settings, catalog))
    stack = ExitStack()
    world = wiring.build_world(settings, catalog, wiring.open_duckdb(settings), state_of(settings, stack))
    following = Following(settings, watched, world, lambda each: create_app(each, stack.close))
    following.keep_up()
    work_unasked(settings, lambda: following.world, stack)
    return following
