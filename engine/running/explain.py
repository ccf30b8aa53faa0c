"""A number explained: value, unit, SQL, tables, data version and as-of at every node of its formula, and why a value is missing."""

from datetime import datetime

import msgspec
from msgspec import Struct

from engine.compiling.explain import ExplainPlan, Node, narrowed, plan_explanation
from engine.compiling.modifying import Modifiers
from engine.compiling.refuse import Refused
from engine.compiling.rows import parsed
from engine.compiling.tables import table_of
from engine.expression.tree import Binary, walk
from engine.findings import Finding
from engine.frame import JsonValue, plain
from engine.kinds.analysis import output_of
from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Question, Viewer
from engine.running.analyses_book import Result, results
from engine.running.analyses_due import computed_by
from engine.running.ask import known_modifiers
from engine.running.kept import kept_from, without_states
from engine.running.lateness import as_of_question
from engine.running.states import States
from engine.warehouse import Warehouse


class Explained(Struct, frozen=True, kw_only=True):
    """One node of an explained number (可解释节点)."""

    label: str
    title: str
    kind: str
    indicator: str = ""
    meaning: str = ""
    owner: str = ""
    formula: str = ""
    value: JsonValue = None
    unit: str = ""
    sql: str = ""
    tables: tuple[str, ...] = ()
    data_version: dict[str, int] = {}
    as_of: str = ""
    why_null_zh: str = ""
    why_null_en: str = ""
    analyses: tuple[Result, ...] = ()  # results of analyses that its rows are of
    states: tuple[str, ...] = ()  # stored states that its rows were read from
    read_zh: tuple[str, ...] = ()  # a sentence for each analysis that gave its rows, and for each state: read, or why it was not
    read_en: tuple[str, ...] = ()
    children: tuple["Explained", ...] = ()


def explain(
    catalog: Catalog, warehouse: Warehouse, question: Question, viewer: Viewer = EVERYTHING, now: datetime | None = None,
    *, modifiers: Modifiers | None = None, seconds: float = 60.0, states: States | None = None,
) -> Explained | list[Finding]:  # fmt: skip
    """The first indicator of the question explained for its whole period and `where`; findings when it cannot be asked.

    A question whose modifier needs a grain keeps it, and its last period is explained. With `states` a part is read from a stored
    state where one covers it, and every part says from what it was read, or why a state was not.
    """
    ready = states.ready() if states is not None else without_states(warehouse)
    catalog = states.catalog if states is not None else catalog
    known = modifiers or known_modifiers()
    try:
        as_of = as_of_question(catalog, warehouse, question, now or datetime.max)
        try:
            plan = plan_explanation(catalog, known, narrowed(question), viewer, as_of, ready)
        except Refused:
            plan = plan_explanation(catalog, known, msgspec.structs.replace(narrowed(question), grain=question.grain), viewer, as_of, ready)
    except Refused as refused:
        return [refused.finding]
    table = warehouse.query(plan.statement, seconds=seconds)
    rows = table.to_pylist()
    last = max(rows, key=lambda row: str(row.get("period"))) if rows else {}
    return _explained(catalog, warehouse, plan, plan.root, last, as_of)


def _explained(catalog: Catalog, warehouse: Warehouse, plan: ExplainPlan, node: Node, row: dict[str, object], as_of: datetime) -> Explained:
    children = tuple(_explained(catalog, warehouse, plan, child, row, as_of) for child in node.children)
    tables = tuple(dict.fromkeys([*node.datasets, *(table for child in children for table in child.tables)]))
    value = plain(row.get(node.key))
    fragment = plan.fragments.get(node.key)
    sql = warehouse.write(fragment) if fragment is not None and not children else ""
    why_zh, why_en = _why_null(node, children) if value is None else ("", "")
    used, read_zh, read_en = _reads(catalog, warehouse, plan, node)
    given, given_zh, given_en = _given(catalog, warehouse, node, as_of)
    return Explained(
        label=node.label, title=node.title, kind=node.kind, indicator=node.indicator, meaning=node.meaning, owner=node.owner,
        formula=node.formula, value=value, unit=node.unit, sql=sql, tables=tables, data_version=_versions(catalog, warehouse, tables),
        as_of=as_of.isoformat(sep=" ", timespec="seconds") if as_of.year < 9999 else "", why_null_zh=why_zh, why_null_en=why_en, states=used,
        analyses=given, read_zh=(*given_zh, *read_zh), read_en=(*given_en, *read_en), children=children,
    )  # fmt: skip


def _given(
    catalog: Catalog, warehouse: Warehouse, node: Node, as_of: datetime
) -> tuple[tuple[Result, ...], tuple[str, ...], tuple[str, ...]]:
    """For each dataset of a node that an analysis gives: its latest result by then, and a sentence in Chinese and English."""
    found: list[Result] = []
    said: list[tuple[str, str]] = []
    for id in node.datasets:
        dataset = catalog.dataset(id)
        source = output_of(dataset.source) if dataset is not None else None
        analysis = catalog.analysis(source[0]) if source is not None else None
        if source is not None and analysis is not None:
            latest = results(warehouse, source[0], before=as_of if as_of.year < 9999 else None, limit=1)
            found += latest
            said.append(computed_by(analysis, latest[0] if latest else None))
    return tuple(found), tuple(zh for zh, _ in said), tuple(en for _, en in said)


def _reads(
    catalog: Catalog, warehouse: Warehouse, plan: ExplainPlan, node: Node
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The states a node was read from, and a sentence for each state that was looked at, in Chinese and English."""
    reads = plan.reads.get(node.key)
    if reads is None:
        return (), (), ()
    said = []
    for one in reads.used:
        outlived = _outlived(catalog, warehouse, one)
        said.append((f"从预聚合「{_title(catalog, one)}」读取{outlived[0]}", f"read from the state '{one}'{outlived[1]}"))
    said += [
        (f"没有用预聚合「{_title(catalog, one.state)}」：{one.zh}", f"the state '{one.state}' was not used: {one.en}")
        for one in reads.refused
    ]
    if others := plan.together.get(node.key):
        said.append((f"与{'、'.join(f'「{one}」' for one in others)}合并为一次扫描", f"counted by one scan with {', '.join(others)}"))
    return reads.used, tuple(zh for zh, _ in said), tuple(en for _, en in said)


def _outlived(catalog: Catalog, warehouse: Warehouse, state: str) -> tuple[str, str]:
    """Which rows a state has outlived, in Chinese and English; empty where all rows are there."""
    kept = kept_from(warehouse)
    rows = next((since for id, since in kept.items() if state.startswith(f"states.{id}_") and catalog.dataset(id) is not None), None)
    if rows is None:
        return "", ""
    version = _versions(catalog, warehouse, (state,))[state]
    return (
        f"（第 {version} 版；{rows:%Y-%m-%d} 之前的原始行已按保留期删除）",
        f" (version {version}; rows before {rows:%Y-%m-%d} were removed when their time was up)",
    )


def _title(catalog: Catalog, state: str) -> str:
    spec = catalog.dataset(state)
    return spec.title if spec is not None else state


def _versions(catalog: Catalog, warehouse: Warehouse, tables: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for id in tables:
        dataset = catalog.dataset(id)
        state = warehouse.state(table_of(id, dataset)) if dataset is not None else None
        found[id] = state.version if state is not None else 0
    return found


def _why_null(node: Node, children: tuple[Explained, ...]) -> tuple[str, str]:
    """The reason nearest to the data: a part without a value, a zero divisor, or no row that counts."""
    missing = [child for child in children if child.value is None]
    if missing:
        names = "、".join(child.title for child in missing)
        return f"成分没有值：{names}", f"a part has no value: {', '.join(child.label for child in missing)}"
    if children and any(isinstance(part, Binary) and part.op == "/" for part in walk(parsed(node.formula).expr)):
        zeros = [child for child in children if child.value == 0]
        if zeros:
            return f"除数为零：{'、'.join(child.title for child in zeros)}", f"divided by zero: {', '.join(child.label for child in zeros)}"
        return "除数为零", "divided by zero"
    return "这个周期与范围内没有计入的行", "no row counts in this period and scope"
