"""With several times in a row, «per month» means several things."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog


class NoDefaultTime(Check, frozen=True):
    """Of several times exactly one is marked default (默认时间)."""

    tag: ClassVar[str] = "no-default-time"
    kinds: ClassVar[tuple[str, ...]] = ("dataset",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding when none of several times is the default, one for each further default."""
        spec = definition.spec
        if not isinstance(spec, Dataset):
            return
        defaults = [i for i, time in enumerate(spec.times) if time.default]
        names = "、".join(time.name for time in spec.times)
        if len(spec.times) > 1 and not defaults:
            said = (
                f"有多个时间（{names}），没有说哪个是默认",
                f"which of the times ({names.replace('、', ', ')}) is the default is not said",
                "给其中一个加上 default: true",
                "add default: true to one of them",
            )
            yield self.at(catalog, definition, ("times",), said, of_key=True)
        for i in defaults[1:]:
            first = spec.times[defaults[0]].name
            said = (
                f"默认时间已经是「{first}」",
                f"the default time is '{first}' already",
                "只留一个 default: true",
                "keep one default: true",
            )
            yield self.at(catalog, definition, ("times", i, "default"), said, of_key=True)
