"""The platform's own work is rows like any other: a dataset that says `from: platform.runs` is filled out of the state store."""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.touched import load_and_note
from engine.state.platform import ended_run_rows, ended_slot_rows, freshness_rows
from engine.state.scores import scores_of
from engine.state.store import Row, Store
from engine.warehouse import Table, Warehouse, arrow_schema

PREFIX = "platform."
Line = Mapping[str, object]


def load_platform(catalog: Catalog, warehouse: Warehouse, store: Store) -> dict[str, int]:
    """Bring the datasets of the platform up to date: what has ended since their newest row is added; rows added, by dataset."""
    zone, done = ZoneInfo(catalog.project.zone), dict[str, int]()
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        feed = FEEDS.get(dataset.source or "") if dataset is not None else None
        if dataset is None or feed is None:
            continue
        table = table_of(id, dataset)
        state = warehouse.state(table)
        newest = state.watermark if state is not None else None
        lines = feed(store, newest.replace(tzinfo=zone) if newest is not None else None, zone)
        if any(newest is None or line[table.time or ""] != newest for line in lines):  # the newest rows come again, and move nothing
            load_and_note(warehouse, table, [_batch(table, lines)], "upsert")
            done[id] = len(lines)
    return done


def is_of_platform(catalog: Catalog, id: str) -> bool:
    """Whether a dataset is filled by the platform itself."""
    dataset = catalog.dataset(id)
    return dataset is not None and (dataset.source or "").startswith(PREFIX)


def _batch(table: Table, lines: list[Line]) -> pa.RecordBatch:
    names = {column.name for column in table.columns}
    kept = [{name: value for name, value in line.items() if name in names} for line in lines]
    return pa.RecordBatch.from_pylist(kept, schema=arrow_schema(table))


def _runs(store: Store, since: datetime | None, zone: ZoneInfo) -> list[Line]:
    names = ("run_id", "kind", "subject", "status", "slot_at", "started_at", "ended_at", "rows_in", "rows_loaded", "rows_set_aside")
    return [_timed(dict(zip(names, row, strict=True)), "started_at", zone) for row in ended_run_rows(store, since)]


def _slots(store: Store, since: datetime | None, zone: ZoneInfo) -> list[Line]:
    names = ("work", "subject", "due_at", "status", "attempts", "started_at", "ended_at")
    return [_slot(row, names, zone) for row in ended_slot_rows(store, since)]


def _slot(row: Row, names: tuple[str, ...], zone: ZoneInfo) -> Line:
    line = _timed(dict(zip(names, row, strict=True)), "started_at", zone)
    due, ended = row[2], row[6]
    return {**line, "delay_seconds": (ended - due).total_seconds(), "source": str(row[1]).partition("/")[0]}


def _freshness(store: Store, since: datetime | None, zone: ZoneInfo) -> list[Line]:
    names = ("kind", "subject", "state", "since_at", "seen_at")
    return [_walled(dict(zip(names, row, strict=True)), zone) for row in freshness_rows(store, since)]


def _quality(store: Store, since: datetime | None, zone: ZoneInfo) -> list[Line]:
    """Scores from the newest day on, which may have been scored again; days begin at midnight, as the watermark has them."""
    scores = scores_of(store, since=since.date() if since is not None else None)
    return [_walled({**msgspec.structs.asdict(one), "day": datetime.combine(one.day, time())}, zone, but=("day",)) for one in scores]


def _timed(line: dict[str, object], begin: str, zone: ZoneInfo) -> dict[str, object]:
    started, ended = line[begin], line["ended_at"]
    seconds = (ended - started).total_seconds() if isinstance(started, datetime) and isinstance(ended, datetime) else None
    return _walled({**line, "seconds": seconds}, zone)


def _walled(line: dict[str, object], zone: ZoneInfo, but: tuple[str, ...] = ()) -> dict[str, object]:
    """Instants as wall clock of the project's zone, as rows have them."""
    is_instant = {name: isinstance(value, datetime) and name not in but for name, value in line.items()}
    return {name: value.astimezone(zone).replace(tzinfo=None) if is_instant[name] else value for name, value in line.items()}  # type: ignore[attr-defined]


FEEDS: Mapping[str, Callable[[Store, datetime | None, ZoneInfo], list[Line]]] = {
    "platform.runs": _runs, "platform.slots": _slots, "platform.freshness": _freshness,
    "platform.quality": _quality,
}  # fmt: skip
