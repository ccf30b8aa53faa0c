"""Text becomes plain values as YAML 1.2 and JSON say, and every part of it knows its place."""

import json
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.findings import Place
from engine.loading.parse import parse_text, text_of
from engine.loading.scalars import HIDDEN
from tests.engine.loading.hostile import cases
from tests.engine.loading.hostile_case import HEAD


def value(text: str, file: str = "a.yaml") -> Any:
    parsed = parse_text(text, file)
    assert parsed.findings == ()
    return parsed.value


def at(text: str, *path: str | int, of_key: bool = False, offset: int = 0) -> tuple[int, int]:
    place = parse_text(text, "a.yaml").source_map.place(*path, of_key=of_key, offset=offset)
    return place.line, place.column


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("y", "y"), ("NO", "NO"),
        ("2026-01-05", "2026-01-05"), ("2026-01-05 08:00:00", "2026-01-05 08:00:00"), ("1:30", "1:30"), ("12:30:45", "12:30:45"),
        ("1_000", "1_000"), ("0b11", "0b11"), ("=", "="), ("1.2.3", "1.2.3"), ("1e", "1e"), ("e3", "e3"), ("+", "+"), (".", "."),
        ("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("Null", None), ("nUll", "nUll"),
        ("0", 0), ("-0", 0), ("12", 12), ("+12", 12), ("-3", -3), ("0x1F", 31), ("0o17", 15),
        ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("-1.5e3", -1500.0), ("1E3", 1000.0),
        ('"12"', "12"), ("'no'", "no"), ('"\\u4e2d"', "中"), ("'it''s'", "it's"), ("110105", 110105),
    ],
)  # fmt: skip
def test_a_bare_word_means_what_yaml_1_2_says(word: str, meant: Any) -> None:
    read = value(f"k: {word}\n")["k"]
    assert read == meant
    assert type(read) is type(meant)


@pytest.mark.parametrize("word", ["012", "-00", "+01", ".inf", "-.Inf", ".NaN", "1e999", "9" * 20, "0x" + "f" * 20])
def test_a_number_that_would_silently_change_is_a_finding(word: str) -> None:
    (finding,) = parse_text(f"k: {word}\n", "a.yaml").findings
    assert finding.place == Place("a.yaml", 1, 4)
    assert finding.code in ("leading-zero", "not-a-number", "number-too-long")


def test_a_key_is_always_text() -> None:
    assert value("110105: 东城\nno: 1\n2026-01-05: x\n") == {"110105": "东城", "no": 1, "2026-01-05": "x"}


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_json_reads_alike_as_json_and_as_yaml(name: str) -> None:
    text = '{"a": [1, -2.5, true, null, "x\\n\\u4e2d"], "b": {"c": ""}}'
    assert value(text, name) == {"a": [1, -2.5, True, None, "x\n中"], "b": {"c": ""}}


def test_json_knows_the_places_of_keys_and_values() -> None:
    source_map = parse_text('{\n  "a": {"b": [1,\n 22]}\n}', "a.json").source_map
    assert source_map.place("a", "b", 1) == Place("a.json", 3, 2)
    assert source_map.place("a", "b", of_key=True) == Place("a.json", 2, 9)


def test_keys_and_values_have_their_own_places() -> None:
    text = "a: 1\nlist:\n  - {name: x, 中文: y}\n  - z\n"
    assert at(text) == (1, 1)
    assert at(text, "list", of_key=True) == (2, 1)
    assert at(text, "list") == (3, 3)
    assert at(text, "list", 0, "中文", of_key=True) == (3, 15)
    assert at(text, "list", 0, "中文") == (3, 19)
    assert at(text, "list", 1) == (4, 5)


def test_a_path_that_is_not_written_has_the_place_of_what_holds_it() -> None:
    text = "a: 1\nmeasure: {agg: sum}\n"
    assert at(text, "measure", "of") == (2, 10)
    assert at(text, "formula") == (1, 1)


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("k: a + bad", "bad", (1, 8)),
        ("k: 'a + bad'", "bad", (1, 9)),
        ("k: \"a = 'x' and bad\"", "bad", (1, 17)),
        ("k: 'a = ''x'' and bad'", "bad", (1, 19)),
        ('k: "a\\u002bbad"', "bad", (1, 12)),
        ('k: "a \\"b\\" bad"', "bad", (1, 13)),
        ("k: a +\n   bad", "bad", (2, 4)),
        ("k: >\n  a +\n  bad\n", "bad", (3, 3)),
        ("k: >-\n    a +\n    b + bad\n", "bad", (3, 9)),
        ("k: |\n  a +\n\n  bad\n", "bad", (4, 3)),
        ("k: >\n\n  a\n\n\n  + bad\n", "bad", (6, 5)),
        ('k: "a +\n  b + bad"', "bad", (2, 7)),
        ('k: "a + \\\n   bad"', "bad", (2, 4)),
        ('k: "a +\\n bad"', "bad", (1, 11)),
        ("中文: 汉字 + bad", "bad", (1, 10)),
    ],
)
def test_a_word_inside_a_text_has_its_own_line_and_column(text: str, word: str, place: tuple[int, int]) -> None:
    parsed = parse_text(text, "a.yaml")
    key = next(iter(parsed.value))
    found = parsed.source_map.place(key, offset=parsed.value[key].index(word))
    assert (found.line, found.column) == place


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text, problem = text_of("\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n".encode(), "a.yaml")
    assert problem is None
    assert value(text) == {"a": 1, "b": "x\ny\n"}


def test_all_that_is_wrong_in_the_writing_is_told_at_once() -> None:
    findings = parse_text("a: &x 1\na: !!str 2\nb: 012\n", "a.yaml").findings
    assert [finding.code for finding in findings] == ["yaml-alias", "duplicate-key", "yaml-tag", "leading-zero"]


def test_no_more_than_twenty_findings_of_writing_are_told() -> None:
    assert len(parse_text("a: !!str x\n" * 500, "a.yaml").findings) == 20


def ruamel(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def without_days(read: Any) -> Any:
    """ruamel reads days as dates and keys as numbers; we leave both as they are written."""
    if isinstance(read, dict):
        return {str(key): without_days(inner) for key, inner in read.items()}
    if isinstance(read, list):
        return [without_days(inner) for inner in read]
    return read if isinstance(read, str | int | float | bool | None) else str(read)


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.file.endswith(".yaml") and len(case.benign) < 5_000], ids=lambda case: case.name
)
def test_our_reader_and_the_one_that_writes_read_alike(case: Any) -> None:
    text, _ = text_of(case.benign, case.file)
    assert value(text, case.file) == without_days(ruamel(text))


texts = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30)
numbers = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False, width=32)
plain = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc中_", min_size=1, max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text("abcxyz_", min_size=1, max_size=6), plain, max_size=5))
def test_what_the_writer_writes_is_read_back(written: dict[str, Any]) -> None:
    out = StringIO()
    YAML(typ="safe", pure=True).dump(written, out)
    parsed = parse_text(out.getvalue(), "a.yaml")
    if HIDDEN.search(out.getvalue()) or any(finding.code == "hidden-text" for finding in parsed.findings):
        return
    assert parsed.findings == () or not written
    assert parsed.value == written or not written


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    for file in ("a.yaml", "a.json"):
        parsed = parse_text(text, file)
        assert parsed.findings or parsed.value is not None or text.strip()


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                ": ",
                "- ",
                "\n",
                "  ",
                "{",
                "}",
                "[",
                "]",
                ",",
                "'",
                '"',
                "|",
                ">",
                "&x",
                "*x",
                "!!t",
                "? ",
                "#",
                "%",
                "<<",
                "---",
                "\t",
                "1",
            ]
        ),
        max_size=60,
    )
)
def test_no_row_of_yaml_signs_makes_the_reader_fail(signs: list[str]) -> None:
    parse_text("".join(signs), "a.yaml")
    parse_text(HEAD + "".join(signs), "a.yaml")


@given(
    st.lists(st.sampled_from(['"a"', ":", ",", "{", "}", "[", "]", "1", "-", ".", "e", "true", "null", "\n", " ", '"', "\\"]), max_size=60)
)
def test_json_is_read_exactly_when_python_reads_it(signs: list[str]) -> None:
    text = "".join(signs)
    parsed = parse_text(text, "a.json")
    try:
        read = json.loads(text, object_pairs_hook=_without_twins)
    except ValueError:
        assert parsed.findings
    else:
        assert parsed.findings == ()
        assert parsed.value == read


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)
