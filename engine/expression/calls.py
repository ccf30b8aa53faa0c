"""A function call becomes a node of the tree only if its name, the number of its arguments and their form are known."""

from decimal import Decimal
from typing import cast

from engine.expression.functions import AGGREGATES, INDICATOR_SAMPLE, SCALARS, SIZE_MAKING, SQL_WORDS
from engine.expression.refusals import refuse
from engine.expression.tokens import Piece
from engine.expression.tree import Aggregate, Call, Column, Expr, IndicatorCall, Literal, Span
from engine.findings import Finding, Place, did_you_mean


def find_unknown_functions(pieces: list[Piece], place: Place, aggregates: bool) -> list[Finding]:
    """Every function name that cannot stand here, each at its own place."""
    findings: list[Finding] = []
    for piece in pieces:
        name = piece.text.lower()
        if piece.role != "function" or name in SCALARS or name == "indicator" or (aggregates and name in AGGREGATES):
            continue
        findings.append(_unknown(name, place, piece.at))
    return findings


def _unknown(name: str, place: Place, at: int) -> Finding:
    if name in SQL_WORDS:
        return refuse(SQL_WORDS[name], place, at, word=name)
    if name in AGGREGATES:
        return refuse("aggregate-not-allowed", place, at, word=name)
    known = ", ".join(SCALARS)
    if name in SIZE_MAKING:
        return refuse("size-making-function", place, at, word=name, known=known)
    advice_zh, advice_en = did_you_mean(name, [*SCALARS, *AGGREGATES, "indicator"], f"可用的函数：{known}", f"functions: {known}")
    return refuse("unknown-function", place, at, word=name[:40], advice_zh=advice_zh, advice_en=advice_en)


def read_call(piece: Piece, args: tuple[Expr, ...], distinct: bool, star: bool, place: Place) -> Expr | Finding:
    """The node for one call; distinct and star say whether they stood in its brackets."""
    name = piece.text.lower()
    if distinct and name != "count":
        return refuse("distinct-not-allowed", place, piece.at)
    if name == "indicator":
        return _indicator(piece, args, place)
    if name in AGGREGATES:
        return _aggregate(piece, name, args, distinct, star, place)
    function = SCALARS[name]
    if not function.least <= len(args) <= function.most:
        wanted = str(function.least) if function.least == function.most else f"{function.least}…{function.most}"
        return refuse("argument-count", place, piece.at, word=name, wanted=wanted, n=len(args), sample=function.sample)
    return _written_out(piece, name, args, place) or Call(name, args)


def _written_out(piece: Piece, name: str, args: tuple[Expr, ...], place: Place) -> Finding | None:
    """Arguments that decide the size or the digits of a result must be plain numbers: databases disagree about the rest."""
    limits = {"round": ((1, 0, 10),), "substr": ((1, 1, 10_000), (2, 0, 10_000))}.get(name, ())
    for nth, low, high in limits:
        if nth < len(args) and not _is_whole(args[nth], low, high):
            return refuse(
                "argument-must-be-written",
                place,
                piece.at,
                word=name,
                nth=nth + 1,
                sample=SCALARS[name].sample,
                wanted_zh=f"{low} 到 {high} 的整数",
                wanted_en=f"a whole number from {low} to {high}",
            )
    return None


def _is_whole(expr: Expr, low: int, high: int) -> bool:
    return isinstance(expr, Literal) and isinstance(expr.value, int) and not isinstance(expr.value, bool) and low <= expr.value <= high


def _aggregate(piece: Piece, name: str, args: tuple[Expr, ...], distinct: bool, star: bool, place: Place) -> Expr | Finding:
    if star:
        return Aggregate("count")
    wanted = 2 if name == "percentile" else 1
    if len(args) != wanted:
        return refuse("argument-count", place, piece.at, word=name, wanted=wanted, n=len(args), sample=AGGREGATES[name])
    if name != "percentile":
        return Aggregate("count_distinct" if distinct else name, args[0], distinct or name == "count_distinct")
    at = args[1].value if isinstance(args[1], Literal) else None
    if isinstance(at, (int, Decimal)) and not isinstance(at, bool) and 0 <= at <= 1:
        return Aggregate("percentile", args[0], at=Decimal(at))
    return refuse(
        "argument-must-be-written",
        place,
        piece.at,
        word=name,
        nth=2,
        sample=AGGREGATES[name],
        wanted_zh="0 到 1 的数",
        wanted_en="a number from 0 to 1",
    )


def _indicator(piece: Piece, args: tuple[Expr, ...], place: Place) -> Expr | Finding:
    if not 1 <= len(args) <= 3:
        return refuse("argument-count", place, piece.at, word="indicator", wanted="1…3", n=len(args), sample=INDICATOR_SAMPLE)
    id_ = args[0].value if isinstance(args[0], Literal) else None
    if not isinstance(id_, str) or not id_:
        return _wrong_argument(piece, 1, "单引号里的指标编号", "the id of an indicator in quotes", place)
    entity: Column | None = None
    if len(args) > 1:
        if not isinstance(args[1], Column):
            return _wrong_argument(piece, 2, "一个列名", "the name of a column", place)
        entity = args[1]
    period = args[2].value if len(args) > 2 and isinstance(args[2], Literal) else "asked"
    if period not in ("asked", "all", "row") or (len(args) > 2 and not isinstance(args[2], Literal)):
        return _wrong_argument(piece, 3, "period: asked、all 或 row", "period: asked, all or row", place)
    return IndicatorCall(id_, entity, cast("Span", period))


def _wrong_argument(piece: Piece, nth: int, wanted_zh: str, wanted_en: str, place: Place) -> Finding:
    words = {"word": "indicator", "sample": INDICATOR_SAMPLE, "wanted_zh": wanted_zh, "wanted_en": wanted_en}
    return refuse("argument-must-be-written", place, piece.at, nth=nth, **words)
