"""The statements of a whole batch: questions joined into one where they count the same rows, and pools that several of them read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.batch import Group, groups_of
from engine.compiling.leaves import Cell, Flow
from engine.compiling.modifying import Modifiers
from engine.compiling.plan import NO_STATES, Compiled, Trees, asked_trees, compile_trees
from engine.compiling.pool import Pool, Pooling, columns_read, pool_select, pool_time, read_from, with_pools
from engine.compiling.pool_cost import Candidate, Choice, Told, chosen, few_of
from engine.compiling.refuse import Refused
from engine.compiling.reshape import looked_back
from engine.compiling.rollup import Ready
from engine.compiling.writer import leaves_below
from engine.loading.catalog import Catalog
from engine.modifier import Tree
from engine.question import Question, Viewer
from engine.sharing import Spread
from engine.warehouse import Statement

Key = tuple[str, str]  # dataset, name of its time


class Shared(Struct, frozen=True):
    """Pools, and the statements that read them (共读)."""

    pools: tuple[tuple[str, Statement], ...]  # the name of each, and the SELECT that fills it
    statements: tuple[tuple[int, Compiled], ...]  # place of the group, and its statement


class BatchPlan(Struct, frozen=True):
    """Everything that is run for a batch (批量计划)."""

    groups: tuple[Group, ...]
    shared: tuple[Shared, ...] = ()
    told: tuple[Told, ...] = ()  # for each question, how it is answered and why so


class _Ask(Struct, frozen=True):
    """What one call plans with (规划环境)."""

    catalog: Catalog
    modifiers: Modifiers
    viewer: Viewer
    ready: Ready
    spreads: Mapping[str, Spread]
    schema: str


class _Member(Struct, frozen=True):
    """A group whose flows can be read from pools (可共读的一组)."""

    place: int
    group: Group
    as_of: datetime
    trees: Trees
    flows: Mapping[Flow, Key]  # those that pools may give


def plan_batch(
    catalog: Catalog, modifiers: Modifiers, questions: Sequence[Question], viewer: Viewer, as_of: Sequence[datetime],
    ready: Ready = NO_STATES, spreads: Mapping[str, Spread] | None = None, schema: str | None = None, numbers: Sequence[int] = (),
) -> BatchPlan:  # fmt: skip
    """The batch's statements. Pools are made only where the warehouse tells how its rows spread, and in which schema it keeps them.

    `numbers`: what each question is called in what is told; without it its place, from 1.
    """
    numbers = numbers or range(1, len(questions) + 1)
    groups = groups_of(catalog, modifiers, questions, viewer, as_of)
    if len(questions) < 2 or schema is None or not spreads:
        return BatchPlan(tuple(groups), (), _told(groups, {}, {}, numbers))
    ask = _Ask(catalog, modifiers, viewer, ready, spreads, schema)
    members = [one for place, group in enumerate(groups) if (one := _member(ask, place, group, as_of[group.members[0]])) is not None]
    poolings = _collected(ask, members)
    choices, compiled = _chosen(ask, members, poolings)
    shared = _shared(ask, poolings, choices, compiled)
    return BatchPlan(tuple(groups), shared, _told(groups, poolings, choices, numbers))


def _member(ask: _Ask, place: int, group: Group, as_of: datetime) -> _Member | None:
    """The group with what pools could give of it: of one dataset all or nothing, else its rows are read all the same."""
    question = group.question
    if question.values or question.totals:
        return None
    try:
        trees = asked_trees(ask.catalog, ask.modifiers, question, ask.viewer, as_of, ask.ready, group.presence)
        found: dict[str, dict[object, Key | None]] = {}
        for leaf in leaves_below(trees.every):
            dataset = getattr(leaf, "dataset", None)
            if dataset is not None:
                time = pool_time(ask.catalog, leaf) if isinstance(leaf, Flow) and dataset in ask.spreads else None
                found.setdefault(dataset, {})[leaf] = (dataset, time.name) if time is not None else None
    except Refused:
        return None
    every = [one for each in found.values() if all(each.values()) for one in each.items()]
    flows = {flow: key for flow, key in every if isinstance(flow, Flow) and key is not None}
    return _Member(place, group, as_of, trees, flows) if flows else None


def _collected(ask: _Ask, members: Sequence[_Member]) -> dict[Key, Pooling]:
    """A pooling for every dataset and time that two questions count by, with all that any of them needs."""
    wanted: dict[Key, list[tuple[_Member, Flow]]] = {}
    for member in members:
        for flow, key in member.flows.items():
            wanted.setdefault(key, []).append((member, flow))
    poolings: dict[Key, Pooling] = {}
    for key, several in wanted.items():
        if sum(len(member.group.members) for member in {one.place: one for one, _ in several}.values()) < 2:
            continue
        time = pool_time(ask.catalog, several[0][1])
        assert time is not None
        name = f"{key[0].replace('.', '_')}_{key[1]}"
        pooling = Pooling(ask.catalog, f"{ask.schema}.{name}", key[0], time, few_of(ask.spreads[key[0]]))
        untils = {looked_back(flow).shape.until for _, flow in several if pooling.is_open(flow)}
        if len(untils) == 1 and max(pooling.reach(flow)[1] for _, flow in several) in untils:
            pooling.until = next(iter(untils))
        for _, flow in several:
            pooling.tree(Cell(flow), flow)
        poolings[key] = pooling
    return poolings


def _chosen(
    ask: _Ask, members: Sequence[_Member], poolings: Mapping[Key, Pooling]
) -> tuple[dict[Key, Choice], dict[int, tuple[_Member, Compiled]]]:
    """For each pool the groups that are cheaper with it, and their statements; a group reads all of its pools or none."""
    catalog = with_pools(ask.catalog, [one.pool() for one in poolings.values()])
    compiled: dict[int, tuple[_Member, Compiled]] = {}
    candidates: dict[Key, list[Candidate]] = {key: [] for key in poolings}
    for member in members:
        found = _compiled(ask, catalog, poolings, member)
        if found is not None:
            compiled[member.place] = (member, found[0])
            for key, read in found[1].items():
                candidates[key].append(_candidate(poolings[key], key, member, read))
    choices: dict[Key, Choice] = {}
    barred: set[int] = set()
    while True:
        choices = {}
        for key, several in candidates.items():
            dataset = ask.catalog.dataset(key[0])
            open_to = [one for one in several if one.place not in barred]
            choice = chosen(poolings[key].pool(), ask.spreads[key[0]], open_to, dataset.title if dataset is not None else key[0])
            if choice is not None:
                choices[key] = choice
        without = {
            one.place
            for key, several in candidates.items()
            for one in several
            if key not in choices or one.place not in choices[key].places
        }
        if without <= barred or not any(set(choice.places) & without for choice in choices.values()):
            return choices, compiled
        barred |= without


def _compiled(
    ask: _Ask, catalog: Catalog, poolings: Mapping[Key, Pooling], member: _Member
) -> tuple[Compiled, dict[Key, frozenset[str]]] | None:
    """The group's statement over pools, and the columns of each that it reads; None where a pool cannot give it."""

    def change(cell: Cell, flow: Flow) -> Tree:
        pooling = poolings.get(member.flows[flow]) if flow in member.flows else None
        return pooling.tree(cell, flow) if pooling is not None else cell

    keys = {key for key in member.flows.values() if key in poolings}
    if not keys:
        return None
    found = compile_trees(catalog, ask.modifiers, member.trees, ask.viewer, ask.ready, lambda tree: read_from(tree, change))
    if found.statement is None:
        return None
    read = {key: columns_read(found.statement.tree, poolings[key].pool()) for key in keys}
    known = {key: columns for key, columns in read.items() if columns is not None}
    behind = {poolings[key].id: key[0] for key in keys}
    tables = tuple(sorted({behind.get(one, one) for one in found.tables}))
    return (replace(found, tables=tables), known) if len(known) == len(keys) else None


def _candidate(pooling: Pooling, key: Key, member: _Member, read: frozenset[str]) -> Candidate:
    flows = [flow for flow, own in member.flows.items() if own == key]
    scans: dict[object, tuple[tuple[datetime | None, datetime], int]] = {}
    for flow in flows:
        shape = looked_back(flow).shape
        split = len(shape.axes) + 2 * (shape.grain is not None)  # cutting months off is dear
        reach, steps = scans.get(shape, (pooling.reach(flow), 1 + split))
        scans[shape] = (reach, steps + 1 + (flow.sum.where is not None))
    reaches = [pooling.reach(flow) for flow in flows]
    starts = [start for start, _ in reaches if start is not None]
    reach = (min(starts) if len(starts) == len(reaches) else None), max(end for _, end in reaches)
    return Candidate(member.place, len(member.group.members), tuple(scans.values()), read, reach)


def _shared(
    ask: _Ask, poolings: Mapping[Key, Pooling], choices: Mapping[Key, Choice], compiled: Mapping[int, tuple[_Member, Compiled]]
) -> tuple[Shared, ...]:
    """Pools that one statement reads belong together, so that all lie on one connection."""
    parts: list[tuple[set[Key], set[int]]] = []
    for key, choice in ((key, choice) for key, choice in choices.items() if choice.places):
        keys, places = {key}, set(choice.places)
        for part in [one for one in parts if one[1] & places]:
            parts.remove(part)
            keys, places = keys | part[0], places | part[1]
        parts.append((keys, places))
    found: list[Shared] = []
    for keys, places in parts:
        pools: list[tuple[str, Statement]] = []
        for key in sorted(keys):
            pool: Pool = poolings[key].pool()
            select = pool_select(ask.catalog, pool, choices[key].read, choices[key].reach)
            pools.append((pool.id.partition(".")[2], Statement(select)))
        found.append(Shared(tuple(pools), tuple((place, compiled[place][1]) for place in sorted(places))))
    return tuple(found)


def _told(
    groups: Sequence[Group], poolings: Mapping[Key, Pooling], choices: Mapping[Key, Choice], numbers: Sequence[int]
) -> tuple[Told, ...]:
    """For each question in which statement and from which scan it is answered."""
    said: dict[int, list[Told]] = {}
    for nth, group in enumerate(groups):
        for place in group.members:
            others = [str(numbers[one]) for one in group.members if one != place]
            mine = said.setdefault(place, [])
            if others:
                mine.append(Told(f"与第 {'、'.join(others)} 问同一条语句", f"one statement with question {', '.join(others)}"))
            for key, choice in choices.items():
                title = poolings[key].dataset.title
                if nth in choice.places:
                    sharing = sum(len(groups[one].members) for one in choice.places)
                    mine.append(
                        Told(
                            f"「{title}」只扫一遍供 {sharing} 问共读，先合成约 {choice.groups:,} 组",
                            f"'{title}' is read once for {sharing} questions, first added up into about {choice.groups:,} groups",
                        )
                    )
                elif nth in choice.why:
                    mine.append(choice.why[nth])
    alone = Told("单独成句：没有别的问题与它读同样的行", "alone: no other question reads the same rows in a way that can be shared")
    return tuple(_joined(said.get(place) or [alone]) for place in range(len(numbers)))


def _joined(several: Sequence[Told]) -> Told:
    return Told("；".join(one.zh for one in several), "; ".join(one.en for one in several))
