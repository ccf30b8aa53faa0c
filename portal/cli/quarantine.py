"""Rows that were set aside, from the terminal: look at them, mend them, send them again, give them up."""

import os
import pwd
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from engine.connector import SourceFailed
from engine.loading.catalog import Catalog
from engine.running.replay import NotPossible, Outcome, correct, discard, replay
from engine.running.set_aside import SetAside, Sought, row_set_aside, rows_set_aside
from engine.state.quarantine import Status, steps_of
from engine.state.store import Store
from engine.warehouse import Warehouse
from portal import wiring
from portal.cli import options as of
from portal.cli.options import Stopped

WORDS: dict[Status, str] = {
    "open": "待处理", "corrected": "已更正", "refused": "重放后仍不合格", "loaded": "已入库", "superseded": "已有更新的行", "discarded": "已弃用",
}  # fmt: skip
Doing = Literal["list", "show", "correct", "replay", "discard"]


def quarantine(
    doing: Doing,
    row: str | None = None,
    *,
    cell: Annotated[list[str] | None, Parameter(help="correct：更正的格子，列=值，可写多次")] = None,
    why: Annotated[str | None, Parameter(help="为什么（discard 必写，留在记录里）")] = None,
    by: Annotated[str | None, Parameter(help="谁（缺省：这台机器上的登录名）")] = None,
    source: Annotated[str | None, Parameter(help="list：只看这个数据源")] = None,
    dataset: Annotated[str | None, Parameter(help="list：只看这个数据集")] = None,
    rule: Annotated[str | None, Parameter(help="list：只看违反这条规则的")] = None,
    day: Annotated[date | None, Parameter(help="list：只看这一天到达的，2026-01-05")] = None,
    status: Annotated[Status | None, Parameter(help="list：只看这种状态的")] = None,
    rows: Annotated[int, Parameter(help="list：看几行")] = 20,
    definitions: of.Definitions = None,
    var: of.Var = None,
    warehouse: of.WarehouseTag = None,
) -> int:
    """隔离区：list 列出；show 看一行和它的经过；correct 更正；replay 重放；discard 弃用。 Look at rows set aside, mend and replay them.

    Parameters
    ----------
    doing
        做什么：list show correct replay discard
    row
        行号：list 给出的那一串
    """
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    who, now = by or pwd.getpwuid(os.getuid()).pw_name, datetime.now(UTC)
    if doing != "list" and row is None:
        raise Stopped("写明哪一行：chengmai quarantine list 给出行号")
    with (
        wiring.opened_warehouse(settings, warehouse or catalog.project.warehouse) as opened,
        wiring.opened_state(settings) as store,
    ):
        if doing == "list":
            for one in rows_set_aside(opened, store, Sought(source, dataset, rule, day, status), rows):
                out.print(_line(one))
            return 0
        try:
            return _done(out, catalog, opened, store, doing, row or "", cell, who, why, now)
        except (NotPossible, SourceFailed) as error:
            raise Stopped(error.zh) from error


def _done(
    out: Console, catalog: Catalog, warehouse: Warehouse, store: Store, doing: Doing, row: str, cell: list[str] | None, who: str,
    why: str | None, now: datetime,
) -> int:  # fmt: skip
    match doing:
        case "correct":
            out.print(_line(correct(warehouse, store, row, _cells(cell), who, now, why)))
        case "replay":
            return _told(out, replay(catalog, warehouse, store, row, who, now))
        case "discard":
            return _told(out, discard(warehouse, store, row, who, why or "", now))
        case _:
            _show(out, warehouse, store, row)
    return 0


def _show(out: Console, warehouse: Warehouse, store: Store, row: str) -> None:
    found = row_set_aside(warehouse, store, row)
    if found is None:
        raise NotPossible(f"隔离区里没有「{row}」", f"the quarantine has no row '{row}'")
    out.print(f"{_line(found)}\n  {found.raw[:2000]}")
    for step in steps_of(store, found.row_id):
        cells, said = step.after_cells or "", step.why or step.reason_zh or ""
        out.print(f"  {step.at:%Y-%m-%d %H:%M:%S %Z} {step.who} {step.action} {cells} {said}".rstrip())


def _cells(given: list[str] | None) -> dict[str, str | None]:
    pairs = [one.partition("=") for one in given or ()]
    if not pairs or any(not sign for _, sign, _ in pairs):
        raise Stopped("写明改成什么：--cell 列=值，可写多次")
    return {name: value for name, _, value in pairs}


def _line(row: SetAside) -> str:
    reasons = "；".join(fault.reason_zh for fault in row.faults)
    return f"{row.row_id}  {row.at:%Y-%m-%d %H:%M}  {row.dataset}  {row.origin}:{row.row_number}  {WORDS[row.status]}  {reasons}"


def _told(out: Console, outcome: Outcome) -> int:
    again = "" if outcome.is_done_now else "（早先已处理）"
    out.print(f"{WORDS[outcome.status]}{again}{'：' + outcome.reason_zh if outcome.reason_zh else ''}")
    return 1 if outcome.status == "refused" else 0
