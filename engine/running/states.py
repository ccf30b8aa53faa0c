"""The states of one catalog in one warehouse as questions see them: which may be read now, without asking twice for what has not moved."""

from threading import Lock

from engine.compiling.modifying import Modifiers
from engine.compiling.rollup import Ready
from engine.compiling.states import stored_states, with_states
from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.kept import kept_version
from engine.running.refresh import BOOK, ready_states
from engine.warehouse import Warehouse


class States:
    """Kept by whoever asks; `catalog` holds every state as a dataset beside the project's own. Safe to share between threads."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers) -> None:
        self._own = catalog
        self._warehouse = warehouse
        self._stored = stored_states(catalog, modifiers)
        self.catalog = with_states(catalog, self._stored)
        self._lock = Lock()
        self._stamp: tuple[int, ...] | None = None
        self._ready = Ready()

    def ready(self) -> Ready:
        """The states that hold for the present data; looked up again when a version has moved."""
        stamp = self._versions()
        with self._lock:
            if stamp != self._stamp:
                self._ready = ready_states(self._own, self._warehouse, self._stored, stamp)
                self._stamp = stamp
            return self._ready

    def _versions(self) -> tuple[int, ...]:
        book = self._warehouse.state(BOOK)
        versions = [book.version if book is not None else 0, kept_version(self._warehouse)]
        for id in sorted({id for state in self._stored for id in (state.dataset, *state.joined)}):
            dataset = self._own.dataset(id)
            source = self._warehouse.state(table_of(id, dataset)) if dataset is not None else None
            versions.append(source.version if source is not None else 0)
        return tuple(versions)
