"""From the start of the month to the end of each period, recomputed from rows."""

from typing import ClassVar

from msgspec.structs import replace

from engine.modifier import Modifier, Request, Tree, Value, Window


class MonthToDate(Modifier, frozen=True):
    """The value from the start of the month (本月累计)."""

    tag: ClassVar[str] = "mtd"

    def expand(self, request: Request) -> Tree:
        return Value(replace(request, shape=replace(request.shape, window=Window(since="month"))))
