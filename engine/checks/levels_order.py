"""Levels out of order would jump from blue to red and never be orange."""

from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.parts import level_limits

LEVELS = ("blue", "yellow", "orange", "red")
_RISING = frozenset({"above", "at_or_above", "abs_at_or_above"})


class LevelsOrder(Check, frozen=True):
    """Levels are blue, yellow, orange, red, and their limits get stricter in that order (阈值次序)."""

    tag: ClassVar[str] = "levels-order"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each unknown level, and for each limit that is not stricter than the one before."""
        spec = definition.spec
        for side, limits in level_limits(spec.levels) if isinstance(spec, Indicator) and spec.levels else ():
            for level in limits:
                if level not in LEVELS:
                    see = ("可写：blue（蓝）、yellow（黄）、orange（橙）、red（红）", "levels: blue, yellow, orange, red")
                    advice = did_you_mean(level, LEVELS, *see)
                    said = (f"没有名为「{level}」的级别", f"no level is named '{level}'", *advice)
                    yield self.at(catalog, definition, ("levels", side, level), said, of_key=True)
            known = [(level, limits[level]) for level in LEVELS if level in limits]
            for (milder, one), (stricter, other) in pairwise(known):
                if other <= one if side in _RISING else other >= one:
                    order_zh, order_en = ("大于", "above") if side in _RISING else ("小于", "below")
                    said = (
                        f"{stricter} 的界限 {other:g} 应{order_zh} {milder} 的 {one:g}",
                        f"the limit of {stricter}, {other:g}, is to lie {order_en} that of {milder}, {one:g}",
                        "按蓝、黄、橙、红越来越严地写",
                        "write limits that get stricter from blue to red",
                    )
                    yield self.at(catalog, definition, ("levels", side, stricter), said)
