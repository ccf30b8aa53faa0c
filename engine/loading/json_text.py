"""Reads JSON definitions with places; the standard reader gives none and lets NaN, doubled keys and deep nesting through."""

import re
from typing import Any

from engine.findings import Finding
from engine.loading.events import Mark, Stopped, ValueBuilder
from engine.loading.refusals import refuse
from engine.loading.scalars import read_word

_BLANK = re.compile(r"[ \t\r\n]*")
_TEXT = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"')
_WORD = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_.])|(?:true|false|null)(?![0-9A-Za-z_])")
_ESCAPE = re.compile(r"\\u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\(.)")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

EXPECTED = {
    "value": (
        "这里应是一个值",
        "a value is wanted here",
        "写文字（双引号）、数、true、false、null、{…} 或 […]",
        "write a text in double quotes, a number, true, false, null, {…} or […]",
    ),
    "key": ("这里应是双引号里的名称", "a name in double quotes is wanted here", '写成 "名称": 值', 'write "name": value'),
    ":": ("名称后面缺少冒号", "the colon after a name is missing", '写成 "名称": 值', 'write "name": value'),
    ",": ("这里应是逗号或结尾的括号", "a comma or the closing bracket is wanted here", "检查逗号和括号", "check commas and brackets"),
    "end": ("前面的内容已经结束，这里又有内容", "the definition has ended, and here is more", "删除多余的内容", "delete what is too much"),
}


class _Reader:
    """Walks the text once, without recursion; what it expects next is its state."""

    def __init__(self, text: str, builder: ValueBuilder) -> None:
        self.text = text
        self.builder = builder
        self.at = 0
        self.closers: list[str] = []
        self._line = 0
        self._line_start = 0
        self._counted = 0

    def mark(self, index: int) -> Mark:
        """The line and column of an index that lies at or after the last one asked."""
        breaks = self.text.count("\n", self._counted, index)
        if breaks:
            self._line += breaks
            self._line_start = self.text.rfind("\n", self._counted, index) + 1
        self._counted = index
        return Mark(index, self._line, index - self._line_start)

    def fail(self, wanted: str) -> Finding:
        why_zh, why_en, advice_zh, advice_en = EXPECTED[wanted]
        place = self.builder.place(self.mark(self.at))
        return refuse("json-syntax", place, why_zh=why_zh, why_en=why_en, advice_zh=advice_zh, advice_en=advice_en)

    def skip(self) -> str:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def read(self) -> Finding | None:
        """Reads value after value until the text ends or does not go on as JSON."""
        problem = self.value()
        while problem is None and self.closers:
            problem = self.after_value()
        if problem is None and self.skip():
            problem = self.fail("end")
        return problem

    def value(self) -> Finding | None:
        sign = self.skip()
        start = self.mark(self.at)
        if sign in ("{", "["):
            return self.open(sign, start)
        found = (_TEXT if sign == '"' else _WORD).match(self.text, self.at)
        if found is None:
            return self.fail("value")
        value: Any = None
        if sign == '"':
            value = _unescaped(found[0])
        else:
            value, problem = read_word(found[0], self.builder.place(start))
            if problem:
                self.builder.findings.append(problem)
        self.at = found.end()
        self.builder.scalar(value, start, Mark(self.at, start.line, start.column), '"' if sign == '"' else "")
        return None

    def open(self, sign: str, start: Mark) -> Finding | None:
        container: dict[str, Any] | list[Any] = {} if sign == "{" else []
        self.builder.begin(container, start)
        self.at += 1
        self.closers.append("}" if sign == "{" else "]")
        if self.skip() == self.closers[-1]:
            self.close()
            return None
        return self.key() if sign == "{" else self.value()

    def key(self) -> Finding | None:
        found = _TEXT.match(self.text, self.at) if self.skip() == '"' else None
        if found is None:
            return self.fail("key")
        self.builder.key(_unescaped(found[0]), self.mark(self.at))
        self.at = found.end()
        if self.skip() != ":":
            return self.fail(":")
        self.at += 1
        return self.value()

    def after_value(self) -> Finding | None:
        sign = self.skip()
        if sign == self.closers[-1]:
            self.close()
            return None
        if sign != ",":
            return self.fail(",")
        self.at += 1
        return self.key() if self.closers[-1] == "}" else self.value()

    def close(self) -> None:
        self.at += 1
        self.closers.pop()
        self.builder.end()


def read_json(text: str, builder: ValueBuilder) -> Finding | None:
    """Feeds a JSON text to the builder; returns the finding of the first thing that is no JSON."""
    reader = _Reader(text, builder)
    if not reader.skip():
        return None
    try:
        return reader.read()
    except Stopped:
        return None


def _unescaped(raw: str) -> str:
    return _ESCAPE.sub(_character, raw[1:-1]) if "\\" in raw else raw[1:-1]


def _character(found: re.Match[str]) -> str:
    if found[1]:
        high, low = int(found[1], 16) - 0xD800, int(found[2], 16) - 0xDC00
        return chr(0x10000 + (high << 10) + low)
    if found[3]:
        return chr(int(found[3], 16))
    return _LETTERS.get(found[4], found[4])
