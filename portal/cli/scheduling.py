"""Commands about what comes again and again: work off what is due, and see what is waiting."""

from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.running.beat import scheduler_beat
from engine.running.jobs import PostgresJobs
from engine.state.slots import Slot, slots_of
from portal import wiring
from portal.api.definition_version import definition_version
from portal.background import Background, Scene
from portal.cli import options as of
from portal.cli.loading import load_with_progress
from portal.cli.options import Stopped

WORDS = {"waiting": "等待", "running": "执行中", "done": "完成", "failed": "失败", "skipped": "跳过"}
WORKS = {"intake": "取数", "analysis": "分析", "retain": "保留期", "platform": "平台自身"}


def run(*, definitions: of.Definitions = None, var: of.Var = None, warehouse: of.WarehouseTag = None) -> int:
    """把到期的都做一遍：取数、分析、刷新预聚合，然后结束；服务在运行时由它自己做。 Work off everything that is due, once."""
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    with wiring.opened_warehouse(settings, warehouse or catalog.project.warehouse) as opened, wiring.opened_state(settings) as store:
        load_with_progress(settings, catalog, opened, Console(stderr=True, highlight=False))
        scene = Scene(catalog, opened, wiring.clock_of(catalog), definition_version(catalog))
        slots = Background(settings, store, lambda: scene).once()
    show(slots, ZoneInfo(catalog.project.zone))
    return 1 if any(slot.status == "failed" for slot in slots) else 0


def jobs(*, work: str = "", limit: int = 30, definitions: of.Definitions = None, var: of.Var = None) -> int:
    """列出到期点和作业：何时到期、状态、原因，以及调度器是否在运行。 List slots and jobs, and whether the scheduler is alive.

    Parameters
    ----------
    work
        只看某一类：intake analysis retain platform
    limit
        最近多少个到期点
    """
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    zone = ZoneInfo(catalog.project.zone)
    if not wiring.has_state(settings):
        raise Stopped("还没有任何到期点：调度器还没有运行过\n    chengmai serve 或 chengmai run 会让它运行", exit_code=1)
    if work and work not in WORKS:
        raise Stopped(f"没有「{work}」这一类\n    可用：{'、'.join(WORKS)}")
    with wiring.opened_state(settings) as store:
        beat = scheduler_beat(store, wiring.clock_of(catalog)().replace(tzinfo=zone))
        show(slots_of(store, work=work or None, limit=limit), zone)
        console = Console(highlight=False, soft_wrap=True)
        for job in PostgresJobs(store, {}).waiting():
            console.print(f"作业 {job.id} {job.name}：{job.status}，第 {job.attempts + 1} 次", markup=False)
    at = f"，上次心跳 {beat.at.astimezone(zone):%H:%M:%S}" if beat.at else ""
    console.print(beat.zh or f"调度器在运行：{beat.holder}{at}", markup=False)
    return 0 if beat.pulse == "beats" else 1


def show(slots: list[Slot], zone: ZoneInfo) -> None:
    """A line for each slot."""
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("到期", "工作", "对象", "状态", "次数", "原因"):
        table.add_column(title, overflow="fold")
    for slot in slots:
        table.add_row(*map(Text, (
            f"{slot.due_at.astimezone(zone):%Y-%m-%d %H:%M}", WORKS.get(slot.work, slot.work), slot.subject, WORDS[slot.status],
            str(slot.attempts or ""), slot.reason_zh or "",
        )))  # fmt: skip
    console = Console()
    console.print(table)
    console.print(Text(f"{len(slots)} 个到期点", style="dim"))
