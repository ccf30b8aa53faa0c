"""为什么变了: the change of an indicator between two periods, divided exactly over the parts of its formula and the members of dimensions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from engine.compiling.modifying import Modifiers
from engine.compiling.periods import instant, named_grain
from engine.compiling.reads import used_indicators
from engine.compiling.refuse import Refused
from engine.findings import Finding
from engine.loading.catalog import Catalog
from engine.modifier import compared_unit
from engine.parts import GRAINS
from engine.question import EVERYTHING, Asked, Period, Question, Viewer
from engine.running.arithmetic import NotArithmetic
from engine.running.ask import known_modifiers, versions_of
from engine.running.change_coverage import caveats
from engine.running.change_divided import Divided, divide, leaf_changes, member_changes, plain
from engine.running.change_parts import Change, DimensionChange, Reason, Side
from engine.running.change_valued import Asking, Row, Valued, checked, undivided, valued
from engine.running.change_words import sentence_en, sentence_zh
from engine.running.compared_periods import Against, Compared, Stretch, compared_periods
from engine.running.lateness import as_of_question
from engine.warehouse import Warehouse

TOP = 20
EMPTY = Row((), None)
Titles = Callable[[str], Mapping[str, str]]


def why_changed(
    catalog: Catalog, warehouse: Warehouse, question: Question, against: Against | Period = "prev", by: Sequence[str] = (),
    viewer: Viewer = EVERYTHING, now: datetime | None = None, *, titles: Titles = lambda dimension: {}, top: int = TOP,
    modifiers: Modifiers | None = None, seconds: float = 60.0,
) -> Change | list[Finding]:  # fmt: skip
    """How the question's first indicator moved, and what moved it; findings when it cannot be asked at all.

    Without a period the latest finished period of the question's grain, else of the indicator's own (a day or coarser), is explained.
    Shares over leaves are Shapley values; the parts of each dimension in `by` sum to the change too. `titles` gives names of members.
    """
    known = modifiers or known_modifiers()
    try:
        as_of = as_of_question(catalog, warehouse, question, now or datetime.max)
        grain = question.grain or own_grain(catalog, question)
        compared = compared_periods(catalog.project, question.period, grain, against, as_of, now or as_of)
        asking = Asking(catalog, warehouse, known, question, viewer, as_of, seconds)
        return _told(_changed(asking, compared, against if isinstance(against, str) else "period", by, titles, top))
    except Refused as refused:
        return [refused.finding]


def own_grain(catalog: Catalog, question: Question) -> str:
    """The indicator's own grain, a day at the finest."""
    indicator = catalog.indicator(indicator_asked(question))
    own = named_grain(indicator.grain) if indicator is not None else None
    return own if own in GRAINS and GRAINS.index(own) > GRAINS.index("day") else "day"


def indicator_asked(question: Question) -> str:
    """Id of the question's first indicator."""
    first = question.indicators[0]
    return first.of if isinstance(first, Asked) else first


def _changed(asking: Asking, compared: Compared, against: str, by: Sequence[str], titles: Titles, top: int) -> Change:
    now, then = checked(valued(asking, compared.now)), checked(valued(asking, compared.then))
    if now.skeleton.tree != then.skeleton.tree or len(now.skeleton.leaves) != len(then.skeleton.leaves):
        now, then = undivided(now), undivided(then)
    root, after, before = now.root, now.rows.get(None, EMPTY), then.rows.get(None, EMPTY)
    indicator = indicator_asked(asking.question)
    change = Change(
        indicator=indicator, title=root.title, unit=root.unit, against=against, formula=root.formula, change_unit=compared_unit(root.unit, "change"),
        now=side(compared.now, after), then=side(compared.then, before), as_of=asking.as_of.isoformat(timespec="seconds") if asking.as_of.year < 9999 else "",
        data_version=versions_of(asking.catalog, asking.warehouse, now.tables),
        caveats=caveats(asking.catalog, asking.warehouse, asking.question, asking.viewer, compared),
    )  # fmt: skip
    reason = seam(asking.catalog, indicator, compared) or missing(change)
    if reason is not None:
        return msgspec.structs.replace(change, reason=reason)
    found = _divided(now, then)
    if found is None:
        return msgspec.structs.replace(change, reason=MIXED)
    moved = msgspec.structs.replace(
        change, change=float(found.change), rate=float(found.change / abs(before.whole) * 100) if before.whole else None,  # type: ignore[arg-type, operator]
        method="shapley" if found.is_exact_order else "two_orders", leaves=leaf_changes(now.skeleton, found),
    )  # fmt: skip
    return msgspec.structs.replace(
        moved, dimensions=tuple(_by_member(asking, compared, found, now, dimension, titles(dimension), top) for dimension in by)
    )


def _divided(now: Valued, then: Valued) -> Divided | None:
    try:
        return divide(now.skeleton, then.rows[None], now.rows[None])
    except NotArithmetic:
        return None


def _by_member(
    asking: Asking, compared: Compared, found: Divided, whole: Valued, dimension: str, titles: Mapping[str, str], top: int
) -> DimensionChange:
    spec = asking.catalog.dimension(dimension)
    title = spec.title if spec is not None else dimension
    try:
        now, then = valued(asking, compared.now, dimension), valued(asking, compared.then, dimension)
    except Refused as refused:
        finding = refused.finding
        return DimensionChange(dimension, title, (), Reason(finding.code, finding.zh, finding.en, finding.advice_zh, finding.advice_en))
    if len(now.skeleton.leaves) != len(whole.skeleton.leaves) or now.skeleton.tree != whole.skeleton.tree:
        now, then = undivided(now), undivided(then)
    return DimensionChange(dimension, title, member_changes(found, then, now, titles, top))


def side(stretch: Stretch, row: Row) -> Side:
    """A period with its value."""
    return Side(stretch.start.isoformat(), stretch.end.isoformat(), stretch.label, plain(row.whole), stretch.is_whole)


# -- why not -----------------------------------------------------------------------------------------------------------

MIXED = Reason(
    "no-mixed-value", "把两期的成分混在一起时公式没有值，变化无法分给各成分", "the formula has no value for parts of both periods, so the change cannot be divided",
    "分别查看两期的公式树", "look at the formula tree of each period",
)  # fmt: skip


def missing(change: Change) -> Reason | None:
    """A period without a value has no change: nothing is never read as zero."""
    empty = [one for one in (change.now, change.then) if one.value is None]
    if not empty:
        return None
    names = "、".join(one.label for one in empty)
    dates = ", ".join(f"{one.start[:10]} to {one.end[:10]}" for one in empty)
    return Reason(
        "no-value", f"{names}没有值", f"there is no value in {dates}", "在公式树里查看为什么没有值", "the formula tree says why there is none"
    )


def seam(catalog: Catalog, id: str, compared: Compared) -> Reason | None:
    """Two periods under two definitions: the change would be that of the definition."""
    low, high = min(compared.now.start, compared.then.start), max(compared.now.end, compared.then.end)
    for one in _below(catalog, id):
        indicator = catalog.indicator(one)
        for version in indicator.was if indicator is not None else ():
            if low < instant(version.until) < high:
                title = indicator.title if indicator is not None else one
                return Reason(
                    "definition-changed", f"「{title}」的口径在 {version.until} 变过，两期不可比",
                    f"the definition of '{one}' changed on {version.until}: the two periods cannot be compared",
                    "选同一口径内的两期", "choose two periods under one definition",
                )  # fmt: skip
    return None


def _below(catalog: Catalog, id: str) -> list[str]:
    """The indicator and all it is made of."""
    found: dict[str, None] = {}
    waiting = [id]
    while waiting:
        here = waiting.pop()
        indicator = catalog.indicator(here)
        if here not in found and indicator is not None:
            found[here] = None
            waiting.extend(used_indicators(indicator))
    return list(found)


def _told(change: Change) -> Change:
    return msgspec.structs.replace(change, sentence_zh=sentence_zh(change), sentence_en=sentence_en(change))


__all__ = ["TOP", "Change", "why_changed"]
