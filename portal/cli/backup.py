"""The commands that write everything into one folder and bring it back, on this machine or another."""

import shutil
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from engine.running.backup import (
    DEFINITIONS,
    FILES,
    STATE,
    WAREHOUSE,
    BackupIsDamaged,
    Manifest,
    TargetIsTaken,
    Whole,
    back_up,
    put_back,
    read_backup,
)
from engine.state.backup import DumpFailed, address_of, fill, is_filled
from engine.state.health import migrated_to
from engine.state.migrate import shipped
from engine.state.store import StateIsAway
from engine.warehouses.duckdb import DuckDbWarehouse
from portal import wiring
from portal.api.backup import FOLDER
from portal.api.definition_version import definition_version
from portal.cli import options as of
from portal.cli.options import Stopped

WORST = 3600.0  # seconds to wait for a server's backup


def backup(
    target: Annotated[Path, Parameter(help="写到哪个文件夹；还不能存在")], *, definitions: of.Definitions = None, var: of.Var = None
) -> int:
    """备份状态库、数仓、文件与定义，取自同一时刻，带校验和；服务可以照常运行。 Back up state, warehouse, files and definitions of one instant."""
    settings = wiring.read_this_process(definitions, var)
    if target.exists():
        raise Stopped(f"{target} 已经存在\n    备份只写进新的文件夹", exit_code=1)
    try:
        manifest = _by_server(settings, target) or _alone(settings, target)
    except (TargetIsTaken, DumpFailed, StateIsAway, OSError) as error:
        raise Stopped(f"备份没有写成：{error}", exit_code=1) from error
    size = sum(piece.size for piece in manifest.pieces)
    Console(highlight=False).print(
        f"{target}：{len(manifest.pieces)} 个文件，{size / 1e6:,.1f} MB，{manifest.made_at.astimezone():%Y-%m-%d %H:%M:%S}"
    )
    return 0


def _by_server(settings: wiring.Settings, target: Path) -> Manifest | None:
    """The backup of the server that holds the data, moved to its place; None when none runs."""
    note = settings.var / wiring.SERVER_FILE
    if not note.is_file():
        return None
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    with closing(HTTPConnection(note.read_text(encoding="utf-8"), timeout=WORST)) as connection:
        try:
            connection.request("POST", "/api/backup", msgspec.json.encode({"name": name}), {"content-type": "application/json"})
            answer = connection.getresponse()
        except ConnectionRefusedError:  # it was killed, and its note stayed
            return None
        body = answer.read()
    if answer.status != 201:
        raise Stopped(f"服务没有备份成：{msgspec.json.decode(body).get('zh', body.decode(errors='replace'))}", exit_code=1)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(settings.var / FOLDER / name, target)
    return read_backup(target)


def _alone(settings: wiring.Settings, target: Path) -> Manifest:
    """The backup where no server runs."""
    catalog = wiring.read_definitions(settings).catalog
    with ExitStack() as stack:
        store = stack.enter_context(wiring.opened_state(settings))
        warehouse = stack.enter_context(closing(wiring.open_duckdb(settings))) if (settings.var / wiring.DUCKDB_FILE).exists() else None
        still = warehouse.still if isinstance(warehouse, DuckDbWarehouse) else None
        whole = Whole(address_of(store), still, ((FILES, settings.var / FILES), (DEFINITIONS, settings.definitions)))
        return back_up(whole, target, datetime.now(UTC), migrated_to(store), definition_version(catalog))


def restore(
    source: Annotated[Path, Parameter(help="备份所在文件夹")],
    *,
    replace: Annotated[bool, Parameter(help="替换已有的内容；原来的移到 var 旁边，不删除", negative="")] = False,
    definitions: of.Definitions = None,
    var: of.Var = None,
) -> int:
    """从备份恢复：先核对每个文件的校验和，再恢复；不覆盖已有内容，除非 --replace。 Bring a backup back, after every checksum is proved."""
    settings = wiring.read_this_process(definitions, var)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    try:
        manifest = read_backup(source)
    except BackupIsDamaged as error:
        raise Stopped(f"备份已损坏，没有恢复任何东西：\n{error}", exit_code=1) from error
    newest = max(one.number for one in shipped())
    if manifest.migration > newest:
        raise Stopped(f"备份来自更新的程序（状态库 {manifest.migration:04}，这里到 {newest:04}）\n    先升级程序", exit_code=1)
    _refuse_running(settings)
    taken = [place for place in (settings.var, settings.definitions) if place.is_dir() and any(place.iterdir())]
    if taken and not replace:
        raise Stopped(
            f"{'、'.join(map(str, taken))} 不是空的，没有恢复任何东西\n    恢复到空的文件夹，或加 --replace（原来的移到旁边）", exit_code=1
        )
    for place in taken:
        aside = place.with_name(f"{place.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}")
        place.rename(aside)
        out.print(f"{place} 原来的内容在 {aside}")
    try:
        _put_back(settings, source, instead=replace)
    except (TargetIsTaken, DumpFailed, StateIsAway, OSError) as error:
        raise Stopped(f"没有恢复成：{error}", exit_code=1) from error
    out.print(
        f"已恢复 {manifest.made_at.astimezone():%Y-%m-%d %H:%M:%S} 的备份：{len(manifest.pieces)} 个文件，定义版本 {manifest.definition_version}"
    )
    return 0


def _put_back(settings: wiring.Settings, source: Path, *, instead: bool) -> None:
    """State first: if that fails, nothing else has been written. Then what lies in folders."""
    with wiring.opened_database(settings) as dsn:
        if is_filled(dsn) and not instead:
            raise TargetIsTaken("DATABASE_URL 已有城脉的状态库（替换它：--replace） · the database holds a state store already")
        fill(dsn, source / STATE, instead=instead)
    with wiring.opened_state(settings):
        pass  # brought forward to this program's migrations
    for name, target in ((DEFINITIONS, settings.definitions), (FILES, settings.var / FILES)):
        put_back(source, name, target)
    if (source / WAREHOUSE).is_dir():
        for file in (source / WAREHOUSE).iterdir():
            shutil.copy2(file, settings.var / file.name)


def _refuse_running(settings: wiring.Settings) -> None:
    note = settings.var / wiring.SERVER_FILE
    if not note.is_file():
        return
    host, _, port = note.read_text(encoding="utf-8").rpartition(":")
    if wiring.is_taken(host, int(port)):
        raise Stopped(f"服务正在 {host}:{port} 运行，没有恢复任何东西\n    先停掉它", exit_code=1)
