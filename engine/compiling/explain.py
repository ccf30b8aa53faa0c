"""The tree behind a number: every node with its formula and the columns that give its value in the same statement as the answer."""

from datetime import datetime
from typing import cast

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from engine.compiling.asking import asked_columns, axes_of, label_of, shape_of
from engine.compiling.combine import answer_select
from engine.compiling.expand import Expander
from engine.compiling.leaves import Cell, Leaf
from engine.compiling.measure_words import part_title, part_unit
from engine.compiling.modifying import Modifiers
from engine.compiling.relations import new_writer
from engine.compiling.rollup import Ready, Refusal, rolled_up
from engine.compiling.rows import parsed
from engine.compiling.scope import Scope
from engine.compiling.writer import Writer, cells_of
from engine.expression.canonical import canonical
from engine.expression.tree import Column, columns
from engine.kinds.indicator import Indicator, Measure
from engine.loading.catalog import Catalog
from engine.modifier import Across, Formula, Request, Shape, Tree, Value
from engine.question import Question, Viewer
from engine.warehouse import Statement

NO_STATES = Ready()


class Node(Struct, frozen=True):
    """One step of how a number comes about (计算节点)."""

    key: str  # SQL column of its value
    label: str  # name in the formula above it
    title: str
    unit: str
    formula: str  # canonical text
    kind: str  # indicator, part, measure, modifier
    tree: Tree
    indicator: str = ""
    meaning: str = ""
    owner: str = ""
    datasets: tuple[str, ...] = ()
    children: tuple["Node", ...] = ()


class ExplainPlan(Struct, frozen=True):
    """The statement that values every node, and which CTE holds the rows of each leaf (解释计划)."""

    root: Node
    statement: Statement
    shape: Shape
    fragments: dict[str, exp.Expression]  # node key -> the query in which its rows are counted
    tables: tuple[str, ...]
    reads: dict[str, "Reads"] = {}  # key of a node without parts -> the stored states that were looked at for it
    together: dict[str, tuple[str, ...]] = {}  # key of a node without parts -> titles of the others that the same scan counts


class Reads(Struct, frozen=True):
    """What a node's rows were taken from: states, or rows because each state was refused (读取来源)."""

    used: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


def plan_explanation(
    catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime, ready: Ready = NO_STATES
) -> ExplainPlan:
    """The tree of the question's first indicator, read from the states that cover it; with states, `catalog` holds them as datasets.

    Raises Refused when the question itself cannot be answered.
    """
    column = asked_columns(catalog, modifiers, question)[0]
    shape = shape_of(catalog, question, axes_of(catalog, modifiers, question, [column]), as_of)
    expander = Expander(catalog, modifiers)
    writer = new_writer(catalog, Scope(viewer), expander)
    builder = _Builder(catalog, expander, modifiers)
    root = builder.request("", Request(column.indicator, shape, column.modifiers))
    nodes, reads = _from_states(catalog, ready, viewer, list(_each(root)))
    writer.foresee(node.tree for node in nodes)
    body = answer_select(writer, [(node.key, node.tree) for node in nodes], shape)
    fragments = _fragments(writer, nodes)
    statement = Statement(writer.statement(body), dict(writer.parameters))
    return ExplainPlan(root, statement, shape, fragments, tuple(sorted(writer.tables)), reads, _together(writer, nodes))


def _from_states(catalog: Catalog, ready: Ready, viewer: Viewer, nodes: list[Node]) -> tuple[list[Node], dict[str, Reads]]:
    """The nodes as they are read, and for each that has no parts what was read or refused."""
    made: list[Node] = []
    reads: dict[str, Reads] = {}
    for node in nodes:
        (tree,), rolled = rolled_up(catalog, ready, viewer, [node.tree])
        made.append(replace(node, tree=tree))
        if not node.children:
            reads[node.key] = Reads(tuple(dict.fromkeys(rolled.used)), tuple(dict.fromkeys(rolled.refused)))
    return made, reads


def _each(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in _each(child))]


def _fragments(writer: Writer, nodes: list[Node]) -> dict[str, exp.Expression]:
    """For a node with one leaf, the query that counts its rows."""
    found: dict[str, exp.Expression] = {}
    for node in nodes:
        names = {writer.relations_of([cell])[_leaf(cell)].name for cell in cells_of(node.tree)}
        if len(names) == 1:
            name = names.pop()
            found[node.key] = cast(exp.Expression, writer.ctes[name])
    return found


def _together(writer: Writer, nodes: list[Node]) -> dict[str, tuple[str, ...]]:
    """For each node without parts, the others of which one scan counts the same rows."""
    lowest = [node for node in nodes if not node.children]
    rows = {node.key: {writer.rows_of(_leaf(cell)) for cell in cells_of(node.tree)} for node in lowest}
    found = {
        node.key: tuple(other.title for other in lowest if other.tree != node.tree and rows[other.key] & rows[node.key]) for node in lowest
    }
    return {key: tuple(dict.fromkeys(titles)) for key, titles in found.items() if titles}


def _leaf(cell: Cell | Across) -> Leaf | Across:
    return cell if isinstance(cell, Across) else cell.leaf


class _Builder:
    """Walks definitions and expands each step on its own, so that every step has a value."""

    def __init__(self, catalog: Catalog, expander: Expander, modifiers: Modifiers) -> None:
        self.catalog, self.expander, self.modifiers = catalog, expander, modifiers
        self.made = 0

    def key(self) -> str:
        self.made += 1
        return f"node_{self.made}"

    def request(self, label: str, request: Request) -> Node:
        """An indicator, with its modifiers outermost."""
        indicator = self.catalog.indicator(request.indicator)
        assert indicator is not None
        key = self.key()
        tree = self.expander.request(request)
        if request.modifiers:
            return self._modified(key, label, request, indicator, tree)
        children: tuple[Node, ...] = ()
        formula = ""
        if indicator.of is not None:
            below = Request(indicator.of, request.shape, self.modifiers.several(indicator.modifier))
            children = (self.request(indicator.of, below),)
        elif indicator.formula is not None:
            found = parsed(indicator.formula)
            formula = canonical(found.expr)
            children = tuple(self._argument(column.name, indicator, request.shape) for column in columns(found.expr))
        elif indicator.score is not None:
            children = tuple(
                self.request(item.of, Request(item.of, request.shape, self.modifiers.several(item.modifier)))
                for item in indicator.score.items
            )
        else:
            formula = measure_text(indicator.measure) if indicator.measure else "conversion"
        return Node(
            key, label or request.indicator, indicator.title, indicator.unit, formula, "indicator", tree, request.indicator,
            indicator.meaning or "", indicator.owner or "", _datasets(indicator), children,
        )  # fmt: skip

    def _modified(self, key: str, label: str, request: Request, indicator: Indicator, tree: Tree) -> Node:
        outermost = request.modifiers[-1]
        expanded = outermost.expand(self.expander.below(request))
        children = tuple(self.request(name, value.request) for name, value in _values(expanded))
        formula = canonical(expanded.expr) if isinstance(expanded, Formula) else outermost.tag
        unit = indicator.unit
        for modifier in request.modifiers:
            unit = modifier.unit(unit)
        title = f"{indicator.title}·{label_of(outermost)}"
        return Node(
            key,
            label or outermost.tag,
            title,
            unit,
            formula,
            "modifier",
            tree,
            request.indicator,
            indicator.meaning or "",
            indicator.owner or "",
            (),
            children,
        )

    def _argument(self, name: str, indicator: Indicator, shape: Shape) -> Node:
        operand = next((one for one in indicator.parts if one.name == name), None)
        if operand is None:
            return self.request(name, Request(name, shape))
        if operand.of is not None and not operand.uncut and operand.where is None:
            return self.request(name, Request(operand.of, shape, self.modifiers.several(operand.modifier)))
        key = self.key()
        tree = self.expander.argument(Column((name,)), operand, shape, indicator, 0)
        text = measure_text(operand.measure) if operand.measure else operand.of or ""
        return Node(
            key, name, part_title(self.catalog, operand), part_unit(self.catalog, operand), text, "part", tree,
            datasets=(operand.dataset,) if operand.dataset else (),
        )  # fmt: skip


def _values(tree: Tree) -> list[tuple[str, Value]]:
    match tree:
        case Value():
            return [("value", tree)]
        case Formula(arguments=arguments):
            return [(name, one) for name, one in arguments if isinstance(one, Value)]
        case Across(tree=inner):
            return _values(inner)
    return []


def measure_text(measure: Measure) -> str:
    """A measure as one line: sum(net_ton) where leg = 'first'."""
    of = canonical(parsed(measure.of).expr) if measure.of else "*"
    extra = f", {measure.at}" if measure.agg == "percentile" else f", {measure.weight}" if measure.weight else ""
    where = f" where {canonical(parsed(measure.where).expr)}" if measure.where else ""
    return f"{measure.agg}({of}{extra}){where}"


def _datasets(indicator: Indicator) -> tuple[str, ...]:
    if indicator.conversion is not None:
        return tuple(dict.fromkeys((indicator.conversion.base.dataset, indicator.conversion.then.dataset)))
    return (indicator.dataset,) if indicator.dataset else ()


def narrowed(question: Question) -> Question:
    """The question without its split: one number is explained at a time."""
    return replace(
        question, by=(), grain=None, order=(), limit=None, having=None, totals=False, fill=None, indicators=question.indicators[:1]
    )
