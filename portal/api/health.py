"""Whether the server answers, for whoever watches over it."""

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct

from portal.api.world import World


class Health(Struct, frozen=True):
    """What is alive (健康)."""

    status: str
    indicators: int
    definition_version: str
    warehouse: str


@get("/healthz", tags=["health 健康"], summary="存活检查 · Is the server alive", sync_to_thread=False)
def health(world: NamedDependency[World]) -> Health:
    """Definitions are loaded and the warehouse is open."""
    return Health("ok", len(world.catalog.ids("indicator")), world.definition_version, world.warehouse.tag)
