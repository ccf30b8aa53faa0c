"""Formulas over incoming rows say what the same formulas say in the warehouse, null and bad cells included."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from engine.connector import SourceFailed
from engine.expression.grammar import parse
from engine.findings import Place
from engine.running.formulas import Rows

TABLE = pa.table(
    {
        "gross": ["12500", "7", None, "heavy"],
        "tare": [2500, 7, 1, 1],
        "code": ["A-1", " b ", "", None],
        "at": [datetime(2026, 1, 5, 8, 30), datetime(2026, 3, 1), None, datetime(2026, 1, 4)],
        "is_first": [True, False, None, True],
        "place.lon": [116.4, None, 1.0, 2.0],
    }
)  # fmt: skip


def value(text: str) -> list[Any]:
    parsed, findings = parse(text, Place("test"))
    assert parsed is not None, findings
    rows = Rows(TABLE)
    values = rows.value(parsed.expr).to_pylist()
    return ["bad" if bad else one for one, bad in zip(values, rows.bad, strict=True)]


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("gross - tare", [10000, 0, None, "bad"]),
        ("gross / (tare - 7)", [12500 / 2493, None, None, "bad"]),
        ("tare * 2 + 1", [5001, 15, 3, 3]),
        ("-tare", [-2500, -7, -1, -1]),
        ("tare > 5 and is_first", [True, False, False, False]),
        ("tare > 5 or is_first", [True, True, None, True]),
        ("not is_first", [False, True, None, False]),
        ("gross = 7", [False, True, None, "bad"]),
        ("tare between 1 and 7", [False, True, True, True]),
        ("trim(code) in ('A-1', 'b')", [True, True, None, None]),
        ("code is null", [False, False, False, True]),
        ("code like 'A%'", [True, False, None, None]),
        ("case when tare > 5 then 'big' when tare = 1 then 'one' end", ["big", "big", "one", "one"]),
        ("coalesce(code, 'none')", ["A-1", " b ", "", "none"]),
        ("nullif(tare, 7)", [2500, None, 1, 1]),
        ("least(tare, 5)", [5, 5, 1, 1]),
        ("substr(code, 1, 1)", ["A", " ", None, None]),
        ("concat(lower(code), '!')", ["a-1!", " b !", "!", "!"]),
        ("round(tare / 3, 1)", [833.3, 2.3, 0.3, 0.3]),
        ("year(at) * 100 + month(at)", [202601, 202603, None, 202601]),
        ("weekday(at)", [1, 7, None, 7]),
        ("hours(at, '2026-01-05 10:00:00')", [1.5, -1310.0, None, 34.0]),
        ("at >= '2026-01-05'", [True, True, None, False]),
        ("place.lon", [116.4, None, 1.0, 2.0]),
        ("'2019-01-01'", ["2019-01-01"] * 4),
    ],
)
def test_a_formula_over_every_row(formula: str, wanted: list[Any]) -> None:
    assert value(formula) == wanted


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("net", "no column 'net'; it has gross"),
        ("indicator('a.b', code)", "no aggregates"),
        ("code in viewer.codes", "no aggregates"),
    ],
)
def test_what_rows_cannot_tell_is_said(formula: str, words: str) -> None:
    with pytest.raises(SourceFailed, match=words):
        value(formula)
