"""Alarms ring once, in the order of their times, and not after they were dropped."""

import subprocess
import sys
import threading
from functools import partial

from engine.alarm import Alarms


def test_alarms_ring_in_the_order_of_their_times_whatever_the_order_they_were_set_in() -> None:
    alarms, rung, done = Alarms(), list[int](), threading.Event()
    alarms.set(0.15, done.set)
    for n in (3, 1, 2):
        alarms.set(n / 30, partial(rung.append, n))
    assert done.wait(10)
    assert rung == [1, 2, 3]


def test_a_dropped_alarm_never_rings_and_leaves_the_others_alone() -> None:
    alarms, rung, done = Alarms(), list[str](), threading.Event()
    alarms.set(0.02, partial(rung.append, "dropped")).drop()
    alarms.set(0.02, partial(rung.append, "kept"))
    alarms.set(0.1, done.set)
    assert done.wait(10)
    assert rung == ["kept"]


def test_many_alarms_that_are_dropped_are_forgotten() -> None:
    alarms = Alarms()
    for _ in range(1000):
        alarms.set(60, list).drop()
    assert len(alarms._heap) == 1  # the one set last, until the next


FORKED = """
import os, threading
from engine.alarm import Alarms
alarms = Alarms()
for _ in range(50):
    alarms.set(60, list)
    child = os.fork()
    if child == 0:
        alarms.set(0.01, lambda: os._exit(7))
        threading.Event().wait(10)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""


def test_a_forked_child_has_alarms_of_its_own() -> None:
    ran = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
