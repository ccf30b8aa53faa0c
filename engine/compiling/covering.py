"""Whether a state gives a leaf's exact value, and if not, why: time, grain, edges of the period, split, condition, row scope."""

from collections.abc import Mapping
from datetime import datetime

from engine.compiling.leaves import Flow, Level, Reading
from engine.compiling.nodes import is_date_grain, seconds_of
from engine.compiling.partials import OfOpen, OfReadings, OfValues
from engine.compiling.periods import bucket_start, moved, named_grain, on_grain
from engine.compiling.reach import Road, dataset_of, road_by_path, road_to_dimension
from engine.compiling.refuse import Refused
from engine.compiling.rows import parsed
from engine.compiling.states import Stored
from engine.compiling.tables import default_time
from engine.expression.tree import Column, columns
from engine.loading.catalog import Catalog
from engine.modifier import Shape
from engine.parts import GRAINS
from engine.question import Viewer

Why = tuple[str, str] | None


def uncovered(
    catalog: Catalog,
    covers: Mapping[str, datetime],
    kept_from: Mapping[str, datetime],
    viewer: Viewer,
    state: Stored,
    leaf: Flow | Level | Reading,
) -> Why:
    """Why the state cannot give the leaf's exact value, in Chinese and English; None when it can."""
    shape = leaf.shape
    why = _of_leaf(catalog, state, leaf) or _grain(state, shape)
    # Levels depend on what closed after the newest opening, so only instants between two periods are known.
    is_known = state.is_by_watermark and not isinstance(leaf, Level)
    why = why or _beginning(kept_from.get(state.id), shape) or _edges(covers.get(state.id) if is_known else None, state, shape)
    return why or _split(catalog, state, shape) or _scope(catalog, viewer, state, shape)


def _of_leaf(catalog: Catalog, state: Stored, leaf: Flow | Level | Reading) -> Why:
    """What only a sort of leaf asks."""
    if isinstance(leaf, Flow):
        if leaf.before or leaf.since:
            return "口径分段的指标按行计算", "an indicator with earlier versions is computed from rows"
        time = leaf.time or _asked_time(leaf.shape) or _default(catalog, leaf.dataset)
        if time != state.time:
            return f"按「{time}」计时，状态按「{state.time}」", f"it is counted by '{time}', the state by '{state.time}'"
        return _window(state, leaf)
    if isinstance(leaf, Reading):
        if leaf.carry is not None and (state.offset or leaf.take != "last"):
            return "沿用读数要从行取", "a reading that is carried on is taken from rows"
        for expr in (leaf.sum.of, leaf.sum.where, leaf.sum.weight):
            for column in columns(expr) if expr is not None else ():
                if not _means_the_same(catalog, state, column):
                    return f"状态没有存「{column.name}」", f"the state does not keep '{column.name}'"
    return None


def _window(state: Stored, flow: Flow) -> Why:
    """Counts of different values may be read for a window of whole days; what else has a window is recomputed."""
    window = flow.shape.window
    if window is None:
        return None
    is_daily = named_grain(state.state.grain) == "day"
    is_whole = window.over is None or not window.over.seconds % 86400
    if flow.sum.agg == "count_distinct" and isinstance(state.sort, OfValues) and is_daily and is_whole and flow.shape.grain is not None:
        return None
    return "窗口要从行重算", "a window is recomputed from rows"


def _asked_time(shape: Shape) -> str | None:
    return next(
        (axis.time for axis in shape.axes if axis.time and axis.time != "default" and axis.part is None and axis.grain is None), None
    )


def _default(catalog: Catalog, dataset_id: str) -> str | None:
    time = default_time(dataset_of(catalog, dataset_id))
    return time.name if time is not None else None


def _grain(state: Stored, shape: Shape) -> Why:
    fine = named_grain(state.state.grain) or "day"
    for grain in (named_grain(shape.grain), *(named_grain(axis.grain) for axis in shape.axes if axis.grain)):
        if grain is not None and "." not in grain and _length(grain) < _length(fine):
            return f"粒度比状态（{fine}）细", f"the grain is finer than the state's ({fine})"
        if grain is not None and fine not in ("day", "hour", "minute") and grain != fine and not _nests(fine, grain):
            return f"粒度与状态（{fine}）不整除", f"the grain does not nest with the state's ({fine})"
    if shape.shift is not None and shape.shift.moves_rows and shape.shift.by.seconds % 86400:
        return "平移不是整日", "rows are shifted by a part of a day"
    if shape.shift is not None and (shape.shift.moves_rows or shape.shift.calendar is not None) and _length(fine) > _length("day"):
        return f"逐日对齐要比状态（{fine}）细", f"days are aligned, which is finer than the state's grain ({fine})"
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


def _beginning(kept: datetime | None, shape: Shape) -> Why:
    """A state that was trimmed, or that was begun after rows were removed, has no older periods."""
    back = on_grain(shape.shift.by, named_grain(shape.grain)) if shape.shift is not None else None
    start = moved(shape.start, -back) if back is not None else shape.start
    if kept is None or (
        start is not None and start >= kept and shape.window is None and (shape.shift is None or shape.shift.calendar is None)
    ):
        return None
    return f"状态只从 {kept:%Y-%m-%d} 起", f"the state begins with {kept:%Y-%m-%d}"


def _edges(covers: datetime | None, state: Stored, shape: Shape) -> Why:
    """Both ends of the period, as of its own time, must be edges of the state's periods, or lie beyond its rows."""
    fine = named_grain(state.state.grain) or "day"
    back = on_grain(shape.shift.by, named_grain(shape.grain)) if shape.shift is not None and shape.shift.calendar is None else None
    start, end, until = (moved(one, -back) if back is not None else one for one in (shape.start, shape.end, shape.until))
    for edge in (start, end if end != until else None):  # a level that is asked until as_of ends there
        if edge is not None and bucket_start(edge, fine, shape.week_starts) != edge:
            return "周期的边界不在状态的周期边界上", "an edge of the period is not an edge of the state's periods"
    assert until is not None
    if covers is not None and until >= covers:
        return None
    is_cut = bucket_start(until, fine, shape.week_starts) != until
    if (end is None or end == until or until < end + state.offset) and (state.offset or is_cut):
        return "截至时刻落在状态的一期之中", "as_of lies inside one of the state's periods"
    return None


def _split(catalog: Catalog, state: Stored, shape: Shape) -> Why:
    via = dict(shape.via)
    daily = is_date_grain(named_grain(state.state.grain) or "day")
    is_timed = not isinstance(state.sort, OfOpen)
    for axis in shape.axes:
        if is_timed and axis.time is not None and axis.time in ("default", state.time) and (axis.part != "hour" or not daily):
            continue
        if axis.dimension is None or not reaches(catalog, state, axis.dimension, via.get(axis.dimension)):
            return f"状态不含维度「{axis.dimension or axis.name}」", f"the state does not keep '{axis.dimension or axis.name}' apart"
    for column in columns(shape.where) if shape.where is not None else ():
        if column.name not in shape.uncut and (column.name in via or not _means_the_same(catalog, state, column)):
            return f"条件用到状态没有的「{column.name}」", f"the condition uses '{column.name}', which the state does not keep"
    return None


def _scope(catalog: Catalog, viewer: Viewer, state: Stored, shape: Shape) -> Why:
    """A viewer with a scope reads a state only when it keeps all that the rules are about."""
    if viewer.sees_all or shape.is_public or state.spec.region == "public":
        return None
    region = catalog.project.region or ""
    road = dataset_of(catalog, state.dataset).region
    for id in viewer.access:
        access = catalog.access(id)
        for column in columns(parsed(access.rows).expr) if access is not None and access.rows is not None else ():
            if column.path[0] == "viewer":
                continue
            name = Column(tuple(region.split("."))) if column.path == ("region",) else column
            if not _means_the_same(catalog, state, name, road if name.name == region else None):
                return "状态不含行级范围所需的维度", "the state does not keep the dimension of the viewer's scope"
    return None


def _means_the_same(catalog: Catalog, state: Stored, column: Column, via: str | None = None) -> bool:
    """Whether a name in a condition is, over the state's rows, what it is over the dataset's."""
    if isinstance(state.sort, OfReadings):
        own, there = (road_by_path(catalog, id, column.path) for id in (state.dataset, state.id))
        if own is not None:
            return there is not None and _is_same(own, there)
    elif road_by_path(catalog, state.dataset, column.path) is not None:
        return False  # the dataset's own column; one of the state that has its name is another
    return catalog.dimension(column.name) is not None and reaches(catalog, state, column.name, None, via)


def reaches(catalog: Catalog, state: Stored, dimension: str, via: str | None, region: str | None = None) -> bool:
    """Whether the state's rows lead to the same members as the dataset's; `region` is the road that row scope takes there."""
    if via is not None:
        return False
    try:
        own = road_to_dimension(catalog, state.dataset, dimension, region)
        there = road_to_dimension(catalog, state.id, dimension, region if isinstance(state.sort, OfReadings) else None)
        if own is None or there is None or there.is_multiplying:
            return False
        if isinstance(state.sort, OfReadings):
            return _is_same(own, there)
        key = next(one for one in state.state.by if one.replace(".", "_") == (there.hops[0].on[0][0] if there.hops else there.column))
        first = road_to_dimension(catalog, state.dataset, key)
    except (Refused, StopIteration):
        return False
    return first is not None and _goes_on(own, first, there)


def _is_same(own: Road, there: Road) -> bool:
    return (own.hops, own.column, own.through, own.ragged, own.before) == (
        there.hops,
        there.column,
        there.through,
        there.ragged,
        there.before,
    )


def _goes_on(own: Road, first: Road, there: Road) -> bool:
    """Whether the dataset's road is its road to the key that the state keeps, and from there the state's."""
    before, after = own.hops[: len(first.hops)], own.hops[len(first.hops) :]
    if before != first.hops or len(after) != len(there.hops) or own.through != (*first.through, *there.through):
        return False
    if not there.hops:
        return own.column == first.column or bool(there.through)
    if after[0].on != ((first.column, there.hops[0].on[0][1]),):
        return False
    alike = all((mine.target, mine.on[1:]) == (other.target, other.on[1:]) for mine, other in zip(after, there.hops, strict=True))
    plain = not any(hop.drop or hop.where or hop.valid for hop in (*after, *there.hops))
    return alike and plain and (own.column, own.ragged) == (there.column, there.ragged)
