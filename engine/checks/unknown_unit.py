"""A unit that cannot be read cannot be converted or checked."""

from collections.abc import Iterator
from typing import ClassVar

from msgspec.structs import replace

from engine.check import Check
from engine.findings import Finding, Place
from engine.kind import Definition
from engine.kinds.dataset import Dataset
from engine.kinds.indicator import Indicator
from engine.kinds.source import Source
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path
from engine.unit import read_unit


class UnknownUnit(Check, frozen=True):
    """Every unit can be read: t, km², 件/万户, 处/(100 km·a), %; empty text for none (未知单位).

    A unit whose form, not whose word, is not understood bears the code `unreadable-unit`.
    """

    tag: ClassVar[str] = "unknown-unit"
    kinds: ClassVar[tuple[str, ...]] = ("source", "dataset", "indicator")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each unit that cannot be read, at the word that is not known."""
        for path, text in _units(definition):
            if text:
                for finding in read_unit(text, Place(""))[1]:
                    place = catalog.place(definition.kind, definition.id, *path, offset=finding.place.column - 1)
                    yield replace(finding, place=place)


def _units(definition: Definition) -> Iterator[tuple[Path, str | None]]:
    match definition.spec:
        case Indicator(unit=unit):
            yield ("unit",), unit
        case Dataset(columns=columns):
            yield from ((("columns", i, "unit"), column.unit) for i, column in enumerate(columns))
        case Source(streams=streams):
            yield from (
                (("streams", i, "fields", j, "unit"), field.unit)
                for i, stream in enumerate(streams)
                for j, field in enumerate(stream.fields)
            )
        case _:
            return
