"""What a bare word in YAML means: YAML 1.2, so that `on`, `no` and 2026-01-05 stay text, and nothing guesses."""

import math
import re

from engine.findings import Finding, Place
from engine.loading.refusals import refuse, shortened

Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LONGEST_NUMBER = 40
_STARTS_NUMBER = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_EIGHT_OR_SIXTEEN = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_GREATEST = 10**18

# What no eye sees, or what turns the order of the letters around. Line breaks other than \n and \r\n are here too:
# editors and the reader would count lines differently.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def read_word(word: str, place: Place) -> tuple[Scalar, Finding | None]:
    """The value of a bare word, or the finding why it has none: numbers that would silently change are refused."""
    if word in _WORDS:
        return _WORDS[word], None
    if word[0] not in _STARTS_NUMBER:
        return word, None
    if _INTEGER.fullmatch(word) or _EIGHT_OR_SIXTEEN.fullmatch(word):
        return _integer(word, place)
    if _DECIMAL.fullmatch(word):
        return _decimal(word, place)
    if _NO_NUMBER.fullmatch(word):
        return None, refuse("not-a-number", place, word=word)
    return word, None


def _integer(word: str, place: Place) -> tuple[Scalar, Finding | None]:
    if len(word) > _LONGEST_NUMBER:
        return None, refuse("number-too-long", place, word=shortened(word, 24))
    if _LEADING_ZERO.fullmatch(word):
        return None, refuse("leading-zero", place, word=word, number=int(word))
    number = int(word, 0) if word[:2] in ("0x", "0o") else int(word)
    if abs(number) >= _GREATEST:
        return None, refuse("number-too-long", place, word=shortened(word, 24))
    return number, None


def _decimal(word: str, place: Place) -> tuple[Scalar, Finding | None]:
    number = float(word) if len(word) <= _LONGEST_NUMBER else math.inf
    if not math.isfinite(number):
        return None, refuse("number-too-long", place, word=shortened(word, 24))
    return number, None
