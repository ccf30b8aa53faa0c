"""Contract of a warehouse on which several statements read one result; apart from `Warehouse`, since not every engine can."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol, runtime_checkable

import pyarrow as pa
from msgspec import Struct

from engine.warehouse import Cancel, Statement, Table

Ask = Callable[[Statement], pa.Table]
Made = Sequence[tuple[str, Statement]]  # the name of a result, and the SELECT that gives its rows


class Spread(Struct, frozen=True):
    """How a table's rows spread, about: what a choice between statements is made by, never an answer (数据分布)."""

    rows: int
    first: datetime | None  # least and greatest of the table's time
    last: datetime | None
    distinct: tuple[tuple[str, int], ...]  # column and how many different values it has; a column that is not named has unknown many


@runtime_checkable
class Sharing(Protocol):
    """A warehouse on which several statements can read one result that is made for them alone (共读)."""

    own_schema: str  # in which such results are found

    def spread(self, table: Table) -> Spread | None:
        """How the rows spread, from what the database keeps of them anyway; None when it was never loaded."""

    def shared(self, made: Made, *, seconds: float = 60.0, cancel: Cancel | None = None) -> AbstractContextManager[Ask]:
        """Makes tables of the results; statements run in the block read them, and all else as of one moment."""


def as_instant(value: object) -> datetime | None:
    """A date or time that a database has told, as an instant."""
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None
