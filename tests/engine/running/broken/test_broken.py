"""Broken files, rows and messages: each is set aside or refused with a reason, none is lost silently and none stops the platform."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connectors.files import Files
from connectors.messages.payload import Message, MessageShape, rows_of
from engine.connector import RowBatch, SourceFailed, Surroundings
from engine.running.intake import IntakeResult, intake, take_in
from engine.running.taking import Terms
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.engine.running.broken import cells, files, messages
from tests.engine.running.broken.case import Case, city, row
from tests.engine.running.broken.messages import Sent, body
from tests.engine.running.loaded_rows import lines_of

JSON = MessageShape()
NOW = datetime(2026, 1, 6, 9)
CASES = {case.name: case for case in (*cells.CASES, *files.CASES)}


@pytest.fixture(scope="module")
def house() -> Iterator[Warehouse]:
    """One warehouse for all: whatever came before, the next one is judged alike."""
    made = DuckDbWarehouse(memory_limit="200MB")
    yield made
    made.close()


def taken(case: Case, house: Warehouse, folder: Path) -> IntakeResult:
    (folder / case.file).write_bytes(case.bytes)
    catalog = city(json.dumps({"path": case.file, **case.read}), case.identity)
    return intake(catalog, "broken.rows", house, {"files": Files}, Surroundings(now=NOW, folder=folder), {}, from_start=True)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused is not None])
def test_a_broken_file_is_refused_with_its_reason_and_changes_nothing(name: str, house: Warehouse, tmp_path: Path) -> None:
    case = CASES[name]
    with pytest.raises(SourceFailed) as told:
        taken(case, house, tmp_path)
    assert case.refused is not None
    assert case.refused in told.value.zh
    assert len(told.value.zh) < 600
    assert lines_of_file(house, case.file) == []


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused is None])
def test_each_broken_row_is_set_aside_with_its_reason_and_the_others_are_loaded(name: str, house: Warehouse, tmp_path: Path) -> None:
    case = CASES[name]
    result = taken(case, house, tmp_path)
    lines = lines_of_file(house, case.file)
    assert (result.rows_in, result.loaded, result.quarantined) == (case.rows_in, case.loaded, case.rows_in - case.loaded)
    assert tuple(sorted({line["rule"] for line in lines})) == case.rules
    assert len({line["row_id"] for line in lines}) == result.quarantined
    assert all(line["reason_zh"] and line["reason_en"] and line["raw"] for line in lines)


@pytest.mark.parametrize("sent", messages.CASES, ids=[one.name for one in messages.CASES])
def test_a_broken_message_is_set_aside_alone(sent: Sent, house: Warehouse) -> None:
    """Before and after it come right ones, and both arrive."""
    around = [Message("t", body(row(id)), "message_id", id) for id in ("before", "after")]
    piece = rows_of(
        [around[0], Message("t", sent.payload, "message_id", "m"), around[1]],
        sent.shape if sent.shape.format == "json" else JSON,
        sent.encoding,
        1,
    )
    if sent.shape != JSON:
        piece = rows_of([Message("t", sent.payload, "message_id", "m")], sent.shape, sent.encoding, 1)
    batch = RowBatch(piece.rows, pa.array(piece.numbers, pa.int64()), sent.name, None, piece.refused, is_sparse=True)
    result = take_in(city("{}", ("id",)), "broken.rows", [batch], house, Terms(now=NOW, mode="upsert"))
    others = 2 if sent.shape == JSON else 0
    lines = lines_of_file(house, sent.name)
    assert (result.rows_in, result.loaded) == (sent.rows_in + others, sent.loaded + others)
    assert len({line["row_id"] for line in lines}) == result.quarantined == result.rows_in - result.loaded
    assert tuple(sorted({line["rule"] for line in lines})) == sent.rules
    assert all(line["reason_zh"] and len(str(line["raw"])) < 20_000 for line in lines)


def lines_of_file(house: Warehouse, origin: str) -> list[dict[str, Any]]:
    return [line for line in lines_of(house) if line["origin"] == origin]


def test_none_of_them_fills_the_memory(tmp_path: Path) -> None:
    """In a process of its own, where nothing else has grown: 256 MB above what the program itself takes."""
    for case in CASES.values():
        (tmp_path / case.file).write_bytes(case.bytes)
    told = subprocess.run(
        [sys.executable, "-m", "tests.engine.running.broken.measured", str(tmp_path)], cwd=Path(__file__).parents[4], capture_output=True,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert [line for line in map(json.loads, told.stdout.splitlines()) if line["megabytes"] > 256] == []


def test_there_are_a_hundred_and_fifty_of_them_and_their_names_differ() -> None:
    names = [*(case.name for case in (*cells.CASES, *files.CASES)), *(sent.name for sent in messages.CASES)]
    assert len(names) >= 150
    assert len(set(names)) == len(names)
    assert len({case.file for case in (*cells.CASES, *files.CASES)}) == len(cells.CASES) + len(files.CASES)
