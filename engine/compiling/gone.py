"""Rows that retention has removed are never missed silently: what would read them is refused, and told from when on it can be asked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from engine.compiling.leaves import Cut, Flow, Level, Pairs, Reading
from engine.compiling.nodes import is_date_grain
from engine.compiling.periods import bucket_start, day_offset, moved, named_grain
from engine.compiling.reads import datasets_of
from engine.compiling.refuse import refuse
from engine.compiling.reshape import looked_back
from engine.compiling.tables import default_time
from engine.compiling.writer import leaves_below
from engine.loading.catalog import Catalog
from engine.modifier import Shape
from engine.question import Question


def refuse_gone(
    catalog: Catalog, kept_from: Mapping[str, datetime], trees: Iterable[object], reasons: Sequence[tuple[str, str]] = ()
) -> None:
    """Raises Refused when a leaf reads a dataset's rows from before the first period that is left; `kept_from` may hold states too.

    `reasons` are those for which states were not used, in Chinese and English.
    """
    if not kept_from:
        return
    for leaf in leaves_below(trees):
        for id, begins in _read(catalog, leaf):
            kept = kept_from.get(id)
            if kept is None or catalog.dataset(id) is None or _is_state(id):
                continue
            if begins is None or begins < kept:
                why_zh, why_en = ("；".join(dict.fromkeys(said)) for said in zip(*reasons, strict=True)) if reasons else ("", "")
                raise refuse(
                    "rows-gone",
                    f"「{id}」{kept:%Y-%m-%d} 之前的原始行已按保留期删除，也没有预聚合能回答" + (f"（{why_zh}）" if why_zh else ""),
                    f"rows of '{id}' before {kept:%Y-%m-%d} were removed when their time was up, and no stored state answers this"
                    + (f" ({why_en})" if why_en else ""),
                    (
                        f"从 {kept:%Y-%m-%d} 起问（period.from）；更早的只能按预聚合的维度、粒度和条件问",
                        f"ask from {kept:%Y-%m-%d} on (period.from); before that only by the split, grain and filters that a state keeps",
                    ),
                )


def _is_state(id: str) -> bool:
    return id.startswith("states.")  # matched against its own beginning where it was chosen


def _read(catalog: Catalog, leaf: object) -> list[tuple[str, datetime | None]]:
    """Datasets a leaf reads, each with the first period it reads; None: from the beginning."""
    match leaf:
        case Cut(flow=flow):
            return _read(catalog, flow)
        case Flow():
            return [(leaf.dataset, _first_read(catalog, leaf))]
        case Level() | Reading():
            return [(leaf.dataset, None)]
        case Pairs():
            return [(id, None) for id in datasets_of(catalog, Question(indicators=(leaf.indicator,)))]
    return []


def _first_read(catalog: Catalog, flow: Flow) -> datetime | None:
    """The first period a flow reads, rather too early than too late."""
    dataset = catalog.dataset(flow.dataset)
    time = default_time(dataset) if dataset is not None else None
    if time is None or flow.time not in (None, time.name):
        return None  # rows were removed by the default time; by another one they are missing anywhere
    shape: Shape = looked_back(flow).shape
    start, grain = shape.start, named_grain(shape.grain)
    if start is None:
        return None
    if shape.window is not None:
        if shape.window.over is not None:
            start = moved(bucket_start(start, grain) if grain else start, -shape.window.over)
        elif shape.window.since not in (None, "start"):
            start = bucket_start(start, named_grain(shape.window.since) or "day", shape.week_starts)
        else:
            return None
    if shape.shift is not None and start is not None:
        start = moved(start, -shape.shift.by)
        if shape.shift.calendar is not None and start is not None:
            start -= timedelta(days=366 * (abs(shape.shift.cycles) + 1))
    if start is not None and grain is not None and not is_date_grain(grain):
        start -= day_offset(time)  # hours are counted by the clock, and the first business day begins later
    return start
