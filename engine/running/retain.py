"""Rows older than a dataset keeps are removed, once every state that is to outlive them holds what they say."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from engine.compiling.described import PERIOD
from engine.compiling.expand import Expander
from engine.compiling.leaves import Flow
from engine.compiling.modifying import Modifiers
from engine.compiling.periods import bucket_start, day_offset, moved, named_grain
from engine.compiling.reads import datasets_of
from engine.compiling.refuse import Refused
from engine.compiling.states import Stored, stored_states
from engine.compiling.tables import default_time, table_of
from engine.compiling.writer import leaves_below
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog
from engine.modifier import Request, Shape, Value
from engine.parts import span_of
from engine.question import Question
from engine.running.kept import KEPT, keep_from, kept_in
from engine.running.refresh import BOOK, entries, looked_up, noted_as_counted
from engine.running.touched import LOG, note
from engine.warehouse import Slice, Transaction, Warehouse

FAR = datetime(9999, 12, 31)


class Retained(Struct, frozen=True):
    """What retention did with one dataset, or why it left its rows alone (保留结果)."""

    dataset: str
    since: datetime | None = None  # the first period that is left
    rows: int = 0  # rows removed
    zh: str = ""  # why nothing was removed; empty where that was done
    en: str = ""


def retain(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, now: datetime) -> list[Retained]:
    """Remove what is older than `keep.raw`, and of day states what is older than `keep.day`; `now` is wall clock of the project's zone.

    Rows, the notes about them and what states are counted from change in one transaction; a dataset whose rows are still needed is left
    as it is, with the reason.
    """
    found: list[Retained] = []
    stored = stored_states(catalog, modifiers)
    for id in sorted(catalog.ids("dataset")):
        dataset = catalog.dataset(id)
        if dataset is None or dataset.keep is None or dataset.keep.raw is None or warehouse.state(table_of(id, dataset)) is None:
            continue
        states = [one for one in stored if one.dataset == id]
        why = needed(catalog, modifiers, id, dataset, states)
        found.append(Retained(id, zh=why[0], en=why[1]) if why else _retain(catalog, warehouse, id, dataset, states, now))
    return found


def _retain(catalog: Catalog, warehouse: Warehouse, id: str, dataset: Dataset, states: list[Stored], now: datetime) -> Retained:
    table, keep = table_of(id, dataset), dataset.keep
    assert keep is not None and keep.raw is not None
    for made in (BOOK, LOG, KEPT):
        warehouse.create(made)
    with warehouse.transaction() as transaction:
        source = transaction.state(table)
        assert source is not None
        known, kept = entries(transaction), kept_in(transaction)
        for state in states:
            entry = known.get(state.id)
            if entry is None or (entry.definition, entry.source_version, entry.looked_up) != (
                state.definition, source.version, looked_up(catalog, warehouse, state),
            ):  # fmt: skip
                return Retained(
                    id,
                    zh=f"预聚合「{state.id}」还没有刷新：先运行 chengmai refresh",
                    en=f"the state '{state.id}' is not up to date: run `chengmai refresh` first",
                )
        newest = (source.watermark or now) - day_offset(default_time(dataset))  # its day stays, or nothing would tell up to when rows go
        since = _edge(min(moved(now, -span_of(keep.raw)) or now, newest), states)
        if since is None:
            return Retained(id, zh="预聚合的粒度没有共同的边界", en="the grains of its states share no edge")
        if since <= kept.get(id, datetime.min):
            return Retained(id, kept[id])
        removed = transaction.remove(table, [Slice(None, since + day_offset(default_time(dataset)))])
        note(transaction, table, removed.state, frozenset())
        keep_from(transaction, {id: since, **_trimmed(transaction, keep.day, states, now)})
        noted_as_counted(transaction, [(state, known[state.id]) for state in states], removed.state.version)
        return Retained(id, since, source.rows - removed.state.rows)


def _edge(cut: datetime, states: list[Stored]) -> datetime | None:
    """The last edge of a day and of every state's periods before the cut."""
    edge = datetime(cut.year, cut.month, cut.day)
    for _ in range(400):
        lower = min([bucket_start(edge, named_grain(state.state.grain) or "day") for state in states], default=edge)
        if lower == edge:
            return edge
        edge = lower
    return None


def _trimmed(transaction: Transaction, day: str | None, states: list[Stored], now: datetime) -> Mapping[str, datetime]:
    """Remove from the states what is older than they are kept; the first period left of each that lost some."""
    cut = moved(now, -span_of(day)) if day is not None and day != "forever" else None
    if cut is None:
        return {}
    since = {state.id: bucket_start(datetime(cut.year, cut.month, cut.day), named_grain(state.state.grain) or "day") for state in states}
    for state in states:
        transaction.refill(state.table, [], [Slice(None, since[state.id])], PERIOD)
    return since


def needed(catalog: Catalog, modifiers: Modifiers, id: str, dataset: Dataset, states: list[Stored]) -> tuple[str, str] | None:
    """Why old rows of a dataset have to stay, in Chinese and English; None when they may go."""
    time = default_time(dataset)
    if time is None or table_of(id, dataset).time is None or time.zone not in (None, catalog.project.zone):
        return "没有以项目时区写的时间列", "it has no time column on the project's clock"
    if dataset.keep is not None and dataset.keep.day is not None and not states:
        return "keep.day 要求保留日级状态，但没有声明 states", "keep.day promises states by day, and no states are declared"
    for state in states:
        if state.time != time.name or state.unfit is not None:
            return f"预聚合「{state.id}」不能接替原始行", f"the state '{state.id}' cannot stand in for the rows"
    for other in sorted(catalog.ids("dataset")):
        spec = catalog.dataset(other)
        if other != id and spec is not None and any(one.to == id for one in spec.relationships):
            return f"「{other}」要在其中查找", f"'{other}' looks rows up in it"
    for one in sorted(catalog.ids("dimension")):
        dimension = catalog.dimension(one)
        if dimension is not None and dimension.dataset == id:
            return f"维度「{one}」的成员在其中", f"the members of '{one}' lie in it"
    return next(_read_whole(catalog, modifiers, id, time.name), None)


def _read_whole(catalog: Catalog, modifiers: Modifiers, id: str, time: str) -> Iterator[tuple[str, str]]:
    """Indicators that read rows of any age, or by another time than the one by which rows are removed."""
    shape = Shape(axes=(), until=FAR, grain="day")
    for one in sorted(catalog.ids("indicator")):
        try:
            if id not in datasets_of(catalog, Question(indicators=(one,))):
                continue
            leaves = leaves_below([Expander(catalog, modifiers).tree(Value(Request(one, shape)))])
        except Refused:
            continue
        for leaf in leaves:
            if getattr(leaf, "dataset", id) == id and not (isinstance(leaf, Flow) and leaf.time in (None, time)):
                yield f"指标「{one}」要读更早的行", f"the indicator '{one}' reads older rows"
