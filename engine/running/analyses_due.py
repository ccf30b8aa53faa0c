"""A fresh installation shows results: analyses that never ran and run often run once, after the rows that they read have come."""

from collections.abc import Callable
from datetime import datetime

from engine.kinds.analysis import Analysis
from engine.loading.catalog import Catalog
from engine.running.analyses import AnalysisFailed, Ran, run_analysis
from engine.running.analyses_book import Result, results
from engine.warehouse import Warehouse


def first_results(
    catalog: Catalog, warehouse: Warehouse, now: datetime, done: Callable[[str], None], begun: Callable[[str], None] = lambda said: None
) -> int:
    """Run every analysis that has no result yet and is due `every` so often; a line before and after each. How many ran.

    What is due at an hour (`cron`) waits for it: a night's reckoning would hold up the first start. One that fails holds up no other.
    """
    count = 0
    for id in catalog.ids("analysis"):
        analysis = catalog.analysis(id)
        if analysis is None or analysis.cron is not None or results(warehouse, id, limit=1):
            continue
        begun(f"{analysis.title}（{id}）计算中")
        try:
            ran = run_analysis(catalog, warehouse, id, now)
        except AnalysisFailed as failure:
            done(f"{analysis.title}（{id}）没有算出来：{failure.zh}")
            continue
        count += 1
        done(said_of(analysis, ran))
    return count


def said_of(analysis: Analysis, ran: Ran) -> str:
    """One line about a run, for the person who asked for it."""
    result = ran.result
    if not ran.is_new:
        return f"{analysis.title}（{result.analysis}）数据没有变化，仍是 {result.computed_at:%Y-%m-%d %H:%M} 的结果 {result.run_id[:8]}"
    rows = "，".join(f"{dataset} {count:,} 行" for dataset, count in ran.rows.items())
    return f"{analysis.title}（{result.analysis}）{STATUSES[result.status]}：{rows}；截至 {result.as_of:%Y-%m-%d %H:%M}，{result.seconds:.1f} 秒"


def computed_by(analysis: Analysis, result: Result | None) -> tuple[str, str]:
    """Where rows that an analysis gave come from, as a sentence in Chinese and English."""
    if result is None:
        return f"由分析「{analysis.title}」给出，当时还没有运行过", f"given by the analysis '{analysis.title}', which had not run by then"
    which, when = result.run_id[:8], f"{result.computed_at:%Y-%m-%d %H:%M:%S}"
    zh = f"算子 {result.operator}，参数 {result.params}，运行 {which}（{when}），模型版本 {result.model_version}，{STATUSES[result.status]}"
    en = f"operator {result.operator}, params {result.params}, run {which} ({when}), model version {result.model_version}, {result.status}"
    return f"由分析「{analysis.title}」给出：{zh}", f"given by the analysis '{analysis.title}': {en}"


STATUSES = {"optimal": "有解", "feasible": "可行，未达最优", "infeasible": "部分无解", "timeout": "超时", "empty": "没有结果"}
