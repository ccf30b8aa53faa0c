"""Slots are made by whoever holds the lease; a clock that jumps and a process that dies lose none and double none."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engine.state.lease import LeaseIsLost, release_lease, seen_lease, take_lease
from engine.state.slots import Schedule, forget_slots, make_slots, slots_of, waiting_slots
from engine.state.store import Store
from engine.state.workers import leave
from tests.engine.running.scheduling import EIGHT, LEVELS, STAFF, Clock, does_nothing, empty_store, scheduler_of, times, worker_of

pytestmark = pytest.mark.postgres


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    with empty_store(postgres_dsn) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_new_schedule_is_due_from_now_on_and_after_an_outage_every_slot_is_made_in_order(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock)
    assert leader.tick().made == 0
    clock.on(minutes=5)
    assert leader.tick().made == 1
    assert leader.tick().made == 0
    clock.on(minutes=21)
    assert scheduler_of(store, clock, "two").tick().role == "waiting"
    assert leader.tick().made == 4
    assert times(slots_of(store)) == ["08:05", "08:10", "08:15", "08:20", "08:25"]


def test_a_lease_is_taken_over_after_silence_and_the_old_holder_can_write_nothing_more(store: Store, clock: Clock) -> None:
    old, new = scheduler_of(store, clock, "old"), scheduler_of(store, clock, "new")
    old.tick()
    assert new.tick().role == "waiting"
    clock.on(seconds=14)
    assert new.tick().role == "waiting"
    clock.on(seconds=2)
    assert new.tick().role == "leader"
    clock.on(minutes=5)
    assert old.tick().role == "waiting"
    assert new.tick().made == 1


def test_a_holder_that_was_overtaken_between_two_statements_writes_nothing(store: Store, clock: Clock) -> None:
    lease = take_lease(store, "scheduler", "old", None, clock.now())
    assert lease is not None
    assert take_lease(store, "scheduler", "new", seen_lease(store, "scheduler"), clock.now()) is not None
    with pytest.raises(LeaseIsLost):
        make_slots(store, lease, {("intake", "levels"): [EIGHT]})
    assert slots_of(store) == []


def test_a_lease_that_moved_since_it_was_seen_is_not_taken(store: Store, clock: Clock) -> None:
    seen = None
    assert take_lease(store, "scheduler", "one", seen, clock.now()) is not None
    assert take_lease(store, "scheduler", "two", seen, clock.now()) is None


def test_a_lease_that_was_given_up_is_taken_at_once_with_a_new_fence(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock, "one")
    leader.tick()
    leader.stop()
    assert scheduler_of(store, clock, "two").tick().role == "leader"
    seen = seen_lease(store, "scheduler")
    assert seen is not None and (seen.holder, seen.fence) == ("two", 2)


def test_a_lease_that_was_given_up_cannot_be_used_any_more(store: Store, clock: Clock) -> None:
    lease = take_lease(store, "scheduler", "one", None, clock.now())
    assert lease is not None
    release_lease(store, lease)
    with pytest.raises(LeaseIsLost):
        make_slots(store, lease, {})


def test_a_clock_that_jumps_takes_no_lease_away_and_makes_no_slot_twice(store: Store, clock: Clock) -> None:
    leader, other = scheduler_of(store, clock, "one"), scheduler_of(store, clock, "two")
    leader.tick()
    other.tick()
    clock.jump(hours=1)
    assert other.tick().role == "waiting"
    assert leader.tick().made == 12
    clock.jump(hours=-1)
    assert leader.tick().made == 0
    assert other.tick().role == "waiting"
    clock.jump(hours=1)
    clock.on(minutes=5)
    assert leader.tick().made == 1
    assert times(slots_of(store)) == [f"{hour:02}:{minute:02}" for hour in (8, 9) for minute in range(0, 60, 5)][1:14]


def test_a_new_leader_goes_on_where_the_old_one_died(store: Store, clock: Clock) -> None:
    scheduler_of(store, clock, "old").tick()
    new = scheduler_of(store, clock, "new")
    new.tick()
    clock.on(minutes=12)
    assert new.tick().made == 2


def test_what_is_no_longer_defined_is_retired_and_comes_back_without_a_past(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock, "one", LEVELS, STAFF)
    leader.tick()
    leader.schedule([LEVELS])
    clock.on(minutes=5)
    leader.tick()
    assert {slot.subject for slot in slots_of(store)} == {"levels"}
    clock.on(minutes=60)
    leader.schedule([LEVELS, STAFF])
    leader.tick()
    assert not [slot for slot in slots_of(store) if slot.subject == "staff"]
    clock.on(minutes=5)
    leader.tick()
    assert times(slots_of(store, subject="staff")) == ["09:10"]


def test_a_rule_that_changes_goes_on_from_where_the_old_one_stopped(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock)
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    leader.schedule([Schedule("intake", "levels", "PT2M", "all")])
    clock.on(minutes=5)
    leader.tick()
    assert times(slots_of(store)) == ["08:05", "08:06", "08:08", "08:10"]


def test_old_slots_are_forgotten_and_those_that_wait_are_not(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock)
    leader.tick()
    clock.on(minutes=10)
    leader.tick()
    worker_of(store, clock, does_nothing).work_one()
    assert forget_slots(store, clock.now() + timedelta(days=1)) == 1
    assert waiting_slots(store) == 1


def test_a_worker_that_was_never_there_may_leave(store: Store) -> None:
    leave(store, "nobody")
    assert waiting_slots(store) == 0
