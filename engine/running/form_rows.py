"""Accepted rows of forms as a connector reads them, wherever a reading is begun."""

from collections.abc import Callable, Iterator

from engine.connector import Written
from engine.state.forms import accepted_rows
from engine.state.store import Store


def written_rows(store: Store) -> Callable[[str, int], Iterator[Written]]:
    """For `Surroundings.written`: the accepted rows of a form after a number, in order."""

    def written(form: str, after: int) -> Iterator[Written]:
        return (Written(row.number or 0, row.cells) for row in accepted_rows(store, form, after))

    return written
