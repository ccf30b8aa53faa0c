"""Tokens become pieces in a known role, and a formula that is not well formed is refused at the exact place, before the parser."""

from typing import Literal as OneOf

from msgspec import Struct

from engine.expression.functions import OPERATOR_WORDS, SQL_WORDS
from engine.expression.refusals import refuse
from engine.expression.tokens import Piece, Role, Token
from engine.findings import Finding, Place

DEPTH = 50
_VALUES = frozenset(("null", "true", "false"))
_INFIX = frozenset(("and", "or", "like", "in", "between"))
_CASE = frozenset(("when", "then", "else", "end"))
_LOOK = ("检查括号、逗号和运算符", "look at brackets, commas and operators")
_SIGNS = frozenset(("+", "-", "*", "/", "=", "<>", "!=", "<", "<=", ">", ">="))


class _Bracket(Struct):
    """An open bracket or case, and how deep it is (未闭合)."""

    kind: OneOf["(", "call", "list", "case"]
    at: int
    weight: int
    last: str = "case"


class _Reader:
    """Walks the tokens once, knowing whether a value or an operator comes next; it has state, so it is a class (读取)."""

    def __init__(self, tokens: list[Token], place: Place) -> None:
        self.tokens, self.place = tokens, place
        self.pieces: list[Piece] = []
        self.open: list[_Bracket] = []
        self.wants_value = True
        self.prefixes = 0
        self.depth = 0
        self.i = 0

    def read(self) -> Finding | None:
        while self.i < len(self.tokens):
            token = self.tokens[self.i]
            problem = self._value(token) if self.wants_value else self._operator(token)
            if problem is not None:
                return problem
            self.i += 1
        return self._end()

    # --- where a value is wanted ---------------------------------------------------------------------------------------

    def _value(self, token: Token) -> Finding | None:
        match token.kind:
            case "text" | "number":
                return self._take(token.kind, token.text, token.at)
            case "name":
                return self._name(token)
            case _:
                return self._sign_before_value(token)

    def _name(self, token: Token) -> Finding | None:
        word = token.text.lower()
        following = self._peek(1)
        if word == "not":
            return self._prefix(token)
        if word == "case":
            self.pieces.append(Piece("keyword", "case", token.at))
            return self._push("case", token.at)
        if word == "when" and self._in_case() and self.open[-1].last == "case":
            return self._branch("when", token.at)
        if word == "distinct" and self._follows_call():
            self.pieces.append(Piece("keyword", "distinct", token.at))
            return None
        if word in _VALUES:
            return self._take("keyword", word, token.at)
        if word in _INFIX or word == "is" or (word in _CASE and self._in_case() and not self._follows("in")):
            return self._misplaced(token, "这里缺少一个值", "a value is missing here")
        if _is_sign(following, "("):
            self.pieces.append(Piece("function", token.text, token.at))
            self.i += 1
            return self._push("call", self.tokens[self.i].at)
        if word in ("date", "timestamp") and following is not None and following.kind == "text":
            self.i += 1
            return self._take("date" if word == "date" else "timestamp", following.text, following.at)
        return self._take("name", token.text, token.at)

    def _sign_before_value(self, token: Token) -> Finding | None:
        if token.text == "(":
            kind: OneOf["(", "list"] = "list" if self._follows("in") else "("
            self.pieces.append(Piece("sign", "(", token.at))
            return self._push(kind, token.at)
        if token.text in ("-", "+"):
            return self._prefix(token)
        if token.text == ")" and self._follows_call():
            self.pieces.append(Piece("sign", ")", token.at))
            self._pop()
            return None
        if token.text == "*":
            return self._star(token)
        if token.text == ":":
            following = self._peek(1)
            return refuse("placeholder-not-allowed", self.place, token.at, word=":" + (following.text if following else ""))
        return self._misplaced(token, "这里缺少一个值", "a value is missing here")

    def _star(self, token: Token) -> Finding | None:
        is_counted = self._follows_call() and self.pieces[-2].text.lower() == "count"
        if not is_counted or not _is_sign(self._peek(1), ")"):
            return refuse("star-not-allowed", self.place, token.at)
        return self._take("star", "*", token.at)

    # --- where an operator is wanted -----------------------------------------------------------------------------------

    def _operator(self, token: Token) -> Finding | None:
        if token.kind == "sign":
            return self._sign(token)
        word = token.text.lower() if token.kind == "name" else ""
        if word in _INFIX:
            self.pieces.append(Piece("keyword", word, token.at))
            self.wants_value = True
            return self._list_after_in() if word == "in" else None
        if word == "is":
            return self._is_null(token)
        if word == "not":
            return self._negated(token)
        if word in _CASE and self._in_case():
            return self._branch(word, token.at)
        return self._beside_value(token)

    def _sign(self, token: Token) -> Finding | None:
        inside = self.open[-1].kind if self.open else ""
        if token.text in _SIGNS:
            self.pieces.append(Piece("sign", "<>" if token.text == "!=" else token.text, token.at))
            self.wants_value = True
            return None
        if token.text == "," and inside in ("call", "list"):
            self.pieces.append(Piece("sign", ",", token.at))
            self.wants_value = True
            return None
        if token.text == ")" and inside in ("(", "call", "list"):
            self.pieces.append(Piece("sign", ")", token.at))
            self._pop()
            return None
        if token.text == ":":
            return self._period(token)
        if token.text == "(":
            return self._misplaced(token, "两个值之间缺少运算符", "an operator is missing between two values")
        return self._misplaced(token, "这里不该出现这个符号", "this sign does not belong here")

    def _period(self, token: Token) -> Finding | None:
        """`period: all` inside indicator(…) is written as the text 'all'."""
        named, value = self.pieces[-1], self._peek(1)
        is_in_call = bool(self.open) and self.open[-1].kind == "call"
        if is_in_call and named.role == "name" and named.text == "period" and value is not None and value.kind == "name":
            self.pieces[-1] = Piece("text", value.text, value.at)
            self.i += 1
            return None
        return refuse("placeholder-not-allowed", self.place, token.at, word=":" + (value.text if value else ""))

    def _is_null(self, token: Token) -> Finding | None:
        words = [following.text.lower() for following in self.tokens[self.i + 1 : self.i + 3] if following.kind == "name"]
        self.pieces.append(Piece("keyword", "is", token.at))
        if words[:1] == ["null"]:
            self.pieces.append(Piece("keyword", "null", token.at))
            self.i += 1
            return None
        if words == ["not", "null"]:
            self.pieces += [Piece("keyword", "not", token.at), Piece("keyword", "null", token.at)]
            self.i += 2
            return None
        return refuse(
            "operator-not-allowed",
            self.place,
            token.at,
            word="is " + " ".join(words),
            advice_zh="空值判断写 is null 或 is not null；比较写 = 或 <>",
            advice_en="write is null or is not null; compare with = or <>",
        )

    def _negated(self, token: Token) -> Finding | None:
        following = self._peek(1)
        word = following.text.lower() if following is not None and following.kind == "name" else ""
        if word not in ("in", "between", "like"):
            return self._misplaced(token, "两个条件之间缺少 and 或 or", "and or or is missing between two conditions")
        self.pieces += [Piece("keyword", "not", token.at), Piece("keyword", word, token.at)]
        self.wants_value = True
        self.i += 1
        return self._list_after_in() if word == "in" else None

    def _list_after_in(self) -> Finding | None:
        following = self._peek(1)
        if following is None or following.kind == "name" or _is_sign(following, "("):
            return None
        return self._misplaced(following, "in 后面要写列表", "a list follows 'in'", ("写 in ('a', 'b')", "write in ('a', 'b')"))

    # --- brackets, case, prefixes ---------------------------------------------------------------------------------------

    def _branch(self, word: str, at: int) -> Finding | None:
        """when, then, else, end in their order; `when` also opens a case without a value before it."""
        case = self.open[-1]
        if word not in {"case": ("when",), "when": ("then",), "then": ("when", "else", "end"), "else": ("end",)}[case.last]:
            return self._misplaced(
                Token("name", word, at),
                "case 的顺序不对",
                "the parts of case are out of order",
                ("写 case when 条件 then 值 else 值 end", "write case when condition then value else value end"),
            )
        self.pieces.append(Piece("keyword", word, at))
        case.last = word
        if word == "end":
            self._pop()
            return None
        self.wants_value = True
        self.prefixes = 0
        return None

    def _push(self, kind: OneOf["(", "call", "list", "case"], at: int) -> Finding | None:
        if kind == "call":
            self.pieces.append(Piece("sign", "(", at))
        weight = 1 + self.prefixes
        self.open.append(_Bracket(kind, at, weight))
        self.depth += weight
        self.prefixes = 0
        self.wants_value = True
        return self._too_deep(at)

    def _pop(self) -> None:
        self.depth -= self.open.pop().weight
        self.wants_value = False

    def _prefix(self, token: Token) -> Finding | None:
        self.prefixes += 1
        self.pieces.append(Piece("prefix", token.text.lower(), token.at))
        return self._too_deep(token.at)

    def _too_deep(self, at: int) -> Finding | None:
        return refuse("expression-too-deep", self.place, at, limit=DEPTH) if self.depth + self.prefixes > DEPTH else None

    def _take(self, role: Role, text: str, at: int) -> Finding | None:
        """A value is always welcome here; the answer has the shape of the other readers so that they can end with it."""
        self.pieces.append(Piece(role, text, at))
        self.prefixes = 0
        self.wants_value = False
        return None

    # --- what was seen, and what is wrong ----------------------------------------------------------------------------------

    def _peek(self, ahead: int) -> Token | None:
        return self.tokens[self.i + ahead] if self.i + ahead < len(self.tokens) else None

    def _follows(self, word: str) -> bool:
        return bool(self.pieces) and self.pieces[-1].text == word

    def _follows_call(self) -> bool:
        return len(self.pieces) > 1 and self.pieces[-1].text == "(" and self.pieces[-2].role == "function"

    def _in_case(self) -> bool:
        return bool(self.open) and self.open[-1].kind == "case"

    def _end(self) -> Finding | None:
        last = self.tokens[-1]
        if self.wants_value:
            return self._misplaced(last, "后面缺少一个值", "a value is missing after this")
        if self.open:
            opened = self.open[-1]
            word = "case" if opened.kind == "case" else "("
            closing = "end" if opened.kind == "case" else ")"
            return self._misplaced(
                Token("sign", word, opened.at), f"没有对应的「{closing}」", f"it has no '{closing}'", (f"补上 {closing}", f"add {closing}")
            )
        return None

    def _misplaced(self, token: Token, why_zh: str, why_en: str, advice: tuple[str, str] = _LOOK) -> Finding:
        words = {"word": token.text[:30], "why_zh": why_zh, "why_en": why_en, "advice_zh": advice[0], "advice_en": advice[1]}
        return refuse("expression-syntax", self.place, token.at, **words)

    def _beside_value(self, token: Token) -> Finding:
        """Two values side by side: often a word of SQL that has no place here, either this one or the one before."""
        before = self.pieces[-1]
        for word, at in ((before.text.lower(), before.at) if before.role == "name" else ("", 0), (token.text.lower(), token.at)):
            if word in SQL_WORDS:
                return refuse(SQL_WORDS[word], self.place, at, word=word)
            if word in OPERATOR_WORDS:
                advice_zh, advice_en = OPERATOR_WORDS[word]
                return refuse("operator-not-allowed", self.place, at, word=word, advice_zh=advice_zh, advice_en=advice_en)
        return self._misplaced(token, "两个值之间缺少运算符", "an operator is missing between two values")


def _is_sign(token: Token | None, sign: str) -> bool:
    return token is not None and token.kind == "sign" and token.text == sign


def read_pieces(tokens: list[Token], place: Place) -> tuple[list[Piece], list[Finding]]:
    """The pieces of the formula; the finding is the first place where it is not well formed, and the pieces end there."""
    if not tokens:
        return [], [refuse("expression-empty", place)]
    reader = _Reader(tokens, place)
    problem = reader.read()
    return reader.pieces, [] if problem is None else [problem]
