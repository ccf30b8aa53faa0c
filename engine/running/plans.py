"""A question asked again is not compiled again: its plan is kept until the definitions change or its place is needed."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock

import msgspec
from msgspec.structs import replace
from sqlglot import exp

from engine.compiling.leaves import Flow
from engine.compiling.modifying import Modifiers
from engine.compiling.plan import NO_STATES, compile_question
from engine.compiling.rollup import Ready
from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.batch_plans import BatchPlans
from engine.running.plan_text import Plan

MOST_BYTES = 64_000_000


class Plans:
    """Plans of one catalog for one warehouse, in bounded memory, the longest unused forgotten first; safe to share between threads.

    The key holds everything that a plan depends on: the question, who asks, as of when, which states hold, what is counted beside it.
    Another catalog empties it.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held = 0
        self._catalog: Catalog | None = None
        self._plans: OrderedDict[tuple[bytes, Viewer, datetime, tuple[int, ...], tuple[Flow, ...]], Plan] = OrderedDict()
        self._lock = Lock()
        self.batches = BatchPlans()  # of several questions at once

    def plan(
        self, catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime, write: Callable[[exp.Expression], str],
        ready: Ready = NO_STATES, presence: tuple[Flow, ...] = (),
    ) -> Plan:  # fmt: skip
        """The plan of the question, compiled now unless it is known."""
        key = (msgspec.json.encode(question), viewer, as_of, ready.stamp, presence)
        with self._lock:
            if catalog is not self._catalog:
                self._plans.clear()
                self._held = 0
                self._catalog = catalog
            known = self._plans.get(key)
            if known is not None:
                self._plans.move_to_end(key)
                return known
        made = planned(catalog, modifiers, question, viewer, as_of, write, ready, presence)
        with self._lock:
            if catalog is self._catalog and key not in self._plans:
                self._plans[key] = made
                self._held += made.nbytes
                while self._held > self._most and self._plans:
                    self._held -= self._plans.popitem(last=False)[1].nbytes
        return made

    @property
    def held(self) -> int:
        """Bytes held now, about."""
        return self._held


def planned(
    catalog: Catalog, modifiers: Modifiers, question: Question, viewer: Viewer, as_of: datetime, write: Callable[[exp.Expression], str],
    ready: Ready = NO_STATES, presence: tuple[Flow, ...] = (),
) -> Plan:  # fmt: skip
    """The plan of a question, compiled anew."""
    compiled = compile_question(catalog, modifiers, question, viewer, as_of, ready, presence)
    if compiled.statement is None:
        return Plan(compiled)
    sql = write(compiled.statement.tree)
    return Plan(replace(compiled, statement=replace(compiled.statement, text=sql)), sql)
