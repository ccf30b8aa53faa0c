"""A number defined by itself has no value, and a hierarchy that bites its tail has no top."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.loading.catalog import Catalog, Key
from engine.loading.references import Reference, references


class Cycle(Check, frozen=True):
    """Indicators must not need each other in a circle, nor dimensions roll up in one (循环引用)."""

    tag: ClassVar[str] = "cycle"
    kinds: ClassVar[tuple[str, ...]] = ("indicator", "dimension")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each circle, at the member that comes first in the alphabet; the others are named with their places."""
        start = (definition.kind, definition.id)
        circle = _shortest_circle(catalog, start)
        if circle is None or min((definition.kind, step.id) for step in circle) != start:
            return
        here, steps = definition, []
        for step in circle:
            place = catalog.place(here.kind, here.id, *step.path, of_key=step.of_key, offset=step.offset)
            steps.append((step.id, place))
            here = catalog.definitions.get((here.kind, step.id), here)
        chain = " → ".join([definition.id, *(name for name, _ in steps)])
        others = ", ".join(str(place) for _, place in steps[1:])
        rest_zh, rest_en = (f"；另见 {others}", f"; see also {others}") if others else ("", "")
        said = (
            f"循环引用：{chain}{rest_zh}",
            f"these need each other in a circle: {chain}{rest_en}",
            "去掉其中一个引用",
            "remove one of the references",
        )
        first = circle[0]
        yield self.at(catalog, definition, first.path, said, of_key=first.of_key, offset=first.offset)


def _shortest_circle(catalog: Catalog, start: Key) -> list[Reference] | None:
    """The references that lead from a definition back to itself, by the fewest steps."""
    waiting: list[tuple[Key, list[Reference]]] = [(start, [])]
    seen: set[Key] = set()
    for key, way in waiting:
        found = catalog.definitions.get(key)
        for reference in references(found) if found else ():
            step = (reference.kind, reference.id)
            if step == start:
                return [*way, reference]
            if reference.kind == start[0] and step not in seen:
                seen.add(step)
                waiting.append((step, [*way, reference]))
    return None
