"""The command that proposes stored states from what was asked, as YAML to be pasted."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from engine.loading.catalog import Catalog
from engine.running.advise import Proposal
from engine.running.advise import advise as advised
from engine.running.ask import known_modifiers
from engine.running.asked_log import FILE, read_log
from portal import wiring
from portal.cli import options as of


def advise(
    *,
    definitions: of.Definitions = None,
    var: of.Var = None,
    warehouse: of.WarehouseTag = None,
    most: Annotated[int, Parameter(help="最多几条建议")] = 5,
) -> int:
    """从提问记录建议预聚合：存什么、多大、能省几秒，写成可以粘贴的 YAML。 Propose stored states from the log of questions."""
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    lines = read_log(settings.var / FILE)
    if not lines:
        out.print(f"还没有提问记录（{settings.var / FILE}）：先用 chengmai serve 提供服务，问过之后再来")
        return 0
    with wiring.opened_warehouse(settings, warehouse or catalog.project.warehouse) as opened:
        proposals = advised(catalog, opened, known_modifiers(), lines)[:most]
    out.print(f"# 记录里有 {len(lines)} 次提问，共 {sum(line.seconds for line in lines):.2f} 秒；最有用的在前")
    for nth, proposal in enumerate(proposals, start=1):
        out.print(written(catalog, proposal, nth))
    out.print("# 粘贴后：chengmai check，再 chengmai refresh" if proposals else "# 没有值得新建的预聚合")
    return 0


def written(catalog: Catalog, proposal: Proposal, nth: int) -> str:
    """One proposal: what it is worth as comments, then the lines for its dataset."""
    definition = catalog.definitions["dataset", proposal.dataset]
    dataset = catalog.dataset(proposal.dataset)
    state = proposal.state
    begins = "接在 states: 之下" if dataset is not None and dataset.states else "加在文件末尾"
    time = f", time: {state.time}" if state.time is not None else ""
    item = f"  - {{name: {state.name}, grain: {state.grain}, by: [{', '.join(state.by)}], of: [{', '.join(state.of)}]{time}}}"
    head = "" if dataset is not None and dataset.states else "states:\n"
    return (
        f"\n# {nth}. {definition.file or proposal.dataset}：{begins}\n"
        f"#    约 {proposal.rows:,} 行、{proposal.nbytes / 1e6:.1f} MB（原始 {proposal.of_rows:,} 行）；"
        f"答得了 {proposal.questions} 次提问（{len(proposal.shapes)} 种），可省约 {proposal.seconds:.2f} 秒\n"
        f"{head}{item}"
    )
