"""Members of a dimension for pickers: names instead of keys, each with the coarser member above it, so that a reader drills up and down."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter
from msgspec import Struct
from pypinyin import Style

from engine.compiling.reach import coarser, column_of
from engine.expression.canonical import write_value
from engine.kinds.dimension import Dimension
from engine.question import Question
from portal.api.answering import answers
from portal.api.catalog import no_definition
from portal.api.catalog_search import Skipped
from portal.api.problem import refusal, refused_for
from portal.api.search_index import spelt
from portal.api.splits import rolls_up
from portal.api.world import World

DimensionId = Annotated[str, PathParameter(description="维度的标识，如 city.district")]
Within = Annotated[list[str] | None, QueryParameter(name="within", description="只要这些成员之内的，可多次：city.district:110105")]
Sought = Annotated[str, QueryParameter(name="q", description="名称、代码或拼音中的字")]
Most = Annotated[int, QueryParameter(name="limit", description="最多几个", ge=1, le=5000)]


class Above(Struct, frozen=True):
    """The coarser member that a member belongs to (上级成员)."""

    dimension: str
    key: str
    title: str


class Member(Struct, frozen=True):
    """One member (成员). `has_finer`: a finer dimension has members below it."""

    key: str
    title: str
    parent: Above | None
    has_finer: bool


class Members(Struct, frozen=True):
    """Members of a dimension; `count` is of all that were found (成员列表)."""

    dimension: str
    title: str
    coarser: list[str]
    finer: list[str]
    count: int
    members: list[Member]


class Row(Struct, frozen=True):
    """A member as it is stored (成员行)."""

    key: str
    title: str
    parent: str | None


class MembersController(Controller):
    """GET /api/dimensions/{id}/members."""

    path = "/api/dimensions/{id:str}/members"
    tags = ["dimension 维度"]

    @get(summary="维度的成员，带上级 · Members of a dimension with what they roll up to", sync_to_thread=True)
    def members(
        self, id: DimensionId, world: NamedDependency[World], within: Within = None, q: Sought = "", limit: Most = 200, offset: Skipped = 0
    ) -> Members:  # fmt: skip
        """`within=city.district:110105` drills down; a member's `parent` drills up."""
        spec = world.catalog.dimension(id)
        if spec is None:
            raise no_definition(world, "dimension", id)
        bounds = [bound_of(world, text) for text in within or ()]
        rows = [row for row in rows_of(world, id, spec, bounds) if is_found(row, q.casefold().strip())]
        above, finer = rolls_up(world, id), finer_of(world, id)
        titles = world.titles.of(above) if above else {}
        parents = {row.parent for one in finer for row in rows_of(world, one, world.catalog.dimension(one), [])}
        shown = [
            Member(row.key, row.title, Above(above, row.parent, titles.get(row.parent, row.parent)) if above and row.parent else None, row.key in parents)
            for row in rows[offset : offset + limit]
        ]  # fmt: skip
        return Members(id, spec.title, list(coarser(world.catalog, id)[1:]), finer, len(rows), shown)


def finer_of(world: World, id: str) -> list[str]:
    """Dimensions that roll up to this one."""
    return [other for other in world.catalog.ids("dimension") if rolls_up(world, other) == id]


def bound_of(world: World, text: str) -> tuple[str, str]:
    """Dimension and key of a bound; 400 for another form, 404 for an unknown dimension."""
    name, colon, key = text.partition(":")
    if not colon or not key:
        raise refusal(
            400, "wrong-parameter", f"「{text}」不是 维度:代码", f"'{text}' is not DIMENSION:KEY", place="within",
            advice_zh="写成 within=city.district:110105", advice_en="write within=city.district:110105",
        )  # fmt: skip
    if world.catalog.dimension(name) is None:
        raise no_definition(world, "dimension", name)
    return name, key


def rows_of(world: World, id: str, spec: Dimension | None, bounds: list[tuple[str, str]]) -> list[Row]:
    """The members within the bounds, in the order of their keys, codes in the order they are written."""
    if spec is None:
        return []
    chain = coarser(world.catalog, id)
    above = [bound for bound in bounds if bound[0] in chain]
    beside = [bound for bound in bounds if bound[0] not in chain]
    if spec.codes:
        rows = [] if beside else [Row(code.code, code.title, code.parent) for code in spec.codes]
    else:
        rows = stored_rows(world, spec, beside)
    for dimension, key in above:
        # By the members' own parents: a table of all levels would be asked for its own key instead of the one above it.
        inside = keys_below(world, id, rows, dimension, key)
        rows = [row for row in rows if row.key in inside]
    return rows


def keys_below(world: World, id: str, rows: list[Row], dimension: str, key: str) -> set[str]:
    """Keys of the rows that lie in a member of a coarser dimension, or are it."""
    if id == dimension:
        return {key}
    spec = world.catalog.dimension(id)
    above = spec.rolls_up_to if spec is not None else None
    if spec is None or above is None:
        return set()
    if spec.is_ragged:
        parents = {row.key: row.parent for row in stored_rows(world, msgspec.structs.replace(spec, where=None), [])}
        return {row.key for row in rows if key in chain_of(row.key, parents)}
    inside = keys_below(world, above, rows_of(world, above, world.catalog.dimension(above), []), dimension, key)
    return {row.key for row in rows if row.parent in inside}


def chain_of(key: str, parents: dict[str, str | None]) -> list[str]:
    """A key and those above it."""
    found: list[str] = []
    here: str | None = key
    while here is not None and here not in found:
        found.append(here)
        here = parents.get(here)
    return found


def stored_rows(world: World, spec: Dimension, bounds: list[tuple[str, str]]) -> list[Row]:
    """Members that a dataset holds, within bounds of dimensions that its rows reach."""
    if spec.dataset is None or spec.key is None:
        return []
    columns = list(dict.fromkeys(name for name in (spec.key, spec.label, spec.parent) if name))
    conditions = [*([spec.where] if spec.where else []), *(condition(world, bound, key) for bound, key in bounds)]
    where = " and ".join(f"({text})" for text in conditions) or None
    answer = next(answers(world, [Question(values=tuple(columns), source=spec.dataset, where=where)]))
    if answer.frame is None:
        raise refused_for(answer.findings)
    values = {name: answer.frame.column(column.name) for name, column in zip(columns, answer.frame.columns, strict=True)}
    keys, labels = values[spec.key], values[spec.label or spec.key]
    parents = values[spec.parent] if spec.parent else [None] * len(keys)
    found = [
        Row(str(key), str(key if label is None else label), None if parent is None else str(parent))
        for key, label, parent in zip(keys, labels, parents, strict=True)
        if key is not None
    ]
    return list({row.key: row for row in found}.values())


def condition(world: World, dimension: str, key: str) -> str:
    """A bound in the formula grammar; a key of numbers is compared as a number."""
    spec = world.catalog.dimension(dimension)
    dataset = world.catalog.dataset(spec.dataset) if spec is not None and spec.dataset else None
    column = column_of(dataset, spec.key) if dataset is not None and spec is not None and spec.key else None
    is_number = column is not None and column.type == "integer" and key.lstrip("-").isdigit()
    return f"{dimension} = {key if is_number else write_value(key)}"


def is_found(row: Row, text: str) -> bool:
    """Whether a member's name, key or pinyin holds the text."""
    if not text or text in row.title.casefold() or text in row.key.casefold():
        return True
    return text.isascii() and (text in spelt(row.title, Style.FIRST_LETTER) or text in spelt(row.title, Style.NORMAL))

