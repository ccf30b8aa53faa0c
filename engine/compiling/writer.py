"""Relations of one statement: each leaf group becomes one named CTE, made once and shared by every answer that asks for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct
from sqlglot import exp

from engine.compiling.dropping import dropped_by
from engine.compiling.expand import Expander
from engine.compiling.leaves import Cell, Cut, Flow, Fold, Leaf, Level, Pairs, Reading, Seam, Spread
from engine.compiling.names import identifier, named
from engine.compiling.periods import day_offset, named_grain
from engine.compiling.reshape import looked_back
from engine.compiling.scope import Scope
from engine.compiling.spans import cuts_of
from engine.expression.tree import Column, Expr, Literal, Value, rebuild
from engine.loading.catalog import Catalog
from engine.modifier import Across, Formula, Shape, Tree

TIME = "period"


class Relation(Struct, frozen=True):
    """A CTE keyed by the axes of its shape and, with a grain, by `period` (关系)."""

    name: str
    shape: Shape
    columns: dict[object, str]  # leaf (or tree, for Across) -> value column
    kinds: dict[str, str]  # value column -> "number" | "text" | "boolean" | "date" | "timestamp"


Maker = Callable[["Writer", Sequence[Any]], Relation]
Answer = Callable[["Writer", Sequence[tuple[str, Tree]], Shape, str | None], exp.Select]


class Writer:
    """Holds what one statement has so far: its CTEs in order, its parameters, the relations by what they answer."""

    def __init__(self, catalog: Catalog, scope: Scope, expander: Expander, makers: Mapping[type, Maker], answer: Answer) -> None:
        self.catalog = catalog
        self.scope = scope
        self.expander = expander  # for indicators inside expressions
        self.makers = makers  # how each sort of leaf becomes a relation
        self.answer = answer  # how trees become one SELECT
        self.ctes: dict[str, exp.Query] = {}
        self.parameters: dict[str, Value] = {}
        self.relations: dict[object, Relation] = {}
        self.cuts: dict[Flow, Cut] = {}
        self.rows: dict[Leaf | Across, object] = {}  # what `rows_of` has found out
        self.foreseen: dict[object, dict[Leaf | Across, None]] = {}
        self.marks: set[str] = set()
        self.tables: set[str] = set()

    def cte(self, name: str, query: exp.Query) -> str:
        """Adds a CTE under the name, or the name with a number when it is taken."""
        unique, n = name, 2
        while unique in self.ctes or unique in self.tables:
            unique, n = f"{name}_{n}", n + 1
        self.ctes[unique] = query
        return unique

    def bind(self, expr: Expr) -> Expr:
        """The asker's own values become parameters: the text of the statement never holds them."""
        if isinstance(expr, Literal) and isinstance(expr.value, str):
            name = next((name for name, value in self.parameters.items() if value == expr.value), f"p{len(self.parameters) + 1}")
            self.parameters[name] = expr.value
            return Column(("?", name))
        return rebuild(expr, self.bind)

    def relations_of(self, cells: Iterable[Cell | Across]) -> dict[Leaf | Across, Relation]:
        """The relation in which each leaf is computed; leaves of the same shape over the same rows share one."""
        groups: dict[object, list[Leaf | Across]] = {}
        key_of: dict[Leaf | Across, object] = {}
        for cell in cells:
            leaf = cell.leaf if isinstance(cell, Cell) else cell
            made = looked_back(leaf)
            made = self.cuts.get(made, made)
            key_of[leaf] = self.rows_of(made)
            members = groups.setdefault(key_of[leaf], [])
            if made not in members:
                members.append(made)
        made_of = {key: self._relation(key, self._with_like(key, members)) for key, members in groups.items()}
        return {leaf: made_of[key] for leaf, key in key_of.items()}

    def rows_of(self, leaf: Leaf | Across) -> object:
        """Leaves that agree in this read the same rows."""
        if leaf not in self.rows:
            self.rows[leaf] = (signature(leaf), dropped_by(self.catalog, leaf))
        return self.rows[leaf]

    def foresee(self, trees: Iterable[object]) -> None:
        """Says which leaves the whole statement will ask for, so that the first scan of a kind counts for all of them."""
        trees = list(trees)
        for leaf in leaves_below(trees):
            made = looked_back(leaf)
            if isinstance(made, Flow):
                self.foreseen.setdefault(self.rows_of(made), {})[made] = None
        whole = [looked_back(cell.leaf) for tree in trees for cell in cells_of(tree) if isinstance(cell, Cell)]
        self.cuts |= cuts_of([leaf for leaf in whole if isinstance(leaf, Flow)], self._offset)

    def _offset(self, flow: Flow) -> timedelta:
        dataset = self.catalog.dataset(flow.dataset)
        times = dataset.times if dataset is not None else ()
        return max((day_offset(time) for time in times), default=timedelta())

    def _with_like(self, key: object, members: list[Leaf | Across]) -> list[Leaf | Across]:
        """The members and the flows foreseen for the same scan, when counting those too adds no row to the answer."""
        like = list(self.foreseen.get(key, ()))
        if len(like) <= len(members) or conditions_of(like) != conditions_of(members):
            return members
        return [*members, *(one for one in like if one not in members)]

    def _relation(self, key: object, members: Sequence[Leaf | Across]) -> Relation:
        memo = (key, frozenset(members))
        if memo not in self.relations:
            self.relations[memo] = self.makers[type(members[0])](self, members)
        return self.relations[memo]

    def statement(self, body: exp.Select) -> exp.Select:
        """The body with every CTE it stands on."""
        if self.ctes:
            tables = [exp.CTE(this=query, alias=exp.TableAlias(this=identifier(name))) for name, query in self.ctes.items()]
            body.set("with_", exp.With(expressions=tables))
        return body


def signature(leaf: object) -> object:
    """What leaves must have in common to be computed by one scan."""
    match leaf:
        case Flow():
            return ("flow", leaf.dataset, leaf.time, leaf.shape, leaf.before, leaf.since)
        case Cut():
            return ("cut", signature(leaf.flow), leaf.shape)
        case Level():
            return ("level", leaf.dataset, leaf.opens, leaf.closes, leaf.is_open_start, leaf.shape)
        case Reading():
            return ("reading", leaf.dataset, leaf.time, leaf.per, leaf.take, leaf.carry, leaf.issued, leaf.lead, leaf.shape)
        case Spread():
            return ("spread", leaf.dataset, leaf.value, leaf.number, leaf.shape)
        case Fold():
            return ("fold", leaf.inner_shape, leaf.shape, leaf.is_filled)
        case Pairs():
            return ("pairs", leaf.indicator, leaf.shape)
    return leaf


def cells_of(tree: object) -> list[Cell | Across]:
    """The cells of a tree, each once, in order; an Across is computed whole."""
    match tree:
        case Cell() | Across():
            return [tree]
        case Formula(arguments=arguments):
            found = [cell for _, inner in arguments for cell in cells_of(inner)]
            return list(dict.fromkeys(found))
        case Seam(old=old, new=new):
            return list(dict.fromkeys([*cells_of(old), *cells_of(new)]))
    return []


def leaves_below(trees: Iterable[object]) -> list[Leaf | Across]:
    """Every leaf of the trees, those inside folds and ranks too."""
    found: list[Leaf | Across] = []
    for tree in trees:
        for cell in cells_of(tree):
            leaf = cell.leaf if isinstance(cell, Cell) else cell
            found.append(leaf)
            inner = leaf.inner if isinstance(leaf, Fold) else leaf.tree if isinstance(leaf, Across) else None
            found += leaves_below([inner]) if inner is not None else []
    return found


def conditions_of(leaves: Iterable[object]) -> object:
    """What decides which rows give keys: nothing, or the set of conditions one of which must hold."""
    wheres = {leaf.sum.where for leaf in leaves if isinstance(leaf, Flow | Level | Reading)}
    return None if None in wheres else frozenset(wheres)


def relation_name(subject: str, shape: Shape) -> str:
    """weighings_by_district_month: a CTE is named for what it holds."""
    split = [axis.name for axis in shape.axes]
    if shape.grain:
        split.append((named_grain(shape.grain) or "").lower().replace(".", "_"))
    return f"{subject}_by_{'_'.join(split)}" if split else f"{subject}_total"


def key_columns(shape: Shape) -> list[str]:
    """Names of the key columns of a relation of this shape."""
    return [*(axis.name for axis in shape.axes), *([TIME] if shape.grain else [])]


def shown_keys(shape: Shape) -> list[str]:
    """The key columns that the answer shows."""
    hidden = {axis.name for axis in shape.axes if axis.is_hidden}
    return [key for key in key_columns(shape) if key not in hidden]


def grouped(select: exp.Select, keys: Sequence[tuple[str, exp.Expression]], values: Sequence[tuple[str, exp.Expression]]) -> exp.Select:
    """SELECT keys, values GROUP BY the keys' positions; without keys one row always."""
    select.set("expressions", [named(value, name) for name, value in (*keys, *values)])
    if keys:
        select.set("group", exp.Group(expressions=[exp.Literal.number(i + 1) for i in range(len(keys))]))
    return select
