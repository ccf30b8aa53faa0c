"""The unit an author declares must be one that the reckoning can give, or the number is wrong by a factor nobody sees."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.compiling.typed_site import operand_unit, typed_site
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import CountOverTime, Indicator
from engine.loading.catalog import Catalog
from engine.loading.expressions import expressions_of
from engine.unit import ONE, Unit, fit, parse_unit, symbol


class IndicatorUnit(Check, frozen=True):
    """The declared unit fits the unit that comes out of the measure or formula; what can be converted is fine (指标单位)."""

    tag: ClassVar[str] = "indicator-unit"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding when they are unlike."""
        spec = definition.spec
        declared = parse_unit(spec.unit) if isinstance(spec, Indicator) and spec.unit else ONE
        if not isinstance(spec, Indicator) or declared is None:
            return
        derived = _derived(catalog, definition, spec)
        if derived is None or fit(derived, declared) is not None or (derived == ONE and _counts_days(spec, declared)):
            return
        given, wanted, empty = symbol(derived), spec.unit, '""'
        given_zh, given_en = (
            (f"算出来的单位是「{given}」", f"the unit that comes out is '{given}'")
            if given
            else (
                "算出来的是没有单位的数",
                "a plain number comes out",
            )
        )
        wanted_zh, wanted_en = (f"「{wanted}」", f"'{wanted}'") if wanted else ("无单位", "none")
        said = (
            f"{given_zh}，不能换算成声明的{wanted_zh}",
            f"{given_en}, which cannot become {wanted_en}",
            f"检查列的 unit 和算法；或改为 unit: {given or empty}",
            f"look at the units of the columns and at the reckoning, or write unit: {given or empty}",
        )
        yield self.at(catalog, definition, ("unit",), said)


def _counts_days(spec: Indicator, declared: Unit) -> bool:
    """Rows that are days, hours or months may be counted in d, h or 月."""
    is_count = spec.measure is not None and spec.measure.agg in ("count", "count_distinct")
    return (is_count or isinstance(spec.over_time, CountOverTime)) and declared.dims in ((("s", 1),), (("月", 1),))


def _derived(catalog: Catalog, definition: Definition, spec: Indicator) -> Unit | None:
    if spec.measure is not None:
        return operand_unit(catalog, spec)
    if spec.conversion is not None:
        return ONE
    if spec.formula is None:
        return None
    site = next(site for site in expressions_of(definition) if site.path == ("formula",))
    typed, _ = typed_site(catalog, definition, site)
    return None if typed is None else typed.typed.unit or ONE
