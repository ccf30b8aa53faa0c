"""Builds plain values from the events of a reader one by one, so that a bomb is refused at its limit and never unfolds."""

from typing import Any

from msgspec import Struct

from engine.findings import Finding, Place
from engine.loading.refusals import refuse, shortened
from engine.loading.scalars import HIDDEN, Scalar
from engine.loading.source_map import Path, Spot

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_VALUES = 50_000
MAX_FINDINGS = 20


class Mark(Struct, frozen=True):
    """A point in the text: index, line and column, all counted from 0 (记号)."""

    index: int
    line: int
    column: int


class Stopped(Exception):
    """Reading ends here: a limit is reached, or enough is wrong; the builder holds the findings."""


class _Level:
    """One open map or list: what it holds so far, and for a map which keys it has seen and which waits for its value."""

    __slots__ = ("key", "keys", "path", "start", "value")

    def __init__(self, path: Path, start: Any, value: dict[str, Any] | list[Any]) -> None:
        self.path = path
        self.start = start
        self.value = value
        self.keys: dict[str, Any] = {}
        self.key: tuple[str, Any] | None = None


class ValueBuilder:
    """Takes the events of a file in their order and gives its plain value, the spots of its parts and the findings on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Any = None
        self.is_empty = True
        self.spots: dict[Path, Spot] = {}
        self.findings: list[Finding] = []
        self._open: list[_Level] = []
        self._count = 0

    def refuse(self, code: str, mark: Any, **words: object) -> None:
        """Notes a finding at a mark; raises Stopped when there are enough."""
        self.findings.append(refuse(code, self.place(mark), **words))
        if len(self.findings) >= MAX_FINDINGS:
            raise Stopped

    def place(self, mark: Any) -> Place:
        """The place of a mark."""
        return Place(self.file, mark.line + 1, mark.column + 1)

    def waits_for_key(self) -> bool:
        """Whether the next value is the key of an open map."""
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def key(self, name: str, mark: Any) -> None:
        """The key of the value that comes next; a key that was there before is a finding with both places."""
        level = self._open[-1]
        if name in level.keys:
            self.refuse("duplicate-key", mark, key=shortened(name), line=level.keys[name].line + 1)
        elif HIDDEN.search(name):
            self._hidden(name, mark)
        level.keys[name] = mark
        level.key = (name, mark)

    def scalar(self, value: Scalar, start: Any, end: Any, style: str) -> None:
        """A value that is no map and no list."""
        if style == '"' and isinstance(value, str) and HIDDEN.search(value):
            self._hidden(value, start)
        path, key_mark = self._put(value, start)
        self.spots[path] = Spot(key_mark.line + 1, key_mark.column + 1, start.line + 1, start.column + 1, start.index, end.index, style)

    def begin(self, value: dict[str, Any] | list[Any], start: Any) -> None:
        """A map or a list opens."""
        if len(self._open) >= MAX_DEPTH:
            self.findings.append(refuse("too-deep", self.place(start), limit=MAX_DEPTH))
            raise Stopped
        path, key_mark = self._put(value, start)
        self.spots[path] = Spot(key_mark.line + 1, key_mark.column + 1, start.line + 1, start.column + 1, start.index, start.index)
        self._open.append(_Level(path, start, value))

    def end(self) -> None:
        """The innermost map or list closes."""
        self._open.pop()

    def _put(self, value: Any, start: Any) -> tuple[Path, Any]:
        self._count += 1
        if self._count > MAX_VALUES:
            self.findings.append(refuse("too-many-values", self.place(start), limit=MAX_VALUES))
            raise Stopped
        if not self._open:
            self.root, self.is_empty = value, False
            return (), start
        level = self._open[-1]
        if isinstance(level.value, list):
            level.value.append(value)
            return (*level.path, len(level.value) - 1), start
        name, key_mark = level.key or ("", start)
        level.key = None
        level.value.setdefault(name, value)
        return (*level.path, name), key_mark

    def _hidden(self, text: str, mark: Any) -> None:
        found = HIDDEN.search(text)
        if found:
            self.refuse("hidden-text", mark, code_point=f"U+{ord(found[0]):04X}")
