"""Alarms: one standing thread calls whoever's time is up, so that watching a statement costs no thread of its own."""

import heapq
import os
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic


class Alarm:
    """Something to be called at an instant, unless it is dropped before (闹钟)."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def drop(self) -> None:
        """The call is not needed any more; one that is under way goes on."""
        self.call = None


class Alarms:
    """The alarms of a process (闹钟组). Safe to share between threads; calls must be short, for they are made one after the other."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)  # a child has none of its parent's threads, and perhaps a lock that one held

    def _begin(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._runs = False

    def set(self, seconds: float, call: Callable[[], object]) -> Alarm:
        """Call this after so many seconds."""
        alarm, due = Alarm(call), monotonic() + seconds
        with self._changed:
            while self._heap and self._heap[0][2].call is None:
                heapq.heappop(self._heap)
            heapq.heappush(self._heap, (due, next(self._numbers), alarm))
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="alarms", daemon=True).start()
            elif self._heap[0][2] is alarm:
                self._changed.notify()
        return alarm

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._heap or (left := self._heap[0][0] - monotonic()) > 0:
                    self._changed.wait(left if self._heap else None)
                call = heapq.heappop(self._heap)[2].call
            if call is not None:
                call()


ALARMS = Alarms()
