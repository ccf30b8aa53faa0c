"""docs/cli.md and docs/api.md, made from the commands and the handlers themselves."""

from collections.abc import Iterable
from io import StringIO

import msgspec
from rich.console import Console

from engine.loading.catalog import build_catalog
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.api_page import EXAMPLES, Address, addresses, body_shapes, document_of
from portal.api.titles import Titles
from portal.api.world import World
from portal.app import create_app
from portal.cli.main import COMMANDS, build_app
from tests.docs.pages import ROOT, table_of

CLI_HEAD = """# 命令行 · The command line

由代码生成，请勿手改（`make golden` 重写）。Made from the code by `make golden`; do not edit.

退出码：0 完成；2 定义或问题有错，问题逐条写到 stderr；1 环境有错（端口被占、数据文件被占、文件夹不存在）。
Exit codes: 0 done; 2 the definitions or the question are wrong, the findings are on stderr; 1 the world is (a port or file in use, no such folder).
"""

API_HEAD = """# 接口 · HTTP

由代码生成，请勿手改（`make golden` 重写）；运行中的服务在 `/api` 有同样内容，机器可读的在 `/api/openapi.json`。
Made from the code by `make golden`; do not edit. A running server shows the same on `/api`, and to machines on `/api/openapi.json`.

现在没有账号：服务只监听 127.0.0.1，只应答本机自己的名字。请求体须标明 `content-type: application/json`。
There are no accounts yet: the server listens on 127.0.0.1 and answers to this machine's own names only. A body says `content-type: application/json`.
"""


def cli_page() -> str:
    """The help of every command."""
    return "\n".join([CLI_HEAD, *map(of_command, (name for name, _, _ in COMMANDS))])


def of_command(name: str) -> str:
    """One command as `--help` shows it."""
    out = StringIO()
    build_app().help_print([name], console=Console(file=out, width=100, color_system=None, legacy_windows=False))
    text = "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())
    return f"## {name}\n\n```\n{text}\n```\n"


def api_page() -> str:
    """Every address, then the bodies that come back."""
    return "\n".join(
        [
            API_HEAD,
            *map(of_address, every_address()),
            *(f"## {one.label} `{one.name}`\n\n{one.sentence}.\n\n{table_of(one)}" for one in body_shapes()),
        ]
    )


def every_address() -> list[Address]:
    """The addresses of an application without definitions."""
    catalog, warehouse = build_catalog([]), DuckDbWarehouse()
    world = World(catalog, warehouse, lambda: msgspec.UNSET, "", ROOT, Titles(catalog, warehouse))  # type: ignore[arg-type,return-value]
    return addresses(document_of(create_app(world)))


def of_address(address: Address) -> str:
    """One address with its parameters and an example."""
    return "\n".join(lines_of(address)) + "\n"


def lines_of(address: Address) -> Iterable[str]:
    """The lines of an address."""
    yield from (f"## `{address.verb} {address.path}`", "", address.summary, "", address.description, "")
    if address.has_body:
        yield from ("请求体：查询的列表，字段见[定义手册](definitions.md)的「查询」。The body is a list of questions.", "")
    if address.parameters:
        yield from ("| 参数 | 位置 | 类型 | 说明 |", "|---|---|---|---|")
        yield from (
            f"| `{one.name}`{' **必填**' if one.required else ''} | {one.place} | {one.type.replace('|', '/')} | {one.description} |"
            for one in address.parameters
        )
        yield ""
    if address.path in EXAMPLES:
        yield from ("```sh", EXAMPLES[address.path], "```", "")
