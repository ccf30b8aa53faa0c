"""A series beside itself a month or a year before: where both spans are made of whole periods and overlap, one scan reads the two."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from engine.compiling.leaves import Cut, Flow
from engine.compiling.periods import bucket_start, named_grain
from engine.expression.tree import IndicatorCall, walk
from engine.modifier import Shape

Offset = Callable[[Flow], timedelta]


def cuts_of(flows: Iterable[Flow], offset: Offset) -> dict[Flow, Cut]:
    """For each flow that shares a scan with the same flow of another span: what is cut out of the joint scan.

    `offset` is how long after midnight a flow's business day begins.
    """
    several = list(dict.fromkeys(flows))
    if len({flow.shape for flow in several}) < 2:
        return {}
    alike: dict[object, dict[Shape, list[Flow]]] = {}
    for flow in several:
        if _span(flow, offset(flow)) is not None:
            spanless = replace(flow.shape, start=None, end=None, until=datetime.max)
            alike.setdefault((flow.dataset, flow.time, flow.before, flow.since, spanless), {}).setdefault(flow.shape, []).append(flow)
    cuts: dict[Flow, Cut] = {}
    for by_shape in alike.values():
        if len(by_shape) > 1 and len({frozenset(flow.sum for flow in flows) for flows in by_shape.values()}) == 1:
            cuts |= _cut_out([flow for flows in by_shape.values() for flow in flows], offset)
    return cuts


def _cut_out(flows: Sequence[Flow], offset: Offset) -> dict[Flow, Cut]:
    spans = {flow.shape: _span(flow, offset(flow)) or (None, datetime.max) for flow in flows}
    starts, ends = [start for start, _ in spans.values()], [end for _, end in spans.values()]
    known = [start for start in starts if start is not None]
    if known and len(known) < len(starts):
        return {}
    first, last = (min(known) if known else None), max(ends)
    if first is not None and last - first >= sum((end - start for start, end in spans.values() if start is not None), timedelta()):
        return {}
    until = max(flow.shape.until for flow in flows)
    joint = {flow: replace(flow, shape=replace(flow.shape, start=first, end=last, until=until)) for flow in flows}
    # A flow that is the joint one itself stays as it is.
    return {flow: Cut(joint[flow], flow.shape, *spans[flow.shape]) for flow in flows if joint[flow] != flow}


def _span(flow: Flow, offset: timedelta) -> tuple[datetime | None, datetime] | None:
    """First instant and first instant after of the periods that a flow counts; None when one of them is not whole."""
    shape, grain = flow.shape, named_grain(flow.shape.grain)
    if grain is None or "." in grain or shape.window is not None or shape.shift is not None:
        return None
    end = shape.end if shape.end is not None and shape.end + offset <= shape.until else shape.until
    if end == shape.until and (offset or end.year == datetime.max.year):
        return None
    edges = [edge for edge in (shape.start, end) if edge is not None]
    if any(bucket_start(edge, grain, shape.week_starts) != edge for edge in edges):
        return None
    return None if _looks_further(flow) else (shape.start, end)


def _looks_further(flow: Flow) -> bool:
    """An indicator inside a condition is asked as of the leaf's own instant."""
    exprs = [expr for expr in (flow.sum.of, flow.sum.where, flow.sum.weight, flow.shape.where) if expr is not None]
    return any(isinstance(node, IndicatorCall) for expr in exprs for node in walk(expr))
