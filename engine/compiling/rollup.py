"""Flows answered from a stored state instead of rows, where it covers them; where it does not, the reason is kept for explain."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.leaves import Cell, Flow, Fold, Seam, Sum
from engine.compiling.nodes import is_date_grain, seconds_of
from engine.compiling.periods import bucket_start, moved, named_grain, on_grain
from engine.compiling.reach import road_to_dimension
from engine.compiling.refuse import Refused
from engine.compiling.states import Stored, StoredSum
from engine.expression.tree import Binary, Column, Literal, columns
from engine.loading.catalog import Catalog
from engine.modifier import Across, Formula, Shape, Tree
from engine.parts import GRAINS
from engine.question import Viewer


class Ready(Struct, frozen=True):
    """The states that are up to date with their rows, and up to when each one's rows go (可用状态)."""

    states: tuple[Stored, ...] = ()
    covers: Mapping[str, datetime] = {}  # state id -> first instant after its newest row
    behind: Mapping[str, tuple[str, str]] = {}  # state id -> why it is not up to date, in Chinese and English
    stamp: tuple[int, ...] = ()  # the data versions this holds for


class Refusal(Struct, frozen=True):
    """Why a state was not used (未用预聚合的原因)."""

    state: str
    zh: str
    en: str


class Rolled(Struct):
    """What one statement took from states (预聚合使用)."""

    used: list[str]
    refused: list[Refusal]


def rolled_up(catalog: Catalog, ready: Ready, viewer: Viewer, trees: Sequence[Tree]) -> tuple[tuple[Tree, ...], Rolled]:
    """The trees with every flow that a state covers read from it. `catalog` holds the states as datasets."""
    rolled = Rolled([], [])
    if not ready.states and not ready.behind:
        return tuple(trees), rolled
    known: dict[Flow, Tree] = {}
    return tuple(_tree(catalog, ready, viewer, tree, rolled, known) for tree in trees), rolled


def _tree(catalog: Catalog, ready: Ready, viewer: Viewer, tree: Tree, rolled: Rolled, known: dict[Flow, Tree]) -> Tree:
    def below(one: Tree) -> Tree:
        return _tree(catalog, ready, viewer, one, rolled, known)

    match tree:
        case Cell(leaf=Flow() as flow):
            if flow not in known:
                known[flow] = _flow(catalog, ready, viewer, flow, tree, rolled)
            return known[flow]
        case Cell(leaf=Fold() as fold):
            return replace(tree, leaf=replace(fold, inner=below(fold.inner)))
        case Formula(arguments=arguments):
            return replace(tree, arguments=tuple((name, below(one)) for name, one in arguments))
        case Across(tree=inner):
            return replace(tree, tree=below(inner))
        case Seam(old=old, new=new):
            return replace(tree, old=below(old), new=below(new))
    return tree


def _flow(catalog: Catalog, ready: Ready, viewer: Viewer, flow: Flow, cell: Cell, rolled: Rolled) -> Tree:
    """The flow from the smallest state that covers it, or as it was."""
    for state in ready.states:
        if state.dataset != flow.dataset:
            continue
        if state.id in ready.behind:
            rolled.refused.append(Refusal(state.id, *ready.behind[state.id]))
            continue
        parts = _parts(state, flow.sum)
        why = state.unfit or (
            ("没有存这个聚合", "this aggregate is not kept") if parts is None else _uncovered(catalog, ready, viewer, state, flow)
        )
        if why is not None:
            rolled.refused.append(Refusal(state.id, *why))
            continue
        assert parts is not None
        rolled.used.append(state.id)
        return _read(state, flow, parts, cell)
    return cell


def _parts(state: Stored, total: Sum) -> tuple[StoredSum, ...] | None:
    """The stored columns that the aggregate is made of: one, or for an average two; how many rows meet a condition is always kept."""
    number = next((name for condition, name in state.numbers if total == Sum("count", None, condition)), None)
    if number is not None:
        return (StoredSum(total, number, number),)
    wanted = [replace(total, agg="sum"), replace(total, agg="count")] if total.agg == "avg" else [total]
    found = [next((one for one in state.sums if one.sum == want), None) for want in wanted]
    return tuple(one for one in found if one is not None) if all(found) else None


def _read(state: Stored, flow: Flow, parts: tuple[StoredSum, ...], cell: Cell) -> Tree:
    def leaf(part: StoredSum) -> Cell:
        merge = "sum" if part.sum.agg in ("sum", "count") else part.sum.agg
        present = Binary(">", Column((part.number,)), Literal(0))
        total = Sum(merge, Column((part.column,)), present)
        return Cell(Flow(state.id, None, total, flow.shape), cell.is_count)

    if len(parts) == 1:
        return leaf(parts[0])
    ratio = Binary("/", Column(("total",)), Column(("number",)))
    return Formula(ratio, (("total", leaf(parts[0])), ("number", leaf(parts[1]))))


def _uncovered(catalog: Catalog, ready: Ready, viewer: Viewer, state: Stored, flow: Flow) -> tuple[str, str] | None:
    """Why the state cannot give the flow's exact value, in Chinese and English; None when it can."""
    shape = flow.shape
    if flow.before or flow.since:
        return "口径分段的指标按行计算", "an indicator with earlier versions is computed from rows"
    if flow.time is not None and flow.time != state.time:
        return f"按「{flow.time}」计时，状态按「{state.time}」", f"it is counted by '{flow.time}', the state by '{state.time}'"
    if shape.window is not None:
        return "窗口要从行重算", "a window is recomputed from rows"
    return _grain(state, shape) or _edges(ready, state, shape) or _split(catalog, state, shape) or _scope(catalog, viewer, state, shape)


def _grain(state: Stored, shape: Shape) -> tuple[str, str] | None:
    fine = named_grain(state.state.grain) or "day"
    grain = named_grain(shape.grain)
    if grain is not None and "." not in grain and _length(grain) < _length(fine):
        return f"粒度比状态（{fine}）细", f"the grain is finer than the state's ({fine})"
    if grain is not None and fine not in ("day", "hour", "minute") and grain != fine and not _nests(fine, grain):
        return f"粒度与状态（{fine}）不整除", f"the grain does not nest with the state's ({fine})"
    if shape.shift is not None and shape.shift.moves_rows and shape.shift.by.seconds % 86400:
        return "平移不是整日", "rows are shifted by a part of a day"
    return None


def _nests(fine: str, coarse: str) -> bool:
    order = [name for name in GRAINS if name not in ("week", "ten_day")]
    return fine in order and coarse in order and order.index(fine) <= order.index(coarse)


def _length(grain: str) -> int:
    known = {
        name: i for i, name in enumerate(("minute", "PT15M", "hour", "day", "week", "ten_day", "month", "quarter", "half_year", "year"))
    }
    if grain in known:
        return known[grain]
    seconds = seconds_of(grain) or 86400
    return known["day"] if is_date_grain(grain) else known["hour"] if seconds >= 3600 else known["minute"]


def _edges(ready: Ready, state: Stored, shape: Shape) -> tuple[str, str] | None:
    """Both ends of the period, as of its own time, must be edges of the state's periods, or lie beyond its rows."""
    fine = named_grain(state.state.grain) or "day"
    back = on_grain(shape.shift.by, named_grain(shape.grain)) if shape.shift is not None and shape.shift.calendar is None else None
    start, end, until = (moved(one, -back) if back is not None else one for one in (shape.start, shape.end, shape.until))
    covers = ready.covers.get(state.id)
    for edge in (start, end):
        if edge is not None and bucket_start(edge, fine) != edge:
            return "周期的边界不在状态的周期边界上", "an edge of the period is not an edge of the state's periods"
    assert until is not None
    if covers is not None and until >= covers:
        return None
    if (end is None or until < end + state.offset) and (state.offset or bucket_start(until, fine) != until):
        return "截至时刻落在状态的一期之中", "as_of lies inside one of the state's periods"
    return None


def _split(catalog: Catalog, state: Stored, shape: Shape) -> tuple[str, str] | None:
    via = dict(shape.via)
    daily = is_date_grain(named_grain(state.state.grain) or "day")
    for axis in shape.axes:
        if axis.time is not None and axis.time in ("default", state.time) and (axis.part != "hour" or not daily):
            continue
        if axis.dimension is None or not _reaches(catalog, state, axis.dimension, via.get(axis.dimension)):
            return f"状态不含维度「{axis.dimension or axis.name}」", f"the state does not keep '{axis.dimension or axis.name}' apart"
    if shape.where is not None:
        for column in columns(shape.where):
            if column.name not in shape.uncut and not (
                catalog.dimension(column.name) and _reaches(catalog, state, column.name, via.get(column.name))
            ):
                return f"条件用到状态没有的「{column.name}」", f"the condition uses '{column.name}', which the state does not keep"
    return None


def _reaches(catalog: Catalog, state: Stored, dimension: str, via: str | None) -> bool:
    if via is not None:
        return False
    try:
        road = road_to_dimension(catalog, state.id, dimension)
    except Refused:
        return False
    return road is not None and not road.is_multiplying


def _scope(catalog: Catalog, viewer: Viewer, state: Stored, shape: Shape) -> tuple[str, str] | None:
    """A viewer with a scope reads a state only when it keeps what the scope is about."""
    if viewer.sees_all or shape.is_public or state.spec.region == "public":
        return None
    region = catalog.project.region
    if region is None or not _reaches(catalog, state, region, None):
        return "状态不含行级范围所需的维度", "the state does not keep the dimension of the viewer's scope"
    return None
