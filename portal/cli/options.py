"""What several commands ask for in the same words, and how those words become a question and a viewer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from engine.loading.catalog import Catalog
from engine.loading.parse import parse_text
from engine.question import EVERYTHING, Asked, Order, Period, Question, Viewer

Definitions = Annotated[
    Path | None, Parameter(name="--definitions", help="定义所在文件夹（缺省 definitions，或环境变量 CHENGMAI_DEFINITIONS）")
]
Var = Annotated[Path | None, Parameter(name="--var", help="程序写入的文件夹（缺省 var，或环境变量 CHENGMAI_VAR）")]
WarehouseTag = Annotated[
    Literal["duckdb", "postgres", "spark"] | None, Parameter(name="--warehouse", help="在哪个数仓计算（缺省：project.yaml 的 warehouse）")
]
Format = Annotated[Literal["table", "json", "csv"], Parameter(name="--format", help="输出格式")]
By = Annotated[list[str] | None, Parameter(name="--by", help="按什么切分，可多次：--by city.district", negative="")]
Grain = Annotated[str | None, Parameter(name="--grain", help="时间粒度：day week month quarter year …")]
From = Annotated[str | None, Parameter(name="--from", help="起（含）：2026-01-01")]
To = Annotated[str | None, Parameter(name="--to", help="止（不含）：2026-02-01")]
Last = Annotated[str | None, Parameter(name="--last", help="最近多久：P30D、P12M")]
Where = Annotated[str | None, Parameter(name="--where", help="条件：\"sanitation.waste_kind = 'kitchen'\"")]
Having = Annotated[str | None, Parameter(name="--having", help='结果条件："yoy > 10"')]
Modifiers = Annotated[
    list[str] | None, Parameter(name="--modifier", help='变换，可多次：yoy，或 "rolling: {over: P7D}"；每个在答案里多一列', negative="")
]
Orders = Annotated[list[str] | None, Parameter(name="--order", help="排序列，可多次；列名前加 - 为降序：--order -value", negative="")]
Limit = Annotated[int | None, Parameter(name="--limit", help="最多多少行")]
Totals = Annotated[bool, Parameter(name="--totals", help="另给合计（重新计算，不是相加）", negative="")]
Fill = Annotated[Literal["time", "members", "all"] | None, Parameter(name="--fill", help="补齐没有数据的时间或成员")]
Edge = Annotated[Literal["cut", "whole"], Parameter(name="--edge", help="时段从粒度中间开始时：cut 只算时段内，whole 扩到整段")]
AsOf = Annotated[str | None, Parameter(name="--as-of", help="截至时刻：2026-11-22T08:00")]
As = Annotated[
    str | None, Parameter(name="--as", help="以谁的身份看：角色:属性=值,值;属性=值，例如 district_user:regions=110105；多个角色用 + 相连")
]
Language = Annotated[Literal["zh", "en"], Parameter(name="--language", help="校验问题用哪种语言")]


class Stopped(Exception):
    """A command cannot go on; its message is for the person at the terminal."""

    def __init__(self, said: str, exit_code: int = 2) -> None:
        super().__init__(said)
        self.exit_code = exit_code


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """What is asked about the indicators (提问选项)."""

    by: By = None
    grain: Grain = None
    first: From = None
    to: To = None
    last: Last = None
    where: Where = None
    having: Having = None
    modifier: Modifiers = None
    order: Orders = None
    limit: Limit = None
    totals: Totals = False
    fill: Fill = None
    edge: Edge = "cut"
    as_of: AsOf = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Place:
    """Whose definitions, which warehouse, and who looks (环境选项)."""

    viewer: As = None
    warehouse: WarehouseTag = None
    definitions: Definitions = None
    var: Var = None


NO_ASKING, HERE = Asking(), Place()


def question_from(ids: tuple[str, ...], asking: Asking) -> Question:
    """The question that a command line asks; each modifier adds a column beside the plain value."""
    is_cut = asking.first or asking.to or asking.last
    period = Period(start=asking.first, end=asking.to, last=asking.last) if is_cut else None
    modifiers = list(map(modifier_from, asking.modifier or []))
    modified = [Asked(of=id, modifier=modifier, name=column_name(ids, id, modifier)) for id in ids for modifier in modifiers]
    order = tuple(Order(by=key.removeprefix("-"), desc=key.startswith("-")) for key in asking.order or ())
    return Question(
        indicators=(*ids, *modified), by=tuple(asking.by or ()), grain=asking.grain, period=period,
        where=asking.where, having=asking.having, order=order, limit=asking.limit, totals=asking.totals,
        fill=asking.fill, edge=asking.edge, as_of=asking.as_of,
    )  # fmt: skip


def modifier_from(text: str) -> dict[str, Any] | str:
    """A modifier as YAML writes it: a word, or a word and its settings."""
    if ":" not in text:
        return text.strip()
    parsed = parse_text(text if text.lstrip().startswith("{") else f"{{{text}}}", "--modifier")
    if parsed.findings or not isinstance(parsed.value, dict):
        said = parsed.findings[0].zh if parsed.findings else "不是一个名称和它的设置"
        raise Stopped(f"--modifier 「{text}」读不懂：{said}\n    例如 --modifier yoy，或 --modifier 'rolling: {{over: P7D}}'")
    return parsed.value


def column_name(ids: tuple[str, ...], id: str, modifier: dict[str, Any] | str) -> str:
    """Name of a modified column: the modifier's word, with the indicator's last name where several are asked."""
    word = modifier if isinstance(modifier, str) else next(iter(modifier))
    return word if len(ids) == 1 else f"{id.rpartition('.')[2]}_{word}"


def viewer_from(text: str | None, catalog: Catalog) -> Viewer:
    """The viewer that `--as` names; without it the platform itself asks. Raises Stopped for a role that is not defined."""
    if not text:
        return EVERYTHING
    roles, _, said = text.partition(":")
    attributes = []
    for pair in filter(None, said.split(";")):
        name, equals, values = pair.partition("=")
        if not equals:
            raise Stopped(f"--as 里的「{pair}」不是 属性=值\n    例如 --as district_user:regions=110105")
        attributes.append((name.strip(), tuple(value.strip() for value in values.split(","))))
    return Viewer(name=text, access=tuple(access_id(role.strip(), catalog) for role in roles.split("+")), attributes=tuple(attributes))


def access_id(role: str, catalog: Catalog) -> str:
    """The access definition of a role: its id, or its last name where that is enough."""
    known = catalog.ids("access")
    found = [id for id in known if id == role or id.rpartition(".")[2] == role]
    if len(found) != 1:
        raise Stopped(f"没有名为「{role}」的角色\n    可用：{'、'.join(known) or '（还没有 access 定义）'}")
    return found[0]
