"""A formula typed into the workbench, read as the definition it would be: its names, units and faults with the place of each in the text."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.checks.indicator_unit import IndicatorUnit
from engine.compiling.reach import coarser
from engine.compiling.typed_site import indicator_typed
from engine.expression.canonical import canonical
from engine.expression.grammar import Parsed, parse
from engine.expression.tree import Binary, Column, Expr, Literal, columns, replace_columns, walk
from engine.expression.types import infer
from engine.findings import Finding, Place, did_you_mean
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.parts import grain_span
from engine.unit import Unit, is_dimensionless, is_percent, parse_unit, symbol
from portal.api.problem import trouble

FORMULA = Place("formula")
OWN_ID = "formula"  # of the indicator in memory; the catalog's own ids have a folder before them
_NUMBER = re.compile(r"(?:^|(?<=/))[0-9][0-9.e+-]* ")  # 0.01 t, t/100 人
_WORD = re.compile(r"[^\W]+(?:\.[^\W]+)*|.")


class PlacedTrouble(Struct, frozen=True):
    """A fault and where it stands: 0-based offsets into the formula, the end exclusive (公式问题)."""

    code: str
    zh: str
    en: str
    start: int
    end: int
    place: str = ""
    advice_zh: str = ""
    advice_en: str = ""


class NamedIndicator(Struct, frozen=True):
    """An indicator that the formula names, and where it first stands (公式中的指标)."""

    id: str
    title: str
    unit: str
    start: int
    end: int


class Reading(Struct, frozen=True):
    """A formula as it was understood (公式读法). Without findings, `catalog` has it as one more indicator."""

    canonical: str | None
    unit: str
    indicators: tuple[NamedIndicator, ...]
    findings: tuple[PlacedTrouble, ...]
    catalog: Catalog | None = None


def read_formula(catalog: Catalog, text: str, unit: str | None, title: str | None) -> Reading:
    """The formula read: parsed, its names found, its units reckoned, then compared with the unit asked for."""
    found, findings = parse(text, FORMULA)
    if found is None:
        return Reading(None, unit or "", (), placed(text, findings))
    named = tuple(names_in(catalog, text, found))
    unknown = [*unknown_names(catalog, found)]
    if unknown or not named:
        return Reading(canonical(found.expr), unit or "", named, placed(text, unknown or [NO_INDICATOR]))
    typed, wrong = infer(found.expr, lambda path: indicator_typed(catalog, ".".join(path)), FORMULA, found.offsets)
    if typed is None:
        return Reading(canonical(found.expr), unit or "", named, placed(text, wrong))
    if typed.sort not in ("number", "null"):
        return Reading(canonical(found.expr), unit or "", named, placed(text, [NO_NUMBER]))
    if hundred := divided_again(catalog, text, found):
        return Reading(canonical(found.expr), unit or "", named, (hundred,))
    own = unit if unit is not None else plain_symbol(typed.typed.unit)
    more = with_formula(catalog, text, own, title or titled(catalog, found), [one.id for one in named])
    faults = placed_on_unit(text, own, IndicatorUnit().look(more, more.definitions["indicator", OWN_ID]))
    return Reading(canonical(found.expr), own, named, faults, None if faults else more)


def plain_symbol(unit: Unit | None) -> str:
    """The unit of a formula without a number in it: t times % is t, and the value is converted; per cent of per cent is %."""
    own = symbol(unit) if unit is not None else ""
    without = _NUMBER.sub("", own)
    if without != own and parse_unit(without) is not None:
        return without
    return "%" if own[:1].isdigit() and is_dimensionless(unit) else own


def divided_again(catalog: Catalog, text: str, found: Parsed) -> PlacedTrouble | None:
    """A quantity times a percentage, divided by 100 by hand: per cent is a hundredth already, and the value would be a hundredth of that."""
    quotients = (node for node in walk(found.expr) if isinstance(node, Binary) and node.op == "/" and node.right == Literal(100))
    if not any(is_part_of_whole(catalog, node.left) for node in quotients):
        return None
    slash = re.search(r"/\s*100(?![0-9.])", text)
    start, end = slash.span() if slash is not None else (0, len(text))
    return replace(at(text, DIVIDED_AGAIN, start), start=start, end=end)


def is_part_of_whole(catalog: Catalog, expr: Expr) -> bool:
    """Whether an expression multiplies an indicator in per cent with one that is not."""
    if not (isinstance(expr, Binary) and expr.op == "*"):
        return False
    specs = [catalog.indicator(column.name) for column in columns(expr)]
    are_percent = [is_percent(parse_unit(spec.unit)) for spec in specs if spec is not None and spec.unit]
    return any(are_percent) and not all(are_percent)


def with_formula(catalog: Catalog, text: str, unit: str, title: str, ids: Sequence[str]) -> Catalog:
    """The catalog with the formula as one more indicator, split and as fine as all it is made of; it is stored nowhere."""
    specs = [spec for id in ids if (spec := catalog.indicator(id)) is not None]
    splits = [{level for finest in spec.by for level in coarser(catalog, finest)} for spec in specs if spec.by is not None]
    by = tuple(sorted(set.intersection(*splits))) if splits else None
    grains = [spec.grain for spec in specs if spec.grain]
    spec = Indicator(title=title, unit=unit, formula=text, by=by, grain=max(grains, key=length_of) if grains else None)
    definition = Definition("indicator", OWN_ID, "formula", spec)
    return replace(catalog, definitions={**catalog.definitions, ("indicator", OWN_ID): definition})


def titled(catalog: Catalog, found: Parsed) -> str:
    """The formula with the titles of its indicators: 生活垃圾清运量 / 常住人口."""

    def named(column: Column) -> Expr:
        spec = catalog.indicator(column.name)
        return Column((spec.title,)) if spec is not None else column

    return canonical(replace_columns(found.expr, named))


def names_in(catalog: Catalog, text: str, found: Parsed) -> Iterator[NamedIndicator]:
    """The indicators a formula names, in the order of the text."""
    for column in columns(found.expr):
        spec = catalog.indicator(column.name)
        if spec is not None:
            start = found.offsets.get(column.name, 0)
            yield NamedIndicator(column.name, spec.title, spec.unit, start, start + len(column.name))


def unknown_names(catalog: Catalog, found: Parsed) -> Iterator[Finding]:
    """Names that are no indicator."""
    for column in columns(found.expr):
        if catalog.indicator(column.name) is None:
            advice = did_you_mean(column.name, catalog.ids("indicator"), "从指标目录里选一个", "choose one from the catalogue")
            yield Finding(
                place=replace(FORMULA, column=found.offsets.get(column.name, 0) + 1), code="unknown-indicator",
                zh=f"没有名为「{column.name}」的指标", en=f"no indicator is named '{column.name}'", advice_zh=advice[0], advice_en=advice[1],
            )  # fmt: skip


def placed(text: str, findings: Sequence[Finding]) -> tuple[PlacedTrouble, ...]:
    """Findings with the offsets of the word they stand at."""
    return tuple(at(text, finding, finding.place.column - 1) for finding in findings)


def at(text: str, finding: Finding, start: int) -> PlacedTrouble:
    """A finding from an offset to the end of the word there; at the end of the text, the last sign."""
    start = max(min(start, len(text.rstrip()) - 1), 0)
    word = _WORD.match(text, start)
    said = trouble(finding)
    return PlacedTrouble(
        said.code,
        said.zh,
        said.en,
        start,
        word.end() if word else min(start + 1, len(text)),
        f"formula:{start + 1}",
        said.advice_zh,
        said.advice_en,
    )


def placed_on_unit(text: str, unit: str, findings: Iterator[Finding]) -> tuple[PlacedTrouble, ...]:
    """What is wrong with the unit is wrong with the whole formula."""
    if unit and parse_unit(unit) is None:
        return (replace(at(text, UNKNOWN_UNIT, 0), zh=f"没有单位「{unit}」", en=f"no unit is named '{unit}'", end=len(text), place="unit"),)
    return tuple(replace(at(text, finding, 0), end=len(text), place="unit") for finding in findings)


def length_of(grain: str) -> int:
    """About how long a grain is, to find the coarsest."""
    span = grain_span(grain) if "." not in grain else None
    return span.months * 2_592_000 + span.seconds if span is not None else 864_000


NO_INDICATOR = Finding(
    place=FORMULA, code="no-indicator", zh="公式里没有指标", en="the formula names no indicator", advice_zh="从指标目录里选一个，如 sanitation.msw_day",
    advice_en="choose one from the catalogue, such as sanitation.msw_day",
)  # fmt: skip
NO_NUMBER = Finding(
    place=FORMULA, code="no-number", zh="公式得到的不是数", en="the formula does not give a number",
    advice_zh="条件要放进 case when … then … else … end", advice_en="put a condition into case when … then … else … end",
)  # fmt: skip
UNKNOWN_UNIT = Finding(
    place=FORMULA,
    code="unknown-unit",
    zh="没有这个单位",
    en="no such unit",
    advice_zh="不填则按公式推出",
    advice_en="left out, it comes from the formula",
)
DIVIDED_AGAIN = Finding(
    place=FORMULA, code="double-percent", zh="百分数已按百分之一计算，又除以了 100", en="a percentage already counts as hundredths, and is divided by 100 again",
    advice_zh="删除「/ 100」", advice_en="delete '/ 100'",
)  # fmt: skip
