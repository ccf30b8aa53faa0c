"""A day that is not over is compared with as much of its earlier day, also where whole days fall on that one too."""

from msgspec.structs import replace

from engine.compiling.leaves import Unfinished
from engine.compiling.periods import bucket_start, moved, named_grain
from engine.expression.tree import Case, Column
from engine.modifier import Formula, Request, Tree, Value


def in_two_ways(request: Request) -> Tree | None:
    """The request read to the same instant in its unfinished period and whole in all others; None where the two are one.

    At noon of 30 March the 29th, which is over, and the 30th, which is not, both compare with 29 February: the one with the whole of it,
    the other with its morning. Coarser periods are of one month each and have no such day.
    """
    shape, shift = request.shape, request.shape.shift
    grain = named_grain(shape.grain)
    if shift is None or shift.reads or not shift.by.months or shift.calendar is not None or shift.moves_rows:
        return None
    if grain not in ("minute", "hour", "day") and not (grain or "").startswith("P"):
        return None
    cut = min(shape.end or shape.until, shape.until)
    back = moved(cut, -shift.by)
    if bucket_start(cut, grain or "day", shape.week_starts) == cut or moved(back, shift.by) == cut:
        return None
    whole, part = (Value(replace(request, shape=replace(shape, shift=replace(shift, reads=reads)))) for reads in ("whole", "cut"))
    arguments: tuple[tuple[str, Tree], ...] = (("is_unfinished", Unfinished(shape)), ("part", part), ("whole", whole))
    return Formula(Case(((Column(("is_unfinished",)), Column(("part",))),), Column(("whole",))), arguments)
