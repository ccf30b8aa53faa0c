"""The built front end is one page whatever its address; the server writes the city's name into it, so that its frame asks for nothing."""

from html import escape
from pathlib import Path

from litestar import Controller, MediaType, Response, get
from litestar.di import NamedDependency

from portal.api.world import World

BUILT = Path(__file__).parents[1] / "web" / "dist"
ASSETS = BUILT / "assets"


def is_built() -> bool:
    """Whether set-up has built the front end; where it could not, the pages without script stay in its place."""
    return (BUILT / "index.html").is_file()


class AppPageController(Controller):
    """GET /app and everything below it that is no file."""

    path = "/app"
    include_in_schema = False

    @get(["/", "/workbench", "/indicators/{id:str}", "/{rest:path}"], sync_to_thread=False)
    def page(self, world: NamedDependency[World]) -> Response[str]:
        """The page with the city's name; a browser asks again each time, its assets never change."""
        html = app_html((BUILT / "index.html").read_text(encoding="utf-8"), world.catalog.project.title or "城脉", world.is_demo)
        return Response(html, media_type=MediaType.HTML, headers={"cache-control": "no-cache"})


def app_html(html: str, city: str, is_demo: bool) -> str:
    """The built page with what the server knows in its head."""
    said = f'<meta name="city" content="{escape(city)}" data-demo="{int(is_demo)}">\n</head>'
    return html.replace("</head>", said, 1)
