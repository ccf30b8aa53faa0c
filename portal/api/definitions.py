"""Which definitions are served, and what is wrong with those on disk that are not: they change while the server runs."""

from litestar import Controller, get
from litestar.di import NamedDependency
from msgspec import Struct

from portal.api.problem import Trouble, trouble
from portal.api.world import World


class Served(Struct, frozen=True):
    """The definitions as they are served (所用定义)."""

    definition_version: str
    definitions: int
    is_newest: bool  # false: the files on disk have findings, and the last sound definitions are served
    findings: list[Trouble]


class DefinitionsController(Controller):
    """GET /api/definitions."""

    path = "/api/definitions"
    tags = ["catalog 目录"]

    @get("/", summary="所用定义与未通过校验的问题 · Which definitions are served, and what is wrong with newer ones", sync_to_thread=False)
    def served(self, world: NamedDependency[World]) -> Served:
        """A changed file is noticed within a second or two; sound definitions take over between two requests, wrong ones are told here."""
        return Served(
            world.definition_version, len(world.catalog.definitions), not world.findings, [trouble(one) for one in world.findings]
        )
