"""A process that loads and refreshes without end, to be killed in the midst of it: `python -m tests.properties.refresh_until_killed FILE SEED`."""

import random
import sys

from engine.running.ask import known_modifiers
from engine.running.refresh import refresh_states
from engine.running.touched import load_and_note
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.test_refresh import CITY, rows_table
from tests.properties.test_states import batch


def main(path: str, seed: int) -> None:
    """Loads of one to thirty rows on any of forty days, each followed by a refresh; says so when it has begun."""
    drawn, warehouse = random.Random(seed), DuckDbWarehouse(path)
    while True:
        rows = [(drawn.randint(1, 500), drawn.randint(0, 40), 12, "s1", "a", drawn.randint(0, 50)) for _ in range(drawn.randint(1, 30))]
        load_and_note(warehouse, rows_table(CITY), [batch(list({row[0]: row for row in rows}.values()))], "upsert")
        refresh_states(CITY, warehouse, known_modifiers())
        print("refreshed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
