"""What tests of schedules share: a clock that jumps, a store with nothing in it, and short names for making things."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.running.scheduler import Scheduler
from engine.running.worker import Handler, Skipped, Worker
from engine.state.migrate import migrate
from engine.state.slots import Schedule, Slot
from engine.state.store import Store, open_store

ZONE = ZoneInfo("Asia/Shanghai")
EIGHT = datetime(2026, 5, 1, 8, tzinfo=ZONE)
LEVELS = Schedule("intake", "levels", "PT5M", "all")
STAFF = Schedule("intake", "staff", "PT5M", "latest")


class Clock:
    """A wall clock that can be put forward and back, and seconds that only go on."""

    def __init__(self) -> None:
        self.wall, self.seconds = EIGHT, 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def on(self, **span: float) -> None:
        """Time goes by."""
        self.wall += timedelta(**span)
        self.seconds += timedelta(**span).total_seconds()

    def jump(self, **span: float) -> None:
        """Somebody puts the wall clock."""
        self.wall += timedelta(**span)


@contextmanager
def empty_store(dsn: str) -> Iterator[Store]:
    """A store at an address, its tables made."""
    opened = open_store(dsn)
    migrate(opened)
    yield opened
    opened.close()


def scheduler_of(store: Store, clock: Clock, name: str = "one", *wanted: Schedule) -> Scheduler:
    made = Scheduler(store, ZONE, name, clock.now, clock.monotonic, silence=15)
    made.schedule(wanted or (LEVELS,))
    return made


def worker_of(store: Store, clock: Clock, handler: Handler, name: str = "worker", threads: int = 2) -> Worker:
    return Worker(store, name, {"intake": handler}, clock.now, clock.monotonic, threads)


def does_nothing(slot: Slot) -> None:
    return None


def failing(slot: Slot) -> Skipped | None:
    raise RuntimeError("the source is away")


def times(slots: list[Slot], status: str = "") -> list[str]:
    return sorted(f"{slot.due_at.astimezone(ZONE):%H:%M}" for slot in slots if status in ("", slot.status))
