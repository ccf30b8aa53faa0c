"""A source that keeps failing is left in peace for a while that grows: after three failures nothing is tried until the pause is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

FAILURES = 3  # in a row, until the breaker opens
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
TRIAL = timedelta(minutes=15)  # a trial that has not ended by then is taken for dead
Standing = Literal["closed", "open", "half_open"]


class Breaker(Struct, frozen=True):
    """How a source has behaved (熔断). Times are instants with a zone."""

    standing: Standing = "closed"
    failures: int = 0  # in a row
    retry_at: datetime | None = None  # open: nothing is tried before; half open: the trial under way counts as dead after


def may_try(breaker: Breaker, now: datetime) -> bool:
    """Whether the source may be asked now."""
    return breaker.standing == "closed" or breaker.retry_at is None or now >= breaker.retry_at


def trying(breaker: Breaker, now: datetime) -> Breaker:
    """The breaker while a try is under way: of an open one there is only one, the trial."""
    return breaker if breaker.standing == "closed" else Breaker("half_open", breaker.failures, now + TRIAL)


def after_success(breaker: Breaker) -> Breaker:
    """All is well again."""
    return Breaker()


def after_failure(breaker: Breaker, now: datetime, random: Callable[[], float]) -> Breaker:
    """One more failure; from the third on the pause doubles each time, and half of it is drawn, lest many sources come back at once."""
    failures = breaker.failures + 1
    if failures < FAILURES:
        return Breaker("closed", failures)
    return Breaker("open", failures, now + pause(failures, random))


def pause(failures: int, random: Callable[[], float]) -> timedelta:
    """How long a source is left in peace after so many failures in a row; `random` gives numbers from 0 to 1."""
    doublings = min(failures - FAILURES, 20)
    whole = min(FIRST_PAUSE * float(2**doublings), LONGEST_PAUSE)
    return whole * (0.5 + random() / 2)
