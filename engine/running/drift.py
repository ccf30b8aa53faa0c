"""A source whose columns are no longer what they were is told: a lost column that fills something stops the reading, others only warn."""

from collections.abc import Iterable, Mapping
from typing import Literal

import pyarrow as pa
from msgspec import Struct

from engine.connector import SourceFailed
from engine.running.field_map import StreamOf

What = Literal["vanished", "appeared", "retyped"]
UNKNOWN = "unknown"  # type of a column in which nothing stood yet
_FAMILIES = (
    (pa.types.is_null, UNKNOWN), (pa.types.is_boolean, "boolean"), (pa.types.is_integer, "integer"), (pa.types.is_floating, "float"),
    (pa.types.is_decimal, "decimal"), (pa.types.is_date, "date"), (pa.types.is_timestamp, "timestamp"), (pa.types.is_time, "time"),
    (pa.types.is_nested, "nested"), (pa.types.is_binary, "binary"), (pa.types.is_large_binary, "binary"),
)  # fmt: skip
Columns = Mapping[str, str]


class Change(Struct, frozen=True):
    """One column that is not as it was when the stream was last read (来源结构变化)."""

    column: str
    change: What
    was: str | None
    now_is: str | None
    is_mapped: bool  # whether something is filled from it

    @property
    def zh(self) -> str:
        """In Chinese."""
        said = {
            "vanished": f"列「{self.column}」不见了", "appeared": f"多了列「{self.column}」（{self.now_is}）",
            "retyped": f"列「{self.column}」的类型从 {self.was} 变成了 {self.now_is}",
        }  # fmt: skip
        return said[self.change]

    @property
    def en(self) -> str:
        """In English."""
        said = {
            "vanished": f"column '{self.column}' is gone", "appeared": f"column '{self.column}' ({self.now_is}) is new",
            "retyped": f"column '{self.column}' was {self.was} and is {self.now_is}",
        }  # fmt: skip
        return said[self.change]


def family(kind: pa.DataType) -> str:
    """The sort of values of a source's column: widths and units do not count; what has no name of its own is text."""
    if pa.types.is_dictionary(kind):
        return family(kind.value_type)
    return next((name for is_of, name in _FAMILIES if is_of(kind)), "text")


def columns_of(shape: Mapping[str, pa.DataType]) -> dict[str, str]:
    """The columns of a reading, by the sort of their values."""
    return {name: family(kind) for name, kind in shape.items()}


def changes(before: Columns, now: Columns, filled_from: Iterable[str]) -> tuple[Change, ...]:
    """What is different, in the order of the columns; a column of unknown type agrees with any."""
    mapped, found = frozenset(filled_from), list[Change]()
    for name, was in before.items():
        is_mapped, now_is = name in mapped, now.get(name)
        if now_is is None:
            found.append(Change(name, "vanished", was, None, is_mapped))
        elif now_is != was and UNKNOWN not in (was, now_is):
            found.append(Change(name, "retyped", was, now_is, is_mapped))
    found += [Change(name, "appeared", None, kind, name in mapped) for name, kind in now.items() if name not in before]
    return tuple(found)


def filled_from(streams: Iterable[StreamOf]) -> frozenset[str]:
    """The source's columns from which datasets are filled, by a field map or by their own name, and those that tell its rows apart."""
    names: set[str] = set()
    for stream in streams:
        names.update(stream.stream.identity, stream.read_columns)
        names.update(filling.column.name for filling in stream.fillings if not filling.is_mapped)
    return frozenset(names)


def refuse_lost(found: Iterable[Change]) -> None:
    """Raises SourceFailed when a column is gone from which something was filled: its empty cells would look like rows without a value."""
    lost = [one.column for one in found if one.change == "vanished" and one.is_mapped]
    if lost:
        names = "、".join(lost)
        raise SourceFailed(
            f"来源少了列「{names}」，上次还有，数据集要用；没有装入任何行。让来源补上，或改数据流的字段映射后运行 chengmai source accept",
            f"the source has lost {', '.join(lost)}, which it had at the last reading and a dataset is filled from; nothing was loaded."
            " Have the source bring it back, or change the field map and run `chengmai source accept`",
        )


def after(before: Columns, now: Columns) -> dict[str, str]:
    """What is remembered: the columns as they are, those in which nothing stood as they were."""
    return {name: before.get(name, kind) if kind == UNKNOWN else kind for name, kind in now.items()}
