"""Rows 5 to 7 and the cached screen: what asking tiles together saves, what stored states save, and what a refresh of one day costs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from time import perf_counter, process_time

import msgspec
import pyarrow as pa
from msgspec.structs import replace

from engine.compiling.batch_plan import plan_batch
from engine.compiling.modifying import Modifiers
from engine.compiling.reads import datasets_of
from engine.compiling.tables import table_of
from engine.kind import Definition
from engine.kinds.dataset import StoredState
from engine.kinds.indicator import Indicator, Measure
from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Question
from engine.running.ask import Answer, Standing, ask
from engine.running.batch_plans import spreads_of
from engine.running.plans import Plans
from engine.running.refresh import refresh_states
from engine.running.results import Results
from engine.running.states import States
from engine.running.touched import load_and_note
from engine.sharing import Sharing
from engine.warehouse import Warehouse
from tests.bench.measure import Figure
from tests.bench.town import AS_OF, END, SEED

TEN_BAR, COLD_BAR, STATE_BAR, REFRESH_BAR, CACHED_BAR = 0.25, 0.50, 0.15, 0.05, 3.0
UNTIL = datetime.fromisoformat(AS_OF)
KEPT = ("waste.tons", "waste.first_tons", "waste.kitchen_tons", "waste.recycled_tons", "waste.loads", "waste.heaviest", "waste.mean_load")
LIGHTEST = "waste.lightest"
RATIOS = ("waste.recycled_share", "waste.sorted_per_load")
STATES = {
    "waste.weighings": (
        StoredState(name="kind", grain="day", by=("waste.kind",), of=KEPT),  # the smaller comes first: the first that covers is read
        StoredState(name="facility", grain="day", by=("waste.facility",), of=("waste.tons",)),
    ),
    "hotline.cases": (
        StoredState(name="opened", grain="day", by=("city.district",), of=("hotline.opened",), time="opened"),
        StoredState(name="closed", grain="day", by=("city.district",), of=("hotline.satisfied",), time="closed"),
    ),
}
Work = Callable[[], object]


def time_screens(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, rounds: int, tell: Callable[[Figure], None]) -> list[Figure]:
    """A figure for each row, told when it is known; the town's weighings get one more row for each refresh that is timed."""
    stored = stating(catalog)
    figures: list[Figure] = []
    for figure in _figures(stored, warehouse, modifiers, rounds):
        figures.append(figure)
        tell(figure)
    return figures


def stating(catalog: Catalog) -> Catalog:
    """The town's definitions with the states that the timings read."""
    definitions = dict(catalog.definitions)
    for id, states in STATES.items():
        dataset = catalog.dataset(id)
        assert dataset is not None
        definitions["dataset", id] = Definition("dataset", id, "", replace(dataset, states=states))
    lightest = Indicator(title="最小单车净重", unit="t", dataset="waste.weighings", measure=Measure(agg="min", of="net_ton"))
    definitions["indicator", LIGHTEST] = Definition("indicator", LIGHTEST, "", lightest)
    return replace(catalog, definitions=definitions)


def asked(indicator: object, **written: object) -> Question:
    """A question about one indicator as of the town's last day."""
    return msgspec.convert({"indicators": [indicator], "as_of": AS_OF, **written}, Question)


def ten() -> list[Question]:
    """Ten indicators in the same split."""
    return [asked(id, by=["waste.kind"], grain="month") for id in (*KEPT, *RATIOS, LIGHTEST)]


def twenty() -> list[Question]:
    """Twenty tiles as a screen mixes them: numbers of a month, series of years, splits, other datasets, a filter of its own."""
    last, all_years = {"last": "P30D"}, {"from": "2020-01-01"}
    numbers = ["waste.tons", "waste.first_tons", "waste.kitchen_tons", "waste.recycled_share", "waste.loads", "waste.mean_load"]
    series = ["waste.tons", "waste.kitchen_tons", "waste.recycled_tons", "waste.recycled_share", "waste.loads"]
    split = ["waste.tons", "waste.first_tons", "waste.heaviest"]
    return [
        *(asked(id, period=last) for id in numbers),
        *(asked(id, grain="month", period=all_years) for id in series),
        *(asked(id, by=["waste.kind"], period=all_years) for id in split),
        asked("waste.tons", by=["waste.facility"], period=all_years),
        asked("waste.tons", grain="month", period=all_years, where="waste.kind = 'kitchen'"),
        *(asked(id, grain="month", period=all_years) for id in ("hotline.opened", "hotline.satisfied")),
        *(asked(id, by=["city.district"], period=all_years) for id in ("hotline.opened", "hotline.satisfied")),
    ]


def _figures(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, rounds: int) -> Iterator[Figure]:
    def together(questions: Sequence[Question], states: States | None = None, **kept: object) -> list[Answer]:
        return list(ask(catalog, warehouse, questions, EVERYTHING, UNTIL, modifiers=modifiers, states=states, seconds=600, **kept))  # type: ignore[arg-type]

    def apart(questions: Sequence[Question]) -> list[Answer]:
        return [answer for question in questions for answer in together([question])]

    for name, questions, bar in (("screen.ten_indicators", ten(), TEN_BAR), ("screen.twenty_tiles", twenty(), COLD_BAR)):
        schema = warehouse.own_schema if isinstance(warehouse, Sharing) else None
        counted = {id for question in questions for id in datasets_of(catalog, question)}
        spreads, instants = dict(spreads_of(catalog, warehouse, counted)), [UNTIL] * len(questions)
        plan = plan_batch(catalog, modifiers, questions, EVERYTHING, instants, spreads=spreads, schema=schema)
        shared = sum(len(one.pools) for one in plan.shared)
        scans = len(plan.groups) - sum(len(one.statements) for one in plan.shared) + shared
        detail: dict[str, object] = {"scans": scans, "shared": shared}
        yield _ratio(name, bar, lambda q=questions: together(q), lambda q=questions: apart(q), rounds, detail)  # type: ignore[misc]
    refresh_states(catalog, warehouse, modifiers)
    states = States(catalog, warehouse, modifiers)
    read = sum(bool(answer.compiled and answer.compiled.states) for answer in together(twenty(), states))
    yield _ratio(
        "screen.from_state", STATE_BAR, lambda: together(twenty(), states), lambda: apart(twenty()), rounds, {"tiles_from_state": read}
    )
    plans, results = Plans(), Results[Standing]()
    forty = [*twenty(), *ten(), *ten()]
    together(forty, states, plans=plans, results=results)
    yield _cached(lambda: together(forty, states, plans=plans, results=results), len(forty), rounds)
    yield _refresh(catalog, warehouse, modifiers, min(rounds, 5))


def _ratio(name: str, bar: float, less: Work, more: Work, rounds: int, detail: dict[str, object]) -> Figure:
    """Least wall time of one against that of the other, turn by turn; processor time of all threads beside it."""
    walls: list[list[float]] = [[], []]
    cpus: list[list[float]] = [[], []]
    less(), more()
    for _ in range(rounds):
        for place, work in enumerate((less, more)):
            wall, cpu = _timed(work)
            walls[place].append(wall)
            cpus[place].append(cpu)
    (fused, separate), (fused_cpu, separate_cpu) = map(min, walls), map(min, cpus)
    found = {"ms": fused * 1000, "separate_ms": separate * 1000, "cpu_ratio": fused_cpu / separate_cpu}
    return Figure(name, fused / separate, "×", bar, detail={**found, **detail})


def _timed(work: Work) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - wall, process_time() - cpu


def _cached(work: Work, tiles: int, rounds: int) -> Figure:
    """Processor time of a batch whose every answer still holds; HTTP is not part of it."""
    work()
    times = [_timed(work) for _ in range(rounds)]
    detail = {"tiles": tiles, "wall_ms": min(wall for wall, _ in times) * 1000}
    return Figure("screen.cached", min(cpu for _, cpu in times) * 1000, "ms", CACHED_BAR, detail=detail)


def _refresh(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, rounds: int) -> Figure:
    """One late row, then the states brought up to date; against the same states counted from nothing."""
    days: list[float] = []
    whole: list[float] = []
    for n in range(rounds):
        late_row(catalog, warehouse, n)
        done = refresh_states(catalog, warehouse, modifiers)
        assert [one.partitions for one in done] == [1, 1], done
        days.append(sum(one.seconds for one in done))
        late_row(catalog, warehouse, n, is_noted=False)
        done = refresh_states(catalog, warehouse, modifiers)
        assert [one.partitions for one in done] == [None, None], done
        whole.append(sum(one.seconds for one in done))
    detail = {"ms": min(days) * 1000, "rebuild_ms": min(whole) * 1000, "states": 2}
    return Figure("refresh.one_day", min(days) / min(whole), "×", REFRESH_BAR, detail=detail)


def late_row(catalog: Catalog, warehouse: Warehouse, n: int, *, is_noted: bool = True) -> None:
    """A weighing three weeks old; one whose day is not noted makes the next refresh count all days."""
    dataset = catalog.dataset("waste.weighings")
    assert dataset is not None
    at = datetime(END.year, END.month, END.day) - timedelta(days=21 + n)
    values = {"weigh_id": SEED * 10 + n, "weighed_at": at, "facility_id": "F001", "kind": "kitchen", "leg": "first", "plate": "京A00001"}
    row = pa.record_batch(
        {**{name: pa.array([value]) for name, value in values.items()}, "net_ton": pa.array([Decimal(5)], pa.decimal128(18, 6))}
    )
    table = table_of("waste.weighings", dataset)
    if is_noted:
        load_and_note(warehouse, table, [row], "append")
    else:
        warehouse.load(table, [row], "append")
