"""Scorecards as one expression: each item mapped onto 0 to 100 and weighed, vetoes first, deductions last."""

from decimal import Decimal

from engine.expression.tree import Binary, Call, Case, Column, Expr, IsNull, Literal
from engine.kinds.indicator import Score, ScoreItem, Veto


def scored(score: Score) -> Expr:
    """The score over the arguments i0, i1 ... (items) and d0, d1 ... (deductions)."""
    points = [_points(item, f"i{n}") for n, item in enumerate(score.items)]
    total = _weighed(score, points)
    for n, one in enumerate(score.deduct):
        off: Expr = Binary("*", Call("coalesce", (Column((f"d{n}",)), Literal(0))), _number(one.each))
        if one.at_most is not None:
            off = Call("least", (off, _number(one.at_most)))
        total = Binary("-", total, off)
    if score.deduct:
        total = Case(((IsNull(total), Literal(None)),), Call("greatest", (total, Literal(0))))
    vetoes = [(_vetoed(item.veto, f"i{n}"), _number(item.veto.then)) for n, item in enumerate(score.items) if item.veto is not None]
    return Case(tuple(vetoes), total) if vetoes else total


def _number(value: float) -> Literal:
    return Literal(int(value)) if float(value).is_integer() else Literal(Decimal(repr(value)))


def _points(item: ScoreItem, name: str) -> Expr:
    """0 to 100: how far the value has come from the worst to the best; both ends clamped, a missing value stays missing."""
    span = _number(item.full - item.start)
    way: Expr = Binary("/", Binary("-", Column((name,)), _number(item.start)), span)
    clamped = Call("greatest", (Literal(0), Call("least", (Literal(100), Binary("*", way, Literal(100))))))
    return Case(((IsNull(Column((name,))), Literal(None)),), clamped)


def _weighed(score: Score, points: list[Expr]) -> Expr:
    weights = [_number(item.weight) for item in score.items]
    if score.missing == "null":
        whole = _sum([Binary("*", point, weight) for point, weight in zip(points, weights, strict=True)])
        return Binary("/", whole, _number(sum(item.weight for item in score.items)))
    present = [Case(((IsNull(Column((f"i{n}",))), Literal(0)),), weight) for n, weight in enumerate(weights)]
    whole = _sum([Binary("*", Call("coalesce", (point, Literal(0))), weight) for point, weight in zip(points, weights, strict=True)])
    if score.missing == "zero":
        return Binary("/", whole, _number(sum(item.weight for item in score.items)))
    return Binary("/", whole, _sum(list(present)))


def _sum(terms: list[Expr]) -> Expr:
    whole = terms[0]
    for term in terms[1:]:
        whole = Binary("+", whole, term)
    return whole


def _vetoed(veto: Veto, name: str) -> Expr:
    limit = veto.above if veto.above is not None else veto.below
    assert limit is not None
    return Binary(">" if veto.above is not None else "<", Column((name,)), _number(limit))
