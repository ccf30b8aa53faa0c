"""A grain that nobody knows would only be noticed when someone asks."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.parts import GRAINS, Span, span_of

_DAY = 86_400


class UnknownGrain(Check, frozen=True):
    """A grain is a known word, a duration that divides a day, or calendar.grain (未知粒度)."""

    tag: ClassVar[str] = "unknown-grain"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each grain or step that is none of these."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        written = [
            (("grain",), spec.grain),
            (("step",), spec.step),
            *((("with", i, "step"), part.step) for i, part in enumerate(spec.parts)),
        ]
        for path, grain in written:
            if grain is None or grain in GRAINS:
                continue
            span = _span(grain)
            if span is not None:
                if not _divides_a_day(span):
                    said = (
                        f"「{grain}」不能整除一天",
                        f"'{grain}' does not divide a day",
                        "例如 PT5M、PT15M、PT1H",
                        "for example PT5M, PT15M, PT1H",
                    )
                    yield self.at(catalog, definition, path, said)
                continue
            known = [*GRAINS, *(f"{calendar.name}.{one.name}" for calendar in catalog.project.calendars for one in calendar.grains)]
            if grain not in known:
                advice = did_you_mean(
                    grain,
                    known,
                    f"可写：{'、'.join(known)}，或 PT15M 这样的时长",
                    f"known: {', '.join(known)}, or a duration such as PT15M",
                )
                yield self.at(catalog, definition, path, (f"没有名为「{grain}」的粒度", f"no grain is named '{grain}'", *advice))


def _span(grain: str) -> Span | None:
    try:
        return span_of(grain)
    except ValueError:
        return None


def _divides_a_day(span: Span) -> bool:
    return span.months == 0 and 0 < span.seconds <= _DAY and _DAY % span.seconds == 0
