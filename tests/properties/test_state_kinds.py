"""States of every sort answer as rows do: values, averages, backlog, readings, two clocks, owners that change, every row scope."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.ask import ask, known_modifiers
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.state.server import Server
from engine.warehouse import LoadMode, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from tests.properties.state_city import (
    FLOWS,
    KEPT_FLOWS,
    KEPT_LEVELS,
    KEPT_READINGS,
    NOTED,
    START,
    VIEWERS,
    Facts,
    city,
    facts_drawn,
    put,
    put_facts,
    put_owners,
    put_tables,
)
from tests.properties.test_states import told
from tests.warehouse_fixtures import fresh_database

CITY = city()
NOW = datetime(2026, 4, 1)
ASKED = [f"c.{name}" for name in (*FLOWS, *NOTED)] + KEPT_LEVELS + KEPT_READINGS
MODIFIERS: list[Any] = [None, "mom", {"prev": {"n": 1}}, {"rolling": {"over": "P3D"}}, "mtd", {"share": {}}]
BY: list[list[str]] = [[], ["c.kind"], ["c.street"], ["c.district"], ["c.owner"], ["c.district", "c.kind"]]
WHERE = [None, "c.kind = 'a'", "c.district = 'd1'", "c.street in ('s1', 's3')", "kind = 'a'", "tons > 10", "c.owner = 'y'"]
loads_drawn = st.lists(st.tuples(st.sampled_from(["upsert", "replace"]), facts_drawn, st.booleans()), min_size=1, max_size=3)


@st.composite
def questions_drawn(draw: st.DrawFn) -> Question:
    """A question that some state may or may not cover."""
    indicator = draw(st.sampled_from(ASKED))
    modifier = draw(st.sampled_from(MODIFIERS)) if indicator != "c.ever" else None  # yes and no cannot be subtracted
    asked = {
        "indicators": [{"of": indicator, "modifier": modifier, "as": "x"}],
        "by": draw(st.sampled_from(BY)),
        "grain": draw(st.sampled_from([None, "day", "week", "month"])),
        "period": draw(st.sampled_from([{"from": "2026-01-01", "to": "2026-02-15"}, {"from": "2026-01-10T08:00", "to": "2026-02-15"}, {"from": "2026-02-01"}])),
        "as_of": draw(st.sampled_from([None, "2026-03-01", "2026-01-20", "2026-01-20T09:30", "2026-02-01"])),
    }  # fmt: skip
    where = draw(st.sampled_from(WHERE))
    return msgspec.convert(asked if where is None else {**asked, "where": where}, Question)


def assert_alike(catalog: Catalog, warehouse: Warehouse, states: States, questions: list[Question], viewer: Viewer) -> int:
    """The same answers with and without states; how many of the answers were read from one."""
    stored = list(ask(catalog, warehouse, questions, viewer, NOW, states=states))
    counted = list(ask(catalog, warehouse, questions, viewer, NOW))
    for question, left, right in zip(questions, stored, counted, strict=True):
        assert told(left) == told(right), (question, viewer.name, left.compiled and left.compiled.states, left.sql)
    return sum(bool(answer.compiled and answer.compiled.states) for answer in stored)


def run(warehouse: Warehouse, loads: list[tuple[LoadMode, Facts, bool]], questions: list[Question], owners_change: bool) -> None:
    """Loads, refreshes and questions in turn, for every viewer."""
    put_tables(warehouse, CITY)
    states = States(CITY, warehouse, known_modifiers())
    for mode, facts, is_refreshed in loads:
        put_facts(warehouse, CITY, facts, mode)
        if is_refreshed:
            refresh_states(CITY, warehouse, known_modifiers())
        for viewer in VIEWERS:
            assert_alike(CITY, warehouse, states, questions, viewer)
    if owners_change:
        put_owners(warehouse, CITY, START + timedelta(days=5, hours=1))
        for viewer in VIEWERS:
            assert_alike(CITY, warehouse, states, questions, viewer)


@settings(max_examples=max(10, settings().max_examples // 5))  # each example asks every viewer's questions twice
@given(loads=loads_drawn, questions=st.lists(questions_drawn(), min_size=1, max_size=4), owners_change=st.booleans())
def test_states_of_every_sort_answer_as_rows_do(
    loads: list[tuple[LoadMode, Facts, bool]], questions: list[Question], owners_change: bool
) -> None:
    warehouse = DuckDbWarehouse(None)
    run(warehouse, loads, questions, owners_change)
    warehouse.close()


@pytest.fixture(scope="module")
def postgres(postgres_server: Server) -> Iterator[Warehouse]:
    """One PostgreSQL for the module: rows are replaced."""
    with fresh_database(postgres_server) as dsn:
        warehouse = PostgresWarehouse(dsn, connections=2)
        yield warehouse
        warehouse.close()


@pytest.mark.postgres
@settings(max_examples=4)
@given(facts=facts_drawn, questions=st.lists(questions_drawn(), min_size=6, max_size=6))
def test_states_of_every_sort_answer_as_rows_do_on_postgresql(postgres: Warehouse, facts: Facts, questions: list[Question]) -> None:
    run(postgres, [("replace", facts, True)], questions, False)


def filled() -> tuple[Warehouse, States]:
    """Sixty days of everything, and its states."""
    warehouse = DuckDbWarehouse(None)
    put_tables(warehouse, CITY)
    moments = [START + timedelta(days=n, hours=12) for n in range(60)]
    rows = [(n, at, at, f"s{n % 3 + 1}", "ab"[n % 2], f"p{n % 3 + 1}", n, n % 3 + 1) for n, at in enumerate(moments)]
    cases = [(n, at, at + timedelta(days=n % 9) if n % 4 else None, f"s{n % 3 + 1}", "d1", n % 10) for n, at in enumerate(moments)]
    gauges = [(f"g{n % 3}", at, "s1", n, "-") for n, at in enumerate(moments)]
    put_facts(warehouse, CITY, Facts(rows, cases, gauges), "replace")
    refresh_states(CITY, warehouse, known_modifiers())
    return warehouse, States(CITY, warehouse, known_modifiers())


def asked(indicator: str, **written: Any) -> Question:
    """A question as of a midnight, when every sort of state can answer."""
    return msgspec.convert({"indicators": [indicator], "as_of": "2026-03-10", **written}, Question)


def read_from(warehouse: Warehouse, states: States, question: Question, viewer: Viewer = VIEWERS[0]) -> tuple[tuple[str, ...], set[str]]:
    """The states that an answer was read from, and why others were not."""
    (answer,) = ask(CITY, warehouse, [question], viewer, NOW, states=states)
    assert answer.compiled is not None
    assert answer.frame is not None, answer.findings
    return answer.compiled.states, {refusal.en for refusal in answer.compiled.refusals}


@pytest.mark.parametrize("indicator", [*KEPT_FLOWS, *(f"c.{name}" for name in NOTED), *KEPT_LEVELS, *KEPT_READINGS])
def test_every_kept_indicator_is_read_from_a_state(indicator: str) -> None:
    warehouse, states = filled()
    # Where a case lies is the street's district; the district it tells of is another column, and nearer.
    question = asked(indicator, by=["c.street"] if indicator in KEPT_LEVELS else ["c.district"], grain="month")
    assert read_from(warehouse, states, question)[0] != ()
    assert assert_alike(CITY, warehouse, states, [question], VIEWERS[1]) == 1
    warehouse.close()


def test_the_covering_state_with_the_fewest_rows_is_read() -> None:
    warehouse, states = filled()
    assert read_from(warehouse, states, asked("c.sum", by=["c.kind"], grain="month"))[0] == ("states.c.rows_month",)
    assert read_from(warehouse, states, asked("c.sum", by=["c.kind"], grain="day"))[0] == ("states.c.rows_day",)
    warehouse.close()


def test_different_values_of_a_window_of_days_come_from_a_state() -> None:
    warehouse, states = filled()
    rolling = {"of": "c.plates", "modifier": {"rolling": {"over": "P3D"}}, "as": "x"}
    question = msgspec.convert({"indicators": [rolling], "by": ["c.owner"], "grain": "day", "as_of": "2026-03-10"}, Question)
    assert read_from(warehouse, states, question)[0] == ("states.c.rows_owners_each_plate",)
    assert_alike(CITY, warehouse, states, [question], VIEWERS[0])
    warehouse.close()


@pytest.mark.parametrize(
    ("question", "viewer", "why"),
    [
        (asked("c.spread"), 0, "this aggregate is not kept"),
        (asked("c.open", as_of="2026-02-20T09:30"), 0, "as_of lies inside one of the state's periods"),
        (asked("c.open", by=["c.district"], grain="hour", period={"from": "2026-02-01", "to": "2026-02-02"}), 0, "the grain is finer than the state's (day)"),
        (asked("c.sum", where="plate = 'p1'"), 0, "the condition uses 'plate', which the state does not keep"),
        (asked("c.level", where="remark = '-'"), 0, "the condition uses 'remark', which the state does not keep"),
        (asked("c.noted", by=["c.kind"]), 0, "the state does not keep 'c.kind' apart"),
        (asked("c.open", by=["c.district"]), 0, "the state does not keep 'c.district' apart"),
        (asked("c.noted_sum"), 2, "the state does not keep the dimension of the viewer's scope"),
    ],
)  # fmt: skip
def test_a_state_that_does_not_cover_says_why(question: Question, viewer: int, why: str) -> None:
    warehouse, states = filled()
    used, refusals = read_from(warehouse, states, question, VIEWERS[viewer])
    assert used == ()
    assert why in refusals
    warehouse.close()


def test_a_state_whose_rows_were_looked_up_in_a_table_that_changed_is_behind() -> None:
    warehouse, states = filled()
    question = asked("c.sum", by=["c.owner"])
    assert read_from(warehouse, states, question)[0] == ("states.c.rows_owners",)
    put_owners(warehouse, CITY, START + timedelta(days=1))
    used, why = read_from(warehouse, states, question)
    assert used == ()
    assert "the state is behind the data" in why or "the state is not filled yet" in why
    assert [done.state for done in refresh_states(CITY, warehouse, known_modifiers())] == [
        "states.c.rows_owners",
        "states.c.rows_owners_each_plate",
    ]
    assert read_from(warehouse, states, question)[0] == ("states.c.rows_owners",)
    warehouse.close()


def test_a_table_of_values_as_long_as_the_rows_saves_nothing_and_is_not_read() -> None:
    warehouse = DuckDbWarehouse(None)
    put_tables(warehouse, CITY)
    rows = [(n, START, START, "s1", "a", f"p{n}", None, 1) for n in range(12_000)]
    put(warehouse, CITY, "c.rows", rows, "replace")
    refresh_states(CITY, warehouse, known_modifiers())
    states = States(CITY, warehouse, known_modifiers())
    used, why = read_from(warehouse, states, asked("c.plates"))
    assert used == ()
    assert "the state has 12000 rows, the dataset 12000: reading it saves nothing" in why
    warehouse.close()
