"""The desk at which forms are worked with, as a request finds it; and what keeps other sites' pages away from it."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request
from litestar.datastructures import State
from litestar.datastructures import UploadFile as Upload

from engine.connector import Connector, SourceFailed, Surroundings
from engine.loading.catalog import Catalog
from engine.registry import members
from engine.running.file_store import FolderStore
from engine.running.form_entries import Desk
from engine.running.form_rows import written_rows
from engine.running.intake import IntakeResult
from engine.running.jobs import PostgresJobs
from engine.running.reading import IntakeWorld, read_stream
from engine.state.store import Store
from engine.warehouse import Warehouse
from portal.api.problem import refusal
from portal.api.world import World
from portal.identity.local import viewer_of_request

MOST_BYTES = 120_000_000  # of one request with its attachments
FOLLOW = "follow"  # the job that lets states follow moved rows


def desk_over(catalog: Catalog, warehouse: Warehouse, store: Store, clock: Callable[[], datetime], var: Path) -> Desk:
    """A desk over a state store, its files below the folder of all that the program writes."""
    return Desk(catalog, warehouse, store, FolderStore(var / "files"), clock, taking_in(catalog, warehouse, store, clock))


def taking_in(catalog: Catalog, warehouse: Warehouse, store: Store, clock: Callable[[], datetime]) -> Callable[[str], IntakeResult]:
    """Reads the accepted rows of a dataset in a run of its own, as any source is read; raises SourceFailed when they must wait."""
    zone = ZoneInfo(catalog.project.zone)
    world = IntakeWorld(
        catalog, warehouse, store, members("connectors", Connector, "chengmai.connectors")[0],
        lambda: Surroundings(clock(), written=written_rows(store)), {}, lambda: clock().replace(tzinfo=zone).astimezone(UTC), random.random,
        lambda moved: follow_soon(store),
    )  # fmt: skip

    def take_in(dataset_id: str) -> IntakeResult:
        dataset = catalog.dataset(dataset_id)
        source, _, stream = (dataset.source or "" if dataset is not None else "").rpartition("/")
        reads = [read for read in read_stream(world, source, stream, is_asked_for=True) if read.dataset == dataset_id]
        if not reads or reads[0].result is None:
            raise SourceFailed(reads[0].zh, reads[0].en) if reads else SourceFailed("没有数据来源", "it comes from no stream")
        return reads[0].result

    return take_in


def follow_soon(store: Store) -> None:
    """Ask whoever works unasked to let the stored states follow."""
    PostgresJobs(store, {}).enqueue(FOLLOW, {}, key=FOLLOW)


def desk_of(world: World) -> Desk:
    """The desk of a world; 503 where no state store is open."""
    if world.desk is None:
        raise refusal(
            503, "no-state-store", "状态库没有打开，暂时不能填报", "the state store is not open, so nothing can be written",
            advice_zh="看 /readyz 说缺什么，修好后重启服务", advice_en="/readyz says what is missing",
        )  # fmt: skip
    return world.desk


def writer(request: Request[Any, Any, State]) -> str:
    """Who is writing. Raises a refusal for a form that another site's page has sent: a browser says where a form comes from."""
    came_from = request.headers.get("sec-fetch-site")
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    if came_from not in (None, "same-origin", "none") or (origin is not None and origin.partition("://")[2] != host):
        raise refusal(403, "foreign-form", "这次提交来自别的网站，没有执行", "sent from another site's page; nothing was done")
    name = viewer_of_request().name
    return "本机用户" if name == "platform" else name


async def parts_of(request: Request[Any, Any, State], name: str) -> list[tuple[str, bytes]]:
    """The uploaded files of one input, by name and content; an input that was left empty is none."""
    form = await request.form()
    found = [one for one in form.getall(name, []) if isinstance(one, Upload)]
    return [(one.filename, content) for one in found if (content := await one.read()) or one.filename]
