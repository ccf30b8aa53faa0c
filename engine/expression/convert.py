"""What sqlglot made of the stand-ins becomes our tree, node by node from an exact list; any other node is refused."""

from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

from engine.expression.calls import read_call
from engine.expression.refusals import refuse
from engine.expression.tokens import Piece
from engine.expression.tree import Between, Binary, BinaryOp, Case, Column, Expr, In, InColumn, IsNull, Like, Literal, Unary, Value
from engine.findings import Finding, Place


class Refused(Exception):
    """Carries one finding out of the depth of the tree to parse(), which returns it (拒绝)."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def unreadable(piece: Piece, place: Place) -> Finding:
    """For what only the parser noticed: the piece nearest to where it stopped."""
    return refuse(
        "expression-syntax",
        place,
        piece.at,
        word=piece.text[:30],
        why_zh="写法不完整或顺序不对",
        why_en="something is missing or out of order",
        advice_zh="检查括号、逗号、between … and … 和 case … end",
        advice_en="look at brackets, commas, between … and …, case … end",
    )


_BINARY: dict[type[exp.Expr], BinaryOp] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=",
    exp.GT: ">", exp.GTE: ">=", exp.And: "and", exp.Or: "or",
}  # fmt: skip


class Converter:
    """Turns the allowed sqlglot nodes into ours, looking each stand-in up among the pieces (转换)."""

    def __init__(self, pieces: list[Piece], place: Place) -> None:
        self.pieces, self.place = pieces, place

    def expr(self, node: exp.Expr) -> Expr:
        op = _BINARY.get(type(node))
        if op is not None:
            return Binary(op, self.expr(node.this), self.expr(node.expression))
        match node:
            case exp.Paren():
                return self.expr(node.this)
            case exp.Column():
                piece = self._piece(node, node.name, "c")
                return Column(tuple(piece.text.split(".")))
            case exp.Literal() if node.is_string:
                return Literal(self._value(self.pieces[int(node.name)]))
            case exp.Boolean():
                return Literal(bool(node.this))
            case exp.Null():
                return Literal(None)
            case exp.Neg():
                return self._negative(self.expr(node.this))
            case exp.Anonymous():
                return self._call(node)
            case _:
                return self._condition(node)

    def _condition(self, node: exp.Expr) -> Expr:
        match node:
            case exp.Not() if isinstance(node.this, exp.Is):
                return IsNull(self.expr(node.this.this), negated=True)
            case exp.Not():
                return Unary("not", self.expr(node.this))
            case exp.Is() if isinstance(node.expression, exp.Null):
                return IsNull(self.expr(node.this))
            case exp.Between() if not node.args.get("symmetric"):
                return Between(self.expr(node.this), self.expr(node.args["low"]), self.expr(node.args["high"]))
            case exp.In():
                return self._in(node)
            case exp.Like():
                return self._like(node)
            case exp.Case():
                return self._case(node)
            case _:
                raise Refused(unreadable(self._first_piece(node), self.place))

    def _in(self, node: exp.In) -> Expr:
        of, field = self.expr(node.this), node.args.get("field")
        if isinstance(field, exp.Column):
            column = self.expr(field)
            if isinstance(column, Column):
                return InColumn(of, column)
        if field is not None or node.args.get("query") is not None or node.args.get("unnest") is not None or not node.expressions:
            raise Refused(unreadable(self._first_piece(node), self.place))
        return In(of, tuple(self.expr(option) for option in node.expressions))

    def _like(self, node: exp.Like) -> Expr:
        pattern = self.expr(node.expression)
        if not isinstance(pattern, Literal) or not isinstance(pattern.value, str) or "\\" in pattern.value:
            raise Refused(refuse("like-pattern", self.place, self._first_piece(node.expression).at))
        like = Like(self.expr(node.this), pattern)
        # sqlglot keeps `not like` as a flag of the node; a reader that looked only at its class would turn it round.
        return Unary("not", like) if node.args.get("negate") else like

    def _case(self, node: exp.Case) -> Expr:
        of = None if node.this is None else self.expr(node.this)
        if of is not None and not isinstance(of, Column):
            # Written as `of = x` once per branch: anything larger than a column would multiply, nest after nest.
            raise Refused(
                refuse(
                    "expression-syntax",
                    self.place,
                    self._first_piece(node.this).at,
                    word="case",
                    why_zh="case 后只能直接写列名",
                    why_en="only a column can follow case directly",
                    advice_zh="写 case when 条件 then 值 end",
                    advice_en="write case when condition then value end",
                )
            )
        whens = []
        for branch in node.args["ifs"]:
            when = self.expr(branch.this)
            whens.append((when if of is None else Binary("=", of, when), self.expr(branch.args["true"])))
        default = node.args.get("default")
        return Case(tuple(whens), None if default is None else self.expr(default))

    def _call(self, node: exp.Anonymous) -> Expr:
        piece = self._piece(node, str(node.this), "f")
        args: list[exp.Expr] = list(node.expressions)
        distinct = len(args) == 1 and isinstance(args[0], exp.Distinct)
        star = len(args) == 1 and isinstance(args[0], exp.Star)
        inner = list(args[0].expressions) if distinct else [] if star else args
        found = read_call(piece, tuple(self.expr(arg) for arg in inner), distinct, star, self.place)
        if isinstance(found, Finding):
            raise Refused(found)
        return found

    def _negative(self, of: Expr) -> Expr:
        if isinstance(of, Literal) and isinstance(of.value, (int, float, Decimal)) and not isinstance(of.value, bool) and of.value > 0:
            return Literal(-of.value)
        return Unary("-", of)

    def _value(self, piece: Piece) -> Value:
        match piece.role:
            case "text":
                return piece.text
            case "number" if "e" in piece.text.lower():
                return float(piece.text)
            case "number":
                return Decimal(piece.text) if "." in piece.text else int(piece.text)
            case _:
                value = read_time(piece.text)
                if value is None:
                    raise Refused(refuse("unreadable-date", self.place, piece.at, word=piece.text[:40]))
                return value if piece.role == "timestamp" else date(value.year, value.month, value.day)

    def _piece(self, node: exp.Expr, name: str, letter: str) -> Piece:
        if len(node.parts if isinstance(node, exp.Column) else [name]) != 1 or name[:1] != letter or not name[1:].isdigit():
            raise Refused(unreadable(self.pieces[0], self.place))
        return self.pieces[int(name[1:])]

    def _first_piece(self, node: exp.Expr) -> Piece:
        for inner in node.walk():
            name = inner.name if isinstance(inner, (exp.Column, exp.Literal, exp.Anonymous)) else ""
            if name.lstrip("cf").isdigit():
                return self.pieces[int(name.lstrip("cf"))]
        return self.pieces[0]


def read_time(text: str) -> datetime | None:
    """A day or a moment written as 2026-01-31, 2026-01-31 08:00 or 2026-01-31T08:00:00, without a zone; else None."""
    if not (text.isascii() and len(text) >= 10 and text[4] == text[7] == "-" and text[10:11] in ("", " ", "T")):
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.tzinfo is None else None
