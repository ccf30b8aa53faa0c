"""Files that mean harm, or were made by a broken disk, each with a harmless twin that must be accepted."""

import json
from collections.abc import Iterator

from msgspec import Struct

from tests.engine.loading.hostile_case import HEAD, JSON, MEANING, Row, row
from tests.engine.loading.hostile_words import documents, keys, numbers, shapes, syntax, tags


class Case(Struct, frozen=True):
    """A hostile file and its twin: bytes, and the name the file has (敌意文件)."""

    name: str
    hostile: bytes
    benign: bytes
    file: str = "a/c.indicator.yaml"


def cases() -> list[Case]:
    """All cases; names are unique."""
    makers = (bombs, nesting, sizes, hidden, encodings, keys, numbers, tags, documents, syntax, shapes, json_texts, junk)
    return [Case(name, _bytes(hostile), _bytes(benign), file) for maker in makers for name, hostile, benign, file in maker()]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def bombs() -> Iterator[Row]:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 11))
    yield row("billion laughs", HEAD + laughs, MEANING + "十亿次大笑")
    yield row(
        "merge bomb", "x0: &x0 {k: v}\n" + "".join(f"x{i}: &x{i} {{<<: [*x{i - 1}, *x{i - 1}]}}\n" for i in range(1, 60)), MEANING + "合并"
    )
    yield row(
        "merge chain of 5 000", "x0: &x0 {k: v}\n" + "".join(f"x{i}: &x{i} {{<<: *x{i - 1}}}\n" for i in range(1, 5000)), MEANING + "链"
    )
    yield row("merge of a text", HEAD + "<<: text\n", MEANING + '"<<: text"')
    yield row("merge of a list", HEAD + "<<: [a, b]\n", MEANING + "'<<'")
    yield row("an anchor that holds itself", "a: &a [*a]\n", MEANING + "a a")
    yield row("a map that holds itself", "&a {k: *a}\n", MEANING + "k a")
    yield row("an anchor that nothing names", HEAD + "meaning: &m text\n", MEANING + '"&m text"')
    yield row("an anchor on a key", HEAD + "&k meaning: text\n", MEANING + "text")
    yield row("an anchor on the whole", "&whole\n" + HEAD, "# &whole\n" + HEAD)
    yield row("a reference to nothing", HEAD + "meaning: *nothing\n", MEANING + '"*nothing"')
    yield row("a reference as a key", "t: &t title\n*t : x\n", MEANING + "x")
    yield row("ten thousand anchors", HEAD + "".join(f"m{i}: &m{i} x\n" for i in range(10_000)), MEANING + "m " * 10_000)
    yield row("an anchor with a name of 100 000", HEAD + f"meaning: &{'m' * 100_000} x\n", MEANING + "m" * 100_000)


def nesting() -> Iterator[Row]:
    for depth in (51, 1_000, 5_000, 100_000):
        yield row(f"{depth} brackets", HEAD + "meaning: " + "[" * depth, MEANING + '"' + "[" * min(depth, 5_000) + '"')
        yield row(f"{depth} braces", HEAD + "meaning: " + "{a: " * depth, MEANING + '"' + "{" * min(depth, 5_000) + '"')
    for depth in (51, 700):
        yield row(f"{depth} nested maps", "".join("  " * i + f"k{i}:\n" for i in range(depth)), MEANING + "k " * depth)
        yield row(f"{depth} lists on a line", HEAD + "meaning:\n  " + "- " * depth + "x\n", MEANING + "'" + "- " * depth + "x'")
        yield row(f"{depth} questions", "? " * depth + "x\n", MEANING + "'" + "? " * depth + "'")
    yield row("5 000 brackets, closed", HEAD + "meaning: " + "[" * 5_000 + "]" * 5_000, MEANING + "'" + "[" * 5_000 + "]" * 5_000 + "'")
    yield row("brackets and braces in turn", HEAD + "meaning: " + "[{a: " * 2_000, MEANING + "'" + "[{" * 2_000 + "'")
    yield row("brackets, one a line", HEAD + "meaning:\n" + " [\n" * 5_000, MEANING + "|\n" + "  [\n" * 5_000)


def sizes() -> Iterator[Row]:
    yield row("a million and one bytes", MEANING + "x" * 1_000_001, MEANING + "x" * 900_000)
    yield row("twenty million bytes", "#" * 20_000_000, MEANING + "#" * 100_000)
    yield row("a comment of a million", "#" * 1_000_001 + "\n" + HEAD, "#" * 500_000 + "\n" + HEAD)
    yield row("a million blank lines", "\n" * 1_000_001 + HEAD, "\n" * 10_000 + HEAD)
    yield row("200 000 list items", HEAD + "by: [" + "a," * 200_000 + "]", HEAD + "by: [" + ",".join(["a.b"] * 2_000) + "]")
    yield row("150 000 lines of a list", HEAD + "by:\n" + "- a\n" * 150_000, HEAD + "by:\n" + "- a.b\n" * 1_000)
    yield row(
        "80 000 keys",
        HEAD + "".join(f"k{i}: 1\n" for i in range(80_000)),
        HEAD + "levels: {above: {" + ", ".join(f"k{i}: 1" for i in range(500)) + "}}",
    )
    yield row("120 000 empty maps", HEAD + "by: [" + "{}," * 120_000 + "]", MEANING + "'" + "{}" * 10_000 + "'")
    yield row("one key of 500 000", "k" * 500_000 + ": 1\n", MEANING + "k" * 500_000)
    yield row("a flow key of 2 000", HEAD + "{" + "k" * 2_000 + ": 1}", MEANING + "'{" + "k" * 2_000 + "'")
    yield row("a line of colons", ":" * 500_000, MEANING + "'" + ":" * 100_000 + "'")
    yield row("a line of question marks", "? " * 400_000, MEANING + "'" + "? " * 100_000 + "'")
    yield row("a line of quotes", '"' * 500_001, MEANING + "'" + '"' * 100_000 + "'")
    yield row("a line of bars", "|" * 500_000, MEANING + "'" + "|" * 100_000 + "'")
    yield row("a line of commas in brackets", HEAD + "by: [" + "," * 500_000 + "]", MEANING + "'" + "," * 100_000 + "'")
    yield row("a line of ampersands", "&" * 500_000, MEANING + "'" + "&" * 100_000 + "'")
    yield row("a line of exclamation marks", "!" * 500_000, MEANING + "'" + "!" * 100_000 + "'")
    yield row("a line of percent signs", "%" * 500_000, MEANING + "'" + "%" * 100_000 + "'")
    yield row("a line of tabs", "\t" * 500_000, MEANING + "x" + " " * 100_000)
    yield row("a line of minus signs", "- " * 400_000, MEANING + "'" + "- " * 100_000 + "'")


HIDDEN = {
    "NUL": "\x00",
    "bell": "\x07",
    "backspace": "\x08",
    "vertical tab": "\x0b",
    "form feed": "\x0c",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "control 9F": "\x9f",
    "soft hyphen": "\xad",
    "Arabic letter mark": "\u061c",
    "Hangul filler": "\u3164",
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "left-to-right embedding": "\u202a",
    "right-to-left override": "\u202e",
    "word joiner": "\u2060",
    "left-to-right isolate": "\u2066",
    "first strong isolate": "\u2068",
    "pop isolate": "\u2069",
    "byte order mark inside": "\ufeff",
    "interlinear anchor": "\ufff9",
    "no character FFFE": "\ufffe",
    "no character FFFF": "\uffff",
    "tag letter": "\U000e0041",
}
VISIBLE = "é ñ ü 中 文 字 ℃ ㎡ ³ № ① 〇 ～ … — ￥ € Ω α я א ع ก あ ア 한 😀 𠮷 ŋ".split()


def hidden() -> Iterator[Row]:
    for (name, char), twin in zip(HIDDEN.items(), VISIBLE, strict=False):
        yield row(f"{name} in a value", MEANING + f"a{char}b\n", MEANING + f"a{twin}b\n")
    for name in ("NUL", "right-to-left override", "zero width space", "tag letter", "line separator"):
        code = ord(HIDDEN[name])
        escape = f"\\U{code:08x}"
        yield row(f"{name} as an escape", MEANING + f'"a{escape}b"\n', MEANING + f"'a{escape}b'\n")
        yield row(f"{name} in a key", HEAD + f'"me{escape}aning": x\n', HEAD + '"meaning": x\n')
        yield row(f"{name} in a comment", f"# a{HIDDEN[name]}b\n" + HEAD, "# a b\n" + HEAD)


def encodings() -> Iterator[Row]:
    yield row("UTF-16 with its mark", HEAD.encode("utf-16"), b"\xef\xbb\xbf" + HEAD.encode())
    yield row("UTF-16, cut off", HEAD.encode("utf-16")[:-1], HEAD)
    yield row("UTF-16 without a mark", HEAD.encode("utf-16-le"), HEAD.replace("\n", "\r\n"))
    yield row("UTF-32", HEAD.encode("utf-32"), HEAD + "\n\n")
    yield row("GB 18030", HEAD.encode("gb18030"), HEAD + "# 国标\n")
    yield row("Latin 1", "title: é\nunit: t\n".encode("latin-1"), MEANING + "é")
    yield row("a letter cut in two", HEAD.encode() + "meaning: 中".encode()[:-1], MEANING + "中")
    yield row("an overlong slash", HEAD.encode() + b"meaning: \xc0\xaf", MEANING + "/")
    yield row("an overlong zero", HEAD.encode() + b"meaning: \xc0\x80", MEANING + "zero")
    yield row("a lone surrogate", HEAD.encode() + b"meaning: \xed\xa0\x80", MEANING + "𐀀")
    yield row("a surrogate pair", HEAD.encode() + b"meaning: \xed\xa0\xbd\xed\xb8\x80", MEANING + "😀")
    yield row("beyond Unicode", HEAD.encode() + b"meaning: \xf4\x90\x80\x80", MEANING + "\U0010fffd")
    yield row("bytes FF", b"\xff" * 1000, MEANING + "ÿ" * 1000)
    yield row("a surrogate as an escape", MEANING + '"\\ud800"', MEANING + '"\\u4e2d"')
    yield row("an escape beyond Unicode", MEANING + '"\\U00110000"', MEANING + '"\\U0001F600"')
    yield row("two byte order marks", b"\xef\xbb\xbf" * 2 + HEAD.encode(), b"\xef\xbb\xbf" + HEAD.encode())


def json_texts() -> Iterator[Row]:
    plain = {"title": "清运量", "unit": "t", "of": "a.b", "modifier": {"yoy": {}}}
    good = json.dumps(plain, ensure_ascii=False)
    inside = good[:-1] + ', "meaning": '
    for name, hostile, benign in (
        ("a comma too many", good[:-1] + ",}", good),
        ("single quotes", good.replace('"', "'"), good + "\n"),
        ("a comment", good + " // x", " " + good),
        ("a YAML comment", good + " # x", "\t" + good),
        ("NaN", inside + "NaN}", inside + '"NaN"}'),
        ("Infinity", inside + "Infinity}", inside + '"Infinity"}'),
        ("undefined", inside + "undefined}", inside + "null}"),
        ("a key twice", good[:-1] + ', "unit": "kg"}', good[:-1] + ', "owner": "kg"}'),
        ("a key twice as an escape", good[:-1] + ', "\\u0075nit": "kg"}', good[:-1] + ', "\\u006fwner": "kg"}'),
        ("100 000 brackets", '{"title": ' + "[" * 100_000, inside + json.dumps("[" * 100_000) + "}"),
        ("100 000 braces", '{"a": ' * 100_000, inside + json.dumps("{" * 100_000) + "}"),
        ("a lone surrogate", inside + '"\\ud800"}', inside + '"\\ud83d\\ude00"}'),
        ("surrogates the wrong way round", inside + '"\\ude00\\ud83d"}', inside + '"\\u4e2d"}'),
        ("a line break in a text", inside + '"a\nb"}', inside + '"a\\nb"}'),
        ("a NUL as an escape", inside + '"\\u0000"}', inside + '"\\u0030"}'),
        ("an override as an escape", inside + '"\\u202e"}', inside + '"\\u202f"}'),
        ("an unknown escape", inside + '"\\x41"}', inside + '"\\/"}'),
        ("cut off", good[:-5], good),
        ("two values", good + good, good + "\r\n"),
        ("a leading zero", inside + '"x", "target": {"value": 01}}', inside + '"x", "target": {"value": 1}}'),
        ("a plus sign", inside + '"x", "target": {"value": +1}}', inside + '"x", "target": {"value": -1}}'),
        ("a point without digits", inside + '"x", "target": {"value": 1.}}', inside + '"x", "target": {"value": 1.5}}'),
        ("10 000 digits", inside + '"x", "target": {"value": ' + "9" * 10_000 + "}}", inside + '"x", "target": {"value": 99}}'),
        ("a great exponent", inside + '"x", "target": {"value": 1e9999}}', inside + '"x", "target": {"value": 1e99}}'),
        ("YAML", HEAD, good),
        ("nothing", "", good),
        ("a text", '"title"', good),
        ("a list", f"[{good}]", good),
        ("200 000 numbers", '{"by": [' + "1," * 200_000 + "1]}", good[:-1] + ', "by": [' + ", ".join(['"a.b"'] * 500) + "]}"),
        ("no colon", '{"title" "x"}', good),
        ("a key without quotes", "{title: 1}", good),
        ("brackets that cross", '{"a": [1}]', good[:-1] + ', "by": []}'),
    ):
        yield row(f"JSON: {name}", hostile, benign, JSON)


def junk() -> Iterator[Row]:
    yield row("all bytes", bytes(range(256)) * 16, MEANING + "x")
    yield row("an ELF file", b"\x7fELF\x02\x01\x01" + b"\x00" * 500, MEANING + "ELF")
    yield row("a ZIP file", b"PK\x03\x04\x14\x00\x08\x00" + b"\x00" * 500, MEANING + "PK")
    yield row("a PNG file", b"\x89PNG\r\n\x1a\n" + b"\x00" * 500, MEANING + "PNG")
    yield row("a gzip file", b"\x1f\x8b\x08\x00" + b"\xff" * 500, MEANING + "gzip")
    yield row("a page", "<!doctype html><script>alert(1)</script>", MEANING + "'<script>alert(1)</script>'")
    yield row("an XML bomb", '<!DOCTYPE l [<!ENTITY a "aaaa">]><l>&a;</l>', MEANING + "'<l>&a;</l>'")
    yield row("a shell script", "#!/bin/sh\nrm -rf /\n", "#!/bin/sh\n" + HEAD)
    yield row("a pickle", b"\x80\x04\x95\x1a\x00\x00\x00", MEANING + "pickle")
    yield row("a Python program", "import os\nos.system('ls')\n", MEANING + "import os")
    yield row("TOML", 'title = "x"\nunit = "t"\n', HEAD + "owner: a = b\n")
    yield row("SQL", "select * from users;\n", MEANING + "select * from users;")
    yield row("CSV", "a,b,c\n1,2,3\n", MEANING + "a,b,c")
