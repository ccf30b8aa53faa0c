"""The page of results: what was measured, on what, against which bar, and what is missed."""

from tests.bench.measure import Figure
from tests.bench.runner import Outcome

HEAD = """# Benchmarks · 计时

Written by `python -m tests.bench --write DATE` ({date}). Machine: {machine}.
Data: a made-up city, the same at every run, {total:,} rows, of these {weighings:,} weighings over 2,500 days, in a DuckDB file.

Each question of `tests/bench/shapes/` is asked of the engine and of the database in hand-written SQL that gives the same rows
(compared before they are timed), in turns; the least time of 15 turns counts (5 where one takes more than 2 s). Only time in the
database is compared; what asking costs on top is the line `overhead`. `hand/hand` is the same hand-written statement against itself:
what is within it is noise, and a load (mean of the last five minutes) above the number of cores makes much of it. `cpu` compares
processor time instead of wall time. Compiling and loading run on one thread and are given as processor time.
"""


def page(outcome: Outcome, date: str) -> str:
    """Markdown of one outcome."""
    head = HEAD.format(date=date, machine=outcome.machine, total=sum(outcome.rows.values()), weighings=outcome.rows["waste.weighings"])
    whole = [figure for figure in outcome.figures if not _is_shape(figure)]
    answers = [figure for figure in outcome.figures if figure.name.startswith("answer.")]
    plans = [figure for figure in outcome.figures if figure.name.startswith("compile.") and _is_shape(figure)]
    rows = ["| figure | value | bar | | |", "|---|---:|---:|---|---|", *(figure_line(figure) for figure in whole)]
    each = [
        "| answer | ours / hand | hand/hand | cpu | ours ms | hand ms | overhead ms | of it cpu | rows |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    each += [_answer(figure) for figure in answers]
    compiled = ["| compile | ms | bar | leaves |", "|---|---:|---:|---:|"]
    compiled += [f"| {_short(figure)} | {figure.value:.2f} | {figure.bar:.1f} | {figure.detail['leaves']} |" for figure in plans]
    return "\n".join([head, "## Bars", "", *rows, "", "## Answers", "", *each, "", "## Compiling", "", *compiled, ""])


def _is_shape(figure: Figure) -> bool:
    return figure.name.startswith("answer.") or (figure.name.startswith("compile.") and "expressions_unread_ms" in figure.detail)


def _short(figure: Figure) -> str:
    return figure.name.partition(".")[2]


def figure_line(figure: Figure) -> str:
    """A figure as a row of the table of bars."""
    value = "–" if figure.value is None else f"{figure.value:.3g} {figure.unit}"
    met = {True: "met", False: "**missed**", None: ""}[figure.is_met]
    said = ", ".join(f"{name} {_plain(value)}" for name, value in figure.detail.items())
    return f"| {figure.name} | {value} | {'' if figure.bar is None else figure.bar} | {met} | {figure.note or said} |"


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _answer(figure: Figure) -> str:
    if figure.value is None:
        return f"| {_short(figure)} | – | | | | | | | {figure.note} |"
    numbers = [figure.value, *(figure.detail[name] for name in ("hand_by_hand", "cpu_ratio"))]
    times = [figure.detail[name] for name in ("ours_ms", "hand_ms", "overhead_ms", "overhead_cpu_ms")]
    shown = [*(f"{one:.2f}" for one in numbers), *(f"{one:.1f}" for one in times), f"{figure.detail['rows']:,}"]
    return f"| {_short(figure)} | {' | '.join(shown)} |"
