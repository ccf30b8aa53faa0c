"""What a timing comes out as: one JSON line, and how often a thing is done until its least time is trusted."""

import gc
from collections.abc import Callable
from time import perf_counter, process_time, thread_time
from typing import Any

import msgspec
from msgspec import Struct


class Figure(Struct, frozen=True):
    """One measured value beside its bar (测得值)."""

    name: str
    value: float | None
    unit: str
    bar: float | None = None  # at most this; None where the line only informs
    note: str = ""
    detail: dict[str, Any] = {}

    @property
    def is_met(self) -> bool | None:
        """Whether the bar holds; None where there is no bar."""
        if self.bar is None:
            return None
        return self.value is not None and self.value <= self.bar

    def line(self) -> str:
        """The figure as one JSON line."""
        said: dict[str, Any] = {"name": self.name, "value": _short(self.value), "unit": self.unit, "bar": self.bar, "met": self.is_met}
        said |= {key: _short(value) for key, value in self.detail.items()}
        if self.note:
            said["note"] = self.note
        return msgspec.json.encode(said).decode()


def _short(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


class Least(Struct, frozen=True):
    """Least milliseconds of some rounds: on the wall, and of this thread's processor time (最短用时)."""

    wall: float
    cpu: float


def least_time(work: Callable[[], object], rounds: int) -> Least:
    """Least time of so many rounds; the garbage collector waits, as `timeit` lets it.

    On a machine that others use too, only the processor time tells what single-threaded work costs; wall time is shown beside it.
    """
    work()
    gc.collect()
    gc.freeze()  # what stays need not be looked at between the rounds
    gc.disable()
    try:
        both = [_once(work) for _ in range(rounds)]
    finally:
        gc.enable()
        gc.unfreeze()
    return Least(min(wall for wall, _ in both) * 1000, min(cpu for _, cpu in both) * 1000)


def _once(work: Callable[[], object]) -> tuple[float, float]:
    gc.collect()  # between the rounds: memory that only grows would slow the later ones
    wall, cpu = perf_counter(), thread_time()
    work()
    return perf_counter() - wall, thread_time() - cpu


class Stopwatch:
    """Wall and processor seconds that a database spent, added up over its calls; `own` is what this thread spent in it."""

    def __init__(self) -> None:
        self.wall = self.cpu = self.own = 0.0

    def during(self, work: Callable[[], Any]) -> Any:
        """Runs the work and adds its time."""
        wall, cpu, own = perf_counter(), process_time(), thread_time()
        try:
            return work()
        finally:
            self.own += thread_time() - own
            self.wall += perf_counter() - wall
            self.cpu += process_time() - cpu
