"""Questions of one batch that count the same rows in the same split are asked as one, and the answer is cut apart again."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.asking import asked_columns, axes_of, shape_of
from engine.compiling.contradictions import refuse_contradictions
from engine.compiling.expand import Expander
from engine.compiling.modifying import Modifiers
from engine.compiling.refuse import Refused
from engine.compiling.relations import new_writer
from engine.compiling.reshape import looked_back
from engine.compiling.scope import Scope
from engine.compiling.writer import conditions_of, leaves_below
from engine.loading.catalog import Catalog
from engine.modifier import Request, Value
from engine.question import Asked, Question, Viewer


class Group(Struct, frozen=True):
    """Questions answered by one statement (合并提问)."""

    members: tuple[int, ...]  # places in the batch
    question: Question  # what is asked for all of them
    names: tuple[tuple[str, ...], ...]  # for each member, its columns in the joint answer


def groups_of(
    catalog: Catalog, modifiers: Modifiers, questions: Sequence[Question], viewer: Viewer, as_of: Sequence[datetime]
) -> list[Group]:
    """The batch in groups, each with the place of its first member first. A question that stands alone, or is wrong, is a group of its own."""
    if len(questions) == 1:
        return [Group((0,), questions[0], ())]
    by_rows: dict[object, list[int]] = {}
    for place, question in enumerate(questions):
        key = _rows_counted(catalog, modifiers, question, viewer, as_of[place])
        by_rows.setdefault(("alone", place) if key is None else key, []).append(place)
    return [_group(questions, places) for places in by_rows.values()]


def _group(questions: Sequence[Question], places: Sequence[int]) -> Group:
    if len(places) == 1:
        return Group((places[0],), questions[places[0]], ())
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
    return Group(tuple(places), replace(questions[places[0]], indicators=tuple(asked)), tuple(names))


def _rows_counted(catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime) -> object | None:
    """What two questions must agree in to be one: the split, and the scans with the conditions that give rows. None: it stands alone."""
    if question.values or question.having or question.order or question.limit or question.totals:
        return None
    try:
        refuse_contradictions(question)
        columns = asked_columns(catalog, modifiers, question)
        shape = shape_of(catalog, question, axes_of(catalog, modifiers, question, columns), as_of)
        expander = Expander(catalog, modifiers)
        writer = new_writer(catalog, Scope(viewer), expander)
        if any(column.where is not None or column.is_omitted for column in columns):
            return None
        trees = [expander.tree(Value(Request(column.indicator, shape, column.modifiers))) for column in columns]
    except Refused:
        return None
    scans: dict[object, list[object]] = {}
    for leaf in leaves_below(trees):
        made = looked_back(leaf)
        scans.setdefault(writer.rows_of(made), []).append(made)
    split = tuple(one if isinstance(one, str) else repr(one) for one in question.by)
    return (split, shape, question.fill, frozenset((rows, conditions_of(leaves)) for rows, leaves in scans.items()))
