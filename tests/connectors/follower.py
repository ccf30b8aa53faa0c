"""`python -m tests.connectors.follower FOLDER DATASET FILE`: follows a stream into a DuckDB file until it is killed, as `serve` does."""

import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from engine.connector import Connector, Following, Surroundings, stream_of
from engine.registry import members
from engine.running.cursors import cursor_of, mark_of
from engine.running.definitions import load_checked
from engine.running.intake import opened, store
from engine.running.taking import Taking, Terms, stream_for
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.connectors.brokers import HOSTS

NOW = datetime(2026, 1, 5, 12)


def follow(folder: Path, dataset_id: str, warehouse: Warehouse, stop: threading.Event, rows: int | None = None) -> tuple[int, int]:
    """Rows loaded and quarantined until `stop` is set, or so many rows have come."""
    catalog = load_checked(folder).catalog
    dataset, stream = stream_for(catalog, dataset_id)
    source = catalog.source(stream.source_id)
    assert source is not None
    connector, read = opened(source, stream, members("connectors", Connector)[0], {})
    assert isinstance(connector, Following)
    held = cursor_of(warehouse, f"{stream.source_id}/{stream.stream.name}", dataset_id)
    since = held.cursor if held else None
    terms = Terms(now=NOW, mode="upsert" if dataset.key else "append", begun_at=since, is_resumed=held is not None, reads=mark_of(read))
    taking = Taking(catalog, dataset_id, warehouse, terms)
    around = Surroundings(now=NOW, folder=folder, hosts=HOSTS)
    for batch in connector.follow(stream_of(connector, read), around, since, stop):
        taking.add(batch)
        store([taking], warehouse)
        print("stored", flush=True)
        connector.stored(batch)
        if rows is not None and taking.rows_in >= rows:
            stop.set()
    taking.close()
    return taking.loaded, taking.quarantined


def kill_while_it_stores(folder: Path, dataset_id: str, file: Path, seconds: float) -> None:
    """Lets a process of its own follow, and kills it so many seconds after it has stored its first batch."""
    command = [sys.executable, "-m", "tests.connectors.follower", str(folder), dataset_id, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
    assert first == b"stored\n"


if __name__ == "__main__":
    follow(Path(sys.argv[1]), sys.argv[2], DuckDbWarehouse(sys.argv[3], memory_limit="500MB"), threading.Event())
