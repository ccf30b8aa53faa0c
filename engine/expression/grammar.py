"""Text becomes a tree only through this door: our own cut into pieces, sqlglot for precedence, then an exact list of allowed nodes."""

import sqlglot
from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError

from engine.expression.calls import find_unknown_functions
from engine.expression.convert import Converter, Refused, unreadable
from engine.expression.pieces import DEPTH, read_pieces
from engine.expression.refusals import refuse
from engine.expression.tokens import Piece, read_tokens
from engine.expression.tree import Aggregate, Expr, parts, walk
from engine.findings import Finding, Place

LENGTH = 2_000
PARTS = 500
CHAIN = 100


class Parsed(Struct, frozen=True):
    """A formula that was read; offsets give where each name, function, indicator or 'text' first stands in it (已解析的公式)."""

    expr: Expr
    offsets: dict[str, int]


def parse(text: str, place: Place, *, aggregates: bool = False) -> tuple[Parsed | None, list[Finding]]:
    """The tree of one formula, or why not; place is where the text starts, aggregates says whether sum(x) may stand in it.

    Never raises for any text. Work is bounded before parsing: 2,000 characters, 500 parts, depth 50.
    """
    if len(text) > LENGTH:
        return None, [refuse("expression-too-long", place, n=len(text), limit=LENGTH)]
    tokens, findings = read_tokens(text, place)
    if findings:
        return None, findings
    if sum(1 for token in tokens if token.kind != "sign" or token.text not in "(),") > PARTS:
        return None, [refuse("expression-too-many-parts", place, limit=PARTS)]
    pieces, findings = read_pieces(tokens, place)
    # An unknown function stands before what is not well formed, and often is the reason: cast(a as int).
    findings = find_unknown_functions(pieces, place, aggregates) or findings
    if findings:
        return None, findings
    try:
        expr = Converter(pieces, place).expr(_sqlglot_tree(pieces, place))
    except Refused as refused:
        return None, [refused.finding]
    except RecursionError:
        return None, [refuse("expression-too-deep", place, limit=DEPTH)]
    problem = _too_deep(expr, place) or _nested_aggregate(expr, _offsets(pieces), place)
    return (None, [problem]) if problem is not None else (Parsed(expr, _offsets(pieces)), [])


def _offsets(pieces: list[Piece]) -> dict[str, int]:
    offsets: dict[str, int] = {}
    for piece in pieces:
        match piece.role:
            case "name":
                offsets.setdefault(piece.text, piece.at)
            case "function":
                offsets.setdefault(piece.text.lower(), piece.at)
            case "text":
                offsets.setdefault(piece.text, piece.at)
                offsets.setdefault(f"'{piece.text}'", piece.at)
            case _:
                pass
    return offsets


def _sqlglot_tree(pieces: list[Piece], place: Place) -> exp.Expr:
    """sqlglot sees only numbered stand-ins (c3, f0, '5'), so neither a name nor a text can mean anything to it."""
    words: list[str] = []
    starts: list[int] = []
    length = 0
    for number, piece in enumerate(pieces):
        match piece.role:
            case "name":
                word = f"c{number}"
            case "function":
                word = f"f{number}"
            case "text" | "number" | "date" | "timestamp":
                word = f"'{number}'"
            case _:
                word = piece.text.upper()
        starts.append(length)
        words.append(word)
        length += len(word) + 1
    try:
        return sqlglot.parse_one(" ".join(words))
    except SqlglotError as error:
        errors = getattr(error, "errors", None) or [{}]
        column = errors[0].get("col") or 1
        nearest = max((i for i, start in enumerate(starts) if start < column), default=0)
        raise Refused(unreadable(pieces[nearest], place)) from error


def _too_deep(expr: Expr, place: Place) -> Finding | None:
    level: list[Expr] = [expr]
    for _ in range(CHAIN):
        level = [part for whole in level for part in parts(whole)]
        if not level:
            return None
    return refuse("expression-too-deep", place, limit=CHAIN)


def _nested_aggregate(expr: Expr, offsets: dict[str, int], place: Place) -> Finding | None:
    for node in walk(expr):
        if isinstance(node, Aggregate):
            for inner in walk(node):
                if isinstance(inner, Aggregate) and inner is not node:
                    return refuse("nested-aggregate", place, offsets.get(node.agg, 0), word=node.agg)
    return None
