"""Which time counts decides the number, so a time that does not exist is never replaced by another."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path


class UnknownTime(Check, frozen=True):
    """A time named by an indicator is one of the times of its dataset (未知时间)."""

    tag: ClassVar[str] = "unknown-time"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each time that its dataset does not have."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        named: list[tuple[str | None, str | None, Path]] = [(spec.dataset, spec.time, ("time",))]
        named += [(part.dataset, part.time, ("with", i, "time")) for i, part in enumerate(spec.parts)]
        if spec.conversion is not None:
            sides = (("base", spec.conversion.base), ("then", spec.conversion.then))
            named += [(side.dataset, side.time, ("conversion", name, "time")) for name, side in sides]
        for dataset_id, time, path in named:
            dataset = catalog.dataset(dataset_id) if dataset_id else None
            if dataset is None or time is None or any(one.name == time for one in dataset.times):
                continue
            known = [one.name for one in dataset.times]
            by_column = next((one.name for one in dataset.times if one.column == time), None)
            if by_column:
                advice = (f"这里写时间的名称「{by_column}」，不写列名", f"write the name of the time, '{by_column}', not its column")
            else:
                none = ("该数据集没有声明时间", "the dataset declares no time")
                see = (f"已有的时间：{'、'.join(known)}", f"times: {', '.join(known)}") if known else none
                advice = did_you_mean(time, known, *see)
            said = (f"数据集「{dataset_id}」没有名为「{time}」的时间", f"the dataset '{dataset_id}' has no time named '{time}'", *advice)
            yield self.at(catalog, definition, path, said)
