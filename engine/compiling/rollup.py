"""Leaves answered from a stored state instead of rows, where one covers them; where none does, the reasons are kept for explain."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.covering import uncovered
from engine.compiling.described import CLOSES, PERIOD, VALUE
from engine.compiling.gone import refuse_gone
from engine.compiling.leaves import Cell, Flow, Fold, Level, Reading, Seam, Spread, Sum
from engine.compiling.partials import MERGES, VALUED, OfOpen, OfReadings, OfRows, OfValues, merged_from
from engine.compiling.states import Stored, StoredSum
from engine.compiling.tables import default_time
from engine.expression.tree import Binary, Column, Literal
from engine.loading.catalog import Catalog
from engine.modifier import Across, Formula, Shape, Tree
from engine.question import Viewer

FEWER = 0.5  # a table that keeps every value is read when it has at most this part of the rows: else it saves nothing
SMALL = 10_000  # rows so few that it does not matter


class Ready(Struct, frozen=True):
    """The states that are up to date with their rows, and up to when each one's rows go (可用状态)."""

    states: tuple[Stored, ...] = ()
    covers: Mapping[str, datetime] = {}  # state id -> first instant after its newest row
    behind: Mapping[str, tuple[str, str]] = {}  # state id -> why it is not up to date, in Chinese and English
    stamp: tuple[int, ...] = ()  # the data versions this holds for
    kept_from: Mapping[str, datetime] = {}  # dataset or state id -> first period that retention has left
    rows: Mapping[str, int] = {}  # rows of each state and of each dataset, by id


class Refusal(Struct, frozen=True):
    """Why a state was not used (未用预聚合的原因)."""

    state: str
    zh: str
    en: str


class Rolled(Struct):
    """What one statement took from states (预聚合使用)."""

    used: list[str]
    refused: list[Refusal]


Kept = Flow | Level | Reading
Parts = tuple[StoredSum, ...]


def rolled_up(catalog: Catalog, ready: Ready, viewer: Viewer, trees: Sequence[Tree]) -> tuple[tuple[Tree, ...], Rolled]:
    """The trees with every leaf that a state covers read from it. `catalog` holds the states as datasets."""
    rolled = Rolled([], [])
    if ready.states or ready.behind:
        known: dict[Kept, Tree] = {}
        trees = tuple(_tree(catalog, ready, viewer, tree, rolled, known) for tree in trees)
    refuse_gone(catalog, ready.kept_from, trees, [(one.zh, one.en) for one in rolled.refused])
    return tuple(trees), rolled


def _tree(catalog: Catalog, ready: Ready, viewer: Viewer, tree: Tree, rolled: Rolled, known: dict[Kept, Tree]) -> Tree:
    def below(one: Tree) -> Tree:
        return _tree(catalog, ready, viewer, one, rolled, known)

    match tree:
        case Cell(leaf=(Flow() | Level() | Reading()) as leaf):
            if leaf not in known:
                known[leaf] = _leaf(catalog, ready, viewer, leaf, tree, rolled)
            return known[leaf]
        case Cell(leaf=Fold() as fold):
            return replace(tree, leaf=replace(fold, inner=below(fold.inner)))
        case Formula(arguments=arguments):
            return replace(tree, arguments=tuple((name, below(one)) for name, one in arguments))
        case Across(tree=inner):
            return replace(tree, tree=below(inner))
        case Seam(old=old, new=new):
            return replace(tree, old=below(old), new=below(new))
    return tree


def _leaf(catalog: Catalog, ready: Ready, viewer: Viewer, leaf: Kept, cell: Cell, rolled: Rolled) -> Tree:
    """The leaf from the covering state with the fewest rows, or as it was with the reason of each state that was looked at."""
    refused: list[Refusal] = []
    covering: list[tuple[int, Stored, Parts]] = []
    for state, parts in _fitting(catalog, ready, leaf):
        why = _why_not(catalog, ready, viewer, state, parts, leaf)
        if why is None:
            covering.append((ready.rows.get(state.id, 0), state, parts or ()))
        else:
            refused.append(Refusal(state.id, *why))
    if not covering:
        rolled.refused += [one for one in refused if one not in rolled.refused]
        return cell
    _, state, found = min(covering, key=lambda one: one[0])
    if state.id not in rolled.used:
        rolled.used.append(state.id)
    return _read(state, leaf, found, cell)


def _fitting(catalog: Catalog, ready: Ready, leaf: Kept) -> Iterator[tuple[Stored, Parts | None]]:
    """For each declared state of the dataset, its table that the leaf could be read from; its first table when it has none."""
    named: dict[str, list[Stored]] = {}
    for state in ready.states:
        if state.dataset == leaf.dataset:
            named.setdefault(state.state.name, []).append(state)
    for tables in named.values():
        found = [(table, parts) for table in tables if (parts := _parts(catalog, table, leaf)) is not None]
        yield found[0] if found else (tables[0], None)


def _why_not(catalog: Catalog, ready: Ready, viewer: Viewer, state: Stored, parts: Parts | None, leaf: Kept) -> tuple[str, str] | None:
    if state.id in ready.behind:
        return ready.behind[state.id]
    if state.unfit is not None:
        return state.unfit
    if parts is None:
        return "没有存这个聚合", "this aggregate is not kept"
    rows, whole = ready.rows.get(state.id, 0), ready.rows.get(state.dataset)
    if not isinstance(state.sort, OfRows) and whole is not None and SMALL < rows > FEWER * whole:
        return f"状态有 {rows} 行，原始 {whole} 行：读它不省", f"the state has {rows} rows, the dataset {whole}: reading it saves nothing"
    return uncovered(catalog, ready.covers, ready.kept_from, viewer, state, leaf)


def _parts(catalog: Catalog, state: Stored, leaf: Kept) -> Parts | None:
    """The stored columns that the leaf's value is made of; readings need none."""
    match leaf, state.sort:
        case Flow(), OfRows():
            return _sums(state, leaf.sum)
        case Flow(), OfValues(column=column) if leaf.sum.agg in VALUED:
            is_it = leaf.sum.of == Column((column,)) and leaf.sum.method == "continuous"
            return _sums(state, Sum("count", None, leaf.sum.where)) if is_it else None
        case Level(), OfOpen(opens=opens, closes=closes) if (leaf.opens, leaf.closes) == (opens, closes) and not leaf.is_open_start:
            return _sums(state, leaf.sum)
        case Reading(), OfReadings(per=per, take=take) if (leaf.per, leaf.take) == (per, take) and leaf.issued is None:
            return () if _time(catalog, leaf) == state.time else None
    return None


def _time(catalog: Catalog, reading: Reading) -> str | None:
    dataset = catalog.dataset(reading.dataset)
    default = default_time(dataset) if dataset is not None else None
    return reading.time or (default.name if default is not None else None)


def _sums(state: Stored, total: Sum) -> Parts | None:
    """The stored columns that the aggregate is merged from: one, or for an average two; how many rows meet a condition is always kept."""
    number = next((name for condition, name in state.numbers if total == Sum("count", None, condition)), None)
    if number is not None:
        return (StoredSum(total, number, number),)
    found = [next((one for one in state.sums if one.sum == want), None) for want in merged_from(total) or ()]
    return tuple(one for one in found if one is not None) if found and all(found) else None


def _read(state: Stored, leaf: Kept, parts: Parts, cell: Cell) -> Tree:
    """The leaf over the state's table."""
    if isinstance(leaf, Reading):
        return replace(cell, leaf=replace(leaf, dataset=state.id, time=state.time))
    if isinstance(leaf, Flow) and isinstance(state.sort, OfValues):
        return _of_values(state, leaf, parts[0], cell)

    def part(one: StoredSum) -> Cell:
        total = Sum(MERGES[one.sum.agg], Column((one.column,)), _counted(one))
        if isinstance(leaf, Level):
            return replace(cell, leaf=replace(leaf, dataset=state.id, opens=PERIOD, closes=CLOSES, sum=total))
        return Cell(Flow(state.id, None, total, leaf.shape), cell.is_count)

    if len(parts) == 1:
        return part(parts[0])
    ratio = Binary("/", Column(("total",)), Column(("number",)))
    return Formula(ratio, (("total", part(parts[0])), ("number", part(parts[1]))))


def _of_values(state: Stored, flow: Flow, number: StoredSum, cell: Cell) -> Tree:
    shape: Shape = flow.shape
    if flow.sum.agg == "count_distinct":
        return Cell(Flow(state.id, None, Sum("count_distinct", Column((VALUE,)), _counted(number)), shape), cell.is_count)
    at = flow.sum.at if flow.sum.agg == "percentile" and flow.sum.at is not None else 0.5
    return Cell(Spread(state.id, VALUE, number.number, at, shape))


def _counted(one: StoredSum) -> Binary:
    """A group that counted no row is none."""
    return Binary(">", Column((one.number,)), Literal(0))
