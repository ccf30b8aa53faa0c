"""The measured part of docs/scale.md, between two marks; what stands around it is written by hand."""

from pathlib import Path

from tests.bench.scale_figures import Asking, Measured

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
MEGABYTE, GIGABYTE = 1024**2, 1024**3


def write(measured: Measured, date: str) -> None:
    """The page with this measurement in the place of the one before."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{text(measured, date)}{END}{rest.split(END)[1]}", encoding="utf-8")


def text(measured: Measured, date: str) -> str:
    """Markdown of one measurement: loads, questions, and what a row costs where there are most."""
    memory = f"Peak memory of the command, DuckDB in it: {measured.peak_bytes / GIGABYTE:.1f} GB."
    head = f"Measured {date} by `python -m tests.bench.scale --write DATE` on {measured.machine}. {memory}"
    loads = [
        f"| {one.rows:,} | {one.warehouse} | {one.seconds:,.1f} | {one.rows / one.seconds:,.0f} | {_size(one.bytes_kept)} |"
        for one in measured.loadings
    ]
    asked = [
        f"| {one.rows:,} | {one.warehouse} | {one.question} | {one.seconds:.2f} | {one.first:.2f} | {_size(one.bytes_read)} |"
        for one in measured.askings
    ]
    parts = [
        [head, ""],
        ["| rows | warehouse | load s | rows/s | kept |", "|---:|---|---:|---:|---:|", *loads, ""],
        ["| rows | warehouse | question | seconds | first | read |", "|---:|---|---|---:|---:|---:|", *asked, ""],
        [
            "| question | spark: growth of time, from → to rows | growth of bytes | MB/s of one machine |",
            "|---|---|---:|---:|",
            *_growth(measured),
        ],
    ]
    return "".join(f"{line}\n" for part in parts for line in part)


def _growth(measured: Measured) -> list[str]:
    """How Spark's times and bytes grew between the two greatest sizes: what the model beside the table starts from."""
    sizes = sorted({one.rows for one in measured.askings if one.warehouse == "spark"})[-2:]
    if len(sizes) < 2:
        return []
    fewer, more = ({one.question: one for one in measured.askings if (one.warehouse, one.rows) == ("spark", size)} for size in sizes)
    return [_grown(fewer[name], more[name]) for name in more]


def _grown(one: Asking, other: Asking) -> str:
    bytes_grown = f"× {other.bytes_read / one.bytes_read:.1f}" if one.bytes_read else ""
    rate = f"{other.bytes_read / other.seconds / MEGABYTE:,.0f}" if other.bytes_read else ""
    times = f"× {other.seconds / one.seconds:.1f}, {one.rows:,} → {other.rows:,}"
    return f"| {other.question} | {times} | {bytes_grown} | {rate} |"


def _size(count: int) -> str:
    return f"{count / GIGABYTE:,.2f} GB" if count >= GIGABYTE else f"{count / MEGABYTE:,.1f} MB"
