"""A batch asked again is not planned again: which questions share statements and scans is kept until definitions or data change."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from engine.compiling.batch import Group
from engine.compiling.batch_plan import BatchPlan
from engine.compiling.plan import Compiled
from engine.compiling.pool_cost import Told
from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.question import Viewer
from engine.running.plan_text import BYTES_OF_SQL, Plan
from engine.sharing import Made, Sharing, Spread
from engine.warehouse import Statement, Warehouse

MOST_BYTES = 32_000_000
Spreads = tuple[tuple[str, Spread], ...]
Asking = tuple[tuple[bytes, ...], Viewer, tuple[datetime, ...], tuple[int, ...], Spreads, tuple[int, ...]]


class Shared(Struct, frozen=True):
    """Results made once, and the plans of the groups that read them (共读计划)."""

    made: Made
    plans: tuple[tuple[int, Plan], ...]


class Written(Struct, frozen=True):
    """A batch's plan with the SQL text of what is shared (批量计划文本)."""

    groups: tuple[Group, ...]
    shared: tuple[Shared, ...]
    told: tuple[Told, ...]

    @property
    def nbytes(self) -> int:
        """About what it holds in memory."""
        texts = [statement.text for one in self.shared for _, statement in one.made]
        texts += [plan.sql for one in self.shared for _, plan in one.plans]
        return BYTES_OF_SQL * (sum(map(len, texts)) + 200 * len(self.told))


class BatchPlans:
    """Plans of batches of one catalog for one warehouse, in bounded memory; safe to share between threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._held = most_bytes, 0
        self._catalog: Catalog | None = None
        self._plans: OrderedDict[Asking, Written] = OrderedDict()
        self._lock = Lock()

    def plan(self, catalog: Catalog, asking: Asking, make: Callable[[], Written]) -> Written:
        """The plan of the batch, made now unless it is known; `asking` holds everything it depends on beside the catalog."""
        with self._lock:
            if catalog is not self._catalog:
                self._plans.clear()
                self._catalog, self._held = catalog, 0
            known = self._plans.get(asking)
            if known is not None:
                self._plans.move_to_end(asking)
                return known
        made = make()
        with self._lock:
            if catalog is self._catalog and asking not in self._plans:
                self._plans[asking] = made
                self._held += made.nbytes
                while self._held > self._most and self._plans:
                    self._held -= self._plans.popitem(last=False)[1].nbytes
        return made


def spreads_of(catalog: Catalog, warehouse: Warehouse, dataset_ids: set[str]) -> Spreads:
    """How the rows of each dataset spread, where the warehouse can share results and knows."""
    if not isinstance(warehouse, Sharing):
        return ()
    found: dict[str, Spread] = {}
    for id in sorted(dataset_ids):
        dataset = catalog.dataset(id)
        spread = warehouse.spread(table_of(id, dataset)) if dataset is not None else None
        if spread is not None:
            found[id] = spread
    return tuple(found.items())


def written(plan: BatchPlan, write: Callable[[exp.Expression], str]) -> Written:
    """The plan with its texts."""

    def statement(one: Statement) -> Statement:
        return replace(one, text=write(one.tree))

    def plan_of(compiled: Compiled) -> Plan:
        assert compiled.statement is not None
        ready = statement(compiled.statement)
        return Plan(replace(compiled, statement=ready), ready.text)

    shared = tuple(
        Shared(
            tuple((name, statement(made)) for name, made in one.pools), tuple((place, plan_of(found)) for place, found in one.statements)
        )
        for one in plan.shared
    )
    return Written(plan.groups, shared, plan.told)
