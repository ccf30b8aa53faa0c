"""What only definitions decide is sent once: a browser that holds it already is told that nothing has changed."""

from typing import Any

from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders, State
from litestar.types import Message, Scope

from portal.api.world import World

CATALOG = "/api/catalog/"
MOVING = ("/api/catalog/search",)  # tells of data too: how fresh they are


def tag_of(world: World) -> str:
    """The mark of everything that the definitions decide; weak, since it may travel compressed or not."""
    return f'W/"{world.definition_version}"'


def is_of_definitions(method: str, path: str) -> bool:
    """Whether an answer changes only with the definitions."""
    return method == "GET" and path.startswith(CATALOG) and not path.startswith(MOVING)


def unchanged(request: Request[Any, Any, State], world: World) -> Response[None] | None:
    """304 for who holds the present answer, else None."""
    if not is_of_definitions(request.method, request.url.path):
        return None
    held = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return Response(None, status_code=304, headers={"etag": tag_of(world)}) if tag_of(world).removeprefix("W/") in held else None


def add_tag(message: Message, scope: Scope, world: World) -> None:
    """The mark on an answer that only the definitions decide."""
    if message["type"] == "http.response.start" and message["status"] == 200 and is_of_definitions(str(scope.get("method")), scope["path"]):
        headers = MutableScopeHeaders.from_message(message)
        headers["etag"] = tag_of(world)
        headers["cache-control"] = "no-cache"  # may be kept, and is asked about each time
