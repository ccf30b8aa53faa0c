"""Hostile YAML that is harmless to the eye: keys, numbers, tags, documents, slips of the pen and of the shape."""

from collections.abc import Iterator

from tests.engine.loading.hostile_case import HEAD, MEANING, Row, row


def keys() -> Iterator[Row]:
    yield row("a key twice", HEAD + "unit: kg\n", MEANING + "unit")
    yield row("a key twice in braces", HEAD + "levels: {above: {red: 1, red: 2}}\n", HEAD + "levels: {above: {red: 1, blue: 2}}\n")
    yield row("a key twice, once in quotes", HEAD + '"unit": kg\n', HEAD + '"owner": kg\n')
    yield row("a key twice, once as an escape", HEAD + '"\\u0075nit": kg\n', HEAD + '"\\u006fwner": kg\n')
    yield row("a key a thousand times", HEAD + "meaning: x\n" * 1_000, MEANING + "x " * 1_000)
    yield row("a list as a key", HEAD + "[a, b]: c\n", MEANING + "'[a, b]: c'")
    yield row("a map as a key", HEAD + "{a: b}: c\n", MEANING + "'{a: b}: c'")
    yield row("a list as an explicit key", HEAD + "? - a\n  - b\n: c\n", MEANING + "'? - a'")
    yield row("an empty key", HEAD + ": c\n", MEANING + "': c'")
    yield row("an empty key in quotes", HEAD + '"": c\n', MEANING + '""')
    yield row("null as a field", HEAD + "~: c\n", MEANING + "~")
    yield row("a number as a field", HEAD + "1: c\n", HEAD + "levels: {above: {1: 2}}\n")
    yield row("a look-alike field (Cyrillic)", HEAD + "mеaning: x\n", MEANING + "mеaning")
    yield row("a look-alike field (full width)", HEAD + "ｍeaning: x\n", MEANING + "ｍeaning")
    yield row("a field of Python", HEAD + "__class__: x\n", MEANING + "__class__")
    yield row("a field of the struct", HEAD + "__struct_fields__: [x]\n", MEANING + "__struct_fields__")
    yield row("the tag as a field", HEAD + "tag: dataset\n", MEANING + "tag")
    yield row("the field under its inner name", HEAD + "parts: []\n", HEAD + "with: []\n")


def numbers() -> Iterator[Row]:
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
        yield row(f"number: {name}", f"{target}{word}}}\n", f"{target}{twin}}}\n")


def tags() -> Iterator[Row]:
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
        yield row(f"tag {tag}", f"{MEANING}{tag}\n", f'{MEANING}"{tag}"\n')
    yield row("a tag on the whole", "!!map\n" + HEAD, "# !!map\n" + HEAD)
    yield row("a tag on a key", HEAD + "!!str meaning: x\n", MEANING + "x")
    yield row("a tag and an anchor", MEANING + "!!str &a x\n", MEANING + "'!!str &a x'")


def documents() -> Iterator[Row]:
    yield row("two documents", HEAD + "---\n" + HEAD, "---\n" + HEAD)
    yield row("ten thousand documents", "---\na: b\n" * 10_000, "---\n" + HEAD + "...\n")
    yield row("an empty second document", HEAD + "---\n", HEAD + "...\n")
    yield row("YAML 1.1", "%YAML 1.1\n---\n" + HEAD, "# %YAML 1.1\n---\n" + HEAD)
    yield row("YAML 9.9", "%YAML 9.9\n---\n" + HEAD, "---\n" + HEAD)
    yield row("a tag handle", "%TAG ! tag:evil,2000:\n---\n" + HEAD, "# %TAG\n" + HEAD)
    yield row("an unknown directive", "%FOO bar\n---\n" + HEAD, "# %FOO\n" + HEAD)
    yield row("nothing", "", HEAD)
    yield row("only a comment", "# nothing\n", "# something\n" + HEAD)
    yield row("only the mark of a document", "---\n", "---\n" + HEAD)
    yield row("only null", "null\n", HEAD + "meaning: null\n")
    yield row("only a text", "text\n", MEANING + "text")
    yield row("only a number", "12\n", MEANING + "'12'")
    yield row("only a list", "- title: x\n", HEAD + "by: []\n")


def syntax() -> Iterator[Row]:
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
        yield row(f"syntax: {name}", HEAD + line + "\n", HEAD + twin + "\n")


def shapes() -> Iterator[Row]:
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
        yield row(f"shape: {name}", HEAD + line + "\n", HEAD + twin + "\n")
