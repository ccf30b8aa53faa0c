"""Answers kept while they are true: a question asked again over unmoved data costs a look-up, and many askers cost one computation."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from threading import Event, Lock
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from engine.question import Viewer

MOST_BYTES = 256_000_000
OVERHEAD = 4_000  # of an answer without rows: its plan's text and its lists


class Kept(Protocol):
    """What may be kept: it says which data versions it was read from, and how large it is."""

    @property
    def versions(self) -> Mapping[str, int]:
        """Dataset to data version."""

    @property
    def nbytes(self) -> int:
        """Memory it holds."""


Item = TypeVar("Item", bound=Kept)


class Key(Struct, frozen=True):
    """Everything but the data that an answer depends on (结果键)."""

    question: bytes
    viewer: Viewer
    as_of: datetime
    stamp: tuple[int, ...] = ()
    late: Hashable = ()  # what is behind at the moment of asking; only where the answer is kept as it is said


class Results(Generic[Item]):
    """Bounded memory, the longest unused forgotten first; safe to share between threads.

    An answer is given out only while every dataset it was read from still has the version it was read at. Versions are read before
    the rows are, so an answer may be newer than its label and is then never given out, but it is never older.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held = 0
        self._items: OrderedDict[Key, Item] = OrderedDict()
        self._flights: dict[Key, Event] = {}
        self._lock = Lock()

    def get(self, key: Key, version: Callable[[str], int]) -> Item | None:
        """The answer for a key, if it still holds; `version` gives a dataset's version now."""
        with self._lock:
            item = self._items.get(key)
            if item is None:
                return None
            if any(version(dataset) != was for dataset, was in item.versions.items()):
                self._forget(key)
                return None
            self._items.move_to_end(key)
            return item

    def put(self, key: Key, item: Item) -> None:
        """Keep an answer; one larger than a quarter of the memory is not kept."""
        size = item.nbytes + OVERHEAD
        with self._lock:
            if key in self._items:
                self._forget(key)
            if size <= self._most // 4:
                self._items[key] = item
                self._held += size
            while self._held > self._most:
                self._forget(next(iter(self._items)))

    def claim(self, key: Key) -> bool:
        """True when the caller is to compute the answer and then `land`; False when somebody already does."""
        with self._lock:
            if key in self._flights:
                return False
            self._flights[key] = Event()
            return True

    def land(self, key: Key) -> None:
        """The claimed computation is over, whether or not it gave an answer."""
        with self._lock:
            flight = self._flights.pop(key, None)
        if flight is not None:
            flight.set()

    def wait(self, key: Key, seconds: float) -> None:
        """Until whoever computes the answer has landed."""
        with self._lock:
            flight = self._flights.get(key)
        if flight is not None:
            flight.wait(seconds)

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def _forget(self, key: Key) -> None:
        self._held -= self._items.pop(key).nbytes + OVERHEAD
