"""The leaves of a number valued in one period, whole or member by member, by one statement."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from engine.compiling.asking import asked_columns, axes_of, shape_of
from engine.compiling.combine import answer_select
from engine.compiling.expand import Expander
from engine.compiling.explain import Node, narrowed, plan_explanation
from engine.compiling.gone import refuse_gone
from engine.compiling.modifying import Modifiers
from engine.compiling.reads import datasets_of
from engine.compiling.refuse import Refused, refuse
from engine.compiling.relations import new_writer
from engine.compiling.scope import Scope
from engine.loading.catalog import Catalog
from engine.modifier import Axis, Formula, Request, Shape, Tree
from engine.question import Asked, Period, Question, Viewer
from engine.running.arithmetic import Known, NotArithmetic, exact, worked_out
from engine.running.change_leaves import Leaf, Skeleton, Spot, is_cut_by, skeleton
from engine.running.compared_periods import Stretch
from engine.running.kept import kept_from
from engine.warehouse import Statement, Warehouse

ROOT = "whole"
Key = str | None
CLOSE = 1e-6  # the warehouse works in double precision, and so may differ in the last digits


class Asking(Struct, frozen=True):
    """Everything but period and split (提问背景)."""

    catalog: Catalog
    warehouse: Warehouse
    modifiers: Modifiers
    question: Question
    viewer: Viewer
    as_of: datetime
    seconds: float = 60.0


class Row(Struct, frozen=True):
    """The leaves of one member, or of all, and the number they make (一行)."""

    leaves: tuple[Known, ...]
    whole: Known


class Valued(Struct, frozen=True):
    """One period valued (一期取值)."""

    root: Node
    skeleton: Skeleton
    rows: dict[Key, Row]  # the key is None without a split, and for rows without a member
    tables: tuple[str, ...]
    axis: Axis | None = None

    def is_split(self, number: int) -> bool:
        """Whether the values of leaf n by member can add up to its whole."""
        tree = self.skeleton.leaves[number].tree
        return self.axis is not None and self.skeleton.leaves[number].is_additive and is_cut_by(tree, self.axis)


def valued(asking: Asking, stretch: Stretch, by: str | None = None) -> Valued:
    """The leaves in one period, for each member of `by`. Raises Refused."""
    root, shape, tables = planned(asking, of_period(asking.question, stretch, by))
    if len(shape.axes) > (1 if by else 0):
        raise refuse(
            "split-within",
            "这个变换已在更粗的层级内计算，不能再按成员拆分",
            "this modifier computes within a coarser level and is not split by members",
        )
    flat = skeleton(root)
    rows = queried(asking, shape, [*((f"leaf_{n}", leaf.tree) for n, leaf in enumerate(flat.leaves)), (ROOT, root.tree)])
    axis = shape.axes[0] if shape.axes else None
    found: dict[Key, Row] = {}
    for row in rows:
        key = row[axis.name] if axis is not None else None
        leaves = tuple(exact(row[f"leaf_{n}"]) for n in range(len(flat.leaves)))
        found[None if key is None else str(key)] = Row(leaves, exact(row[ROOT]))
    return Valued(root, flat, found, tables, axis)


def planned(asking: Asking, question: Question) -> tuple[Node, Shape, tuple[str, ...]]:
    """The explained tree of the question, its shape, and the datasets read; a tree of one node where its steps need periods of their own."""
    catalog, modifiers = asking.catalog, asking.modifiers
    try:
        plan = plan_explanation(catalog, modifiers, question, asking.viewer, asking.as_of)
        return plan.root, plan.shape, plan.tables
    except Refused:
        column = asked_columns(catalog, modifiers, question)[0]
        shape = shape_of(catalog, question, axes_of(catalog, modifiers, question, [column]), asking.as_of)
        tree = Expander(catalog, modifiers).request(Request(column.indicator, shape, column.modifiers))
        node = Node("node_1", column.indicator, column.title, column.unit, "", "indicator", tree, column.indicator)
        return node, shape, datasets_of(catalog, question)


def of_period(question: Question, stretch: Stretch, by: str | None) -> Question:
    """The question for one period and split, its first indicator's own condition among those of the question."""
    asked = question.indicators[0]
    where = [text for text in (question.where, asked.where if isinstance(asked, Asked) else None) if text]
    return msgspec.structs.replace(
        narrowed(question), by=(by,) if by else (), period=Period(start=stretch.start.isoformat(), end=stretch.end.isoformat()),
        where=" and ".join(f"({text})" for text in where) or None,
    )  # fmt: skip


def queried(asking: Asking, shape: Shape, trees: Sequence[tuple[str, Tree]]) -> list[dict[str, object]]:
    """Rows of the trees' values under their names."""
    writer = new_writer(asking.catalog, Scope(asking.viewer), Expander(asking.catalog, asking.modifiers))
    refuse_gone(asking.catalog, kept_from(asking.warehouse), [tree for _, tree in trees])
    writer.foresee(tree for _, tree in trees)
    body = answer_select(writer, trees, shape)
    statement = Statement(writer.statement(body), dict(writer.parameters))
    rows: list[dict[str, object]] = asking.warehouse.query(statement, seconds=asking.seconds).to_pylist()
    return rows


# -- the formula over leaves -------------------------------------------------------------------------------------------


def value_of(tree: Tree, values: Sequence[Known]) -> Known:
    """A skeleton worked out over its leaves' values. Raises NotArithmetic."""
    if isinstance(tree, Spot):
        return values[tree.number]
    if not isinstance(tree, Formula):
        raise NotArithmetic(type(tree).__name__)
    known: dict[str, Known] = {}
    arguments = dict(tree.arguments)

    def look(name: str) -> Known:
        if name not in known:
            known[name] = value_of(arguments[name], values)
        return known[name]

    return worked_out(tree.expr, look)


def checked(found: Valued) -> Valued:
    """The same where the formula over the leaves gives what the warehouse gave; else the number itself is the only leaf."""
    try:
        is_same = all(_is_close(value_of(found.skeleton.tree, row.leaves), row.whole) for row in found.rows.values())
    except NotArithmetic:
        is_same = False
    return found if is_same else undivided(found)


def undivided(found: Valued) -> Valued:
    """The same with the number itself as the only leaf."""
    root = found.root
    leaf = Leaf(root.label, root.title, root.formula, root.unit, root.tree)
    rows = {key: Row((row.whole,), row.whole) for key, row in found.rows.items()}
    return msgspec.structs.replace(found, skeleton=Skeleton(Spot(0), (leaf,)), rows=rows)


def _is_close(mine: Known, theirs: Known) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    a, b = float(mine), float(theirs)  # type: ignore[arg-type]
    return abs(a - b) <= CLOSE * max(abs(a), abs(b), 1e-12)
