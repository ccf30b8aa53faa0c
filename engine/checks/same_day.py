"""On days without an hour, a row of the same day may have come before or after: whether it counts must be said."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator, Side
from engine.loading.catalog import Catalog


class SameDay(Check, frozen=True):
    """A conversion in which a time is a date says whether the same day counts (同日是否计入)."""

    tag: ClassVar[str] = "same-day"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for a conversion by day that does not say it."""
        spec = definition.spec
        if not isinstance(spec, Indicator) or spec.conversion is None or spec.conversion.same_instant is not None:
            return
        if any(_is_by_day(catalog, side) for side in (spec.conversion.base, spec.conversion.then)):
            said = (
                "时间只到日，没有写同一天的后续是否计入",
                "times are days here, and whether a row of the same day counts is not said",
                "写 same_instant: true（同日计入）或 same_instant: false",
                "write same_instant: true, the same day counts, or same_instant: false",
            )
            yield self.at(catalog, definition, ("conversion",), said, of_key=True)


def _is_by_day(catalog: Catalog, side: Side) -> bool:
    dataset = catalog.dataset(side.dataset)
    if dataset is None:
        return False
    default = next((one for one in dataset.times if one.default), dataset.times[0] if dataset.times else None)
    time = next((one for one in dataset.times if one.name == side.time), default)
    return any(time is not None and column.name == time.column and column.type == "date" for column in dataset.columns)
