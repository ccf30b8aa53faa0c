"""Every statement that is compiled reads back as the same statement, in the dialect of each warehouse."""

from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.compiling.plan import compile_question
from engine.question import EVERYTHING, Asked
from engine.running.ask import known_modifiers
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from engine.warehouses.postgres import PostgresWarehouse
from tests.properties.city import Case, definitions
from tests.properties.questions import cases
from tests.properties.running import NOW, catalog_of, question_of

MODIFIERS = known_modifiers()
MODIFIED: tuple[Any, ...] = (
    "yoy",
    "ytd",
    {"rolling": {"over": "P7D"}},
    {"cumulative": {}},
    {"rank": {}},
    {"share": {}},
    {"streak": {"above": 1}},
    {"prev": {"n": 2}},
)
WRITERS: tuple[Warehouse, ...] = (DuckDbWarehouse(None), PostgresWarehouse.__new__(PostgresWarehouse))  # writing needs no server


@pytest.mark.fuzz
@given(cases(asked=2), st.sampled_from(MODIFIED))
def test_what_is_written_is_read_back_as_the_same_statement(case: Case, modifier: Any) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    for asking in case.questions:
        grain = "week" if asking.grain in (None, "ten_day") else asking.grain  # prev has no step on ten-day periods
        question = question_of(asking._replace(grain=grain), fill="time" if asking.period else None)
        id = asking.indicators[0]
        modified = Asked(of=id, modifier=modifier, name="modified")
        compiled = compile_question(catalog, MODIFIERS, replace(question, indicators=(*question.indicators, modified)), EVERYTHING, NOW)
        assert compiled.statement is not None, compiled.findings
        for warehouse in WRITERS:
            text = warehouse.write(compiled.statement.tree)
            again = sqlglot.parse_one(text, dialect=warehouse.tag)
            assert again.sql(dialect=warehouse.tag) == text
