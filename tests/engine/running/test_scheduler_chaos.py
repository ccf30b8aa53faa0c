"""Three schedulers whose leader is killed again and again: each slot is there once, is done once, and none is missing."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from time import monotonic, sleep, time

import pytest

from engine.running.scheduler import LEASE
from engine.state.lease import seen_lease
from engine.state.migrate import migrate
from engine.state.slots import waiting_slots
from engine.state.store import Store, open_store
from tests.engine.running.scheduling_process import BEGIN, EFFECTS

pytestmark = [pytest.mark.postgres]
NUMBERS = count(1)


class Crowd:
    """Processes that schedule, by name; one that was killed is replaced by another."""

    def __init__(self, dsn: str, subjects: int, speed: float, minutes: int) -> None:
        self._arguments = [str(subjects), str(time()), str(speed), str(minutes)]
        self._dsn, self.running = dsn, dict[str, subprocess.Popen[bytes]]()

    def add(self) -> None:
        name = f"process-{next(NUMBERS)}"
        command = [sys.executable, "-m", "tests.engine.running.scheduling_process", self._dsn, name, *self._arguments]
        self.running[name] = subprocess.Popen(command)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        for name in list(self.running):
            self.kill(name)


@contextmanager
def crowd(dsn: str, subjects: int, speed: float, minutes: int) -> Iterator[tuple[Crowd, Store]]:
    store = open_store(dsn, largest=3)
    migrate(store)
    store.run(EFFECTS)
    many = Crowd(dsn, subjects, speed, minutes)
    try:
        for _ in range(3):
            many.add()
        yield many, store
    finally:
        many.kill_all()
        store.close()


def kill_leaders(many: Crowd, store: Store, chance: random.Random, minutes: int, pause: float, seconds: float) -> int:
    """Kill the leader, now and then somebody else, until all slots are made and worked off; how many leaders died."""
    killed, until = 0, monotonic() + seconds
    while monotonic() < until:
        sleep(chance.uniform(0.3, pause))
        made = store.rows("SELECT min(made_until) FROM schedules")[0][0]
        if made == BEGIN + timedelta(minutes=minutes) and not waiting_slots(store):
            return killed
        seen = seen_lease(store, LEASE)
        leads = seen is not None and seen.holder in many.running
        if leads and seen is not None and chance.random() < 0.7:
            many.kill(seen.holder)
            killed += 1
        else:
            many.kill(chance.choice(sorted(many.running)))
        many.add()
    raise AssertionError(f"{store.rows('SELECT status, count(*) FROM slots GROUP BY status')} after {seconds} s")


def told(store: Store, subjects: int, minutes: int) -> None:
    """Every stream has a slot for each minute, each done, each with one effect, in order."""
    slots = store.rows("SELECT subject, min(due_at), max(due_at), count(*) FROM slots GROUP BY subject ORDER BY subject")
    assert len(slots) == subjects
    began = [row[1] for row in slots]
    assert all((last - first).total_seconds() == 60 * (many - 1) for _, first, last, many in slots), "a due time is missing"
    assert len({row[2] for row in slots}) == 1, "all end with the clock"
    assert len(set(began)) == 1, "all began together"
    assert store.rows("SELECT DISTINCT status FROM slots") == [("done",)]
    assert store.rows("SELECT subject, due_at FROM slots EXCEPT SELECT subject, due_at FROM effects") == [], "a slot was lost"
    assert store.rows("SELECT subject, due_at FROM effects GROUP BY subject, due_at HAVING count(*) > 1") == [], "a slot was done twice"
    assert store.rows("SELECT count(*) FROM effects") == store.rows("SELECT count(*) FROM slots")


def seed() -> int:
    """Another one each time, told so that a failure can be played again."""
    chosen = int(os.environ.get("CHENGMAI_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"CHENGMAI_CHAOS_SEED={chosen}")
    return chosen


def test_three_schedulers_whose_leader_is_killed_make_and_do_each_slot_once(postgres_dsn: str) -> None:
    with crowd(postgres_dsn, subjects=8, speed=300.0, minutes=60) as (many, store):
        killed = kill_leaders(many, store, random.Random(seed()), minutes=60, pause=1.5, seconds=60)
        many.kill_all()
        told(store, 8, 60)
        assert killed >= 1


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_ten_thousand_slots_under_killed_leaders_are_each_there_once(postgres_dsn: str) -> None:
    with crowd(postgres_dsn, subjects=25, speed=240.0, minutes=405) as (many, store):
        killed = kill_leaders(many, store, random.Random(seed()), minutes=405, pause=3.0, seconds=800)
        many.kill_all()
        told(store, 25, 405)
        assert killed >= 10
        assert store.rows("SELECT count(*) FROM slots")[0][0] >= 10_000
