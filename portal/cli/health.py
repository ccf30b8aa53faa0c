"""The command that tells how fresh everything is, from a running server or from the data itself."""

from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.running.freshness import WORDS
from portal import wiring
from portal.api.health import HealthReport, report
from portal.cli import options as of

STYLES = {"fresh": "green", "late": "yellow", "stale": "magenta", "unknown": "bright_black", "failed": "red"}
KINDS = {"source": "数据源", "stream": "数据流", "dataset": "数据集", "indicator": "指标"}


def health(
    *,
    format: Annotated[Literal["table", "json"], Parameter(name="--format", help="输出格式")] = "table",
    all: Annotated[bool, Parameter(name="--all", help="及时的也列出", negative="")] = False,
    definitions: of.Definitions = None,
    var: of.Var = None,
) -> int:
    """数据源、数据流、数据集、指标各有多新鲜，自何时起、为什么；有失败的则退出码为 1。 How fresh everything is; exit code 1 when something failed."""
    settings = wiring.read_this_process(definitions, var)
    found = _of_server(settings) or _of_this(settings)
    out = Console(highlight=False, soft_wrap=format == "json", markup=False)
    if format == "json":
        out.print(msgspec.json.encode(found).decode())
    else:
        _print(out, found, everything=all)
    return 1 if any(entry.freshness.state == "failed" for entry in found.entries) else 0


def _print(out: Console, found: HealthReport, *, everything: bool) -> None:
    table = Table.grid(padding=(0, 2))
    for entry in found.entries:
        fresh = entry.freshness
        if everything or fresh.state != "fresh":
            since = f"自 {fresh.since.replace('T', ' ')}" if fresh.since else ""
            table.add_row(
                Text(WORDS[fresh.state], style=STYLES[fresh.state]),
                KINDS[entry.kind],
                entry.id,
                since,
                f"{fresh.zh}{f'（{fresh.of}）' if fresh.of else ''}",
            )
    out.print(table)
    for kind, counts in found.counts.items():
        out.print(f"{KINDS[kind]}：" + "，".join(f"{WORDS[state]} {count}" for state, count in counts.items() if count))


def _of_server(settings: wiring.Settings) -> HealthReport | None:
    """What the server that holds the data says; None when none runs."""
    note = settings.var / wiring.SERVER_FILE
    if not note.is_file():
        return None
    with closing(HTTPConnection(note.read_text(encoding="utf-8"), timeout=60)) as connection:
        try:
            connection.request("GET", "/api/health")
            answer = connection.getresponse()
            return msgspec.json.decode(answer.read(), type=HealthReport) if answer.status == 200 else None
        except OSError:
            return None


def _of_this(settings: wiring.Settings) -> HealthReport:
    """What the data itself says; a state store that was never made is not made for it."""
    catalog = wiring.sound_definitions(settings)
    with ExitStack() as stack:
        warehouse = stack.enter_context(wiring.opened_warehouse(settings, catalog.project.warehouse))
        store = stack.enter_context(wiring.opened_state(settings)) if wiring.has_state(settings) else None
        return report(wiring.build_world(settings, catalog, warehouse, store))
