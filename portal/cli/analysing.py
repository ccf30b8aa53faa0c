"""The command that runs analyses."""

from rich.console import Console

from engine.findings import did_you_mean
from engine.running.analyses import AnalysisFailed, run_analysis
from engine.running.analyses_due import said_of
from portal import wiring
from portal.cli import options as of
from portal.cli.loading import load_with_progress
from portal.cli.options import Stopped


def analyse(*ids: str, definitions: of.Definitions = None, var: of.Var = None, warehouse: of.WarehouseTag = None) -> int:
    """运行分析：读输入、算、追加结果；数据没有变化就不重复。 Run analyses; the same data, params and operator give no second result.

    Parameters
    ----------
    ids
        分析标识，一个或几个；不写则运行全部：sanitation.pit_fill
    """
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    known = catalog.ids("analysis")
    for id in ids:
        if id not in known:
            advice, _ = did_you_mean(id, known, "`chengmai list analysis` 列出全部", "")
            raise Stopped(f"没有名为「{id}」的分析\n    {advice}")
    out, errors = (Console(stderr=is_error, highlight=False, soft_wrap=True, markup=False) for is_error in (False, True))
    failed = 0
    with wiring.opened_warehouse(settings, warehouse or catalog.project.warehouse) as opened:
        load_with_progress(settings, catalog, opened, errors)
        for id in ids or known:
            analysis = catalog.analysis(id)
            assert analysis is not None
            try:
                out.print(said_of(analysis, run_analysis(catalog, opened, id, wiring.clock_of(catalog)())))
            except AnalysisFailed as failure:
                failed += 1
                errors.print(f"{analysis.title}（{id}）没有算出来：{failure.zh}")
    return 1 if failed else 0
