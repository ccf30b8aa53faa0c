"""From questions to one statement each: the passes in order, pure from the first to the last."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.answer_rows import having_of, order_of
from engine.compiling.asking import Column, asked_columns, axes_of, shape_of
from engine.compiling.combine import answer_select
from engine.compiling.contradictions import refuse_contradictions
from engine.compiling.expand import Expander
from engine.compiling.leaves import Cell, Flow
from engine.compiling.marking import Flag, flags_of
from engine.compiling.modifying import Modifiers
from engine.compiling.names import column_ref, named
from engine.compiling.refuse import Refused
from engine.compiling.relations import new_writer
from engine.compiling.rollup import Ready, Refusal, Rolled, rolled_up
from engine.compiling.scope import Scope
from engine.compiling.values import values_select
from engine.compiling.writer import TIME, Writer, shown_keys
from engine.expression.tree import Binary, Value
from engine.findings import Finding
from engine.loading.catalog import Catalog
from engine.modifier import Request, Shape, Tree
from engine.modifier import Value as Asked
from engine.question import Question, Viewer
from engine.warehouse import Statement

ANSWER = "answer"
NO_STATES = Ready()


class Compiled(Struct, frozen=True):
    """A question ready to run, or why it cannot be (编译结果)."""

    question: Question
    statement: Statement | None = None
    totals: "Compiled | None" = None  # the same without a split
    shape: Shape | None = None
    columns: tuple[Column, ...] = ()
    keys: tuple[str, ...] = ()  # SQL names of the key columns, time last
    marks: frozenset[str] = frozenset()
    tables: tuple[str, ...] = ()  # datasets read
    trees: tuple[Tree, ...] = ()
    flags: tuple[Flag, ...] = ()  # columns that say which rows bear a word
    findings: tuple[Finding, ...] = ()
    states: tuple[str, ...] = ()  # stored states read instead of rows
    refusals: tuple[Refusal, ...] = ()  # states that were not used, and why


class Trees(Struct, frozen=True):
    """What a question asks for, expanded down to its leaves (展开结果)."""

    question: Question
    columns: tuple[Column, ...]
    shape: Shape
    every: tuple[Tree, ...]  # one for each column, then one for each flow counted beside
    rolled: Rolled


def compile_question(
    catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime, ready: Ready = NO_STATES,
    presence: Sequence[Flow] = (),
) -> Compiled:  # fmt: skip
    """The statement for one question as of an instant (wall clock of the project's zone).

    `presence`: rows to count beside the answer, in the columns that `present` names.
    """
    try:
        refuse_contradictions(question)
        if question.values:
            return _values(catalog, modifiers, question, viewer, as_of)
        return _answer(catalog, modifiers, asked_trees(catalog, modifiers, question, viewer, as_of, ready, presence), viewer, ready)
    except Refused as refused:
        return Compiled(question, findings=(refused.finding,))


def compile_trees(
    catalog: Catalog, modifiers: Modifiers, asked: Trees, viewer: Viewer, ready: Ready, pooled: Callable[[Tree], Tree]
) -> Compiled:
    """The statement for a question that is expanded; `pooled` has its trees read from a batch's pools, which the catalog knows."""
    try:
        return _answer(catalog, modifiers, asked, viewer, ready, pooled)
    except Refused as refused:
        return Compiled(asked.question, findings=(refused.finding,))


def present(place: int) -> str:
    """Column with the number of rows that a flow of `presence` counts."""
    return f"present_{place + 1}"


def asked_trees(
    catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime, ready: Ready, presence: Sequence[Flow] = ()
) -> Trees:
    """The trees of a question, read from the states that cover them. Raises Refused."""
    columns = asked_columns(catalog, modifiers, question)
    shape = shape_of(catalog, question, axes_of(catalog, modifiers, question, columns), as_of)
    expander = Expander(catalog, modifiers)
    trees = [*(_tree(expander, column, shape) for column in columns), *(Cell(flow) for flow in presence)]
    every, rolled = rolled_up(catalog, ready, viewer, trees)
    return Trees(question, columns, shape, every, rolled)


def _answer(
    catalog: Catalog, modifiers: Modifiers, asked: Trees, viewer: Viewer, ready: Ready, pooled: Callable[[Tree], Tree] | None = None
) -> Compiled:
    question, columns, shape, rolled = asked.question, asked.columns, asked.shape, asked.rolled
    writer = new_writer(catalog, Scope(viewer), Expander(catalog, modifiers))
    hidden = {axis.name for axis in shape.axes if axis.is_hidden}
    every = asked.every if pooled is None else tuple(pooled(tree) for tree in asked.every)
    trees, counts = every[: len(columns)], [(present(i), tree) for i, tree in enumerate(every[len(columns) :])]
    writer.foresee(every)
    values = [(column.sql, tree) for column, tree in zip(columns, trees, strict=True)]
    flags = flags_of(catalog, values)
    fill = question.fill if shape.axes or shape.grain else None  # one row is there anyhow
    body = answer_select(writer, [*values, *((flag.column, flag.tree) for flag in flags), *counts], shape, fill)
    body.set("expressions", [one for one in body.expressions if one.alias_or_name not in hidden])
    body = _omitted(catalog, body, columns)
    select = _ordered(catalog, writer, body, question, columns, shape, [flag.column for flag in flags])
    statement = Statement(writer.statement(select), _parameters(writer))
    totals = _totals(catalog, modifiers, question, viewer, shape.until, ready) if question.totals and (shape.axes or shape.grain) else None
    behind = {id for state in ready.states if state.id in rolled.used for id in (state.dataset, *state.joined)}
    return Compiled(
        question, statement, totals, shape, columns, tuple(shown_keys(shape)), frozenset(writer.marks),
        tuple(sorted(writer.tables | behind)), trees, flags, (), tuple(rolled.used), tuple(rolled.refused),
    )  # fmt: skip


def _tree(expander: Expander, column: Column, shape: Shape) -> Tree:
    if column.where is not None:
        shape = replace(shape, where=column.where if shape.where is None else Binary("and", shape.where, column.where))
    return expander.tree(Asked(Request(column.indicator, shape, column.modifiers)))


def _totals(catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime, ready: Ready) -> Compiled | None:
    """The value over all groups is recomputed from rows, never summed from the answer."""
    whole = replace(question, by=(), grain=None, totals=False, having=None, order=(), limit=None, fill=None)
    try:
        return _answer(catalog, modifiers, asked_trees(catalog, modifiers, whole, viewer, as_of, ready), viewer, ready)
    except Refused:
        return None


def _omitted(catalog: Catalog, body: exp.Select, columns: Sequence[Column]) -> exp.Select:
    """absent: omit drops a row whose cells are all omitted and empty."""
    if not all(column.is_omitted for column in columns) or not columns:
        return body
    wrapped = exp.Select(expressions=[exp.Star()]).from_(body.subquery(ANSWER, copy=False), copy=False)
    some: exp.Expression | None = None
    for column in columns:
        one = exp.Not(this=exp.Is(this=column_ref(ANSWER, column.sql), expression=exp.Null()))
        some = one if some is None else exp.Or(this=some, expression=one)
    return wrapped.where(some, copy=False)


def _ordered(
    catalog: Catalog, writer: Writer, body: exp.Select, question: Question, columns: Sequence[Column], shape: Shape, marks: Sequence[str]
) -> exp.Select:
    having = having_of(catalog, question, columns, shape)
    keys = shown_keys(shape)
    outer = body
    if having is not None or question.limit is not None or question.order:
        chosen = [named(column_ref(ANSWER, name), name) for name in [*keys, *(column.sql for column in columns), *marks]]
        outer = exp.Select(expressions=chosen).from_(body.subquery(ANSWER, copy=False), copy=False)
        if having is not None:
            outer = outer.where(having(writer), copy=False)
    order = order_of(question, columns, shape)
    if order:
        outer.set("order", exp.Order(expressions=[nodes.ordered(column_ref(None, name), desc) for name, desc in order]))
    if question.limit is not None:
        outer = outer.limit(question.limit + 1, copy=False)  # one more tells whether rows were cut off
    return outer


def _values(catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime) -> Compiled:
    writer = new_writer(catalog, Scope(viewer), Expander(catalog, modifiers))
    select, columns = values_select(writer, question, as_of)
    statement = Statement(writer.statement(select), _parameters(writer))
    return Compiled(question, statement, columns=columns, tables=tuple(sorted(writer.tables)))


def _parameters(writer: Writer) -> dict[str, Value]:
    return dict(writer.parameters)


__all__ = ["TIME", "Compiled", "compile_question"]
