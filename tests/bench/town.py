"""A made-up city of millions of rows, the same at every run: what the questions are timed on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.warehouse import Warehouse

SEED = 20260101
DAYS = 2500
END = date(2026, 1, 1)
START = END - timedelta(days=DAYS)
AS_OF = f"{END:%Y-%m-%d}"
BATCH = 500_000
KINDS = ("kitchen", "other", "recyclable", "hazardous")
DISTRICTS = tuple(f"1101{n:02}" for n in range(1, 17))
STREETS = tuple((f"{district}{n:03}", district) for district in DISTRICTS for n in range(1, 11))
FACILITIES, OPERATORS, TRUCKS, GRIDS, TANKS, STATIONS = 120, 12, 3000, 3000, 100, 50

Columns = dict[str, pa.Array]


def load_town(catalog: Catalog, warehouse: Warehouse, rows: int) -> dict[str, int]:
    """Fills every table; `rows` weighings, the other tables in proportion. Returns rows by dataset."""
    random = np.random.default_rng(SEED)
    loaded: dict[str, int] = {}
    for id, columns in _tables(random, rows):
        dataset = catalog.dataset(id)
        assert dataset is not None
        table = pa.table(columns)
        warehouse.load(table_of(id, dataset), table.to_batches(max_chunksize=BATCH), "replace")
        loaded[id] = table.num_rows
    return loaded


def _tables(random: np.random.Generator, rows: int) -> Iterator[tuple[str, Columns]]:
    yield from small_tables(random)
    yield "waste.weighings", weighings(random, rows)
    yield "hotline.cases", _cases(random, rows // 10)
    yield "hotline.visits", _visits(random, rows // 20)
    yield "utilities.tank_readings", _readings(random, rows // 12)
    yield "energy.power_load", _loads(random, rows // 10)


def small_tables(random: np.random.Generator) -> Iterator[tuple[str, Columns]]:
    """The tables whose rows are as many however large the town is."""
    yield "city.regions", _regions()
    yield "city.residents", _residents(random)
    yield "waste.operators", _operators()
    yield "waste.facilities", _facilities(random)


def _regions() -> Columns:
    codes = [*DISTRICTS, *(code for code, _ in STREETS)]
    return {
        "region_code": pa.array(codes),
        "name": pa.array([f"区域{code}" for code in codes]),
        "level": pa.array(["district"] * len(DISTRICTS) + ["street"] * len(STREETS)),
        "parent_code": pa.array([None] * len(DISTRICTS) + [district for _, district in STREETS], pa.string()),
    }


def _residents(random: np.random.Generator) -> Columns:
    years = [date(year, 1, 1) for year in range(START.year, END.year + 1)]
    pairs = [(district, year) for district in DISTRICTS for year in years]
    ends = [None if year == years[-1] else year.replace(year=year.year + 1) for _, year in pairs]
    return {
        "district": pa.array([district for district, _ in pairs]),
        "people": pa.array(random.integers(300_000, 3_500_000, len(pairs))),
        "valid_from": pa.array([year for _, year in pairs]),
        "valid_to": pa.array(ends, pa.date32()),
    }


def _operators() -> Columns:
    ownership = ("state", "private", "mixed")
    return {
        "operator_id": pa.array([f"O{n:02}" for n in range(OPERATORS)]),
        "ownership": pa.array([ownership[n % 3] for n in range(OPERATORS)]),
    }


def _facilities(random: np.random.Generator) -> Columns:
    opened = random.integers(-3000, 2000, FACILITIES)
    closed = [START + timedelta(days=int(day) + 400) if n % 7 == 0 else None for n, day in enumerate(opened)]
    return {
        "facility_id": pa.array([f"F{n:03}" for n in range(FACILITIES)]),
        "street": pa.array([STREETS[n % len(STREETS)][0] for n in random.permutation(FACILITIES * 3)[:FACILITIES]]),
        "type": pa.array(["plant" if n % 5 == 0 else "transfer" for n in range(FACILITIES)]),
        "operator_id": pa.array([f"O{n % OPERATORS:02}" for n in range(FACILITIES)]),
        "design_tpd": _decimals(random.integers(100, 3000, FACILITIES) * 1_000_000),
        "valid_from": pa.array([START + timedelta(days=int(day)) for day in opened]),
        "valid_to": pa.array(closed, pa.date32()),
    }


def weighings(random: np.random.Generator, rows: int, first: int = 0, since: int = 0, until: int = DAYS * 86400) -> Columns:
    """So many weighings in the order of their times, which lie from `since` to `until` seconds after START, numbered from `first`."""
    return {
        "weigh_id": pa.array(np.arange(first, first + rows)),
        "weighed_at": _times(np.sort(random.integers(since, until, rows))),
        "facility_id": _one_of(random, [f"F{n:03}" for n in range(FACILITIES)], rows),
        "kind": _one_of(random, list(KINDS), rows, (0.3, 0.55, 0.13, 0.02)),
        "leg": _one_of(random, ["first", "transfer"], rows, (0.7, 0.3)),
        "plate": _one_of(random, [f"京A{n:05}" for n in range(TRUCKS)], rows),
        "net_ton": _decimals(random.integers(500, 20_000, rows) * 1000),
    }


def _cases(random: np.random.Generator, rows: int) -> Columns:
    opened = np.sort(random.integers(0, DAYS * 86400, rows))
    closed = opened + random.exponential(4 * 86400, rows).astype(np.int64) + 600
    still_open = (closed >= DAYS * 86400) | (random.random(rows) < 0.002)
    return {
        "case_id": pa.array(np.arange(rows)),
        "opened_at": _times(opened),
        "closed_at": _times(closed, still_open),
        "district": _one_of(random, list(DISTRICTS), rows),
        "category": _one_of(random, [f"C{n:02}" for n in range(20)], rows),
        "grid_id": _one_of(random, [f"G{n:04}" for n in range(GRIDS)], rows),
        "is_satisfied": pa.array(random.random(rows) < 0.8, mask=still_open | (random.random(rows) < 0.3)),
    }


def _visits(random: np.random.Generator, rows: int) -> Columns:
    return {
        "visit_id": pa.array(np.arange(rows)),
        "visited_at": _times(np.sort(random.integers(0, DAYS * 86400, rows))),
        "grid_id": _one_of(random, [f"G{n:04}" for n in range(GRIDS)], rows),
    }


def _readings(random: np.random.Generator, rows: int) -> Columns:
    each = max(rows // TANKS, 1)
    tank, number = np.repeat(np.arange(TANKS), each), np.tile(np.arange(each), TANKS)
    step = DAYS * 86400 / each
    seconds = (number * step + random.integers(0, max(int(step) - 1, 1), each * TANKS)).astype(np.int64)
    order = np.argsort(seconds, kind="stable")
    return {
        "tank_id": pa.array([f"T{n:03}" for n in range(TANKS)]).take(pa.array(tank[order])),
        "read_at": _times(seconds[order]),
        "level_m": pa.array(random.random(each * TANKS) * 12),
    }


def _loads(random: np.random.Generator, rows: int) -> Columns:
    quarters = max(min(rows // STATIONS, DAYS * 96), 1)
    moment = np.repeat(np.arange(DAYS * 96 - quarters, DAYS * 96) * 900, STATIONS)
    return {
        "station_id": pa.array([f"S{n:02}" for n in range(STATIONS)]).take(pa.array(np.tile(np.arange(STATIONS), quarters))),
        "at_time": _times(moment),
        "load_mw": pa.array(20 + random.random(quarters * STATIONS) * 60),
    }


def _times(seconds: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Wall clock so many seconds after START."""
    first = int(datetime(START.year, START.month, START.day, tzinfo=UTC).timestamp())
    return pa.array((seconds + first) * 1_000_000, mask=missing).cast(pa.timestamp("us"))


def _one_of(random: np.random.Generator, values: list[str], rows: int, weights: tuple[float, ...] | None = None) -> pa.Array:
    return pa.array(values).take(pa.array(random.choice(len(values), rows, p=weights)))


def _decimals(millionths: np.ndarray) -> pa.Array:
    """Decimals with six places from whole millionths: the two words of a 128-bit number, the upper one zero."""
    words = np.zeros((len(millionths), 2), dtype=np.int64)
    words[:, 0] = millionths
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(millionths), [None, pa.py_buffer(words)])
