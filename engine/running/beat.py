"""Whether anybody schedules: a scheduler that has fallen silent is told by what reads this, since it can tell nothing itself."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from engine.running.scheduler import LEASE, SILENCE
from engine.state.lease import seen_lease
from engine.state.store import Store

Pulse = Literal["beats", "silent", "never"]


class Beat(Struct, frozen=True):
    """Whether the scheduler is alive, by its last sign of life (调度心跳)."""

    pulse: Pulse
    at: datetime | None = None  # of the last sign of life
    holder: str | None = None
    zh: str = ""
    en: str = ""


def scheduler_beat(store: Store, now: datetime, silence: float = SILENCE) -> Beat:
    """How the scheduler is: `now` is an instant with a zone. Raises StateIsAway.

    A beat from the future by more than the silence allowed counts as silence too: the clock went back, and nothing has been heard since.
    """
    seen = seen_lease(store, LEASE)
    if seen is None:
        return Beat("never", zh="调度器还没有启动过", en="no scheduler has ever run")
    age = (now - seen.beat_at).total_seconds()
    if seen.is_released:
        return Beat(
            "silent", seen.beat_at, seen.holder, "调度器已停止，没有别的接手", "the scheduler was stopped, and no other has taken over"
        )
    if abs(age) > 2 * silence:
        return Beat(
            "silent",
            seen.beat_at,
            seen.holder,
            f"调度器已有 {abs(age):.0f} 秒没有心跳",
            f"no sign of life of the scheduler for {abs(age):.0f} s",
        )
    return Beat("beats", seen.beat_at, seen.holder)
