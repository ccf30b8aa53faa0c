"""Earlier versions out of order would make it a matter of luck which one counts."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog


class WasOrder(Check, frozen=True):
    """Earlier versions stand oldest first, each with a day that exists and one way of reckoning (旧版次序)."""

    tag: ClassVar[str] = "was-order"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for days that do not exist or do not ascend, and for versions without a measure or formula."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        before: str | None = None
        for i, version in enumerate(spec.was):
            if not _is_day(version.until):
                said = (f"没有「{version.until}」这一天", f"there is no day {version.until}", "改为存在的日期", "write a day that exists")
                yield self.at(catalog, definition, ("was", i, "until"), said)
            elif before is not None and version.until <= before:
                said = (
                    f"旧版要从早到晚排列：{version.until} 不晚于上一项的 {before}",
                    f"earlier versions stand oldest first: {version.until} is not after {before}",
                    "调换两项的次序，或改正日期",
                    "change their order, or the day",
                )
                yield self.at(catalog, definition, ("was", i, "until"), said)
            before = version.until
            if (version.measure is None) == (version.formula is None):
                said = (
                    "旧版要写 measure 或 formula 之一",
                    "a version has one of measure and formula",
                    "写出当时的算法",
                    "write how it was worked out then",
                )
                yield self.at(catalog, definition, ("was", i), said)
            else:
                yield from self._same_way(catalog, definition, spec, i)

    def _same_way(self, catalog: Catalog, definition: Definition, spec: Indicator, i: int) -> Iterator[Finding]:
        """A version is told in the way of the definition itself: one told otherwise would never be read."""
        way = "measure" if spec.was[i].measure is not None else "formula"
        if getattr(spec, way) is not None:
            return
        now = next((name for name in ("measure", "formula", "conversion", "of", "score") if getattr(spec, name) is not None), None)
        if now is None:
            return
        said = (
            f"旧版写的是 {way}，现在的定义是 {now}",
            f"the earlier version is a {way}, the definition is now told by '{now}'",
            "两者用同一种写法；另一种算法另立一个指标" if now in ("measure", "formula") else "旧版只用于 measure 或 formula 的指标",
            "tell both in one way; another way of reckoning is another indicator"
            if now in ("measure", "formula")
            else "earlier versions go with indicators that have a measure or a formula",
        )
        yield self.at(catalog, definition, ("was", i, way), said, of_key=True)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
