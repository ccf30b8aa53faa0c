"""Two things with one name in one list: whichever is meant, the other is lost."""

from collections.abc import Iterator
from typing import Any, ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.analysis import Analysis
from engine.kinds.dataset import Dataset
from engine.kinds.dimension import Dimension
from engine.kinds.indicator import Indicator
from engine.kinds.project import Project
from engine.kinds.source import Source
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path


class DuplicateName(Check, frozen=True):
    """Names within a list are unique; the finding stands at the second and names the line of the first (重名)."""

    tag: ClassVar[str] = "duplicate-name"
    kinds: ClassVar[tuple[str, ...]] = ("project", "source", "dimension", "dataset", "indicator", "analysis")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each name that came before in its list."""
        for path, field, items in _lists(definition):
            first: dict[str, int] = {}
            for i, item in enumerate(items):
                name = str(getattr(item, field))
                if name in first:
                    line = catalog.place(definition.kind, definition.id, *path, first[name]).line
                    said = (
                        f"「{name}」重名，前一个在第 {line} 行",
                        f"'{name}' is there twice, first in line {line}",
                        "改名，或删除其中一个",
                        "rename or delete one",
                    )
                    yield self.at(catalog, definition, (*path, i, field), said)
                first.setdefault(name, i)


def _lists(definition: Definition) -> Iterator[tuple[Path, str, tuple[Any, ...]]]:
    match definition.spec:
        case Project(calendars=calendars):
            yield ("calendars",), "name", calendars
            yield from ((("calendars", i, "grains"), "name", calendar.grains) for i, calendar in enumerate(calendars))
        case Source(streams=streams):
            yield ("streams",), "name", streams
            yield from ((("streams", i, "fields"), "to", stream.fields) for i, stream in enumerate(streams))
        case Dimension(codes=codes):
            yield ("codes",), "code", codes
        case Dataset() as spec:
            yield ("columns",), "name", spec.columns
            yield ("times",), "name", spec.times
            yield ("relationships",), "name", spec.relationships
            yield from ((("columns", i, "of"), "code", column.of) for i, column in enumerate(spec.columns))
        case Analysis(inputs=inputs):
            yield ("inputs",), "name", inputs
        case Indicator(parts=parts):
            yield ("with",), "name", parts
        case _:
            return
