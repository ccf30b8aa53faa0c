"""Rows that people write by hand, one form a stream, read in the order in which they were accepted."""

from collections.abc import Generator
from itertools import islice
from typing import Annotated, Any, ClassVar

import pyarrow as pa
from msgspec import Meta, Struct

from engine.connector import Connector, RowBatch, SourceFailed, Surroundings, Written
from engine.parts import AtLeastOne, ItemName, Part


class FormStream(Part, frozen=True):
    """One form (填报表)."""

    form: Annotated[ItemName, Meta(title="表单", description="Name under which accepted rows are kept", examples=["snow_reports"])]
    review: Annotated[bool, Meta(title="复核", description="Whether somebody accepts an entry before it counts")] = True
    note: Annotated[str | None, Meta(title="说明", description="What stands above the form", examples=["每日 17:00 前填报"])] = None


class ManualForm(Connector, frozen=True):
    """Rows written by hand, in a web form or an Excel template made from the dataset (人工填报)."""

    tag: ClassVar[str] = "manual_form"
    stream: ClassVar[type[Struct]] = FormStream
    is_by_hand: ClassVar[bool] = True
    batch: Annotated[AtLeastOne, Meta(title="批行数", description="Rows stored together at most")] = 5_000

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """The accepted rows after the number `since`; the cursor is the number of the last one."""
        rows = _kept(around)(stream.form, int(since) if since else 0)
        while some := list(islice(rows, self.batch)):
            yield RowBatch(
                _table(some), pa.array([row.number for row in some], pa.int64()), f"人工填报 {stream.form}", str(some[-1].number)
            )

    def check(self, around: Surroundings) -> None:
        """Asks for a form that nobody has, so that a missing store of entries is noticed."""
        next(_kept(around)("", 0), None)


def _kept(around: Surroundings) -> Any:
    if around.written is None:
        raise SourceFailed("这里没有保存填报记录的状态库", "there is no state store here that keeps what people wrote")
    return around.written


def _table(rows: list[Written]) -> pa.Table:
    """All cells as text, under every name that one of the rows has: an older entry lacks columns that came later."""
    names = dict.fromkeys(name for row in rows for name in row.cells)
    return pa.table({name: pa.array([row.cells.get(name) for row in rows], pa.string()) for name in names})
