"""Works off slots, a few at a time: what fails is tried again later, what goes on failing is told with its reason."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from engine.state.slots import Slot, claim_slot, end_slot
from engine.state.store import StateIsAway, Store
from engine.state.workers import beat_worker, leave

log = logging.getLogger("chengmai")
TRIES = 3
DEATHS = 10  # trials in all, those in which the process died among them
BACKOFF = timedelta(seconds=20)  # before the second trial; each later one waits three times as long
SLOW = 20.0  # seconds; work that takes longer leaves a thread to the others


class Skipped(Struct, frozen=True):
    """Why a slot was rightly left out: its source is paused, there is nothing to do (跳过)."""

    zh: str
    en: str


Handler = Callable[[Slot], Skipped | None]


class Worker:
    """Threads that claim slots. `handlers` gives for each sort of work what does it; `monotonic` counts seconds and never jumps."""

    def __init__(
        self,
        store: Store,
        name: str,
        handlers: Mapping[str, Handler],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        threads: int = 2,
        backoff: timedelta = BACKOFF,
    ) -> None:
        self._store, self._name, self._handlers = store, name, handlers
        self._clock, self._monotonic, self._backoff = clock, monotonic, backoff
        self._stop, self._threads, self._count = threading.Event(), list[threading.Thread](), threads

    def work_one(self) -> Slot | None:
        """Work off one slot, if one may be begun: as it ended. Raises StateIsAway."""
        patience = self._backoff * 3**TRIES
        slot = claim_slot(self._store, self._name, self._now(), slow=SLOW, slow_most=max(1, self._count - 1), patience=patience)
        if slot is None:
            return None
        begun = self._monotonic()
        ended = self._ended(slot)
        if not end_slot(self._store, slot, ended, self._monotonic() - begun):
            log.warning("%s %s %s was taken up by another worker meanwhile", slot.work, slot.subject, slot.due_at)
        return ended

    def beat(self) -> None:
        """A sign of life; one that is missing for long has our slots taken away. Raises StateIsAway."""
        beat_worker(self._store, self._name, self._now())

    def start(self, every: float = 0.5) -> None:
        """Begin working in threads; an idle one looks again `every` seconds."""
        self.beat()
        for number in range(self._count):
            self._threads.append(threading.Thread(target=self._run, args=(every,), name=f"worker-{number}", daemon=True))
        self._threads.append(threading.Thread(target=self._beat_on, name="worker-beat", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 5.0) -> bool:
        """Begin nothing more, and wait for what is under way; what is not done by then another takes up. Whether all was done."""
        self._stop.set()
        until = self._monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - self._monotonic()))
        leave(self._store, self._name)
        return not any(thread.is_alive() for thread in self._threads)

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)

    def _run(self, every: float) -> None:
        while not self._stop.is_set():
            try:
                if self.work_one() is None:
                    self._stop.wait(every)
            except StateIsAway:
                log.warning("the state store is away; slots wait")
                self._stop.wait(every * 4)
            except Exception:  # one slot that cannot be booked must not end the thread
                log.exception("a slot could not be worked off")
                self._stop.wait(every * 4)

    def _beat_on(self) -> None:
        while not self._stop.wait(2.0):
            try:
                self.beat()
            except Exception:
                log.exception("no sign of life could be given")

    def _ended(self, slot: Slot) -> Slot:
        handler = self._handlers.get(slot.work)
        if handler is None:
            return self._failed(slot, f"没有人会做「{slot.work}」", f"nobody knows how to do '{slot.work}'")
        if slot.attempts > DEATHS:
            return self._failed(slot, "执行它的进程一再中断", "the process that did it died again and again")
        try:
            skipped = handler(slot)
        except Exception as error:  # noqa: BLE001 (whatever went wrong is the slot's reason)
            return self._after_failure(slot, error)
        if skipped is not None:
            return replace(slot, status="skipped", ended_at=self._now(), reason_zh=skipped.zh, reason_en=skipped.en)
        return replace(slot, status="done", ended_at=self._now())

    def _after_failure(self, slot: Slot, error: Exception) -> Slot:
        zh, en = getattr(error, "zh", None) or f"没有做完：{error}", getattr(error, "en", None) or f"{type(error).__name__}: {error}"
        if slot.attempts >= TRIES:
            log.error("%s %s %s failed: %s", slot.work, slot.subject, slot.due_at, en)
            return self._failed(slot, zh, en)
        wait = self._backoff * 3 ** (slot.attempts - 1)
        return replace(slot, status="waiting", not_before=self._now() + wait, reason_zh=zh, reason_en=en)

    def _failed(self, slot: Slot, zh: str, en: str) -> Slot:
        return replace(slot, status="failed", ended_at=self._now(), reason_zh=zh, reason_en=en)
