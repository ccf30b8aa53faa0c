"""The explanation of a number as the page draws it: one box a node, words instead of empty places."""

from msgspec import Struct

from engine.kinds.indicator import Indicator
from engine.running.explain import Explained
from renderers.number import write_number, write_value

KINDS = {"indicator": "指标", "part": "成分", "measure": "度量", "modifier": "变换"}


class Node(Struct, frozen=True):
    """One box of the tree (节点)."""

    label: str
    title: str
    kind: str
    formula: str
    value: str
    unit: str
    sql: str
    tables: list[str]
    data_version: str
    as_of: str
    why_null: str
    read: list[str]
    children: list["Node"]


def node_of(explained: Explained, indicator: Indicator | None = None) -> Node:
    """A node and what it is made of; only the root has the indicator's display format."""
    display = indicator.display if indicator is not None else None
    value = explained.value
    written = write_number(value, explained.unit, display) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return Node(
        label=explained.label or explained.indicator,
        title=explained.title or explained.label,
        kind=KINDS.get(explained.kind, explained.kind),
        formula=explained.formula,
        value=written.text if written else write_value(value),
        unit=written.unit if written else explained.unit,
        sql=explained.sql,
        tables=list(explained.tables),
        data_version="，".join(map(str, dict.fromkeys(explained.data_version.values()))),
        as_of=explained.as_of,
        why_null=explained.why_null_zh,
        read=list(explained.read_zh),
        children=[node_of(child) for child in explained.children],
    )
