"""What `chengmai doctor` looks at: each fact is tried, not assumed."""

import platform
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from msgspec import Struct

from engine.state import server
from portal import wiring
from portal.api.world import FONTS

PACKAGES = ("duckdb", "sqlglot", "msgspec", "litestar", "granian", "psycopg", "pyarrow")
LEAST_FREE = 2 * 1024**3


class Fact(Struct, frozen=True):
    """One thing about the machine (事实)."""

    name: str
    said: str
    is_fine: bool = True


def facts(settings: wiring.Settings) -> list[Fact]:
    """Every fact, each looked at on its own: one that fails does not hide the others."""
    looks: list[tuple[str, Callable[[], Fact]]] = [
        ("Python", python), ("软件包", packages), ("DuckDB", duckdb), ("PostgreSQL", lambda: postgres(settings)), ("端口 8000", port),
        ("数据文件夹", lambda: folder(settings.var)), ("定义", lambda: definitions(settings)), ("中文字体", fonts),
    ]  # fmt: skip
    found = []
    for name, look in looks:
        try:
            found.append(look())
        except Exception as error:  # noqa: BLE001 - whatever is broken is what we are here to tell
            found.append(Fact(name, f"{error.__class__.__name__}: {error}", False))
    return found


def python() -> Fact:
    """The interpreter."""
    return Fact("Python", f"{platform.python_version()}，{sys.executable}", sys.version_info >= (3, 11))


def packages() -> Fact:
    """What the program stands on."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return Fact("软件包", "，".join(found) + (f"；缺 {'、'.join(missing)}，运行 make setup" if missing else ""), not missing)


def duckdb() -> Fact:
    """A DuckDB in memory answers."""
    from engine.warehouses.duckdb import DuckDbWarehouse

    warehouse = DuckDbWarehouse()
    warehouse.close()
    return Fact("DuckDB", f"{version('duckdb')}，内存库可用")


def postgres(settings: wiring.Settings) -> Fact:
    """The PostgreSQL that would be used."""
    if settings.database_url:
        with wiring.opened_warehouse(settings, "postgres"):
            return Fact("PostgreSQL", "DATABASE_URL 可连接")
    return Fact("PostgreSQL", f"内置服务 {server.binaries()}，首次使用时启动", server.binaries().is_dir())


def port() -> Fact:
    """Whether the usual port is free."""
    taken = wiring.is_taken("127.0.0.1", 8000)
    return Fact("端口 8000", "已被占用（也许城脉正在运行）；可用 --port 换一个" if taken else "空闲")


def folder(path: Path) -> Fact:
    """Whether the program can write, and how much room there is."""
    path.mkdir(parents=True, exist_ok=True)
    trial = path / ".doctor"
    trial.write_text("", encoding="utf-8")
    trial.unlink()
    free = shutil.disk_usage(path).free
    return Fact("数据文件夹", f"{path}，可写，剩余 {free / 1024**3:.1f} GB", free > LEAST_FREE)


def definitions(settings: wiring.Settings) -> Fact:
    """Whether the definitions are sound."""
    checked = wiring.read_definitions(settings)
    count = len(checked.catalog.definitions)
    said = f"{settings.definitions}，{count} 个定义，{len(checked.findings)} 个问题"
    return Fact("定义", said + ("；运行 chengmai check" if checked.findings else ""), not checked.findings)


def fonts() -> Fact:
    """Whether pages bring their own Chinese font."""
    return Fact("中文字体", str(FONTS) if FONTS.is_dir() else "没有随程序安装，网页用系统字体；运行 make setup（需要 npm）")
