"""From the start of the quarter to the end of each period, recomputed from rows."""

from typing import ClassVar

from msgspec.structs import replace

from engine.modifier import Modifier, Request, Tree, Value, Window


class QuarterToDate(Modifier, frozen=True):
    """The value from the start of the quarter (本季累计)."""

    tag: ClassVar[str] = "qtd"

    def expand(self, request: Request) -> Tree:
        return Value(replace(request, shape=replace(request.shape, window=Window(since="quarter"))))
