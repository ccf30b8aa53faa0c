"""Days begin by a time zone; a misspelt one would only be noticed at midnight."""

from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar
from zoneinfo import available_timezones

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.dataset import Dataset
from engine.kinds.project import Project
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path


class UnknownZone(Check, frozen=True):
    """A time zone bears a name of the IANA list, such as Asia/Shanghai or UTC (未知时区)."""

    tag: ClassVar[str] = "unknown-zone"
    kinds: ClassVar[tuple[str, ...]] = ("project", "dataset")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each zone that is not on the list."""
        for path, zone in _zones(definition):
            if zone == "Asia/Shanghai" or zone is None or zone in _known():
                continue
            advice = did_you_mean(zone, sorted(_known()), "北京时间写 Asia/Shanghai", "Beijing time is Asia/Shanghai")
            said = (f"没有名为「{zone}」的时区", f"no time zone is named '{zone}'", *advice)
            yield self.at(catalog, definition, path, said)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def _zones(definition: Definition) -> Iterator[tuple[Path, str | None]]:
    match definition.spec:
        case Project(zone=zone):
            yield ("zone",), zone
        case Dataset(times=times):
            yield from ((("times", i, "zone"), time.zone) for i, time in enumerate(times))
        case _:
            return
