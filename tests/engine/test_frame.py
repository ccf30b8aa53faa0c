"""A frame gives plain values, keeps its order and says what each column is."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.frame import COMPLETE, MARKS, Frame, FrameColumn, plain, plain_values


def tonnes(**quality: Any) -> Frame:
    columns = (
        FrameColumn("month", "月份", type="date", role="time"),
        FrameColumn("district", "区", type="text", role="dimension"),
        FrameColumn("tonnes", "清运量", "t", "decimal"),
    )
    values: dict[str, list[object]] = {
        "tonnes": [Decimal("12.500000"), None],
        "month": [date(2026, 1, 1), date(2026, 2, 1)],
        "district": ["东城", None],
    }
    return Frame(columns, pa.table({**values, **quality}))


def test_rows_are_plain_values_in_the_declared_order() -> None:
    assert tonnes().rows() == [
        {"month": "2026-01-01", "district": "东城", "tonnes": 12.5},
        {"month": "2026-02-01", "district": None, "tonnes": None},
    ]
    assert list(tonnes().rows()[0]) == ["month", "district", "tonnes"]


def test_the_quality_of_a_row_comes_after_its_values() -> None:
    frame = tonnes(**{COMPLETE: [True, False], MARKS: [[], ["late", "carried"]]})

    assert frame.rows()[1] == {"month": "2026-02-01", "district": None, "tonnes": None, COMPLETE: False, MARKS: ["late", "carried"]}


def test_rows_are_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(tonnes().rows())) == tonnes().rows()


def test_columns_are_found_by_their_role() -> None:
    assert [column.name for column in tonnes().of_role("dimension", "time")] == ["month", "district"]


def test_an_answer_without_rows_is_empty_and_keeps_its_columns() -> None:
    frame = Frame(tonnes().columns, tonnes().table.slice(0, 0))

    assert frame.is_empty
    assert frame.rows() == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),
        (datetime(2026, 1, 2, 3, 4, 5, 600000), "2026-01-02T03:04:05.600000"),
        (float("nan"), None),
        (float("inf"), None),
        (Decimal("0.1"), 0.1),
        (True, True),
        (7, 7),
    ],
)
def test_a_value_becomes_what_json_knows(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_a_value_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="holds no bytes"):
        plain(b"x")


MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))
COLUMNS = st.one_of(
    st.tuples(st.just(pa.float64()), st.lists(st.none() | st.floats())),
    st.tuples(st.just(pa.int64()), st.lists(st.none() | st.integers(-(2**62), 2**62))),
    st.tuples(st.just(pa.string()), st.lists(st.none() | st.text(max_size=3))),
    st.tuples(st.just(pa.bool_()), st.lists(st.none() | st.booleans())),
    st.tuples(st.just(pa.decimal128(18, 6)), st.lists(st.none() | st.decimals(-(10**11), 10**11, places=6))),
    st.tuples(st.just(pa.date32()), st.lists(st.none() | st.dates())),
    st.tuples(st.just(pa.timestamp("us")), st.lists(st.none() | MOMENTS)),
    st.tuples(st.just(pa.timestamp("us")), st.lists(st.none() | MOMENTS.map(lambda moment: moment.replace(microsecond=0)))),
    st.tuples(st.just(pa.list_(pa.string())), st.lists(st.lists(st.text(max_size=2), max_size=2))),
)


@given(COLUMNS)
def test_a_column_read_whole_says_of_each_value_what_is_said_of_it_alone(column: tuple[pa.DataType, list[object]]) -> None:
    kind, values = column
    read = pa.chunked_array([pa.array(values, kind)])
    assert plain_values(read) == [plain(value) for value in values]
    assert [type(value) for value in plain_values(read)] == [type(plain(value)) for value in values]
