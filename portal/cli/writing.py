"""Answers on a terminal: a table for eyes, JSON and CSV for programs."""

import csv
from typing import TextIO

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from engine.compiling.lineage import Lineage
from engine.frame import JsonValue
from engine.loading.catalog import Catalog
from engine.running.ask import Answer
from portal.api.answer_line import AnswerLine, ColumnLine, Rows
from portal.api.mark_words import MARK_WORDS
from portal.api.tree import Node
from renderers.number import NOTHING, write_value

ROLE_WORDS = {
    "measure": "度量", "filter": "条件", "weight": "权重", "join": "连接", "time": "时间", "stock": "存量", "match": "匹配",
}  # fmt: skip


def write_answer(line: AnswerLine, format: str, out: TextIO) -> None:
    """One answer in the format asked for."""
    if format == "json":
        out.write(msgspec.json.format(msgspec.json.encode(line)).decode() + "\n")
    elif format == "csv":
        write_csv(line, out)
    else:
        write_table(line, Console(file=out))


def heading(column: ColumnLine) -> str:
    """A column's title and its unit."""
    return f"{column.title}（{column.unit}）" if column.unit else column.title


def write_csv(line: AnswerLine, out: TextIO) -> None:
    """Title and unit in the header, values as they are, one column that says whether the period is over."""
    writer = csv.writer(out, lineterminator="\n")
    rows = line.rows or Rows(0, {}, [], [])
    writer.writerow([*map(heading, line.columns), "完整"])
    values = [rows.columns[column.name] for column in line.columns]
    writer.writerows(
        [*("" if cell is None else cell for cell in cells), int(done)] for *cells, done in zip(*values, rows.complete, strict=True)
    )


def write_table(line: AnswerLine, console: Console) -> None:
    """A table with units in its header, totals at its foot, and one line that says what the numbers rest on."""
    rows = line.rows or Rows(0, {}, [], [])
    shown = [
        column for column in line.columns if f"{column.name}.label" not in {each.name for each in line.columns}
    ]  # names instead of keys
    marked = any(rows.marks) or not all(rows.complete)
    totals = line.totals.columns if line.totals is not None and line.totals.count == 1 else None
    table = Table(box=box.SIMPLE_HEAD, show_footer=totals is not None)
    for n, column in enumerate(shown):
        is_value = column.role == "value"
        footer = cell_text(totals.get(column.name, [None])[0], column) if totals is not None and is_value else "合计" if n == 0 else ""
        table.add_column(Text(heading(column)), Text(footer), justify="right" if is_value else "left", overflow="fold")
    if marked:
        table.add_column("说明", no_wrap=True)
    for n in range(rows.count):
        cells = [cell_text(rows.columns[column.name][n], column) for column in shown]
        table.add_row(*map(Text, cells), *([Text(note(rows, n))] if marked else []))
    console.print(table)
    console.print(Text(foot(line, rows), style="dim"), soft_wrap=True)


def note(rows: Rows, n: int) -> str:
    """What qualifies a row."""
    said = [MARK_WORDS.get(mark, mark) for mark in rows.marks[n]]
    return "、".join(said if rows.complete[n] else ["未完整", *said])


def cell_text(value: JsonValue, column: ColumnLine) -> str:
    """One cell; a value is written in the column's own unit, unscaled, because the header names that unit."""
    if isinstance(value, list):
        return "、".join(value)
    if column.type in {"date", "timestamp"} and isinstance(value, str):
        return value.removesuffix("T00:00:00").replace("T", " ")
    return write_value(value, column.unit)


def foot(line: AnswerLine, rows: Rows) -> str:
    """As-of, versions, marks, and how many rows."""
    versions = "，".join(f"{table} {version}" for table, version in line.data_version.items())
    parts = [
        f"{rows.count} 行" + ("（已截断）" if line.truncated else ""),
        f"截至 {(line.as_of or NOTHING).replace('T', ' ')}",
        f"数据版本 {versions or NOTHING}",
        f"定义版本 {line.definition_version}",
    ]
    return " · ".join([*parts, *(MARK_WORDS.get(mark, mark) for mark in line.marks)])


def states_read(answer: Answer) -> list[str]:
    """A sentence for each stored state that the answer was read from, or for why it was not."""
    if answer.compiled is None:
        return []
    said = [f"从预聚合 {one} 读取" for one in answer.compiled.states]
    said += [f"没有用预聚合 {one.state}：{one.zh}" for one in answer.compiled.refusals]
    return list(dict.fromkeys(said))


def write_tree(node: Node, console: Console) -> None:
    """A formula tree."""
    console.print(branch(node))


def branch(node: Node, parent: Tree | None = None) -> Tree:
    """One node with its value, formula, source and reason."""
    words = Text.assemble((node.title, "bold"), "  ", (f"{node.value} {node.unit}".rstrip(), "cyan"))
    source = " · ".join(
        filter(None, ("、".join(node.tables), node.data_version and f"数据版本 {node.data_version}", node.as_of and f"截至 {node.as_of}"))
    )
    for said, style in (
        (f"= {node.formula}" if node.formula else "", ""),
        (f"无值：{node.why_null}" if node.why_null else "", "yellow"),
        *((said, "dim") for said in node.read),
        (source, "dim"),
    ):
        if said:
            words.append(f"\n{said}", style)
    tree = parent.add(words) if parent is not None else Tree(words)
    for child in node.children:
        branch(child, tree)
    return tree


def write_lineage(found: Lineage, catalog: Catalog, console: Console) -> None:
    """Where an indicator comes from and where it goes, as one tree."""
    tree = Tree(Text(f"{found.indicator} {title_of(catalog, found.indicator)}", "bold"))
    columns = tree.add("读取的列")
    for dataset in dict.fromkeys(use.dataset for use in found.all_uses):
        branch_of = columns.add(Text(dataset))
        for use in found.all_uses:
            if use.dataset == dataset:
                branch_of.add(Text.assemble(use.column, (f"  {ROLE_WORDS.get(use.role, use.role)}", "dim")))
    for heading_text, names in (("数据流", found.streams), ("由这些指标构成", found.indicators), ("用于这些指标", found.used_by)):
        if names:
            group = tree.add(heading_text)
            for name in names:
                group.add(Text(f"{name} {title_of(catalog, name)}".rstrip()))
    console.print(tree)


def title_of(catalog: Catalog, id: str) -> str:
    """Title of an indicator, or no text for what is none."""
    indicator = catalog.indicator(id)
    return indicator.title if indicator is not None else ""
