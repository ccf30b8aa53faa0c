"""Values in their declared unit: what a measure or formula gives is known, so the factor is written into the plan."""

from decimal import Decimal
from fractions import Fraction

from engine.compiling.refuse import QUESTION, Refused
from engine.compiling.rows import inferred, parsed
from engine.expression.alike import Typed
from engine.expression.grammar import Parsed
from engine.expression.tree import Binary, Expr, IndicatorCall, Literal
from engine.expression.types import infer
from engine.kinds.indicator import CountOverTime, Indicator, Operand
from engine.loading.catalog import Catalog
from engine.unit import ONE, Unit, fit, parse_unit, quotient

PER_UNITS = {"minute": "min", "hour": "h", "day": "d", "month": "月", "year": "a"}
PLAIN = ("count", "count_distinct", "any", "all")


def measured_unit(catalog: Catalog, operand: Operand) -> Unit | None:
    """The unit a measure gives by itself; None for a plain number."""
    assert operand.dataset is not None and operand.measure is not None
    unit: Unit | None = None
    if operand.measure.agg not in PLAIN and operand.measure.of is not None and not isinstance(operand.over_time, CountOverTime):
        found = parsed(operand.measure.of)
        unit = inferred(catalog, operand.dataset, found.expr, found.offsets).typed.unit
    if operand.per is not None:
        time = parse_unit(PER_UNITS[operand.per])
        unit = quotient(unit or ONE, time or ONE)
    return unit


def factor_between(catalog: Catalog, operand: Operand, unit: str) -> Fraction:
    """What a measure's value is multiplied by to stand in the declared unit; parts of a formula keep their own."""
    declared = parse_unit(unit) if unit else None
    if declared is None or operand.measure is None:
        return Fraction(1)
    factor = fit(measured_unit(catalog, operand) or ONE, declared)
    return factor if factor is not None else Fraction(1)


def scaled(expr: Expr, factor: Fraction) -> Expr:
    """The expression times an exact factor."""
    if factor == 1:
        return expr
    if factor.denominator == 1:
        return Binary("*", expr, Literal(factor.numerator))
    if factor.numerator == 1:
        return Binary("/", expr, Literal(factor.denominator))
    return Binary("*", expr, Literal(Decimal(factor.numerator) / Decimal(factor.denominator)))


def in_unit(catalog: Catalog, id: str, indicator: Indicator, found: Parsed, modified: object = None) -> Expr:
    """The formula with unit conversions written in, its value in the indicator's unit."""
    operands = {operand.name: operand for operand in indicator.parts}

    def column(path: tuple[str, ...]) -> Typed | None:
        name = ".".join(path)
        operand = operands.get(name)
        if operand is not None:
            return Typed("float", operand_unit(catalog, operand, modified))
        spec = catalog.indicator(name)
        return Typed("float", parse_unit(spec.unit) if spec.unit else None) if spec else None

    def other(call: IndicatorCall) -> Typed | None:
        return column(tuple(call.id.split(".")))

    result, findings = infer(found.expr, column, QUESTION, found.offsets, other, [*operands, *catalog.ids("indicator")])
    if result is None:
        raise Refused(findings[0])
    declared = parse_unit(indicator.unit) if indicator.unit else None
    factor = fit(result.typed.unit or ONE, declared) if declared is not None else None
    return scaled(result.expr, factor if factor is not None else Fraction(1))


def operand_unit(catalog: Catalog, operand: Operand, modified: object = None) -> Unit | None:
    """The unit of a formula's part."""
    if operand.of is not None:
        spec = catalog.indicator(operand.of)
        text = spec.unit if spec else ""
        if callable(modified):
            text = modified(text, operand.modifier)
        return parse_unit(text) if text else None
    return measured_unit(catalog, operand)
