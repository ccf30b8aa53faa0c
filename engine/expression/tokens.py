"""The text is cut into pieces by us, before any parser sees it: what is not on the list of characters goes no further."""

import re
import unicodedata
from typing import Literal as OneOf

from msgspec import Struct

from engine.expression.refusals import refuse
from engine.findings import Finding, Place

Kind = OneOf["name", "text", "number", "sign"]
Role = OneOf["name", "function", "text", "number", "date", "timestamp", "keyword", "sign", "prefix", "star"]


class Token(Struct, frozen=True):
    """One piece of the text and where it starts, counted from 0; for a text its content without quotes (词元)."""

    kind: Kind
    text: str
    at: int


class Piece(Struct, frozen=True):
    """A token whose role in the formula is known; a keyword is in lower case (成分)."""

    role: Role
    text: str
    at: int


_WORD = r"[A-Za-z_\u3400-\u4dbf\u4e00-\u9fff][A-Za-z0-9_\u3400-\u4dbf\u4e00-\u9fff]*"
_PIECES = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
       | (?P<comment>--(?![\w(.'])[^\n]*|/\*.*?\*/)
       | (?P<text>'(?:[^']|'')*')
       | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d{{1,3}})?(?![\w.]))
       | (?P<name>{_WORD}(?:\.{_WORD})*)
       | (?P<sign><>|!=|<=(?!>)|>=|[-+*/=<>(),:])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# What people write instead, longest first: (sign, code, advice in Chinese, advice in English).
_REFUSED_SIGNS: tuple[tuple[str, str, str, str], ...] = (
    ("::", "cast-not-allowed", "", ""),
    (";", "more-than-one-statement", "", ""),
    ("$", "placeholder-not-allowed", "", ""),
    ("?", "placeholder-not-allowed", "", ""),
    ("{", "placeholder-not-allowed", "", ""),
    ("}", "placeholder-not-allowed", "", ""),
    ("/*", "unclosed-comment", "", ""),
    ("'", "unclosed-text", "", ""),
    ('"', "double-quotes", "", ""),
    ("--", "double-minus", "", ""),
    ("<=>", "operator-not-allowed", "比较写 =", "compare with ="),
    ("||", "operator-not-allowed", "拼接文字写 concat(a, b)", "join text with concat(a, b)"),
    ("==", "operator-not-allowed", "比较写 =", "compare with ="),
    ("=>", "operator-not-allowed", "大于等于写 >=", "greater or equal is >="),
    ("=<", "operator-not-allowed", "小于等于写 <=", "less or equal is <="),
    (":=", "operator-not-allowed", "公式里不能赋值", "a formula assigns nothing"),
    ("->", "operator-not-allowed", "只能用 + - * / 和比较", "only + - * / and comparisons are there"),
    ("<<", "operator-not-allowed", "只能用 + - * / 和比较", "only + - * / and comparisons are there"),
    (">>", "operator-not-allowed", "只能用 + - * / 和比较", "only + - * / and comparisons are there"),
    ("**", "operator-not-allowed", "只能用 + - * / 和比较", "only + - * / and comparisons are there"),
    ("//", "operator-not-allowed", "写 floor(a / b)", "write floor(a / b)"),
    ("%", "operator-not-allowed", "百分比由单位 % 表示，公式里只写数值", "per cent is said by the unit; a formula holds the number only"),
    ("&", "operator-not-allowed", "两个条件之间写 and", "write and between two conditions"),
    ("|", "operator-not-allowed", "两个条件之间写 or", "write or between two conditions"),
    ("!", "operator-not-allowed", "否定写 not", "write not"),
    ("^", "operator-not-allowed", "平方写 x * x", "write x * x for a square"),
    ("~", "operator-not-allowed", "匹配写 like", "match with like"),
    ("@", "operator-not-allowed", "绝对值写 abs(x)", "write abs(x)"),
    ("[", "operator-not-allowed", "列表写 in (…)", "a list is written in (…)"),
    ("]", "operator-not-allowed", "列表写 in (…)", "a list is written in (…)"),
)
_REFUSED_PAIRS = frozenset(("--", "/*", "::", ":=", "==", "=>", "=<", "->", "<<", ">>", "**", "//"))
_LONGEST_FIRST = sorted(_REFUSED_SIGNS, key=lambda row: -len(row[0]))
_TWINS = dict(zip("×÷−–—≥≤≠‘’“”、。", ("*", "/", "-", "-", "-", ">=", "<=", "<>", "'", "'", "'", "'", ",", "."), strict=True))


def read_tokens(text: str, place: Place) -> tuple[list[Token], list[Finding]]:
    """The pieces of the text without spaces and comments, or the first character that cannot be read."""
    hidden = _hidden_character(text, place)
    if hidden is not None:
        return [], [hidden]
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _PIECES.match(text, at)
        if found is None or (found.lastgroup == "sign" and _is_refused_sign(text, at)):
            return [], [_unreadable(text, at, place)]
        token = _token(found.lastgroup or "space", found.group(), at)
        if token is not None:
            problem = _too_long(token, place)
            if problem is not None:
                return [], [problem]
            tokens.append(token)
        at = found.end()
    return tokens, []


def _token(group: str, piece: str, at: int) -> Token | None:
    match group:
        case "text":
            return Token("text", piece[1:-1].replace("''", "'"), at)
        case "name" | "number" | "sign":
            return Token(group, piece, at)
        case _:
            return None


def _hidden_character(text: str, place: Place) -> Finding | None:
    for at, char in enumerate(text):
        category = unicodedata.category(char)
        is_hidden = category in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp") and char not in "\t\r\n"
        if is_hidden or (category == "Zs" and char not in " \u3000"):
            return refuse("hidden-character", place, at, nth=at + 1, code_point=f"U+{ord(char):04X}")
    return None


def _is_refused_sign(text: str, at: int) -> bool:
    """Two allowed signs may make a refused one: '==' is not '=' twice."""
    return text[at : at + 2] in _REFUSED_PAIRS or text.startswith("<=>", at)


def _unreadable(text: str, at: int, place: Place) -> Finding:
    for sign, code, advice_zh, advice_en in _LONGEST_FIRST:
        if text.startswith(sign, at):
            return refuse(code, place, at, word=sign, advice_zh=advice_zh, advice_en=advice_en)
    char = text[at]
    if char.isascii() and (char.isdigit() or char == "."):
        said = re.compile(r"[\w.]+").match(text, at)
        why = {"why_zh": "这不是一个数或名称", "why_en": "this is neither a number nor a name"}
        advice = {
            "advice_zh": "数写成 0.5 或 1200，名称以字母开头",
            "advice_en": "write numbers as 0.5 or 1200; a name starts with a letter",
        }
        return refuse("expression-syntax", place, at, word=said.group()[:20] if said else char, **why, **advice)
    return _foreign(char, place, at)


def _foreign(char: str, place: Place, at: int) -> Finding:
    twin = _TWINS.get(char) or unicodedata.normalize("NFKC", char)
    if unicodedata.east_asian_width(char) in ("F", "W") and twin != char:
        return refuse("full-width-character", place, at, word=char, twin=twin)
    if twin != char:
        return refuse("character-not-allowed", place, at, word=char, advice_zh=f"改写为「{twin}」", advice_en=f"write '{twin}'")
    advice_zh = "名称用英文字母、数字、下划线或汉字；文字写在单引号里"
    advice_en = "names use letters a to z, digits, _ or Chinese characters; text stands in single quotes"
    return refuse("character-not-allowed", place, at, word=char, advice_zh=advice_zh, advice_en=advice_en)


def _too_long(token: Token, place: Place) -> Finding | None:
    if token.kind == "number":
        mantissa, _, exponent = token.text.lower().partition("e")
        whole, _, rest = mantissa.partition(".")
        if len(whole.lstrip("0")) > 18 or len(rest) > 18 or (exponent and abs(int(exponent)) > 18):
            return refuse("number-too-long", place, token.at, word=token.text[:24])
    if token.kind == "name":
        steps = token.text.split(".")
        if len(steps) > 8 or any(len(step) > 63 for step in steps):
            return refuse("name-too-long", place, token.at, word=token.text[:24])
    return None
