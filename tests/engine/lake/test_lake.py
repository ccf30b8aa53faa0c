"""A lake of files is loaded all or nothing, however a load ends: by an exception, by kill -9, or between two tables of one commit."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.lake import files, manifest
from engine.lake.lake import Lake
from engine.lake.manifest import Manifest
from engine.warehouse import Slice, Table, TableColumn, TableState, arrow_schema

TRIPS = Table(
    "waste", "trips", (TableColumn("id", "integer"), TableColumn("at", "timestamp"), TableColumn("tons", "integer")), ("id",), "at"
)
NOTES = Table("chengmai", "notes", (TableColumn("id", "integer"),))
ROOT = Path(__file__).parents[3]
# Loads two batches, says so, and waits to be killed: what is written lies there, and the load has not ended.
LOADER = """
import sys, time
from pathlib import Path
from engine.lake.files import ROWS_OF_A_GROUP
from engine.lake.lake import Lake
from tests.engine.lake.test_lake import TRIPS, trips
def rows():
    yield trips(*((n, 1 + n % 20, 9) for n in range(ROWS_OF_A_GROUP * 2)))
    print("written", flush=True)
    time.sleep(600)
with Lake(Path(sys.argv[1])).transaction() as loads:
    loads.load(TRIPS, rows(), sys.argv[2])
"""


def trips(*rows: tuple[int, int, int]) -> pa.RecordBatch:
    """Id, day of January 2026, tons."""
    listed = [{"id": id, "at": datetime(2026, 1, day, 12), "tons": tons} for id, day, tons in rows]
    return pa.RecordBatch.from_pylist(listed, schema=arrow_schema(TRIPS))


def load(lake: Lake, mode: Any, *rows: tuple[int, int, int]) -> TableState:
    with lake.transaction() as loads:
        return loads.load(TRIPS, [trips(*rows)], mode).state


def held(lake: Lake, table: Table = TRIPS) -> list[tuple[Any, ...]]:
    """The rows of the files that count, in the order of their ids."""
    (found,) = lake.held([(table.schema, table.name)])
    assert found is not None
    folder = lake.folder(table.schema, table.name)
    parts = [pq.read_table(folder / file.name) for file in found.files]
    return sorted((row["id"], row["at"].day, row["tons"]) for part in parts for row in part.to_pylist())


def on_disk(lake: Lake, table: Table = TRIPS) -> set[str]:
    folder = lake.folder(table.schema, table.name)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with two trips in it."""
    made = Lake(tmp_path / "lake")
    load(made, "append", (1, 1, 10), (2, 2, 20))
    return made


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_a_load_that_is_killed_leaves_the_version_before_whole_and_the_next_one_clears_up(lake: Lake, mode: str) -> None:
    before = lake.state(TRIPS)
    loader = subprocess.Popen([sys.executable, "-c", LOADER, str(lake.root), mode], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert loader.stdout is not None
    assert loader.stdout.readline() == "written\n"
    assert len(on_disk(lake)) > 2  # rows of the load lie there already

    loader.kill()
    loader.communicate()

    assert lake.state(TRIPS) == before
    assert held(lake) == [(1, 1, 10), (2, 2, 20)]
    state = load(lake, "append", (3, 3, 30))
    assert (state.version, state.rows) == (2, 3)
    (now,) = lake.held([(TRIPS.schema, TRIPS.name)])
    assert now is not None
    assert on_disk(lake) == {file.name for file in now.files} | {file.name for file in now.outdated}


class Dying(dict[Path, Manifest]):
    """Manifests of a commit whose process dies after the first of them is in its place."""

    looks = 0

    def items(self) -> Any:
        self.looks += 1
        return super().items() if self.looks == 1 else self._first()

    def _first(self) -> Iterator[tuple[Path, Manifest]]:
        yield next(iter(super().items()))
        raise KeyboardInterrupt


def test_a_commit_of_two_tables_that_died_between_them_holds_for_both(lake: Lake) -> None:
    def dying() -> None:
        with lake.transaction() as loads:
            loads.load(TRIPS, [trips((1, 1, 11))], "upsert")
            loads.load(NOTES, [pa.record_batch({"id": [7]})], "append")
            loads.changed = Dying(loads.changed)

    with pytest.raises(KeyboardInterrupt):
        dying()
    assert manifest.read(lake.folder("chengmai", "notes")) is None  # its manifest is not in its place yet

    found = lake.held([("waste", "trips"), ("chengmai", "notes")])

    assert [one.version for one in found if one] == [2, 1]
    assert held(lake) == [(1, 1, 11), (2, 2, 20)]
    load(lake, "append", (3, 3, 30))  # the next transaction finishes what was left to do
    assert not (lake.root / manifest.COMMIT).exists()
    assert manifest.read(lake.folder("chengmai", "notes")) is not None


def test_of_a_transaction_that_fails_nothing_holds_in_any_table(lake: Lake) -> None:
    before, seen = lake.state(TRIPS), []

    def failing() -> None:
        with lake.transaction() as loads:
            loads.load(TRIPS, [trips((9, 9, 9))], "replace")
            loads.load(NOTES, [pa.record_batch({"id": [7]})], "append")
            seen.append(loads.state(TRIPS))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert [(one.version, one.rows) for one in seen if one] == [(2, 1)]
    assert lake.state(TRIPS) == before
    assert lake.state(NOTES) is None
    assert held(lake) == [(1, 1, 10), (2, 2, 20)]


def test_an_upsert_tells_the_days_of_the_rows_that_it_replaced(lake: Lake) -> None:
    with lake.transaction() as loads:
        done = loads.load(TRIPS, [trips((2, 25, 21), (5, 26, 50))], "upsert")

    assert done.replaced == frozenset([date(2026, 1, 2)])
    assert held(lake) == [(1, 1, 10), (2, 25, 21), (5, 26, 50)]


def test_a_refill_replaces_what_lies_in_its_slices_and_nothing_else(lake: Lake) -> None:
    load(lake, "append", (3, 3, 30), (4, 28, 40))

    with lake.transaction() as loads:
        fresh = pa.Table.from_batches([trips((8, 2, 80))])
        done = loads.refill(TRIPS, [fresh], [Slice(datetime(2026, 1, 2), datetime(2026, 1, 4)), Slice(datetime(2026, 1, 28), None)])

    assert held(lake) == [(1, 1, 10), (8, 2, 80)]
    assert done.state.rows == 2


def test_a_slice_by_another_column_is_looked_for_in_every_file(lake: Lake) -> None:
    cut = Table("waste", "cut", (*TRIPS.columns, TableColumn("day", "date")), ("id",), "at")
    rows = [{"id": n, "at": datetime(2026, n, 1), "tons": n, "day": date(2026, 1, n) if n < 3 else None} for n in (1, 2, 3)]
    with lake.transaction() as loads:
        loads.load(cut, [pa.RecordBatch.from_pylist(rows, schema=arrow_schema(cut))], "append")
        loads.refill(cut, [], [Slice(datetime(2026, 1, 2), None)], "day")

    assert [id for id, _, _ in held(lake, cut)] == [1, 3]  # a row without a day lies in no slice that has an edge


def test_only_the_files_that_are_touched_are_written_anew(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lake.transaction() as loads:
        months = [datetime(2025, month, 5) for month in range(1, 13)]
        rows = [{"id": n, "at": at, "tons": n} for n, at in enumerate(months)]
        loads.load(TRIPS, [pa.RecordBatch.from_pylist(rows, schema=arrow_schema(TRIPS))], "append")
    before = on_disk(lake)

    with lake.transaction() as loads:
        at = {"id": [3], "at": pa.array([months[3]], pa.timestamp("us")), "tons": [99]}
        loads.load(TRIPS, [pa.record_batch(at)], "upsert")

    (now,) = lake.held([("waste", "trips")])
    assert now is not None
    assert len({file.name for file in now.files} - before) == 1
    assert len(now.files) == 12


def test_files_that_no_longer_count_stay_for_the_queries_that_read_them(tmp_path: Path) -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    now: Callable[[], datetime] = lambda: clock[0]  # noqa: E731
    lake = Lake(tmp_path, keep_seconds=600, now=now)
    load(lake, "replace", (1, 1, 10))
    first = on_disk(lake)
    load(lake, "replace", (2, 1, 20))
    assert first < on_disk(lake)

    clock[0] += timedelta(seconds=601)
    load(lake, "replace", (3, 1, 30))

    assert not first & on_disk(lake)


def test_many_small_loads_do_not_stay_as_many_files(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for n in range(30):
        load(lake, "append", (n, 1 + n % 28, n))

    (now,) = lake.held([("waste", "trips")])

    assert now is not None
    assert len(now.files) <= files.MOST_SMALL_FILES
    assert len(held(lake)) == 30


def test_two_processes_load_one_table_one_after_the_other(lake: Lake) -> None:
    code = LOADER.replace("time.sleep(600)", "").replace("ROWS_OF_A_GROUP * 2", "5")
    both = [subprocess.Popen([sys.executable, "-c", code, str(lake.root), "append"], cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]

    assert [process.wait(60) for process in both] == [0, 0]
    state = lake.state(TRIPS)
    assert state is not None
    assert (state.version, state.rows) == (3, 12)
