"""The command that says why a number changed: the sentence, the parts of the formula, the members that moved it."""

from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from engine.findings import DefinitionsAreWrong
from engine.question import Question
from engine.running.change import why_changed
from engine.running.change_parts import Change
from engine.running.change_words import number_text
from portal import wiring
from portal.api.choices import dimensions_of
from portal.api.titles import Titles
from portal.cli.asking import opened
from portal.cli.options import HERE, NO_ASKING, Asking, Place, question_from, viewer_from

Against = Annotated[
    Literal["prev", "yoy", "mom", "wow"],
    Parameter(name="--against", help="与什么比：prev 前一期，yoy 去年同期，mom 上月同期，wow 上周同期"),
]
ShownAs = Annotated[Literal["table", "json"], Parameter(name="--format", help="输出格式")]


def why(id: str, /, *, against: Against = "prev", asking: Asking = NO_ASKING, place: Place = HERE, format: ShownAs = "table") -> int:
    """为什么变了：两期之间的变化，精确拆到公式成分和维度成员。 Why it changed, divided over its formula and the members of dimensions.

    Parameters
    ----------
    id
        指标标识；不给时段就是最近一个完整的周期
    """
    with opened(place, (id,)) as (catalog, warehouse):
        asked = question_from((id,), asking)
        question = Question(indicators=asked.indicators[-1:], grain=asked.grain, period=asked.period, where=asked.where, as_of=asked.as_of)
        indicator = catalog.indicator(id)
        split = asking.by or (dimensions_of(catalog, indicator)[:1] if indicator is not None else [])
        found = why_changed(
            catalog, warehouse, question, against, split, viewer_from(place.viewer, catalog), wiring.clock_of(catalog)(),
            titles=Titles(catalog, warehouse).of,
        )  # fmt: skip
    if isinstance(found, list):
        raise DefinitionsAreWrong(found)
    if format == "json":
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        write_change(found, Console())
    return 0


def write_change(change: Change, console: Console) -> None:
    """The sentence, then a table of leaves and one of members for each dimension."""
    console.print(change.sentence_zh, soft_wrap=True, markup=False, highlight=False)
    if change.reason is not None:
        return
    tables = [("公式成分", [(leaf.title, leaf.old, leaf.new, leaf.unit, leaf.contribution, leaf.share) for leaf in change.leaves])]
    for dimension in change.dimensions:
        if dimension.reason is not None:
            console.print(f"{dimension.title}：{dimension.reason.zh}", markup=False)
            continue
        rows = [(part.title, part.old, part.new, change.unit, part.contribution, part.share) for part in dimension.parts]
        tables.append((dimension.title, rows))
    for title, rows in tables:
        table = Table(title, change.then.label, change.now.label, "贡献", "占变化", box=None, header_style="bold")
        for name, old, new, unit, contribution, share in rows:
            table.add_row(name, shown(old, unit), shown(new, unit), shown(contribution, change.change_unit), shown(share, "%"))
        console.print()
        console.print(table)


def shown(value: float | None, unit: str) -> str:
    """A number for a narrow column."""
    return "—" if value is None else number_text(value, unit)
