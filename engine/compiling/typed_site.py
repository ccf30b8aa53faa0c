"""Types and units of every expression in a definition, for the checks: the same inference that compiling uses, without a question."""

from collections.abc import Iterable, Iterator

from engine.compiling.reach import column_of, dataset_of, road_by_path
from engine.compiling.refuse import Refused
from engine.compiling.rows import typed_column, typed_of
from engine.expression.alike import Inferred, Typed
from engine.expression.tree import IndicatorCall, columns
from engine.expression.types import infer
from engine.findings import Finding, Place
from engine.kind import Definition
from engine.kinds.indicator import CountOverTime, Indicator, Measure, Operand
from engine.loading.catalog import Catalog
from engine.loading.decode import Misfit, decode_parts
from engine.loading.expressions import Site, read_expression
from engine.loading.members import modifiers
from engine.unit import KNOWN, ONE, Unit, parse_unit, quotient


class _SaidElsewhereError(Exception):
    """The type of a name is not known because of something that another check says (已另行指出)."""


_PER = {"minute": "min", "hour": "h", "day": "d", "month": "月", "year": "a"}
_COUNTS = frozenset({"count", "count_distinct"})
_CONDITIONS = frozenset({"any", "all"})


def typed_site(catalog: Catalog, definition: Definition, site: Site) -> tuple[Inferred | None, list[Finding]]:
    """The typed expression of a site, or findings whose columns count from the start of its text.

    Neither when it depends on something that is wrong elsewhere, and is said there.
    """
    parsed = site.parsed
    if parsed is None or (site.names in ("rows", "pair") and not _datasets_known(catalog, definition, site)):
        return None, []

    def column(path: tuple[str, ...]) -> Typed | None:
        return _name(catalog, definition, site, path)

    def indicator(call: IndicatorCall) -> Typed | None:
        return indicator_typed(catalog, call.id) or _said_elsewhere()

    try:
        return infer(parsed.expr, column, Place(""), parsed.offsets, indicator, list(_known(catalog, definition, site)))
    except (Refused, _SaidElsewhereError):
        return None, []


def indicator_typed(catalog: Catalog, id: str) -> Typed | None:
    """An indicator as it stands in a formula: a number in its declared unit."""
    spec = catalog.indicator(id)
    return Typed("float", parse_unit(spec.unit) if spec.unit else None) if spec else None


def measure_unit(catalog: Catalog, measure: Measure, dataset: str | None) -> Unit | None:
    """The unit of an aggregate over rows; None when it cannot be told."""
    if measure.agg in _COUNTS or measure.agg in _CONDITIONS:
        return ONE
    parsed = read_expression(measure.of, True)[0] if measure.of and dataset and catalog.dataset(dataset) else None
    if parsed is None or any(_has_unreadable_unit(catalog, dataset or "", column.path) for column in columns(parsed.expr)):
        return None
    try:
        found, _ = infer(parsed.expr, lambda path: typed_column(catalog, dataset or "", path), Place(""), parsed.offsets)
    except Refused:
        return None
    return (found.typed.unit or ONE) if found else None


def _has_unreadable_unit(catalog: Catalog, dataset: str, path: tuple[str, ...]) -> bool:
    try:
        road = road_by_path(catalog, dataset, path)
        column = column_of(dataset_of(catalog, road.dataset), road.column) if road else None
    except Refused:
        return True
    return column is not None and bool(column.unit) and parse_unit(column.unit or "") is None


def operand_unit(catalog: Catalog, part: Indicator | Operand) -> Unit | None:
    """The unit in which a part of a formula, or an indicator with a measure, comes out of its rows."""
    if isinstance(part, Operand) and part.of is not None:
        return _modified_unit(catalog, part.of, part.modifier)
    if isinstance(part.over_time, CountOverTime):
        return ONE
    unit = measure_unit(catalog, part.measure, part.dataset) if part.measure else None
    if unit is None or part.per is None:
        return unit
    return quotient(unit, KNOWN[_PER[part.per]])


def _modified_unit(catalog: Catalog, id: str, modifier: object) -> Unit | None:
    """The unit of an indicator under modifiers: a rate of change is %, whatever changes."""
    spec = catalog.indicator(id)
    applied = decode_parts(modifiers(), modifier, "变换", "modifier") if spec else ()
    if spec is None or isinstance(applied, Misfit):
        return None
    unit = spec.unit
    for one in applied:
        unit = one.unit(unit)
    return parse_unit(unit) if unit else ONE


def _said_elsewhere() -> Typed:
    raise _SaidElsewhereError


def _datasets_known(catalog: Catalog, definition: Definition, site: Site) -> bool:
    if site.names == "rows":
        return site.dataset is not None and catalog.dataset(site.dataset) is not None
    spec = definition.spec
    sides = (spec.conversion.base, spec.conversion.then) if isinstance(spec, Indicator) and spec.conversion else ()
    return all(catalog.dataset(side.dataset) is not None for side in sides)


def _name(catalog: Catalog, definition: Definition, site: Site, path: tuple[str, ...]) -> Typed | None:
    """What a name is at a site; names that other checks look at are taken to be numbers."""
    spec = definition.spec
    match site.names:
        case "rows":
            return typed_column(catalog, site.dataset or "", path)
        case "pair" if isinstance(spec, Indicator) and spec.conversion:
            side = {"base": spec.conversion.base, "then": spec.conversion.then}.get(path[0])
            return typed_column(catalog, side.dataset, path[1:]) if side and len(path) > 1 else None
        case "parts" if isinstance(spec, Indicator):
            part = next((part for part in spec.parts if (part.name,) == path), None)
            unit = operand_unit(catalog, part) if part is not None else None
            if part is not None and unit is not None:
                return Typed("float", unit)
            return (indicator_typed(catalog, ".".join(path)) if part is None else None) or _said_elsewhere()
        case "scope":
            return _scope_name(catalog, path)
        case "source":
            return Typed("null")
        case _:
            return Typed("float", parse_unit(spec.unit) if isinstance(spec, Indicator) else None)


def _scope_name(catalog: Catalog, path: tuple[str, ...]) -> Typed | None:
    if path == ("region",) and catalog.dimension(catalog.project.region or "") is None:
        return _said_elsewhere()
    if path[0] == "viewer" and len(path) > 1:
        return Typed("text")
    dimension = catalog.dimension(catalog.project.region or "" if path == ("region",) else ".".join(path))
    if dimension is None:
        return None
    dataset = catalog.dataset(dimension.dataset) if dimension.dataset else None
    key = next((column for column in dataset.columns if column.name == dimension.key), None) if dataset else None
    return typed_of(key) if key else Typed("text")


def _known(catalog: Catalog, definition: Definition, site: Site) -> Iterator[str]:
    """Names an author may have meant."""
    spec = definition.spec
    if site.names == "rows":
        yield from _columns(catalog, site.dataset or "")
    elif site.names == "pair" and isinstance(spec, Indicator) and spec.conversion:
        for name, side in (("base", spec.conversion.base), ("then", spec.conversion.then)):
            yield from (f"{name}.{column}" for column in _columns(catalog, side.dataset))
    elif site.names == "scope":
        yield from ["region", *catalog.ids("dimension")]


def _columns(catalog: Catalog, dataset_id: str) -> Iterable[str]:
    dataset = catalog.dataset(dataset_id)
    if dataset is None:
        return []
    own = [column.name for column in dataset.columns]
    for relationship in dataset.relationships:
        target = dataset if relationship.to == "self" else catalog.dataset(relationship.to)
        own += [f"{relationship.name}.{column.name}" for column in target.columns] if target else []
    return own
