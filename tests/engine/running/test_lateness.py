"""A source that is behind its promise is said; what it has not delivered is unknown, and never a zero."""

from datetime import datetime
from typing import Any

import pytest
from msgspec import convert

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.proving.given import batch_of
from engine.question import EVERYTHING, Question
from engine.running.ask import Answer, ask
from engine.running.definitions import load_texts_checked
from engine.warehouse import Warehouse

NEWEST = datetime(2026, 1, 5, 10)
FILES = {
    "project.yaml": "title: 过磅\nzone: Asia/Shanghai\n",
    "sources/scales.source.yaml": (
        "title: 磅房\nconnector: files\nsettings: {folder: scales}\n"
        "streams: [{name: weighings, read: {files: '*.csv'}, promised_delay: PT2H}, {name: visits, read: {files: '*.csv'}}]\n"
    ),
    "w/weighings.dataset.yaml": (
        "title: 过磅\none_row_is: 一次\nfrom: sources.scales/weighings\nkey: [id]\nregion: public\ntimes: [{name: weighed, column: t, default: true}]\ncolumns:\n"
        "  - {name: id, title: 号, type: integer}\n  - {name: t, title: 时, type: timestamp}\n  - {name: ton, title: 重, type: decimal, unit: t}\n"
    ),
    "w/visits.dataset.yaml": (
        "title: 来访\none_row_is: 一次\nfrom: sources.scales/visits\nkey: [id]\nregion: public\ntimes: [{name: came, column: t, default: true}]\ncolumns:\n"
        "  - {name: id, title: 号, type: integer}\n  - {name: t, title: 时, type: timestamp}\n"
    ),
    "w/number.indicator.yaml": "title: 车次\nunit: 次\ndataset: w.weighings\nmeasure: {agg: count}\n",
    "w/visits_number.indicator.yaml": "title: 来访\nunit: 次\ndataset: w.visits\nmeasure: {agg: count}\n",
}
ROWS: dict[str, list[dict[str, Any]]] = {
    "w.weighings": [
        {"id": 1, "t": datetime(2026, 1, 4, 9), "ton": 1},
        {"id": 2, "t": NEWEST, "ton": 2},
    ],
    "w.visits": [{"id": 1, "t": datetime(2026, 1, 4, 9)}],
}
DAYS = {"from": "2026-01-04", "to": "2026-01-07"}


def asked(warehouse: Warehouse, question: dict[str, Any], now: datetime | None) -> Answer:
    """The answer over the rows at a moment."""
    catalog: Catalog = load_texts_checked(FILES).catalog
    for id, rows in ROWS.items():
        dataset = catalog.dataset(id)
        assert dataset is not None
        table = table_of(id, dataset)
        warehouse.create(table)
        warehouse.load(table, [batch_of(table, rows)], "replace")
    return next(ask(catalog, warehouse, [convert(question, Question)], EVERYTHING, now))


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The rows of the answer."""
    assert answer.frame is not None, answer.findings
    return answer.frame.rows()


@pytest.mark.parametrize(
    ("now", "marks"),
    [
        (datetime(2026, 1, 5, 11), ()),
        (datetime(2026, 1, 5, 12), ()),
        (datetime(2026, 1, 5, 13), ("late",)),
        (datetime(2026, 1, 5, 15), ("late", "stale")),
        (None, ()),
    ],
)
def test_later_than_promised_is_late_and_twice_that_is_stale(
    duckdb_warehouse: Warehouse, now: datetime | None, marks: tuple[str, ...]
) -> None:
    answer = asked(duckdb_warehouse, {"indicators": ["w.number"]}, now)

    assert answer.frame is not None
    assert answer.frame.marks == marks


def test_a_stream_that_promises_nothing_is_never_late(duckdb_warehouse: Warehouse) -> None:
    answer = asked(duckdb_warehouse, {"indicators": ["w.visits_number"], "as_of": "2027-01-01"}, datetime(2027, 1, 1))

    assert answer.frame is not None
    assert answer.frame.marks == ()


def test_a_period_that_is_not_all_there_is_marked_and_one_without_any_row_is_unknown(warehouse: Warehouse) -> None:
    question = {"indicators": ["w.number", "w.visits_number"], "grain": "day", "period": DAYS, "fill": "time", "as_of": "2026-01-07"}
    answer = asked(warehouse, question, datetime(2026, 1, 7))

    assert rows_of(answer) == [
        {"time": "2026-01-04", "w.number": 1, "w.visits_number": 1, "_complete": True, "_marks": []},
        {"time": "2026-01-05", "w.number": 1, "w.visits_number": 0, "_complete": False, "_marks": ["late"]},
        {"time": "2026-01-06", "w.number": None, "w.visits_number": 0, "_complete": False, "_marks": ["late"]},
    ]


def test_while_the_promise_is_kept_a_day_without_rows_is_a_zero(duckdb_warehouse: Warehouse) -> None:
    question = {
        "indicators": ["w.number"],
        "grain": "PT1H",
        "period": {"from": "2026-01-05T10:00", "to": "2026-01-05T12:00"},
        "fill": "time",
    }
    answer = asked(duckdb_warehouse, {**question, "as_of": "2026-01-05T12:00"}, datetime(2026, 1, 5, 12))

    assert [row["w.number"] for row in rows_of(answer)] == [1, 0]


def test_without_a_grain_the_whole_period_counts(duckdb_warehouse: Warehouse) -> None:
    now = datetime(2026, 1, 7)
    begun = asked(duckdb_warehouse, {"indicators": ["w.number"], "period": DAYS, "as_of": "2026-01-07"}, now)
    unknown = asked(
        duckdb_warehouse, {"indicators": ["w.number"], "period": {"from": "2026-01-06", "to": "2026-01-07"}, "as_of": "2026-01-07"}, now
    )

    assert rows_of(begun) == [{"w.number": 2, "_complete": False, "_marks": ["late"]}]
    assert rows_of(unknown) == [{"w.number": None, "_complete": False, "_marks": ["late"]}]
