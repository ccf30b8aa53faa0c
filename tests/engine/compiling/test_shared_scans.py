"""How often a table is read: two spans of one series share a scan only where sharing cannot change a number or read more than both."""

from datetime import datetime

import pytest

from engine.compiling.plan import compile_question
from engine.question import EVERYTHING, Asked, Period, Question
from engine.running.ask import known_modifiers
from engine.running.definitions import load_texts_checked
from engine.warehouses.duckdb import DuckDbWarehouse

FILES = {
    "project.yaml": "title: 过磅\nzone: Asia/Shanghai\n",
    "w/rows.dataset.yaml": (
        "title: 过磅\none_row_is: 一次\nkey: [id]\nregion: public\ntimes: [{name: weighed, column: ts, default: true}]\ncolumns:\n"
        "  - {name: id, title: 号, type: text}\n  - {name: ts, title: 时间, type: timestamp}\n  - {name: ton, title: 重, type: decimal, unit: t}\n"
    ),
    "w/tons.indicator.yaml": "title: 吨\nunit: t\ndataset: w.rows\nmeasure: {agg: sum, of: ton}\n",
    "w/loads.indicator.yaml": "title: 车次\nunit: 次\ndataset: w.rows\nmeasure: {agg: count}\n",
}
CATALOG = load_texts_checked(FILES).catalog


def scans(modifier: str, grain: str | None, start: str | None, end: str | None, as_of: datetime, beside: str = "w.tons") -> int:
    """How often the statement reads the table."""
    period = Period(start=start, end=end) if start or end else None
    question = Question(indicators=(beside, Asked(of="w.tons", modifier=modifier, name="change")), grain=grain, period=period)
    compiled = compile_question(CATALOG, known_modifiers(), question, EVERYTHING, as_of)
    assert compiled.statement is not None
    warehouse = DuckDbWarehouse()
    text = warehouse.write(compiled.statement.tree)
    warehouse.close()
    return text.count("FROM w.rows")


NEW_YEAR = datetime(2026, 1, 1)


def test_months_beside_the_months_before_are_read_once() -> None:
    assert scans("mom", "month", "2024-01-01", "2026-01-01", NEW_YEAR) == 1


def test_all_months_up_to_an_as_of_that_ends_a_month_are_read_once() -> None:
    assert scans("mom", "month", None, None, NEW_YEAR) == 1


@pytest.mark.parametrize(
    ("start", "end", "as_of"),
    [
        ("2024-01-01", "2026-01-01", datetime(2025, 12, 15, 8)),  # December is compared up to the 15th only
        ("2024-01-10", "2026-01-01", NEW_YEAR),  # January begins on the 10th, and so does what it is compared with
        (None, None, datetime(2025, 12, 15)),
    ],
)  # fmt: skip
def test_a_month_that_is_cut_is_read_apart(start: str | None, end: str | None, as_of: datetime) -> None:
    assert scans("mom", "month", start, end, as_of) == 2


def test_spans_with_years_between_are_read_apart() -> None:
    assert scans("yoy", "month", "2025-06-01", "2025-07-01", NEW_YEAR) == 2


def test_spans_that_only_touch_are_read_apart() -> None:
    assert scans("yoy", "month", "2025-01-01", "2026-01-01", NEW_YEAR) == 2


def test_without_a_grain_there_is_nothing_to_cut_apart() -> None:
    assert scans("mom", None, "2024-01-01", "2026-01-01", NEW_YEAR) == 2


def test_what_is_asked_of_one_span_alone_is_not_counted_over_both() -> None:
    assert scans("mom", "month", "2024-01-01", "2026-01-01", NEW_YEAR, beside="w.loads") == 2
