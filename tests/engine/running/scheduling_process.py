"""One process that schedules and works, for tests that kill it: `python -m tests.engine.running.scheduling_process DSN NAME …`."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from time import monotonic, sleep, time
from zoneinfo import ZoneInfo

from engine.running.scheduler import Scheduler
from engine.running.worker import Skipped, Worker
from engine.state.slots import Schedule, Slot
from engine.state.store import Store, open_store

ZONE, BEGIN = ZoneInfo("Asia/Shanghai"), datetime(2026, 5, 1, tzinfo=UTC)
EFFECTS = """
CREATE TABLE IF NOT EXISTS effects (subject text, due_at timestamptz, by text);
CREATE TABLE IF NOT EXISTS reached (subject text PRIMARY KEY, due_at timestamptz);
"""


def schedules(subjects: int) -> list[Schedule]:
    """So many streams, each due every minute, none to be left out."""
    return [Schedule("intake", f"stream_{number:03}", "PT1M", "all") for number in range(subjects)]


def fast_clock(began: float, speed: float, minutes: int) -> Callable[[], datetime]:
    """A clock that runs `speed` times as fast as ours and stops after some minutes of its own."""
    return lambda: BEGIN + min((time() - began) * timedelta(seconds=speed), timedelta(minutes=minutes))


def taking_in(store: Store, name: str) -> Callable[[Slot], Skipped | None]:
    """What an intake does: rows and how far they go, in one transaction; what was reached before is not done again."""

    def take(slot: Slot) -> Skipped | None:
        values = {"subject": slot.subject, "due_at": slot.due_at, "by": name}
        with store.transaction() as connection:
            row = connection.execute("SELECT due_at FROM reached WHERE subject = %(subject)s FOR UPDATE", values).fetchone()
            if row is not None and row[0] >= slot.due_at:
                return None
            connection.execute("INSERT INTO effects VALUES (%(subject)s, %(due_at)s, %(by)s)", values)
            if row is None:
                connection.execute("INSERT INTO reached VALUES (%(subject)s, %(due_at)s)", values)
            else:
                connection.execute("UPDATE reached SET due_at = %(due_at)s WHERE subject = %(subject)s", values)
        return None

    return take


def run(dsn: str, name: str, subjects: int, began: float, speed: float, minutes: int) -> None:
    """Schedule and work until killed."""
    store, clock = open_store(dsn, largest=6), fast_clock(began, speed, minutes)
    scheduler = Scheduler(store, ZONE, name, clock, monotonic, silence=0.8)
    scheduler.schedule(schedules(subjects))
    worker = Worker(store, name, {"intake": taking_in(store, name)}, clock, monotonic, threads=2)
    for step in count():
        scheduler.tick()
        if step == 0:
            worker.start(every=0.02)
        worker.beat()
        sleep(0.1)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]))
