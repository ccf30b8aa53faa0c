"""A window that ends before it begins never holds anything."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.parts import Span, span_of

_MONTH = 30 * 86_400


class WindowOrder(Check, frozen=True):
    """The time window of a conversion ends after it begins (时间窗次序)."""

    tag: ClassVar[str] = "window-order"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for an empty window."""
        spec = definition.spec
        if not isinstance(spec, Indicator) or spec.conversion is None:
            return
        start, end = spec.conversion.within
        if _length(span_of(end)) <= _length(span_of(start)):
            said = (
                f"时间窗的止 {end} 不晚于起 {start}",
                f"the window ends at {end}, not after its begin {start}",
                "例如 [PT0H, P7D]：之后七日内；[-PT30M, PT30M]：前后半小时",
                "for example [PT0H, P7D], within seven days after; [-PT30M, PT30M], half an hour around",
            )
            yield self.at(catalog, definition, ("conversion", "within"), said)


def _length(span: Span) -> int:
    """Seconds, a month taken as 30 days: enough to tell which of two spans is the longer."""
    return span.months * _MONTH + span.seconds
