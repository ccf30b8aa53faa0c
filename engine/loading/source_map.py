"""Remembers where every key and every value of a file stood, so that a finding can point at a word and not at a file."""

import re
from typing import Any

from msgspec import Struct

from engine.findings import Place

Path = tuple[str | int, ...]

# One token is one character of the value: an escape, a doubled quote, or the character itself.
_DOUBLE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r?\n[ \t]*|.)|.", re.DOTALL)
_SINGLE = re.compile(r"''|.", re.DOTALL)
_ANY = re.compile(r".", re.DOTALL)


class Spot(Struct, frozen=True):
    """Where one value stands: the place of its key, its own place, and the span of its text in the file (落点)."""

    key_line: int
    key_column: int
    line: int
    column: int
    start: int
    end: int
    style: str = ""


class SourceMap(Struct, frozen=True):
    """The places of one file: path to spot, the text they lie in and the value that was read from it (位置表)."""

    file: str
    text: str
    spots: dict[Path, Spot]
    value: Any = None

    def has(self, *path: str | int) -> bool:
        """Whether something is written at the path."""
        return path in self.spots

    def place(self, *path: str | int, of_key: bool = False, offset: int = 0) -> Place:
        """The place of a path, or of the nearest part above it that is written; offset counts characters into a scalar's value."""
        for length in range(len(path), -1, -1):
            spot = self.spots.get(path[:length])
            if spot is None:
                continue
            if of_key:
                return Place(self.file, spot.key_line, spot.key_column)
            if offset and length == len(path):
                return self._inside(spot, str(value_at(self.value, path)), offset)
            return Place(self.file, spot.line, spot.column)
        return Place(self.file)

    def _inside(self, spot: Spot, value: str, offset: int) -> Place:
        raw = self.text[spot.start : spot.end]
        head, tokens = _tokens(raw, spot.style)
        index = head + sum(len(token) for token in tokens[: _token_at(tokens, value, offset)])
        before = raw[:index]
        line = spot.line + before.count("\n")
        column = spot.column + index if "\n" not in before else index - before.rfind("\n")
        return Place(self.file, line, column)


def _tokens(raw: str, style: str) -> tuple[int, list[str]]:
    """Where the text of a scalar begins in its raw form, and one token for each character written there."""
    if style == '"':
        return 1, _DOUBLE.findall(raw[1:-1])
    if style == "'":
        return 1, _SINGLE.findall(raw[1:-1])
    if style in ("|", ">"):
        head = raw.find("\n") + 1
        return head, _ANY.findall(raw[head:])
    return 0, _ANY.findall(raw)


def _token_at(tokens: list[str], value: str, offset: int) -> int:
    """Which token writes the character at the offset of the value.

    On one line it is the token of that number. Where lines are folded, blanks come and go: only the other characters are counted.
    """
    if not any("\n" in token for token in tokens):
        return min(offset, len(tokens))
    wanted = sum(not char.isspace() for char in value[:offset])
    for index, token in enumerate(tokens):
        if token.isspace() or token.startswith(("\\n", "\\t", "\\r", "\\ ", "\\\n")):
            continue
        if wanted == 0:
            return index
        wanted -= 1
    return len(tokens)


def value_at(value: Any, path: Path) -> Any:
    """What stands at a path of a plain value; None when nothing does."""
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
