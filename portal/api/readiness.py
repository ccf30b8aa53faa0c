"""Whether each part that the platform stands on is there, tried and not assumed: a line for each, for whoever watches over it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import psycopg
from msgspec import Meta, Struct
from sqlglot import exp

from engine.running.scheduler import LEASE, SILENCE
from engine.state.health import migrated_to
from engine.state.lease import seen_lease
from engine.state.store import StateIsAway
from engine.warehouse import Statement
from portal.api.world import World

PATIENCE = 3.0  # seconds for the warehouse to say one row: whoever watches asks again soon


class Part(Struct, frozen=True):
    """One part that the platform stands on (部件)."""

    name: Annotated[str, Meta(title="部件", description="definitions warehouse state scheduler")]
    title: Annotated[str, Meta(title="名称", description="What people call it")]
    is_up: Annotated[bool, Meta(title="可用", description="Whether it did what was tried")]
    zh: Annotated[str, Meta(title="说明", description="What was found")]
    en: Annotated[str, Meta(title="英文说明", description="What was found")]


def parts(world: World, instant: datetime) -> list[Part]:
    """Each part, one that fails hiding none of the others; `instant` is the moment of looking, with a zone."""
    looks: list[tuple[str, str, Callable[[], tuple[bool, str, str]]]] = [
        ("definitions", "定义", lambda: definitions(world)),
        ("warehouse", "数仓", lambda: warehouse(world)),
        ("state", "状态库", lambda: state(world)),
        ("scheduler", "调度器", lambda: scheduler(world, instant)),
    ]
    found = []
    for name, title, look in looks:
        try:
            found.append(Part(name, title, *look()))
        except Exception as error:  # noqa: BLE001 - whatever is broken is what we are here to tell
            found.append(Part(name, title, False, f"不可用：{error.__class__.__name__}", f"down: {error.__class__.__name__}"))
        world.metrics.up.labels(name).set(found[-1].is_up)
    return found


def definitions(world: World) -> tuple[bool, str, str]:
    """Those that are served are sound; wrong ones on disk are told, and take nothing away."""
    count, wrong = len(world.catalog.definitions), len(world.findings)
    if wrong:
        return (
            True,
            f"{count} 个定义在用；磁盘上的有 {wrong} 处错误，没有接替",
            f"{count} definitions are served; those on disk have {wrong} findings and wait",
        )
    return count > 0, f"{count} 个定义", f"{count} definitions"


def warehouse(world: World) -> tuple[bool, str, str]:
    """It answers one row."""
    one = exp.Select(expressions=[exp.alias_(exp.Literal.number(1), "one")])
    rows = world.warehouse.query(Statement(one), seconds=PATIENCE).num_rows
    return rows == 1, f"{world.warehouse.tag} 应答", f"{world.warehouse.tag} answers"


def state(world: World) -> tuple[bool, str, str]:
    """It answers how far it was migrated."""
    if world.store is None:
        return False, "没有打开状态库", "no state store is open"
    try:
        number = migrated_to(world.store)
    except (StateIsAway, psycopg.Error):
        return False, "连不上状态库", "the state store cannot be reached"
    return True, f"应答，迁移到 {number:04}", f"answers, migrated to {number:04}"


def scheduler(world: World, instant: datetime) -> tuple[bool, str, str]:
    """Its lease has had a sign of life lately; a scheduler that never ran, as where slots are made elsewhere, is not silent."""
    if world.store is None:
        return False, "没有状态库，不知道", "unknown without a state store"
    seen = seen_lease(world.store, LEASE)
    if seen is None:
        return True, "还没有调度器运行过", "no scheduler has run yet"
    silent = (instant - seen.beat_at.astimezone(UTC)).total_seconds()
    if seen.is_released:
        return False, f"调度器已停止，最后一拍在 {silent:.0f} 秒前", f"the scheduler was stopped, its last beat was {silent:.0f} s ago"
    if silent > 2 * SILENCE:
        return False, f"调度器已 {silent:.0f} 秒没有动静", f"the scheduler has been silent for {silent:.0f} s"
    return True, f"{seen.holder} 在调度，{max(silent, 0):.0f} 秒前有动静", f"{seen.holder} schedules, last beat {max(silent, 0):.0f} s ago"
