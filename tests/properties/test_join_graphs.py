"""The engine against an oracle that only loops over rows: random joins, gaps, filters and formulas."""

import pytest
from hypothesis import given

from tests.properties.city import Case, definitions
from tests.properties.oracle import answer
from tests.properties.questions import cases
from tests.properties.running import answered, catalog_of, differences, duckdb, load_city, question_of, table


@pytest.mark.fuzz
@given(cases())
def test_answers_over_random_join_graphs_are_those_of_plain_python(case: Case) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        for asking in case.questions:
            found = answered(catalog, warehouse, question_of(asking, totals=True))
            wrong = differences(table(found), answer(case.city, case.indicators, asking))
            assert not wrong, "\n".join([*wrong, found.sql])
