"""Pages are filled with plain values in a sandbox: no template can reach an object, and nothing a definition says becomes markup."""

from functools import lru_cache
from pathlib import Path

import msgspec
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from litestar import MediaType, Response
from msgspec import Struct

from portal.api.world import World

TEMPLATES = Path(__file__).parents[1] / "templates"


class Shell(Struct, frozen=True):
    """What stands around every page (页框)."""

    project: str
    is_demo: bool
    definition_version: str
    place: str  # which entry of the navigation is lit
    wrong: tuple[str, ...] = ()  # what is wrong with the definitions on disk


class Page(Struct, frozen=True):
    """A page: its template, its title and its values (页面)."""

    template: str
    title: str
    place: str
    values: object


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """The sandbox all templates run in; an unknown name is an error, so that a page never has a silent hole."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def page_html(world: World, page: Page) -> str:
    """The page as HTML; its values are made plain first."""
    shell = Shell(world.catalog.project.title or "城脉", world.is_demo, world.definition_version, page.place, wrong_lines(world))
    values = {"shell": shell, "title": page.title, "page": page.values}
    return environment().get_template(page.template).render(msgspec.to_builtins(values, str_keys=True))


def wrong_lines(world: World, most: int = 5) -> tuple[str, ...]:
    """The findings of definitions that could not take over, a line each; the first few, and how many more there are."""
    lines = [f"{finding.place} {finding.zh}" for finding in world.findings]
    return tuple(lines[:most] + ([f"……另有 {len(lines) - most} 处"] if len(lines) > most else []))


def page_response(world: World, page: Page, status: int = 200) -> Response[str]:
    """The page as an HTTP answer; a browser asks again each time, since numbers move."""
    return Response(page_html(world, page), media_type=MediaType.HTML, status_code=status, headers={"cache-control": "no-cache"})
