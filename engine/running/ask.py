"""Questions asked of a warehouse: compiled, run, and returned as frames that say as of when and from what they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, reduce

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from engine.compiling.batch import Group
from engine.compiling.batch_plan import plan_batch
from engine.compiling.modifying import Modifiers
from engine.compiling.plan import Compiled, present
from engine.compiling.pool_cost import Told
from engine.compiling.reads import datasets_of
from engine.compiling.refuse import Refused
from engine.compiling.rollup import Ready
from engine.compiling.tables import table_of
from engine.findings import Finding
from engine.frame import Frame
from engine.loading.catalog import Catalog
from engine.modifier import Modifier
from engine.question import EVERYTHING, Asked, Question, Viewer
from engine.registry import members
from engine.running.batch_plans import Shared, Written, spreads_of, written
from engine.running.framing import framed
from engine.running.kept import without_states
from engine.running.lateness import as_of_question, with_lateness
from engine.running.plan_text import BYTES_OF_SQL, Plan
from engine.running.plans import Plans, planned
from engine.running.results import Key, Results
from engine.running.states import States
from engine.sharing import Sharing
from engine.warehouse import Cancel, Statement, Warehouse

Run = Callable[[Statement], pa.Table]


class Answer(Struct, frozen=True):
    """The answer of one question of a batch (答案)."""

    index: int
    question: Question
    frame: Frame | None = None
    totals: Frame | None = None
    findings: tuple[Finding, ...] = ()
    as_of: datetime | None = None
    versions: Mapping[str, int] = {}  # dataset -> data version read
    sql: str = ""
    is_truncated: bool = False
    compiled: Compiled | None = None
    told: Told | None = None  # with which other questions it was answered, or why alone; None: nothing was asked of the warehouse


@lru_cache(maxsize=1)
def known_modifiers() -> Modifiers:
    """Every modifier, shipped or installed; looked for once, which takes as long as answering."""
    return Modifiers(members("engine.modifiers", Modifier, "chengmai.modifiers")[0])


class Standing(Struct, frozen=True):
    """An answer as it is kept: with the version of every dataset it was read from, 0 for one never loaded (存留的答案)."""

    answer: Answer
    versions: Mapping[str, int]

    @property
    def nbytes(self) -> int:
        """Memory that its rows and its plan hold."""
        frames = (self.answer.frame, self.answer.totals)
        return sum(int(frame.table.nbytes) for frame in frames if frame is not None) + BYTES_OF_SQL * len(self.answer.sql)


def ask(
    catalog: Catalog, warehouse: Warehouse, questions: Sequence[Question], viewer: Viewer = EVERYTHING, now: datetime | None = None,
    *, seconds: float = 60.0, cancel: Cancel | None = None, modifiers: Modifiers | None = None, plans: Plans | None = None,
    states: States | None = None, results: Results[Standing] | None = None,
) -> Iterator[Answer]:  # fmt: skip
    """Answers in the order of the questions, each when it is ready; a question that is wrong gives findings and stops nothing else.

    `now` is wall clock in the project's zone; without it nothing is late. Whoever asks again and again for one catalog and warehouse keeps `plans` (spare compiling),
    `states` (stored partial results are read where they give the same value) and `results` (answers that still hold).
    Raises StatementTimedOut or StatementCancelled.
    """
    stored = states.ready() if states is not None else without_states(warehouse)
    whole = states.catalog if states is not None else catalog
    world = _World(whole, warehouse, viewer, modifiers or known_modifiers(), stored, seconds, cancel, plans, results)
    yield from _Batch(world, questions, now or datetime.max).answers()


def told_of(
    catalog: Catalog, warehouse: Warehouse, questions: Sequence[Question], viewer: Viewer, now: datetime, states: States | None = None
) -> list[Told | tuple[Finding, ...]]:
    """How `ask` would read each question of a batch of which nothing is kept: with which others and why, or what is wrong with it."""
    stored = states.ready() if states is not None else without_states(warehouse)
    whole = states.catalog if states is not None else catalog
    return _Batch(_World(whole, warehouse, viewer, known_modifiers(), stored, 60.0, None, None, None), questions, now).told_of()


class _World(Struct, frozen=True):
    """What one call of `ask` is made in (提问环境)."""

    catalog: Catalog
    warehouse: Warehouse
    viewer: Viewer
    modifiers: Modifiers
    stored: Ready
    seconds: float
    cancel: Cancel | None
    plans: Plans | None
    results: Results[Standing] | None

    def version(self, dataset_id: str) -> int:
        """Version of a dataset now, 0 when it was never loaded."""
        return versions_of(self.catalog, self.warehouse, (dataset_id,)).get(dataset_id, 0)


class _Batch:
    """The questions of one call; equal ones are answered once, those that count the same rows together."""

    def __init__(self, world: _World, questions: Sequence[Question], now: datetime) -> None:
        self.world, self.questions, self.now = world, questions, now
        places: dict[bytes, int] = {}
        self.first = [places.setdefault(msgspec.json.encode(question), index) for index, question in enumerate(questions)]
        self.ready: dict[int, Answer] = {}
        self.keys: dict[int, Key] = {}
        self.told: dict[int, Told] = {}
        self.shared: dict[tuple[int, ...], tuple[Shared, Written]] = {}  # members of a group -> what it is answered with
        for text, place in places.items():
            try:
                as_of = as_of_question(world.catalog, world.warehouse, questions[place], now)
                self.keys[place] = Key(text, world.viewer, as_of, world.stored.stamp)
            except Refused as refused:
                self.ready[place] = Answer(place, questions[place], findings=(refused.finding,))

    def answers(self) -> Iterator[Answer]:
        """In order; what is kept first, then what this call claimed to compute, then what others were computing."""
        results = self.world.results
        missing = [place for place in sorted(self.keys) if not self._is_kept(place)]
        claimed = [place for place in missing if results is None or results.claim(self.keys[place])]
        try:
            group_of = self._groups(claimed)
            for index, question in enumerate(self.questions):
                place = self.first[index]
                if place not in self.ready:
                    self._compute(group_of[place] if place in group_of else self._alone(place))
                yield self._said(msgspec.structs.replace(self.ready[place], index=index, question=question, told=self.told.get(place)))
        finally:
            if results is not None:
                for place in claimed:
                    results.land(self.keys[place])

    def told_of(self) -> list[Told | tuple[Finding, ...]]:
        """For each question how it is read, or its findings."""
        world, alone = self.world, Told("只有这一个问题，单独读取", "it is the only question and is read alone")
        wrong = {place: answer.findings for place, answer in self.ready.items()}
        for place, key in self.keys.items():
            plan = planned(
                world.catalog, world.modifiers, self.questions[place], world.viewer, key.as_of, world.warehouse.write, world.stored
            )
            if plan.compiled.statement is None:
                wrong[place] = plan.compiled.findings
        self._groups(sorted(self.keys))
        return [wrong.get(first) or self.told.get(first, alone) for first in self.first]

    def _said(self, answer: Answer) -> Answer:
        """The answer with what is late at the moment of asking; nobody without a clock is told."""
        compiled, frame = answer.compiled, answer.frame
        if self.now == datetime.max or compiled is None or compiled.shape is None or frame is None:
            return answer
        world = self.world
        told = with_lateness(world.catalog, world.warehouse, answer.question, compiled.shape, frame, self.now)
        return answer if told is frame else msgspec.structs.replace(answer, frame=told)

    def _is_kept(self, place: int) -> bool:
        results = self.world.results
        standing = results.get(self.keys[place], self.world.version) if results is not None else None
        if standing is not None:
            self.ready[place] = standing.answer
        return standing is not None

    def _groups(self, places: Sequence[int]) -> dict[int, tuple[Group, Sequence[int]]]:
        plan = self._planned(places)
        self.told = dict(zip(places, plan.told, strict=True)) if len(places) > 1 else {}
        self.shared = {plan.groups[nth].members: (one, plan) for one in plan.shared for nth, _ in one.plans}
        return {places[member]: (group, places) for group in plan.groups for member in group.members}

    def _planned(self, places: Sequence[int]) -> Written:
        world = self.world
        questions, instants = [self.questions[place] for place in places], [self.keys[place].as_of for place in places]
        counted = {id for question in questions for id in datasets_of(world.catalog, question)} if len(places) > 1 else set[str]()
        spreads = spreads_of(world.catalog, world.warehouse, counted)
        schema = world.warehouse.own_schema if isinstance(world.warehouse, Sharing) else None
        numbers = tuple(place + 1 for place in places)

        def make() -> Written:
            known = dict(spreads)
            plan = plan_batch(world.catalog, world.modifiers, questions, world.viewer, instants, world.stored, known, schema, numbers)
            return written(plan, world.warehouse.write)

        if world.plans is None or len(places) < 2:
            return make()
        texts = tuple(self.keys[place].question for place in places)
        return world.plans.batches.plan(world.catalog, (texts, world.viewer, tuple(instants), world.stored.stamp, spreads, numbers), make)

    def _alone(self, place: int) -> tuple[Group, Sequence[int]]:
        """A question that another caller computes: wait for that answer, and compute it here only if none came."""
        results = self.world.results
        assert results is not None
        results.wait(self.keys[place], self.world.seconds)
        self._is_kept(place)
        return Group((0,), self.questions[place], ()), [place]

    def _compute(self, asked: tuple[Group, Sequence[int]]) -> None:
        group, places = asked
        members = [places[member] for member in group.members]
        if all(place in self.ready for place in members):
            return
        if group.members in self.shared and len(places) > 1:
            self._compute_shared(*self.shared[group.members], places)
            return
        world, key = self.world, self.keys[members[0]]
        make = world.plans.plan if world.plans is not None else planned
        plan = make(
            world.catalog, world.modifiers, group.question, world.viewer, key.as_of, world.warehouse.write, world.stored, group.presence
        )
        if plan.compiled.statement is None and len(members) > 1:  # what one of them can't be answered must not be told to the others
            for place in members:
                self._compute((Group((0,), self.questions[place], ()), [place]))
            return
        versions = {one: world.version(one) for one in plan.compiled.tables}
        self._answered(group, members, plan, versions, lambda one: world.warehouse.query(one, seconds=world.seconds, cancel=world.cancel))

    def _compute_shared(self, shared: Shared, whole: Written, places: Sequence[int]) -> None:
        """Every group that reads the same pools, as of one moment; versions are looked up before it, so that none is said too new."""
        world = self.world
        assert isinstance(world.warehouse, Sharing)
        versions = [{one: world.version(one) for one in plan.compiled.tables} for _, plan in shared.plans]
        with world.warehouse.shared(shared.made, seconds=world.seconds, cancel=world.cancel) as run:
            for (nth, plan), known in zip(shared.plans, versions, strict=True):
                group = whole.groups[nth]
                self._answered(group, [places[member] for member in group.members], plan, known, run)

    def _answered(self, group: Group, members: Sequence[int], plan: Plan, versions: Mapping[str, int], run: Run) -> None:
        """The answers of a group, each with its own rows, kept where answers are kept."""
        world = self.world
        answer, table = _answer(world, plan, self.keys[members[0]].as_of, versions, run)
        for nth, place in enumerate(members):
            own = group.names[nth] if group.names else None
            if own is None or table is None:
                self.ready[place] = answer
            else:
                mine = _own_rows(table, group.needs[nth]) if group.needs else table
                self.ready[place] = _apart(world, answer, mine, self.questions[place], own)
            if world.results is not None and answer.frame is not None:
                world.results.put(self.keys[place], Standing(self.ready[place], versions))
                world.results.land(self.keys[place])


def _own_rows(table: pa.Table, needs: Sequence[int]) -> pa.Table:
    """The rows of a joint answer that one of its questions has: those where one of its conditions counted a row."""
    if not needs:
        return table
    counted = [pc.fill_null(pc.greater(table.column(present(place)), 0), False) for place in needs]
    return table.filter(reduce(pc.or_, counted))


def _apart(world: _World, answer: Answer, table: pa.Table, question: Question, names: tuple[str, ...]) -> Answer:
    """One question's part of a joint answer: its own columns under its own names, and what is marked for them alone."""
    assert answer.compiled is not None
    own = [one.name or one.of if isinstance(one, Asked) else one for one in question.indicators]
    frame = framed(world.catalog, answer.compiled, table, dict(zip(names, own, strict=True)))
    return msgspec.structs.replace(answer, question=question, frame=frame)


def _answer(world: _World, plan: Plan, as_of: datetime, versions: Mapping[str, int], run: Run) -> tuple[Answer, pa.Table | None]:
    """The answer, and its rows as the warehouse gave them; no rows where there is no answer."""
    compiled, question = plan.compiled, plan.compiled.question
    if compiled.statement is None:
        return Answer(0, question, findings=compiled.findings, as_of=as_of, compiled=compiled), None
    table = run(compiled.statement)
    is_truncated = question.limit is not None and table.num_rows > question.limit
    table = table.slice(0, question.limit) if is_truncated else table
    whole = compiled.totals
    totals = framed(world.catalog, whole, run(whole.statement)) if whole is not None and whole.statement is not None else None
    loaded = {dataset: version for dataset, version in versions.items() if version}
    return Answer(0, question, framed(world.catalog, compiled, table), totals, (), as_of, loaded, plan.sql, is_truncated, compiled), table


def versions_of(catalog: Catalog, warehouse: Warehouse, dataset_ids: Sequence[str]) -> dict[str, int]:
    """Data version of each dataset that was ever loaded."""
    found: dict[str, int] = {}
    for id in dataset_ids:
        dataset = catalog.dataset(id)
        state = warehouse.state(table_of(id, dataset)) if dataset is not None else None
        if state is not None:
            found[id] = state.version
    return found
