"""A tree asked in another shape: every leaf in it moves together, so that a value and its parts always mean the same period."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from engine.compiling.leaves import Beginning, Cell, Clamped, Elapsed, Fold, Seam, Straddling, Unfinished
from engine.compiling.periods import bucket_start, moved, named_grain, on_grain, shifted_end
from engine.modifier import Across, Formula, Shape

Change = Callable[[Shape], Shape]


def reshaped(tree: Any, change: Change) -> Any:
    """The tree with the shape of every leaf changed, those inside folds and ranks too."""
    match tree:
        case Cell(leaf=leaf):
            return replace(tree, leaf=reshaped_leaf(leaf, change))
        case Formula(arguments=arguments):
            return replace(tree, arguments=tuple((name, reshaped(one, change)) for name, one in arguments))
        case Across():
            return reshaped_leaf(tree, change)
        case Seam(old=old, new=new, shape=shape):
            return replace(tree, old=reshaped(old, change), new=reshaped(new, change), shape=change(shape))
        case Elapsed(shape=shape) | Straddling(shape=shape) | Clamped(shape=shape) | Unfinished(shape=shape) | Beginning(shape=shape):
            return replace(tree, shape=change(shape))
    return tree


def reshaped_leaf(leaf: Any, change: Change) -> Any:
    """One leaf in its changed shape."""
    match leaf:
        case Fold(inner=inner, inner_shape=inner_shape, shape=shape):
            return replace(leaf, inner=reshaped(inner, change), inner_shape=change(inner_shape), shape=change(shape))
        case Across(tree=inner, shape=shape):
            return replace(leaf, tree=reshaped(inner, change), shape=change(shape))
    return replace(leaf, shape=change(leaf.shape))


@lru_cache(maxsize=4096)
def looked_back(leaf: Any) -> Any:
    """The leaf as it is really computed: at its own, earlier period; what links it to the answer's period is gone.

    Rows that move, by a shift or a calendar, stay: they are moved where they are read.
    """
    shape: Shape = leaf.shape
    shift = shape.shift
    if shape.start_of is not None:
        enclosing = shape.start_of
        leaf = reshaped_leaf(
            leaf, lambda one: replace(one, start=bucket_start(one.start, enclosing, one.week_starts) if one.start else None, start_of=None)
        )
    if shift is None or shift.moves_rows or shift.calendar is not None:
        return leaf
    by = on_grain(shift.by, named_grain(shape.grain))

    def earlier(one: Shape) -> Shape:
        if one.shift != shift:
            return one
        end, until = shifted_end(one.end, by, shift), shifted_end(one.until, by, shift) or one.until
        return replace(one, start=moved(one.start, -by), end=end, until=until, shift=None)

    return reshaped_leaf(leaf, earlier)
