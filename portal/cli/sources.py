"""Commands around sources: take rows in now, look at a source, try it, see its rows, pause and resume it."""

import json
import os
import pwd
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from engine.connector import Connector, SourceFailed
from engine.findings import did_you_mean
from engine.loading.catalog import Catalog
from engine.registry import members
from engine.running.reading import IntakeWorld, Read, read_stream, sample_rows, streams_of, try_source
from engine.state.sources import SourceState, forget_shape, pause_source, resume_source, shape_changes, source_states
from engine.state.store import Store
from engine.warehouse import Warehouse
from portal import wiring
from portal.cli import options as of
from portal.cli.options import Stopped

Doing = Literal["list", "test", "sample", "pause", "resume", "accept"]


def intake(
    stream: str | None = None,
    *,
    from_start: Annotated[bool, Parameter(help="不从上次的游标读，从头读：有主键的逐行替换，没有主键的全部替换", negative="")] = False,
    definitions: of.Definitions = None,
    var: of.Var = None,
    warehouse: of.WarehouseTag = None,
) -> int:
    """取数：从上次读到的地方接着读，装入数据集；坏行进隔离区。 Take rows in from where the last reading ended.

    Parameters
    ----------
    stream
        数据源，或数据源/数据流；不写则全部：sources.waste/weighings
    """
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    wanted = _wanted(catalog, stream)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    with (
        wiring.opened_warehouse(settings, warehouse or catalog.project.warehouse) as opened,
        wiring.opened_state(settings) as store,
    ):
        wiring.create_tables(catalog, opened)
        world = _world(settings, catalog, opened, store)
        done = [one for source, name, _ in wanted for one in read_stream(world, source, name, from_start=from_start, is_asked_for=True)]
        for one in done:
            out.print(_said(one))
        if any(one.result is not None and one.result.rows_in for one in done):
            wiring.refresh(catalog, opened, out.print)
    return 1 if any(one.result is None for one in done) else 0


def source(
    doing: Doing,
    id: str | None = None,
    *,
    why: Annotated[str | None, Parameter(help="为什么暂停或恢复（必写，留在记录里）")] = None,
    by: Annotated[str | None, Parameter(help="谁（缺省：这台机器上的登录名）")] = None,
    rows: Annotated[int, Parameter(help="sample 看几行")] = 5,
    definitions: of.Definitions = None,
    var: of.Var = None,
) -> int:
    """数据源：list 列出状态；test 试连；sample 看几行；pause / resume 暂停、恢复；accept 认可列的变化。 Look at a source, try it, pause it.

    Parameters
    ----------
    doing
        做什么：list test sample pause resume accept
    id
        数据源；sample 和 accept 要写数据源/数据流：sources.waste/weighings
    """
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    source_id, name = _named(catalog, id) if doing != "list" or id else (None, None)
    if doing in ("pause", "resume") and not (why or "").strip():
        raise Stopped("写明为什么：--why 割接\n    原因留在记录里，别人看得到")
    with _opened(settings, catalog) as world:
        if doing == "list":
            _list(world, source_id, out)
            return 0
        assert source_id is not None
        if doing == "test":
            return _test(world, source_id, out)
        if doing == "sample":
            return _sample(world, source_id, name, rows, out)
        if doing == "accept":
            streams = [one for _, one, _ in streams_of(catalog, source_id, name)]
            known = [forget_shape(world.store, f"{source_id}/{one}") for one in streams]
            out.print("下一次取数按来源当时的列" if any(known) else "还没有读过，没有要认可的")
            return 0
        act, said = (pause_source, "已暂停") if doing == "pause" else (resume_source, "已恢复")
        act(world.store, source_id, by or pwd.getpwuid(os.getuid()).pw_name, (why or "").strip(), world.clock())
        out.print(f"{source_id} {said}")
    return 0


@contextmanager
def _opened(settings: wiring.Settings, catalog: Catalog) -> Iterator[IntakeWorld]:
    """Without the warehouse of the rows: a running server may hold it, and none of this reads it."""
    with ExitStack() as stack:
        scratch = stack.enter_context(wiring.scratch_warehouse(settings, "duckdb"))
        yield _world(settings, catalog, scratch, stack.enter_context(wiring.opened_state(settings)))


def _world(settings: wiring.Settings, catalog: Catalog, warehouse: Warehouse, store: Store) -> IntakeWorld:
    clock = wiring.clock_of(catalog)
    return IntakeWorld(
        catalog, warehouse, store, members("connectors", Connector, "chengmai.connectors")[0],
        lambda: wiring.surroundings(settings, clock(), store), wiring.with_secrets(settings, store), lambda: datetime.now(UTC),
        random.random,
    )  # fmt: skip


def _wanted(catalog: Catalog, stream: str | None) -> list[tuple[str, str, tuple[str, ...]]]:
    if stream is None:
        return streams_of(catalog)
    source_id, name = _named(catalog, stream)
    found = streams_of(catalog, source_id, name)
    if not found:
        names = "、".join(f"{of}/{one}" for of, one, _ in streams_of(catalog, source_id)) or "没有"
        raise Stopped(f"没有数据集来自「{stream}」\n    这个数据源有数据集的数据流：{names}")
    return found


def _named(catalog: Catalog, said: str | None) -> tuple[str, str | None]:
    """Source and stream of what somebody has written. Raises Stopped for a source that is not defined."""
    source_id, _, name = (said or "").partition("/")
    if catalog.source(source_id) is None:
        advice, _ = did_you_mean(source_id, catalog.ids("source"), "`chengmai list source` 列出全部", "")
        raise Stopped(f"没有名为「{source_id}」的数据源\n    {advice}")
    return source_id, name or None


def _said(one: Read) -> str:
    if one.result is None:
        return f"{one.dataset} 没有装入：{one.zh}"
    aside = f"，{one.result.quarantined:,} 行隔离" if one.result.quarantined else ""
    changed = f"；{'；'.join(change.zh for change in one.changes)}" if one.changes else ""
    return f"{one.dataset} 读到 {one.result.rows_in:,} 行，装入 {one.result.loaded:,} 行{aside}，现有 {one.result.rows:,} 行{changed}"


def _list(world: IntakeWorld, source_id: str | None, out: Console) -> None:
    states = source_states(world.store)
    table = Table(box=None, pad_edge=False)
    for head in ("数据源", "标题", "连接器", "状态", "列的变化"):
        table.add_column(head, overflow="fold")
    for id in world.catalog.ids("source"):
        spec = world.catalog.source(id)
        if spec is not None and source_id in (None, id):
            changed = [
                f"{one.column_name} {one.change}" for stream in spec.streams for one in shape_changes(world.store, f"{id}/{stream.name}", 5)
            ]
            table.add_row(id, spec.title, spec.connector, state_of(states.get(id, SourceState(id))), "、".join(changed))
    out.print(table)


def state_of(state: SourceState) -> str:
    """How a source stands, in one line."""
    if state.paused_at is not None:
        return f"{state.paused_by} 暂停：{state.paused_why}"
    if state.standing != "closed":
        return f"熔断，连续失败 {state.failures} 次：{state.reason_zh}"
    if state.failures:
        return f"上次失败：{state.reason_zh}"
    return "正常" if state.worked_at is not None else "还没有取过数"


def _test(world: IntakeWorld, source_id: str, out: Console) -> int:
    found = try_source(world, source_id)
    out.print(f"{source_id} 连得上" if found is None else f"{source_id} 连不上：{found[0]}")
    return 0 if found is None else 1


def _sample(world: IntakeWorld, source_id: str, name: str | None, rows: int, out: Console) -> int:
    spec = world.catalog.source(source_id)
    assert spec is not None
    names = [one.name for one in spec.streams]
    if name is None and len(names) != 1:
        raise Stopped(f"写明哪个数据流：{source_id}/名称\n    有：{'、'.join(names)}")
    try:
        found = sample_rows(world, source_id, name or names[0], rows)
    except SourceFailed as failure:
        raise Stopped(f"读不到：{failure.zh}", exit_code=1) from failure
    for row in found.to_pylist():
        out.print(json.dumps(row, ensure_ascii=False, default=str))
    return 0
