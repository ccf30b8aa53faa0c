"""Makes the slots of all schedules, in whichever process holds the lease: none is missed when it dies, none made twice when it comes back."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.running.due import due_times
from engine.state.lease import Lease, LeaseIsLost, Seen, beat_lease, release_lease, seen_lease, take_lease
from engine.state.slots import Schedule, known_schedules, make_slots, write_schedules
from engine.state.store import Store
from engine.state.workers import beats_of, retake

log = logging.getLogger("chengmai")
LEASE = "scheduler"
SILENCE = 15.0  # seconds without a beat after which a lease is taken over, and a worker's slots are
AT_ONCE = 2_000  # slots of one schedule made in one transaction: a long outage is caught up in several
Role = Literal["leader", "waiting"]


class Tick(Struct, frozen=True):
    """What one look at the clock did (调度一拍)."""

    role: Role
    made: int = 0
    retaken: int = 0


class Scheduler:
    """One of several; for one thread. `clock` gives wall clock (aware), `monotonic` seconds that never jump.

    Silence is measured by `monotonic` on what was seen, never by instants that others wrote: a clock that jumps takes no lease away.
    """

    def __init__(
        self,
        store: Store,
        zone: ZoneInfo,
        name: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        silence: float = SILENCE,
    ) -> None:
        self._store, self._zone, self._name = store, zone, name
        self._clock, self._monotonic, self._silence = clock, monotonic, silence
        self._lease: Lease | None = None
        self._seen: tuple[Seen, float] | None = None
        self._workers: dict[str, tuple[int, float]] = {}  # beats of each, and since when they stand still
        self._wanted: Sequence[Schedule] = ()
        self._is_written = False
        self._next: dict[tuple[str, str], datetime] = {}

    def schedule(self, wanted: Sequence[Schedule]) -> None:
        """What is to be scheduled from the next tick on."""
        self._wanted, self._is_written = tuple(wanted), False

    def tick(self) -> Tick:
        """Take the lease if nobody has it; make what is due if we have. Raises StateIsAway."""
        now = self._clock().astimezone(UTC)
        if self._lease is None and not self._take(now):
            return Tick("waiting")
        assert self._lease is not None
        try:
            beat_lease(self._store, self._lease, now)
            if not self._is_written:
                write_schedules(self._store, self._lease, self._wanted, now)
                self._is_written, self._next = True, {}
            return Tick("leader", self._make(self._lease, now), self._retake(self._lease))
        except LeaseIsLost:
            log.warning("%s: another scheduler has taken over", self._name)
            self._lease = None
            return Tick("waiting")

    def stop(self) -> None:
        """Give the lease up."""
        if self._lease is not None:
            release_lease(self._store, self._lease)
            self._lease = None

    def _take(self, now: datetime) -> bool:
        seen, at = seen_lease(self._store, LEASE), self._monotonic()
        if seen is not None and not seen.is_released:
            if self._seen is None or self._seen[0] != seen:
                self._seen = (seen, at)
                return False
            if at - self._seen[1] < self._silence:
                return False
        self._lease = take_lease(self._store, LEASE, self._name, seen, now)
        self._seen, self._is_written, self._workers = None, False, {}
        return self._lease is not None

    def _make(self, lease: Lease, now: datetime) -> int:
        """Slots of everything that is due: what is made is read anew whenever something may be, so that memory is never believed."""
        if self._next and min(self._next.values()) > now:
            return 0
        due: dict[tuple[str, str], list[datetime]] = {}
        for made in known_schedules(self._store):
            one = made.schedule
            times = due_times(one.timing, self._zone, made.until)
            first = list(islice(takewhile(lambda time: time <= now, times), AT_ONCE))
            if first:
                due[one.work, one.subject] = first
            following = next(due_times(one.timing, self._zone, first[-1] if first else made.until), None)
            self._next[one.work, one.subject] = following or datetime.max.replace(tzinfo=UTC)
        return make_slots(self._store, lease, due) if due else 0

    def _retake(self, lease: Lease) -> int:
        at, beats = self._monotonic(), beats_of(self._store)
        self._workers = {
            id: self._workers[id] if id in self._workers and self._workers[id][0] == beat else (beat, at) for id, beat in beats.items()
        }
        gone = [id for id, (_, since) in self._workers.items() if at - since >= self._silence]
        return retake(self._store, lease, gone) if gone else 0
