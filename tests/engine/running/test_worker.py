"""Slots are worked off by whoever is free, one of a kind at a time; what fails is tried again, and told with its reason."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta

import pytest

from engine.running.worker import DEATHS, TRIES, Skipped, Worker
from engine.state.slots import Schedule, Slot, claim_slot, end_slot, slots_of
from engine.state.store import Store
from tests.engine.running.scheduling import (
    STAFF,
    Clock,
    does_nothing,
    empty_store,
    failing,
    scheduler_of,
    times,
    worker_of,
)

pytestmark = pytest.mark.postgres


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    with empty_store(postgres_dsn) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_slots_of_one_schedule_are_worked_off_in_order_and_never_two_at_a_time(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock)
    leader.tick()
    clock.on(minutes=10)
    leader.tick()
    first = claim(store, clock, "a")
    assert first is not None and times([first]) == ["08:05"]
    assert claim(store, clock, "b") is None
    assert end_slot(store, first, ended(first), 1.0)
    second = claim(store, clock, "b")
    assert second is not None and times([second]) == ["08:10"]


def claim(store: Store, clock: Clock, name: str) -> Slot | None:
    return claim_slot(store, name, clock.now().astimezone(UTC), slow=20, slow_most=1, patience=timedelta(minutes=9))


def ended(slot: Slot) -> Slot:
    return Slot(slot.work, slot.subject, slot.due_at, "done", slot.attempts, slot.worker, ended_at=slot.started_at)


def test_where_the_latest_stands_for_all_those_before_it_are_skipped_with_the_reason(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock, "one", STAFF)
    leader.tick()
    clock.on(minutes=16)
    leader.tick()
    assert worker_of(store, clock, does_nothing).work_one() is not None
    slots = slots_of(store)
    assert times(slots, "done") == ["08:15"]
    assert times(slots, "skipped") == ["08:05", "08:10"]
    assert {slot.reason_zh for slot in slots if slot.status == "skipped"} == {"由之后的到期点一并完成"}


def test_a_slot_of_a_worker_that_died_is_taken_up_and_the_dead_one_s_end_is_not_written(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock)
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    lost = claim(store, clock, "dies")
    assert lost is not None
    assert leader.tick().retaken == 0
    clock.on(seconds=16)
    assert leader.tick().retaken == 1
    again = claim(store, clock, "lives")
    assert again is not None and (again.due_at, again.attempts) == (lost.due_at, 2)
    assert not end_slot(store, lost, ended(lost), 1.0)
    assert end_slot(store, again, ended(again), 1.0)


def test_a_worker_that_beats_keeps_its_slot_however_long_it_takes(store: Store, clock: Clock) -> None:
    leader, busy = scheduler_of(store, clock), worker_of(store, clock, does_nothing, "busy")
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    assert claim(store, clock, "busy") is not None
    for _ in range(10):
        busy.beat()
        clock.on(seconds=10)
        assert leader.tick().retaken == 0


def test_what_fails_is_tried_again_later_and_at_last_failed_with_its_reason(store: Store, clock: Clock) -> None:
    leader, bad = scheduler_of(store, clock), worker_of(store, clock, failing)
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    waits = []
    for _ in range(TRIES):
        slot = bad.work_one()
        assert slot is not None
        assert bad.work_one() is None, "it is not tried at once"
        waits.append((slot.status, slot.not_before - clock.now() if slot.not_before else None))
        clock.on(seconds=61)
    assert waits == [("waiting", timedelta(seconds=20)), ("waiting", timedelta(seconds=60)), ("failed", None)]
    (slot,) = [one for one in slots_of(store) if one.status == "failed"]
    assert slot.reason_zh == "没有做完：the source is away"
    assert slot.reason_en == "RuntimeError: the source is away"


def test_a_trial_that_waits_is_not_held_up_by_a_clock_that_went_back(store: Store, clock: Clock) -> None:
    leader, bad = scheduler_of(store, clock), worker_of(store, clock, failing)
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    bad.work_one()
    clock.jump(hours=-1)
    assert bad.work_one() is not None


def test_what_kills_its_worker_again_and_again_is_given_up(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock)
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    for number in range(DEATHS):
        assert claim(store, clock, f"dies-{number}") is not None
        leader.tick()
        clock.on(seconds=16)
        leader.tick()
    slot = worker_of(store, clock, does_nothing).work_one()
    assert slot is not None and (slot.status, slot.reason_zh) == ("failed", "执行它的进程一再中断")


def test_slow_work_leaves_a_thread_to_the_others(store: Store, clock: Clock) -> None:
    slow = [Schedule("intake", f"slow_{n}", "PT5M") for n in range(2)]
    leader = scheduler_of(store, clock, "one", *slow, Schedule("intake", "zquick", "PT5M"))
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    taken = [claim(store, clock, f"first-{n}") for n in range(3)]
    for slot in taken:
        assert slot is not None
        end_slot(store, slot, ended(slot), 1.0 if slot.subject == "zquick" else 60.0)
    clock.on(minutes=5)
    leader.tick()
    begun = [slot.subject for n in range(3) if (slot := claim(store, clock, f"then-{n}")) is not None]
    assert sorted(begun) in (["slow_0", "zquick"], ["slow_1", "zquick"])


def test_a_skipped_slot_tells_why_and_unknown_work_is_failed(store: Store, clock: Clock) -> None:
    leader = scheduler_of(store, clock, "one", STAFF, Schedule("dance", "x", "PT5M"))
    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    idle = worker_of(store, clock, lambda slot: Skipped("数据源已暂停", "the source is paused"))
    while idle.work_one() is not None:
        pass
    assert {(slot.status, slot.reason_zh) for slot in slots_of(store)} == {("skipped", "数据源已暂停"), ("failed", "没有人会做「dance」")}


def test_a_worker_stops_in_good_order_and_gives_back_what_it_could_not_finish(store: Store, clock: Clock) -> None:
    leader, free, begun = scheduler_of(store, clock), threading.Event(), threading.Event()

    def hangs(slot: Slot) -> None:
        begun.set()
        free.wait(20)

    leader.tick()
    clock.on(minutes=5)
    leader.tick()
    busy = Worker(store, "hangs", {"intake": hangs}, clock.now, monotonic_of(), threads=1)
    busy.start(every=0.01)
    assert begun.wait(20)
    assert not busy.stop(seconds=0.2)
    assert [(slot.status, slot.attempts) for slot in slots_of(store)] == [("waiting", 0)]
    free.set()


def monotonic_of() -> Callable[[], float]:
    from time import monotonic

    return monotonic
