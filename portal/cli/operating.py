"""Commands that run things: the server, a look at the machine, the timings."""

import subprocess
import sys
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal import wiring
from portal.cli import options as of
from portal.cli.loading import load_with_progress
from portal.cli.machine import facts
from portal.cli.options import Stopped
from portal.identity.local import is_local


def serve(
    *,
    port: Annotated[int, Parameter(help="端口")] = 8000,
    host: Annotated[str, Parameter(help="监听地址；现在没有账号，只能是本机")] = "127.0.0.1",
    definitions: of.Definitions = None,
    var: of.Var = None,
) -> int:
    """启动服务：校验定义，首次启动装入数据，然后打开网页和接口。 Start the server."""
    told = Console(stderr=True, highlight=False)
    if not is_local(host):
        raise Stopped(
            f"不能监听 {host}：现在还没有账号，谁连上都能看到全部数据\n    只能是 127.0.0.1；要给别人看，等账号功能，或用 SSH 转发端口"
        )
    if wiring.is_taken(host, port):
        raise Stopped(f"端口 {port} 已被占用\n    换一个：chengmai serve --port {port + 1}（或 make serve PORT={port + 1}）", exit_code=1)
    settings = wiring.read_this_process(definitions, var)
    told.print(f"校验定义 {settings.definitions}")
    catalog = wiring.sound_definitions(settings)
    told.print(f"  {len(catalog.definitions)} 个定义，没有问题")
    with wiring.opened_warehouse(settings, "duckdb") as warehouse:
        load_with_progress(settings, catalog, warehouse, told)
    return wiring.run_server(settings, host, port, lambda: told.print(f"城脉已就绪：http://{host}:{port} （仅本机可访问，Ctrl-C 停止）"))


def refresh(*, definitions: of.Definitions = None, var: of.Var = None, warehouse: of.WarehouseTag = None) -> int:
    """刷新预聚合：只重算新到和迟到的行所在的周期。 Bring the stored states up to date; only periods with new or late rows are counted again."""
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    with wiring.opened_warehouse(settings, warehouse or catalog.project.warehouse) as opened:
        count = wiring.refresh(catalog, opened, out.print)
    out.print(f"{count} 个预聚合已刷新" if count else "预聚合都是最新的")
    return 0


def retain(*, definitions: of.Definitions = None, var: of.Var = None, warehouse: of.WarehouseTag = None) -> int:
    """按保留期（keep）删除旧的原始行：预聚合都是最新的才删。 Remove raw rows older than their dataset keeps, once every state holds what they say."""
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    with wiring.opened_warehouse(settings, warehouse or catalog.project.warehouse) as opened:
        rows = wiring.retain(catalog, opened, out.print)
    out.print(f"共删除 {rows:,} 行")
    return 0


def doctor(*, definitions: of.Definitions = None, var: of.Var = None) -> int:
    """看一看这台机器：解释器、软件包、数仓、端口、文件夹、定义。 Look at the machine and say what is there and what is missing."""
    found = facts(wiring.read_this_process(definitions, var))
    table = Table.grid(padding=(0, 2))
    for fact in found:
        table.add_row(Text("✓" if fact.is_fine else "✗", style="green" if fact.is_fine else "red"), Text(fact.name), Text(fact.said))
    Console(highlight=False).print(table)
    return 0 if all(fact.is_fine for fact in found) else 1


def bench() -> int:
    """计时：每项一行 JSON，与目标并列；没达到只打印，不算失败。 Timings as JSON lines beside their bars."""
    if not (wiring.REPOSITORY / "tests" / "bench").is_dir():
        raise Stopped("这里没有计时程序（tests/bench）\n    在源码目录里运行", exit_code=1)
    return subprocess.run([sys.executable, "-m", "tests.bench"], cwd=wiring.REPOSITORY, check=False).returncode
