"""Questions of one batch that read the same rows in the same split are asked as one, and the answer is cut apart again."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.asking import asked_columns, axes_of, shape_of
from engine.compiling.contradictions import refuse_contradictions
from engine.compiling.expand import Expander
from engine.compiling.leaves import Flow, Sum
from engine.compiling.modifying import Modifiers
from engine.compiling.reach import Hop, road_by_path, road_to_dimension
from engine.compiling.refuse import Refused
from engine.compiling.relations import new_writer
from engine.compiling.reshape import looked_back
from engine.compiling.scope import Scope
from engine.compiling.writer import conditions_of, leaves_below
from engine.expression.tree import Expr, IndicatorCall, columns, walk
from engine.loading.catalog import Catalog
from engine.modifier import Request, Shape, Value
from engine.question import Asked, Question, Viewer


class Group(Struct, frozen=True):
    """Questions answered by one statement (合并提问)."""

    members: tuple[int, ...]  # places in the batch
    question: Question  # what is asked for all of them
    names: tuple[tuple[str, ...], ...]  # for each member, its columns in the joint answer
    presence: tuple[Flow, ...] = ()  # rows counted beside the answer, so that each member keeps its own rows and no others
    needs: tuple[tuple[int, ...], ...] = ()  # for each member, places in `presence` one of which counts a row; none: it keeps all rows


class _Counted(Struct, frozen=True):
    """What a question counts: alike keys share a statement (计数范围)."""

    key: object
    flow: Flow | None = None  # a leaf of the only scan, where questions that count different rows of it may share it
    conditions: frozenset[Expr] | None = None  # one of which a row must meet; None: every row of the scan counts


def groups_of(
    catalog: Catalog, modifiers: Modifiers, questions: Sequence[Question], viewer: Viewer, as_of: Sequence[datetime]
) -> list[Group]:
    """The batch in groups, each with the place of its first member first. A question that stands alone, or is wrong, is a group of its own.

    Questions of one split that read one scan are joined though their indicators count different rows of it: conditions become those of
    the aggregates, and what each counts is counted beside. The cost rule is strict: they must walk the same joins, so a cheap tile is
    never widened into a costlier path, and a question with a `where` of its own stays alone, since its filter may spare the whole scan.
    """
    if len(questions) == 1:
        return [Group((0,), questions[0], ())]
    groups: dict[object, list[tuple[int, _Counted]]] = {}
    for place, question in enumerate(questions):
        counted = _counted(catalog, modifiers, question, viewer, as_of[place]) or _Counted(("alone", place))
        groups.setdefault(counted.key, []).append((place, counted))
    return [_group(questions, members) for members in groups.values()]


def _group(questions: Sequence[Question], members: Sequence[tuple[int, _Counted]]) -> Group:
    places = tuple(place for place, _ in members)
    if len(places) == 1:
        return Group(places, questions[places[0]], ())
    asked: list[Asked] = []
    names: list[tuple[str, ...]] = []
    known: dict[bytes, str] = {}
    for place in places:
        mine = []
        for one in questions[place].indicators:
            plain = replace(one, name=None) if isinstance(one, Asked) else Asked(of=one)
            name = known.setdefault(repr(plain).encode(), f"value {len(known) + 1}")
            if len(known) > len(asked):
                asked.append(replace(plain, name=name))
            mine.append(name)
        names.append(tuple(mine))
    joint = replace(questions[places[0]], indicators=tuple(asked))
    return Group(places, joint, tuple(names), *_presence([counted for _, counted in members]))


def _presence(members: Sequence[_Counted]) -> tuple[tuple[Flow, ...], tuple[tuple[int, ...], ...]]:
    """The rows to count beside a joint answer, and which of those counts tell each member's rows; nothing where all count the same."""
    flow = members[0].flow
    if flow is None or len({one.conditions for one in members}) == 1:
        return (), ()
    every = list(dict.fromkeys(condition for one in members for condition in sorted(one.conditions or (), key=repr)))
    needs = tuple(tuple(every.index(condition) for condition in one.conditions or ()) for one in members)
    return tuple(replace(flow, sum=Sum("count", None, condition)) for condition in every), needs


def _counted(catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime) -> _Counted | None:
    """What two questions must agree in to be one: the split, and the scans with the conditions that give rows. None: it stands alone."""
    if question.values or question.having or question.order or question.limit or question.totals:
        return None
    try:
        refuse_contradictions(question)
        asked = asked_columns(catalog, modifiers, question)
        shape = shape_of(catalog, question, axes_of(catalog, modifiers, question, asked), as_of)
        expander = Expander(catalog, modifiers)
        writer = new_writer(catalog, Scope(viewer), expander)
        if any(column.where is not None or column.is_omitted for column in asked):
            return None
        trees = [expander.tree(Value(Request(column.indicator, shape, column.modifiers))) for column in asked]
    except Refused:
        return None
    scans: dict[object, list[object]] = {}
    leaves = leaves_below(trees)
    for leaf in leaves:
        made = looked_back(leaf)
        scans.setdefault(writer.rows_of(made), []).append(made)
    split = (tuple(one if isinstance(one, str) else repr(one) for one in question.by), shape, question.where, question.fill)
    flows = [leaf for leaf in leaves if isinstance(leaf, Flow) and _is_plain(leaf, shape)]
    if len(scans) == 1 and flows and len(flows) == len(leaves) and question.fill is None:
        conditions = frozenset(one.sum.where for one in flows if one.sum.where is not None)
        is_whole = any(one.sum.where is None for one in flows) or not (shape.axes or shape.grain)
        roads = frozenset(road for one in flows for road in _roads(catalog, one))
        return _Counted((split, next(iter(scans)), roads), flows[0], None if is_whole else conditions)
    return _Counted((split, frozenset((rows, conditions_of(found)) for rows, found in scans.items())))


def _is_plain(flow: Flow, shape: Shape) -> bool:
    """Whether a row of the flow is a row of the answer, at its own place; an indicator inside an expression is a scan of its own."""
    own = flow.shape
    if own.shift is not None or own.window is not None or own.start_of is not None or own.axes != shape.axes or own.grain != shape.grain:
        return False
    return not any(isinstance(node, IndicatorCall) for expr in _expressions(flow) for node in walk(expr))


def _roads(catalog: Catalog, flow: Flow) -> Iterator[tuple[Hop, ...]]:
    """The joins that a flow's own expressions walk."""
    for expr in _expressions(flow):
        for column in columns(expr):
            road = road_by_path(catalog, flow.dataset, column.path)
            if road is None and catalog.dimension(column.name) is not None:
                road = road_to_dimension(catalog, flow.dataset, column.name)
            if road is not None and road.hops:
                yield road.hops


def _expressions(flow: Flow) -> list[Expr]:
    return [one for one in (flow.sum.of, flow.sum.where, flow.sum.weight) if one is not None]
