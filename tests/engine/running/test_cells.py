"""Whole columns and single cells are read alike: the quick way must never take what the careful way would refuse."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.running.cells import typed_cells
from engine.warehouse import ColumnType


def read(cells: list[Any] | pa.Array, kind: ColumnType, **how: Any) -> list[Any]:
    """The values, 'bad' for a cell that did not fit."""
    array = cells if isinstance(cells, pa.Array) else pa.array(cells)
    found = typed_cells(array, kind, **how)
    return ["bad" if bad else value for value, bad in zip(found.values.to_pylist(), found.bad, strict=True)]


@pytest.mark.parametrize(
    ("kind", "cells", "wanted"),
    [
        ("integer", ["1", "", " 12 ", "1.0", "1.5", "1,2", "1_0", "x"], [1, None, 12, 1, "bad", "bad", "bad", "bad"]),
        ("integer", [1.0, 1.5, float("nan"), 1e19], [1, "bad", None, "bad"]),
        ("decimal", ["1.5", "1e3", "1.2345675", "nan", "inf", "1000000000000"], [Decimal("1.5"), 1000, Decimal("1.234568"), "bad", "bad", "bad"]),
        ("decimal", [Decimal("1.12345678901"), None], [Decimal("1.123457"), None]),
        ("float", ["1.5", "inf", "0x1", "nan"], [1.5, "bad", "bad", "bad"]),
        ("boolean", ["是", "FALSE", "0", "maybe"], [True, False, False, "bad"]),
        ("boolean", [1, 0, 2], [True, False, "bad"]),
        ("date", ["2026-01-05", "2026/1/5", "2026年1月5日", "2026-01-05 00:00:00", "2026-01-05 01:00", "2026-02-30"], [date(2026, 1, 5)] * 4 + ["bad"] * 2),
        ("date", [datetime(2026, 1, 5), datetime(2026, 1, 5, 8)], [date(2026, 1, 5), "bad"]),
        ("timestamp", ["2026/1/5 8:00", "2026-01-05T00:00:00Z", "2026-01-05 25:00:00"], [datetime(2026, 1, 5, 8)] * 2 + ["bad"]),
        ("text", [1001.0, 1.5, None], ["1001", "1.5", None]),
        ("text", [{"a": [1, 2]}, None], ['{"a":[1,2]}', None]),
        ("text", ["a\x00b", "", "是"], ["bad", None, "是"]),
        ("integer", [True, False], ["bad", "bad"]),
        ("date", [20260105], ["bad"]),
    ],
)  # fmt: skip
def test_cells_of_every_kind(kind: ColumnType, cells: list[Any], wanted: list[Any]) -> None:
    assert read(cells, kind) == wanted


def test_an_instant_becomes_wall_clock_of_the_zone_in_which_the_column_is_written() -> None:
    instants = pa.array([datetime(2026, 1, 5)], pa.timestamp("us", "UTC"))
    assert read(instants, "timestamp", zone="Asia/Shanghai") == [datetime(2026, 1, 5, 8)]
    assert read(["2026-01-05 00:00:00+00:00"], "timestamp", zone="America/New_York") == [datetime(2026, 1, 4, 19)]


def test_a_declared_format_is_the_only_one_taken() -> None:
    assert read(["05/01/2026 8:00:00 PM", "2026-01-05"], "timestamp", form="%m/%d/%Y %I:%M:%S %p") == [datetime(2026, 5, 1, 20), "bad"]
    assert read(["2026 / 01", "2026"], "date", form="%Y / %m") == [date(2026, 1, 1), "bad"]


def test_bytes_that_are_no_text_are_bad() -> None:
    assert read(pa.array([b"\xff", b"7"]), "integer") == ["bad", 7]


KINDS: list[ColumnType] = ["integer", "decimal", "float", "boolean", "date", "timestamp"]
LOOSE = st.text("0123456789+-.eE,:/ TZ年月日是否tfalserun", max_size=20)


@given(kind=st.sampled_from(KINDS), text=LOOSE)
def test_a_cell_means_the_same_alone_and_beside_a_bad_one(kind: ColumnType, text: str) -> None:
    assert read([text], kind) == read([text, "¿"], kind)[:1]


@given(st.lists(st.decimals(-(10**11), 10**11, places=6), min_size=1))
def test_decimals_with_six_places_are_exact(numbers: list[Decimal]) -> None:
    assert read([str(number) for number in numbers], "decimal") == numbers
