"""From the start of the year to the end of each period, recomputed from rows."""

from typing import ClassVar

from msgspec.structs import replace

from engine.modifier import Modifier, Request, Tree, Value, Window


class YearToDate(Modifier, frozen=True):
    """The value from the start of the year (本年累计)."""

    tag: ClassVar[str] = "ytd"

    def expand(self, request: Request) -> Tree:
        return Value(replace(request, shape=replace(request.shape, window=Window(since="year"))))
