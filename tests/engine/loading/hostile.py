"""Files that mean harm, or were made by a broken disk, each with a harmless twin that must be accepted."""

import json
from collections.abc import Iterator

from msgspec import Struct

HEAD = "title: 清运量\nunit: t\nof: a.b\nmodifier: {yoy: {}}\n"
MEANING = HEAD + "meaning: "


class Case(Struct, frozen=True):
    """A hostile file and its twin: bytes, and the name the file has (敌意文件)."""

    name: str
    hostile: bytes
    benign: bytes
    file: str = "a/c.indicator.yaml"


def cases() -> list[Case]:
    """All cases; names are unique."""
    makers = (_bombs, _nesting, _sizes, _hidden, _encodings, _keys, _numbers, _tags, _documents, _syntax, _shapes, _json, _junk)
    return [Case(name, _bytes(hostile), _bytes(benign), file) for maker in makers for name, hostile, benign, file in maker()]


Row = tuple[str, str | bytes, str | bytes, str]
YAML, JSON = "a/c.indicator.yaml", "a/c.indicator.json"


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _row(name: str, hostile: str | bytes, benign: str | bytes, file: str = YAML) -> Row:
    return name, hostile, benign, file


def _bombs() -> Iterator[Row]:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 11))
    yield _row("billion laughs", HEAD + laughs, MEANING + "十亿次大笑")
    yield _row(
        "merge bomb", "x0: &x0 {k: v}\n" + "".join(f"x{i}: &x{i} {{<<: [*x{i - 1}, *x{i - 1}]}}\n" for i in range(1, 60)), MEANING + "合并"
    )
    yield _row(
        "merge chain of 5 000", "x0: &x0 {k: v}\n" + "".join(f"x{i}: &x{i} {{<<: *x{i - 1}}}\n" for i in range(1, 5000)), MEANING + "链"
    )
    yield _row("merge of a text", HEAD + "<<: text\n", MEANING + '"<<: text"')
    yield _row("merge of a list", HEAD + "<<: [a, b]\n", MEANING + "'<<'")
    yield _row("an anchor that holds itself", "a: &a [*a]\n", MEANING + "a a")
    yield _row("a map that holds itself", "&a {k: *a}\n", MEANING + "k a")
    yield _row("an anchor that nothing names", HEAD + "meaning: &m text\n", MEANING + '"&m text"')
    yield _row("an anchor on a key", HEAD + "&k meaning: text\n", MEANING + "text")
    yield _row("an anchor on the whole", "&whole\n" + HEAD, "# &whole\n" + HEAD)
    yield _row("a reference to nothing", HEAD + "meaning: *nothing\n", MEANING + '"*nothing"')
    yield _row("a reference as a key", "t: &t title\n*t : x\n", MEANING + "x")
    yield _row("ten thousand anchors", HEAD + "".join(f"m{i}: &m{i} x\n" for i in range(10_000)), MEANING + "m " * 10_000)
    yield _row("an anchor with a name of 100 000", HEAD + f"meaning: &{'m' * 100_000} x\n", MEANING + "m" * 100_000)


def _nesting() -> Iterator[Row]:
    for depth in (51, 1_000, 5_000, 100_000):
        yield _row(f"{depth} brackets", HEAD + "meaning: " + "[" * depth, MEANING + '"' + "[" * min(depth, 5_000) + '"')
        yield _row(f"{depth} braces", HEAD + "meaning: " + "{a: " * depth, MEANING + '"' + "{" * min(depth, 5_000) + '"')
    for depth in (51, 700):
        yield _row(f"{depth} nested maps", "".join("  " * i + f"k{i}:\n" for i in range(depth)), MEANING + "k " * depth)
        yield _row(f"{depth} lists on a line", HEAD + "meaning:\n  " + "- " * depth + "x\n", MEANING + "'" + "- " * depth + "x'")
        yield _row(f"{depth} questions", "? " * depth + "x\n", MEANING + "'" + "? " * depth + "'")
    yield _row("5 000 brackets, closed", HEAD + "meaning: " + "[" * 5_000 + "]" * 5_000, MEANING + "'" + "[" * 5_000 + "]" * 5_000 + "'")
    yield _row("brackets and braces in turn", HEAD + "meaning: " + "[{a: " * 2_000, MEANING + "'" + "[{" * 2_000 + "'")
    yield _row("brackets, one a line", HEAD + "meaning:\n" + " [\n" * 5_000, MEANING + "|\n" + "  [\n" * 5_000)


def _sizes() -> Iterator[Row]:
    yield _row("a million and one bytes", MEANING + "x" * 1_000_001, MEANING + "x" * 900_000)
    yield _row("twenty million bytes", "#" * 20_000_000, MEANING + "#" * 100_000)
    yield _row("a comment of a million", "#" * 1_000_001 + "\n" + HEAD, "#" * 500_000 + "\n" + HEAD)
    yield _row("a million blank lines", "\n" * 1_000_001 + HEAD, "\n" * 10_000 + HEAD)
    yield _row("200 000 list items", HEAD + "by: [" + "a," * 200_000 + "]", HEAD + "by: [" + ",".join(["a.b"] * 2_000) + "]")
    yield _row("150 000 lines of a list", HEAD + "by:\n" + "- a\n" * 150_000, HEAD + "by:\n" + "- a.b\n" * 1_000)
    yield _row(
        "80 000 keys",
        HEAD + "".join(f"k{i}: 1\n" for i in range(80_000)),
        HEAD + "levels: {above: {" + ", ".join(f"k{i}: 1" for i in range(500)) + "}}",
    )
    yield _row("120 000 empty maps", HEAD + "by: [" + "{}," * 120_000 + "]", MEANING + "'" + "{}" * 10_000 + "'")
    yield _row("one key of 500 000", "k" * 500_000 + ": 1\n", MEANING + "k" * 500_000)
    yield _row("a flow key of 2 000", HEAD + "{" + "k" * 2_000 + ": 1}", MEANING + "'{" + "k" * 2_000 + "'")
    yield _row("a line of colons", ":" * 500_000, MEANING + "'" + ":" * 100_000 + "'")
    yield _row("a line of question marks", "? " * 400_000, MEANING + "'" + "? " * 100_000 + "'")
    yield _row("a line of quotes", '"' * 500_001, MEANING + "'" + '"' * 100_000 + "'")
    yield _row("a line of bars", "|" * 500_000, MEANING + "'" + "|" * 100_000 + "'")
    yield _row("a line of commas in brackets", HEAD + "by: [" + "," * 500_000 + "]", MEANING + "'" + "," * 100_000 + "'")
    yield _row("a line of ampersands", "&" * 500_000, MEANING + "'" + "&" * 100_000 + "'")
    yield _row("a line of exclamation marks", "!" * 500_000, MEANING + "'" + "!" * 100_000 + "'")
    yield _row("a line of percent signs", "%" * 500_000, MEANING + "'" + "%" * 100_000 + "'")
    yield _row("a line of tabs", "\t" * 500_000, MEANING + "x" + " " * 100_000)
    yield _row("a line of minus signs", "- " * 400_000, MEANING + "'" + "- " * 100_000 + "'")


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


def _hidden() -> Iterator[Row]:
    for (name, char), twin in zip(HIDDEN.items(), VISIBLE, strict=False):
        yield _row(f"{name} in a value", MEANING + f"a{char}b\n", MEANING + f"a{twin}b\n")
    for name in ("NUL", "right-to-left override", "zero width space", "tag letter", "line separator"):
        code = ord(HIDDEN[name])
        escape = f"\\U{code:08x}"
        yield _row(f"{name} as an escape", MEANING + f'"a{escape}b"\n', MEANING + f"'a{escape}b'\n")
        yield _row(f"{name} in a key", HEAD + f'"me{escape}aning": x\n', HEAD + '"meaning": x\n')
        yield _row(f"{name} in a comment", f"# a{HIDDEN[name]}b\n" + HEAD, "# a b\n" + HEAD)


def _encodings() -> Iterator[Row]:
    yield _row("UTF-16 with its mark", HEAD.encode("utf-16"), b"\xef\xbb\xbf" + HEAD.encode())
    yield _row("UTF-16, cut off", HEAD.encode("utf-16")[:-1], HEAD)
    yield _row("UTF-16 without a mark", HEAD.encode("utf-16-le"), HEAD.replace("\n", "\r\n"))
    yield _row("UTF-32", HEAD.encode("utf-32"), HEAD + "\n\n")
    yield _row("GB 18030", HEAD.encode("gb18030"), HEAD + "# 国标\n")
    yield _row("Latin 1", "title: é\nunit: t\n".encode("latin-1"), MEANING + "é")
    yield _row("a letter cut in two", HEAD.encode() + "meaning: 中".encode()[:-1], MEANING + "中")
    yield _row("an overlong slash", HEAD.encode() + b"meaning: \xc0\xaf", MEANING + "/")
    yield _row("an overlong zero", HEAD.encode() + b"meaning: \xc0\x80", MEANING + "zero")
    yield _row("a lone surrogate", HEAD.encode() + b"meaning: \xed\xa0\x80", MEANING + "𐀀")
    yield _row("a surrogate pair", HEAD.encode() + b"meaning: \xed\xa0\xbd\xed\xb8\x80", MEANING + "😀")
    yield _row("beyond Unicode", HEAD.encode() + b"meaning: \xf4\x90\x80\x80", MEANING + "\U0010fffd")
    yield _row("bytes FF", b"\xff" * 1000, MEANING + "ÿ" * 1000)
    yield _row("a surrogate as an escape", MEANING + '"\\ud800"', MEANING + '"\\u4e2d"')
    yield _row("an escape beyond Unicode", MEANING + '"\\U00110000"', MEANING + '"\\U0001F600"')
    yield _row("two byte order marks", b"\xef\xbb\xbf" * 2 + HEAD.encode(), b"\xef\xbb\xbf" + HEAD.encode())


def _keys() -> Iterator[Row]:
    yield _row("a key twice", HEAD + "unit: kg\n", MEANING + "unit")
    yield _row("a key twice in braces", HEAD + "levels: {above: {red: 1, red: 2}}\n", HEAD + "levels: {above: {red: 1, blue: 2}}\n")
    yield _row("a key twice, once in quotes", HEAD + '"unit": kg\n', HEAD + '"owner": kg\n')
    yield _row("a key twice, once as an escape", HEAD + '"\\u0075nit": kg\n', HEAD + '"\\u006fwner": kg\n')
    yield _row("a key a thousand times", HEAD + "meaning: x\n" * 1_000, MEANING + "x " * 1_000)
    yield _row("a list as a key", HEAD + "[a, b]: c\n", MEANING + "'[a, b]: c'")
    yield _row("a map as a key", HEAD + "{a: b}: c\n", MEANING + "'{a: b}: c'")
    yield _row("a list as an explicit key", HEAD + "? - a\n  - b\n: c\n", MEANING + "'? - a'")
    yield _row("an empty key", HEAD + ": c\n", MEANING + "': c'")
    yield _row("an empty key in quotes", HEAD + '"": c\n', MEANING + '""')
    yield _row("null as a field", HEAD + "~: c\n", MEANING + "~")
    yield _row("a number as a field", HEAD + "1: c\n", HEAD + "levels: {above: {1: 2}}\n")
    yield _row("a look-alike field (Cyrillic)", HEAD + "mеaning: x\n", MEANING + "mеaning")
    yield _row("a look-alike field (full width)", HEAD + "ｍeaning: x\n", MEANING + "ｍeaning")
    yield _row("a field of Python", HEAD + "__class__: x\n", MEANING + "__class__")
    yield _row("a field of the struct", HEAD + "__struct_fields__: [x]\n", MEANING + "__struct_fields__")
    yield _row("the tag as a field", HEAD + "tag: dataset\n", MEANING + "tag")
    yield _row("the field under its inner name", HEAD + "parts: []\n", HEAD + "with: []\n")


def _numbers() -> Iterator[Row]:
    target = HEAD + "target: {value: "
    for name, word, twin in (
        ("10 000 digits", "9" * 10_000, "9" * 17),
        ("10 000 digits after the point", "0." + "9" * 10_000, "0.999999999"),
        ("a great exponent", "1e999999999", "1e300"),
        ("a hex number of 10 000", "0x" + "f" * 10_000, "0xff"),
        ("an octal number of 10 000", "0o" + "7" * 10_000, "0o17"),
        ("a binary number", "0b101", "5"),
        ("underscores", "1_000", "1000"),
        ("minutes", "1:30", "1.5"),
        ("infinite", ".inf", "1e9"),
        ("less than all", "-.INF", "-1e9"),
        ("no number", ".nan", "0"),
        ("a leading zero", "012", "12"),
        ("a leading zero with a sign", "-00012", "-12"),
        ("a number beyond 64 bits", "9223372036854775808", "922337203685477580"),
        ("a formula", "1 + 1", "2"),
        ("a word", "many", "1"),
        ("a date", "2026-01-05", "20260105"),
        ("on", "on", "1"),
        ("true", "true", "1"),
        ("a list", "[1]", "1"),
        ("full-width digits", "１２", "12"),
        ("Chinese digits", "十二", "12"),
        ("a comma", "'1,000'", "1000"),
    ):
        yield _row(f"number: {name}", f"{target}{word}}}\n", f"{target}{twin}}}\n")


def _tags() -> Iterator[Row]:
    for tag in (
        "!!python/object/apply:os.system [ls]",
        "!!python/object/new:subprocess.Popen [ls]",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/tuple [a]",
        "!!binary R0lGODlhDAAMAIQAAP",
        "!!set {a, b}",
        "!!omap [a: b]",
        "!!timestamp 2026-01-05",
        "!!str text",
        "!!int 12",
        "!!float 1",
        "!!null x",
        "!!map {}",
        "!local text",
        "! text",
        "!<tag:yaml.org,2002:str> text",
        "!<!x> text",
        "!!js/function 'x'",
        "!include /etc/passwd",
        "!ENV ${HOME}",
    ):
        yield _row(f"tag {tag}", f"{MEANING}{tag}\n", f'{MEANING}"{tag}"\n')
    yield _row("a tag on the whole", "!!map\n" + HEAD, "# !!map\n" + HEAD)
    yield _row("a tag on a key", HEAD + "!!str meaning: x\n", MEANING + "x")
    yield _row("a tag and an anchor", MEANING + "!!str &a x\n", MEANING + "'!!str &a x'")


def _documents() -> Iterator[Row]:
    yield _row("two documents", HEAD + "---\n" + HEAD, "---\n" + HEAD)
    yield _row("ten thousand documents", "---\na: b\n" * 10_000, "---\n" + HEAD + "...\n")
    yield _row("an empty second document", HEAD + "---\n", HEAD + "...\n")
    yield _row("YAML 1.1", "%YAML 1.1\n---\n" + HEAD, "# %YAML 1.1\n---\n" + HEAD)
    yield _row("YAML 9.9", "%YAML 9.9\n---\n" + HEAD, "---\n" + HEAD)
    yield _row("a tag handle", "%TAG ! tag:evil,2000:\n---\n" + HEAD, "# %TAG\n" + HEAD)
    yield _row("an unknown directive", "%FOO bar\n---\n" + HEAD, "# %FOO\n" + HEAD)
    yield _row("nothing", "", HEAD)
    yield _row("only a comment", "# nothing\n", "# something\n" + HEAD)
    yield _row("only the mark of a document", "---\n", "---\n" + HEAD)
    yield _row("only null", "null\n", HEAD + "meaning: null\n")
    yield _row("only a text", "text\n", MEANING + "text")
    yield _row("only a number", "12\n", MEANING + "'12'")
    yield _row("only a list", "- title: x\n", HEAD + "by: []\n")


def _syntax() -> Iterator[Row]:
    for name, line, twin in (
        ("an open quote", 'meaning: "text', 'meaning: "text"'),
        ("an open single quote", "meaning: 'text", "meaning: 'te''xt'"),
        ("an open bracket", "by: [a.b", "by: [a.b]"),
        ("an open brace", "levels: {above: {red: 1}", "levels: {above: {red: 1}}"),
        ("a bracket too many", "by: [a.b]]", "by: [a.b]"),
        ("mixed brackets", "by: [a.b}", "by: [a.b]"),
        ("a colon too many", "meaning: a: b", "meaning: a:b"),
        ("no blank after the colon", "meaning:text", "meaning: text"),
        ("a tab for an indent", "levels:\n\tabove: {red: 1}", "levels:\n  above: {red: 1}"),
        ("an indent too deep", "  meaning: x", "meaning: x"),
        ("a list that breaks off", "by:\n  - a.b\n c", "by:\n  - a.b\n  - c.d"),
        ("text after a quote", "meaning: 'a' b", "meaning: a 'b'"),
        ("an unknown escape", 'meaning: "\\q"', 'meaning: "\\\\q"'),
        ("an escape cut off", 'meaning: "\\u12"', 'meaning: "\\u4e2d"'),
        ("a sign that is kept", "meaning: @x", "meaning: x@"),
        ("a backquote", "meaning: `x`", "meaning: x`x`"),
        ("a percent sign", "meaning: %x", "meaning: x%"),
        ("a block with a wrong head", "meaning: |x\n  a", "meaning: |\n  a"),
        ("a block that is not indented", "meaning: |2\n a\n b: c\n  d", "meaning: |\n  a"),
        ("a comma alone", "by: [,]", "by: []"),
        ("a dash alone in braces", "levels: {- a}", "levels: {}"),
        ("a merge sign in braces", "levels: {<<: {above: {}}}", "levels: {above: {}}"),
    ):
        yield _row(f"syntax: {name}", HEAD + line + "\n", HEAD + twin + "\n")


def _shapes() -> Iterator[Row]:
    for name, line, twin in (
        ("an unknown field", "sql: drop table x", "meaning: drop table x"),
        ("SQL for a measure", "measure: select 1", "meaning: select 1"),
        ("a text for a list", "by: a.b", "by: [a.b]"),
        ("a list for a text", "owner: [a]", "owner: a"),
        ("a map for a text", "owner: {a: b}", "owner: a b"),
        ("a number for a text", "owner: 5", 'owner: "5"'),
        ("true for a text", "owner: true", 'owner: "true"'),
        ("null where one must be", "score: {items: null}", "score: null"),
        ("an unknown modifier", "with: [{name: a, of: b.c, modifier: {exec: {}}}]", "with: [{name: a, of: b.c, modifier: {mom: {}}}]"),
        (
            "two modifiers at once",
            "with: [{name: a, of: b.c, modifier: {mom: {}, yoy: {}}}]",
            "with: [{name: a, of: b.c, modifier: {yoy: null}}]",
        ),
        ("a duration that backtracks", "refresh: P" + "1" * 50_000, "refresh: PT10M"),
        ("a name that backtracks", "with: [{name: " + "a" * 50_000 + "!, of: b.c}]", "with: [{name: " + "a" * 50 + ", of: b.c}]"),
        ("a share beyond one", "measure: {agg: percentile, at: 1.0001}", "owner: one"),
        ("a sum that is none", "measure: {agg: eval}", "meaning: eval"),
        ("a template", "owner: {{ config }}", "owner: '{{ config }}'"),
    ):
        yield _row(f"shape: {name}", HEAD + line + "\n", HEAD + twin + "\n")


def _json() -> Iterator[Row]:
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
        yield _row(f"JSON: {name}", hostile, benign, JSON)


def _junk() -> Iterator[Row]:
    yield _row("all bytes", bytes(range(256)) * 16, MEANING + "x")
    yield _row("an ELF file", b"\x7fELF\x02\x01\x01" + b"\x00" * 500, MEANING + "ELF")
    yield _row("a ZIP file", b"PK\x03\x04\x14\x00\x08\x00" + b"\x00" * 500, MEANING + "PK")
    yield _row("a PNG file", b"\x89PNG\r\n\x1a\n" + b"\x00" * 500, MEANING + "PNG")
    yield _row("a gzip file", b"\x1f\x8b\x08\x00" + b"\xff" * 500, MEANING + "gzip")
    yield _row("a page", "<!doctype html><script>alert(1)</script>", MEANING + "'<script>alert(1)</script>'")
    yield _row("an XML bomb", '<!DOCTYPE l [<!ENTITY a "aaaa">]><l>&a;</l>', MEANING + "'<l>&a;</l>'")
    yield _row("a shell script", "#!/bin/sh\nrm -rf /\n", "#!/bin/sh\n" + HEAD)
    yield _row("a pickle", b"\x80\x04\x95\x1a\x00\x00\x00", MEANING + "pickle")
    yield _row("a Python program", "import os\nos.system('ls')\n", MEANING + "import os")
    yield _row("TOML", 'title = "x"\nunit = "t"\n', HEAD + "owner: a = b\n")
    yield _row("SQL", "select * from users;\n", MEANING + "select * from users;")
    yield _row("CSV", "a,b,c\n1,2,3\n", MEANING + "a,b,c")
