"""Once old rows are removed, an answer is what it was before, or it is refused and says so; it is never silently smaller."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.ask import ask, known_modifiers
from engine.running.definitions import load_texts_checked
from engine.running.explain import Explained, explain
from engine.running.kept import too_old
from engine.running.refresh import refresh_states
from engine.running.retain import retain
from engine.running.states import States
from engine.running.touched import load_and_note
from engine.warehouse import Table, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.test_states import FILES, Row, asked, batch, load_regions, questions_drawn, rows_drawn, told

NOW = datetime(2026, 4, 1, 12)
KEEP = "keep: {raw: P61D, day: forever}\nstates:\n"


def city(keep: str = KEEP) -> Catalog:
    """The small city, whose weighings are kept for two months."""
    return load_texts_checked({**FILES, "c/rows.dataset.yaml": FILES["c/rows.dataset.yaml"].replace("states:\n", keep)}).catalog


CITY = city()
EVERY: list[Row] = [(n, n, 12, ("s1", "s2", "s3")[n % 3], "ab"[n % 2], n) for n in range(60)]


def rows_table(catalog: Catalog) -> Table:
    """Where the weighings lie."""
    dataset = catalog.dataset("c.rows")
    assert dataset is not None
    return table_of("c.rows", dataset)


@contextmanager
def filled(rows: list[Row], warehouse: Warehouse | None = None) -> Iterator[Warehouse]:
    """Rows, and their state."""
    opened = warehouse or DuckDbWarehouse(None)
    load_regions(opened, CITY)
    load_and_note(opened, rows_table(CITY), [batch(rows)], "replace")
    refresh_states(CITY, opened, known_modifiers())
    yield opened
    if warehouse is None:
        opened.close()


def answers(warehouse: Warehouse, questions: list[Question], *, states: bool = True) -> list[Any]:
    """What is told to each question of one batch."""
    known = States(CITY, warehouse, known_modifiers()) if states else None
    return [told(one) for one in ask(CITY, warehouse, questions, Viewer("all", sees_all=True), NOW, states=known)]


@settings(max_examples=max(15, settings().max_examples // 2))
@given(rows=rows_drawn, questions=st.lists(questions_drawn(), min_size=1, max_size=4))
def test_an_answer_after_retention_is_the_one_before_or_is_refused(rows: list[Row], questions: list[Question]) -> None:
    with filled(rows) as warehouse:
        before = answers(warehouse, questions)

        retain(CITY, warehouse, known_modifiers(), NOW)

        for states in (True, False):
            for was, now in zip(before, answers(warehouse, questions, states=states), strict=True):
                assert now in (was, ["rows-gone"])


COVERED = [
    asked(indicators=["c.sum", "c.n", "c.mean", "c.most", "c.ratio"], by=["c.district"], grain="month"),
    asked(indicators=["c.sum"], by=["c.kind"], grain="day", period={"from": "2026-01-05", "to": "2026-01-20"}),
    asked(indicators=["c.some"]),
    asked(indicators=[{"of": "c.sum", "modifier": {"share": {}}, "as": "x"}], by=["c.kind"]),
]
LATER = {"from": "2026-01-31", "to": "2026-02-20"}


def test_what_a_state_covers_is_answered_as_before_and_what_only_rows_know_is_refused(warehouse: Warehouse) -> None:
    uncovered = [asked(indicators=["c.p90"]), asked(indicators=["c.sum"], grain="hour"), asked(indicators=["c.sum"], where="tons > 3")]
    later = [asked(indicators=["c.p90"], period=LATER), asked(indicators=["c.sum"], where="tons > 3", period=LATER)]
    with filled(EVERY, warehouse):
        before = answers(warehouse, [*COVERED, *later])

        (done,) = retain(CITY, warehouse, known_modifiers(), NOW)

        assert (done.rows, done.since, done.zh) == (29, datetime(2026, 1, 30), "")
        assert answers(warehouse, [*COVERED, *later]) == before
        assert answers(warehouse, uncovered) == [["rows-gone"]] * 3
        assert answers(warehouse, COVERED, states=False) == [["rows-gone"]] * 4


def test_a_refresh_after_retention_leaves_removed_periods_alone(duckdb_warehouse: Warehouse) -> None:
    with filled(EVERY, duckdb_warehouse) as warehouse:
        before = answers(warehouse, COVERED)
        retain(CITY, warehouse, known_modifiers(), NOW)

        load_and_note(warehouse, rows_table(CITY), [batch([(900, 2, 12, "s1", "a", 50)])], "append")  # its period is gone
        (done,) = refresh_states(CITY, warehouse, known_modifiers())

        assert done.partitions == 0
        assert answers(warehouse, COVERED) == before


def test_a_whole_rebuild_after_retention_keeps_the_old_periods(duckdb_warehouse: Warehouse) -> None:
    with filled(EVERY, duckdb_warehouse) as warehouse:
        before = answers(warehouse, COVERED)
        retain(CITY, warehouse, known_modifiers(), NOW)

        left = [row for row in EVERY if row[1] >= 29]
        load_and_note(warehouse, rows_table(CITY), [batch(left)], "replace")
        (done,) = refresh_states(CITY, warehouse, known_modifiers())

        assert done.partitions is None
        assert answers(warehouse, COVERED) == before


def test_nothing_is_removed_while_a_state_is_behind(duckdb_warehouse: Warehouse) -> None:
    with filled(EVERY, duckdb_warehouse) as warehouse:
        load_and_note(warehouse, rows_table(CITY), [batch([(900, 59, 12, "s1", "a", 50)])], "append")

        (done,) = retain(CITY, warehouse, known_modifiers(), NOW)

        assert (done.rows, done.en) == (0, "the state 'states.c.rows_day' is not up to date: run `chengmai refresh` first")
        held = warehouse.state(rows_table(CITY))
        assert held is not None
        assert held.rows == 61


def test_a_second_retention_has_nothing_to_remove(duckdb_warehouse: Warehouse) -> None:
    with filled(EVERY, duckdb_warehouse) as warehouse:
        retain(CITY, warehouse, known_modifiers(), NOW)
        (done,) = retain(CITY, warehouse, known_modifiers(), NOW)
        assert (done.rows, done.zh) == (0, "")


def test_a_state_whose_definition_changes_after_retention_is_neither_read_nor_counted_anew(duckdb_warehouse: Warehouse) -> None:
    changed = load_texts_checked(
        {**FILES, "c/rows.dataset.yaml": FILES["c/rows.dataset.yaml"].replace("by: [c.street, c.kind]", "by: [c.street]")}
    ).catalog
    with filled(EVERY, duckdb_warehouse) as warehouse:
        before = answers(warehouse, COVERED)
        retain(CITY, warehouse, known_modifiers(), NOW)

        assert refresh_states(changed, warehouse, known_modifiers()) == []
        known = States(changed, warehouse, known_modifiers())
        (refused,) = ask(changed, warehouse, [asked(indicators=["c.sum"])], now=NOW, states=known)

        assert told(refused) == ["rows-gone"]
        assert "its definition changed after older rows were removed" in known.ready().behind["states.c.rows_day"][1]
        assert answers(warehouse, COVERED) == before


def test_day_states_are_trimmed_too(duckdb_warehouse: Warehouse) -> None:
    with filled(EVERY, duckdb_warehouse) as warehouse:
        retain(city("keep: {raw: P61D, day: P76D}\nstates:\n"), warehouse, known_modifiers(), NOW)

        early = asked(indicators=["c.sum"], period={"from": "2026-01-10", "to": "2026-02-20"})
        late = asked(indicators=["c.sum"], period={"from": "2026-01-20", "to": "2026-02-20"})
        refused, answered = answers(warehouse, [early, late])

        assert refused == ["rows-gone"]
        assert answered != ["rows-gone"]


def test_explain_says_which_rows_a_state_has_outlived(duckdb_warehouse: Warehouse) -> None:
    with filled(EVERY, duckdb_warehouse) as warehouse:
        retain(CITY, warehouse, known_modifiers(), NOW)
        found = explain(CITY, warehouse, COVERED[2], now=NOW, states=States(CITY, warehouse, known_modifiers()))
        assert isinstance(found, Explained)
        assert "rows before 2026-01-30 were removed when their time was up" in str(found.read_en)


def test_a_row_of_a_removed_period_is_a_flaw_and_others_are_none() -> None:
    dataset = CITY.dataset("c.rows")
    assert dataset is not None
    rows = batch([(1, 2, 12, "s1", "a", 5), (2, 29, 3, "s1", "a", 5), (3, 29, 4, "s1", "a", 5)])
    (flaw,) = too_old(dataset, pa.Table.from_batches([rows]), datetime(2026, 1, 30))
    assert list(flaw.rows) == [True, True, False]
