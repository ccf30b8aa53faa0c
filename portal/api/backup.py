"""A server that holds the warehouse backs it up itself: nobody else can read its file while it runs."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from anyio import to_thread
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Struct

from engine.running.backup import DEFINITIONS, FILES, Manifest, TargetIsTaken, Whole, back_up
from engine.state.backup import DumpFailed, address_of
from engine.state.health import migrated_to
from engine.state.store import StateIsAway
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.problem import refusal
from portal.api.world import World

FOLDER = "backups"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class BackupWish(Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup is to be called (备份请求)."""

    name: str


class BackupController(Controller):
    """POST /api/backup."""

    path = "/api/backup"
    tags = ["health 健康"]

    @post(status_code=201, summary="备份状态库、数仓、文件与定义 · Back everything up")
    async def back_up(self, request: Request[object, object, State], body: RawBody, world: NamedDependency[World]) -> Response[bytes]:
        """State, warehouse, files and definitions of one instant, into a folder of that name below var/backups; the answer is its manifest."""
        if request.content_type[0] != "application/json":  # also keeps other sites' plain forms out
            raise refusal(415, "not-json", "请求体须为 JSON", "the body must be JSON")
        try:
            name = msgspec.json.decode(body, type=BackupWish).name
        except msgspec.DecodeError:
            name = ""
        if not NAME.fullmatch(name):
            raise refusal(
                400,
                "wrong-name",
                "备份要有名称：字母、数字、点、横线",
                "a backup needs a name of letters, digits, dots and dashes",
                place="$.name",
            )
        manifest = await to_thread.run_sync(backed_up, world, name)
        return Response(msgspec.json.encode(manifest), status_code=201, media_type="application/json")


def backed_up(world: World, name: str) -> Manifest:
    """Write the backup. Raises Refused."""
    if world.var is None or world.store is None:
        raise refusal(503, "no-state", "状态库没有打开，不能备份", "the state store is not open, so there is nothing consistent to back up")
    try:
        return back_up(
            whole_of(world, world.var), world.var / FOLDER / name, datetime.now(UTC), migrated_to(world.store), world.definition_version
        )
    except TargetIsTaken:
        raise refusal(409, "name-is-taken", f"已有名为「{name}」的备份", f"there is a backup named '{name}' already") from None
    except (DumpFailed, StateIsAway, OSError) as error:
        raise refusal(503, "backup-failed", f"备份没有写成：{error}", f"the backup was not written: {error}") from error


def whole_of(world: World, var: Path) -> Whole:
    """What a server backs up."""
    assert world.store is not None
    warehouse = world.warehouse.still if isinstance(world.warehouse, DuckDbWarehouse) else None
    return Whole(address_of(world.store), warehouse, ((FILES, var / FILES), (DEFINITIONS, world.folder)))
