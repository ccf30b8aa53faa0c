"""Which stored states would pay: candidates from what was asked, tried by the matcher that answers use, measured in the warehouse."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from engine.checks.state_shape import StateShape
from engine.compiling.leaves import Flow, Level, Reading, Spread
from engine.compiling.modifying import Modifiers
from engine.compiling.partials import kept_by
from engine.compiling.plan import NO_STATES, Compiled, compile_question
from engine.compiling.reach import coarser, column_of
from engine.compiling.rollup import FEWER, Ready
from engine.compiling.rows import parsed
from engine.compiling.state_rows import state_rows
from engine.compiling.states import Stored, stored, stored_states, with_states
from engine.compiling.tables import default_time, table_of
from engine.compiling.writer import leaves_below
from engine.expression.tree import columns
from engine.kind import Definition
from engine.kinds.dataset import StoredState
from engine.loading.catalog import Catalog
from engine.question import Asked, Question, Viewer
from engine.running.asked_log import Noted
from engine.running.asked_needs import Need, needs_of
from engine.running.refresh import ready_states
from engine.warehouse import Statement, TableState, Warehouse

MOST_CANDIDATES, MOST_PROPOSALS = 12, 5
LEAST_PART = 0.01  # of all the time that answers took: what saves less is not worth a table


class Proposal(Struct, frozen=True):
    """A state that would have saved time (预聚合建议)."""

    dataset: str
    state: StoredState
    rows: int  # counted in the warehouse as it is now
    nbytes: int  # about
    of_rows: int  # the dataset's
    questions: int  # asked, that it would have answered
    shapes: tuple[bytes, ...]  # keys of the needs
    seconds: float  # measured seconds it would have saved


class _Place(Struct, frozen=True):
    """Where leaves of questions meet: a dataset counted by one time (计数处)."""

    dataset: str
    time: str | None


class _World(Struct, frozen=True):
    """What is advised about (建议环境)."""

    counted: dict[str, int]  # definition of a state's table -> its rows
    catalog: Catalog
    warehouse: Warehouse
    modifiers: Modifiers


def advise(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, lines: Sequence[Noted]) -> list[Proposal]:
    """States worth declaring, the most useful first; each is proposed for what those before it leave unanswered."""
    world = _World({}, catalog, warehouse, modifiers)
    needs = _unserved(world, needs_of(catalog, warehouse, lines))
    total = sum(line.seconds for line in lines)
    tried = [one for place, asked in _places(world, needs).items() for one in _candidates(world, place, asked)]
    proposals: list[Proposal] = []
    done: set[tuple[bytes, str]] = set()
    while len(proposals) < MOST_PROPOSALS:
        found = [one for candidate in tried if (one := _proposal(world, candidate, done)) is not None]
        best = max(found, key=lambda one: (one.seconds, -one.rows), default=None)
        if best is None or best.seconds <= LEAST_PART * total:
            break
        taken = {one.state.name for one in proposals if one.dataset == best.dataset}
        proposals.append(replace(best, state=replace(best.state, name=_free(world, best, taken))))
        done |= {(key, best.dataset) for key in best.shapes}
    return proposals


def _unserved(world: _World, needs: Sequence[Need]) -> list[Need]:
    """Those that the states declared already do not answer."""
    states = stored_states(world.catalog, world.modifiers)
    ready = ready_states(world.catalog, world.warehouse, states)
    whole = with_states(world.catalog, states)
    compiled = ((need, _compiled(world, whole, need, ready)) for need in needs)
    return [need for need, one in compiled if one.statement is not None and not one.states]


def _compiled(world: _World, catalog: Catalog, need: Need, ready: Ready) -> Compiled:
    return compile_question(catalog, world.modifiers, need.question, need.viewer, need.as_of, ready)


def _places(world: _World, needs: Sequence[Need]) -> dict[_Place, list[tuple[Need, frozenset[str], str]]]:
    """For each dataset and time: the questions that count it, the dimensions each needs, and the finest grain."""
    found: dict[_Place, list[tuple[Need, frozenset[str], str]]] = {}
    for need in needs:
        compiled = _compiled(world, world.catalog, need, NO_STATES)
        for leaf in leaves_below(compiled.trees):
            if not isinstance(leaf, Flow | Level | Reading):
                continue
            grain = "hour" if leaf.shape.grain in ("hour", "minute", "quarter_hour", "PT15M") else "day"
            entry = (need, _dimensions(world.catalog, leaf, need.viewer), grain)
            place = _Place(leaf.dataset, leaf.time if isinstance(leaf, Flow) else None)
            if entry not in found.setdefault(place, []):
                found[place].append(entry)
    return found


def _dimensions(catalog: Catalog, leaf: Flow | Level | Reading, viewer: Viewer) -> frozenset[str]:
    """What a state would have to keep apart for the leaf: its split, its condition, and the viewer's scope."""
    shape = leaf.shape
    names = {axis.dimension for axis in shape.axes if axis.dimension}
    names |= {column.name for column in columns(shape.where)} if shape.where is not None else set()
    if not viewer.sees_all and not shape.is_public:
        rules = [access.rows for id in viewer.access if (access := catalog.access(id)) is not None and access.rows]
        written = {column.name for text in rules for column in columns(parsed(text).expr)}
        names |= {catalog.project.region or "" if name == "region" else name for name in written}
    return frozenset(name for name in names if name and catalog.dimension(name) is not None)


class _Candidate(Struct, frozen=True):
    """A state that may be declared, and the part of each question's seconds that it would answer (候选预聚合)."""

    dataset: str
    state: StoredState
    whole: int  # rows of the dataset
    served: tuple[tuple[Need, float], ...]


def _candidates(world: _World, place: _Place, asked: Sequence[tuple[Need, frozenset[str], str]]) -> Iterator[_Candidate]:
    """Measured states over one dataset: each split that was asked, two of them together, and all of them."""
    dataset = world.catalog.dataset(place.dataset)
    held = world.warehouse.state(table_of(place.dataset, dataset)) if dataset is not None else None
    if dataset is None or held is None or not dataset.times:
        return
    cuts = list(dict.fromkeys(dims for _, dims, _ in asked))
    several = dict.fromkeys([*cuts, *(a | b for a, b in combinations(cuts, 2)), frozenset().union(*cuts)])
    worth = {dims: sum(need.seconds for need, mine, _ in asked if mine <= dims) for dims in several}
    grains = ["month", "day", *(["hour"] if any(grain == "hour" for *_, grain in asked) else [])]
    indicators = dict.fromkeys(id for need, *_ in asked for id in _ids(need.question))
    default = default_time(dataset)
    own = place.time if default is None or place.time != default.name else None
    for dims in sorted(several, key=lambda one: -worth[one])[:MOST_CANDIDATES]:
        by = tuple(sorted(_finest(world.catalog, dims)))
        for grain in grains:
            state = StoredState(name=_name(by, grain), grain=grain, by=by, of=tuple(indicators), time=own)
            kept = [id for id in indicators if any(True for _ in kept_by(world.catalog, world.modifiers, place.dataset, state, id))]
            state = replace(state, of=tuple(kept))
            tables = stored(world.catalog, world.modifiers, place.dataset, state)
            if kept and all(one.unfit is None for one in tables) and _is_sound(world, place.dataset, state):
                served = _served(world, place.dataset, tables, [*{need.key: need for need, *_ in asked}.values()], held)
                if served:
                    yield _Candidate(place.dataset, state, held.rows, tuple(served))


def _ids(question: Question) -> list[str]:
    return [one.of if isinstance(one, Asked) else one for one in question.indicators]


def _finest(catalog: Catalog, dims: frozenset[str]) -> set[str]:
    """Without the levels that come with a finer one."""
    return {one for one in dims if not any(one in coarser(catalog, other)[1:] for other in dims)}


def _name(by: Sequence[str], grain: str) -> str:
    return "_".join([*(one.rpartition(".")[2] for one in by), grain])


def _is_sound(world: _World, dataset_id: str, state: StoredState) -> bool:
    catalog = _declaring(world.catalog, dataset_id, state)
    return not list(StateShape().look(catalog, catalog.definitions["dataset", dataset_id]))


def _declaring(catalog: Catalog, dataset_id: str, state: StoredState) -> Catalog:
    definition = catalog.definitions["dataset", dataset_id]
    dataset = catalog.dataset(dataset_id)
    assert dataset is not None
    others = tuple(one for one in dataset.states if one.name != state.name)
    spec = Definition(definition.kind, definition.id, definition.file, replace(dataset, states=(*others, state)))
    return replace(catalog, definitions={**catalog.definitions, ("dataset", dataset_id): spec})


def _proposal(world: _World, candidate: _Candidate, done: set[tuple[bytes, str]]) -> Proposal | None:
    """What a candidate would answer of what is left, only with the indicators that it needs for that; None when it does not pay."""
    served = [(need, seconds) for need, seconds in candidate.served if (need.key, candidate.dataset) not in done]
    used = {id for need, _ in served for id in _ids(need.question)}
    lean = replace(candidate.state, of=tuple(id for id in candidate.state.of if id in used))
    if not served or not lean.of:
        return None
    tables = stored(world.catalog, world.modifiers, candidate.dataset, lean)
    rows = [_rows(world, one) for one in tables]
    if max(rows) > FEWER * candidate.whole:
        return None
    size = sum(n * _width(one) for n, one in zip(rows, tables, strict=True))
    saved = sum(seconds for _, seconds in served) * (1 - max(rows) / candidate.whole)
    times, shapes = sum(need.times for need, _ in served), tuple(need.key for need, _ in served)
    return Proposal(candidate.dataset, lean, sum(rows), size, candidate.whole, times, shapes, saved)


def _served(world: _World, dataset_id: str, tables: Sequence[Stored], needs: Sequence[Need], held: TableState) -> list[tuple[Need, float]]:
    """The needs whose every leaf over the dataset the matcher reads from the tables, as if they were filled."""
    catalog = with_states(world.catalog, tables)
    covers = {one.id: _newest(world.catalog, one, held) for one in tables if one.is_by_watermark}
    ready = Ready(tuple(tables), covers)
    found: list[tuple[Need, float]] = []
    for need in needs:
        compiled = _compiled(world, catalog, need, ready)
        read = {leaf.dataset for leaf in leaves_below(compiled.trees) if isinstance(leaf, Flow | Level | Reading | Spread)}
        if compiled.states and dataset_id not in read:
            others = sum(_held_rows(world, id) for id in read - {one.id for one in tables})
            found.append((need, need.seconds * held.rows / (held.rows + others)))  # time goes to where the rows are
    return found


def _held_rows(world: _World, dataset_id: str) -> int:
    dataset = world.catalog.dataset(dataset_id)
    held = world.warehouse.state(table_of(dataset_id, dataset)) if dataset is not None else None
    return held.rows if held is not None else 0


def _newest(catalog: Catalog, state: Stored, held: TableState) -> datetime:
    newest = held.watermark or datetime.min
    dataset = catalog.dataset(state.dataset)
    time = default_time(dataset) if dataset is not None else None
    column = column_of(dataset, time.column) if dataset is not None and time is not None else None
    if column is not None and column.type == "date":
        return newest + timedelta(days=1)
    return newest + timedelta(microseconds=1)


def _rows(world: _World, state: Stored) -> int:
    """How many rows the state would have today; counted once."""
    if state.definition in world.counted:
        return world.counted[state.definition]
    made = state_rows(world.catalog, world.modifiers, state)
    tree = made.tree
    assert isinstance(tree, exp.Select)
    clauses = tree.args.get("with_")
    tree.set("with_", None)
    counted = exp.Select(expressions=[exp.alias_(exp.Count(this=exp.Star()), "n")]).from_(tree.subquery("kept", copy=False), copy=False)
    counted.set("with_", clauses)
    rows = int(world.warehouse.query(Statement(counted, made.parameters), seconds=600).column("n")[0].as_py())
    world.counted[state.definition] = rows
    return rows


def _width(state: Stored) -> int:
    """Bytes of a row, about: a word for a number or time, three for text."""
    return sum(24 if column.type == "text" else 8 for column in state.table.columns)


def _free(world: _World, proposal: Proposal, taken: set[str]) -> str:
    """A name that no state of the dataset has."""
    dataset = world.catalog.dataset(proposal.dataset)
    names = taken | {one.name for one in (dataset.states if dataset is not None else ())}
    name, n = proposal.state.name, 2
    while name in names:
        name, n = f"{proposal.state.name}_{n}", n + 1
    return name
