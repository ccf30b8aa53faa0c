"""Laws that hold for whatever city is asked: parts and wholes, order of rows, joins, warehouses, row scope."""

from collections import defaultdict
from contextlib import closing
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.question import Viewer
from engine.state.server import Server
from engine.warehouses.postgres import PostgresWarehouse
from tests.properties.city import FOLDER, REGIONS, Asking, Case, City, Measure, cities, definitions
from tests.properties.questions import asked_by, cases, seeded
from tests.properties.questions import case as case_of
from tests.properties.running import Table, a_part, answered, catalog_of, differences, duckdb, load_city, question_of, table
from tests.warehouse_fixtures import fresh_database

REGION = f"{FOLDER}.region"
ACCESS = {f"{FOLDER}/district.access.yaml": 'title: 区\nrows: "region in viewer.regions"\n'}


def folded(parts: Table, keep: int) -> Table:
    """Parts added up over their last keys; nothing and nothing is nothing."""
    found: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(dict)
    for key, row in parts.items():
        for name, value in row.items():
            before = found[key[:keep]].get(name)
            found[key[:keep]][name] = value if before is None else before if value is None else before + value
    return dict(found)


@pytest.mark.fuzz
@a_part(2)
@given(cases(aggs=("sum", "count"), may_drop=False, many=False, asked=2, formulas=False))
def test_parts_of_an_additive_measure_sum_to_the_whole(case: Case) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        for asking in case.questions:
            parts = answered(catalog, warehouse, question_of(asking, totals=True))
            total = table(parts, totals=True) if parts.totals is not None else table(parts)
            whole = folded(table(parts), 0) or {(): {id: 0 if agg_of(case, id) == "count" else None for id in asking.indicators}}
            assert not differences(whole, total), parts.sql
            if asking.grain is None and asking.by:
                coarser = answered(catalog, warehouse, question_of(asking._replace(by=asking.by[:-1])))
                assert not differences(folded(table(parts), len(asking.by) - 1) or table(coarser), table(coarser)), parts.sql


def agg_of(case: Case, id: str) -> str:
    """How an indicator aggregates."""
    one = case.indicators[id]
    assert isinstance(one, Measure)
    return one.agg


@pytest.mark.fuzz
@a_part(2)
@given(cases(asked=2), st.integers(0, 1_000_000))
def test_shuffled_rows_give_the_same_answer(case: Case, seed: int) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    shuffled = tuple(tuple(Random(seed).sample(rows, len(rows))) for rows in case.city.rows)
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        before = [table(answered(catalog, warehouse, question_of(asking))) for asking in case.questions]
        load_city(warehouse, catalog, case.city._replace(rows=shuffled))
        after = [table(answered(catalog, warehouse, question_of(asking))) for asking in case.questions]
    for left, right in zip(before, after, strict=True):
        assert list(left) == list(right)  # in the same order too
        assert not differences(left, right)


def _joined(rng: Random) -> tuple[City, int, Asking]:
    """A city in which the nth row of one dataset is worth 10 to the n: the digits of a sum tell how often each row was counted."""
    city = cities(rng, may_drop=False)
    start = rng.randrange(len(city.sets))
    worth = tuple({**row, "amount": Decimal(10) ** n} for n, row in enumerate(city.rows[start]))
    city = city._replace(rows=(*city.rows[:start], worth, *city.rows[start + 1 :]))
    asking = asked_by(rng, city, {f"{FOLDER}.total": Measure(start, "sum", ("col", ("amount",)))}, True)
    return city, start, asking._replace(period=None, where=())


@pytest.mark.fuzz
@a_part(2)
@given(seeded(_joined))
def test_no_join_inflates_a_sum(joined: tuple[City, int, Asking]) -> None:
    city, start, asking = joined
    catalog = catalog_of(definitions(city, {f"{FOLDER}.total": Measure(start, "sum", ("col", ("amount",)))}))
    amounts = [row["amount"] for row in city.rows[start] if row["at"] is not None]
    with duckdb() as warehouse:
        load_city(warehouse, catalog, city)
        found = answered(catalog, warehouse, question_of(asking, totals=True))
    parts = [value for row in table(found).values() for value in row.values() if value is not None]
    totals = table(found, totals=True)[()].values() if found.totals is not None else parts
    assert found.frame is not None
    assert sum(total for total in totals if total is not None) == sum(amounts), found.sql
    assert all(set(f"{part:.0f}") <= {"0", "1"} for part in parts), found.sql  # no row twice in a group
    assert "overlapping" in found.frame.marks or sum(parts) == sum(amounts), found.sql


@pytest.mark.fuzz
@a_part(2)
@given(cases(asked=2))
def test_indicators_asked_together_have_the_values_they_have_alone(case: Case) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        for asking in case.questions:
            together = answered(catalog, warehouse, question_of(asking))
            for id in asking.indicators:
                alone = table(answered(catalog, warehouse, question_of(asking._replace(indicators=(id,)))))
                beside = {key: {id: row[id]} for key, row in table(together).items() if key in alone}
                assert not differences(alone, beside), together.sql


@pytest.mark.postgres
@pytest.mark.fuzz
@a_part(4)
@given(case=cases(asked=5))
def test_duckdb_and_postgresql_give_equal_frames(postgres_server: Server, case: Case) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    with duckdb() as left, fresh_database(postgres_server) as dsn, closing(PostgresWarehouse(dsn, connections=1)) as right:
        load_city(left, catalog, case.city)
        load_city(right, catalog, case.city)
        for asking in case.questions:
            one, other = (answered(catalog, warehouse, question_of(asking, totals=True)) for warehouse in (left, right))
            assert one.frame is not None
            assert other.frame is not None
            assert [column.name for column in one.frame.columns] == [column.name for column in other.frame.columns]
            assert list(table(one)) == list(table(other)), other.sql  # in the same order too
            assert not differences(table(one), table(other)), other.sql
            assert one.frame.column("_complete") == other.frame.column("_complete")


def _scoped(rng: Random) -> tuple[Case, tuple[str, ...]]:
    """A question by the region that row scope goes by, and some regions."""
    case = case_of(rng, asked=1)
    asking = case.questions[0]
    sets = {one.set for one in case.indicators.values() if isinstance(one, Measure)}
    if len(sets) > 1:  # one road for all: the own column
        city = case.city._replace(sets=tuple(one._replace(region="region") for one in case.city.sets))
        case = case._replace(city=city)
    region = case.city.sets[next(iter(sets))].region
    via = dict(asking.via) | ({} if region == "region" else {REGION: region})
    by = (REGION, *(axis for axis in asking.by if axis != REGION))
    scoped = case._replace(questions=(asking._replace(by=by, via=via),))
    return scoped, tuple(rng.sample(REGIONS, rng.randint(0, 2)))


@pytest.mark.fuzz
@a_part(2)
@given(seeded(_scoped))
def test_row_scope_adds_no_row_and_changes_no_number_within_it(scoped: tuple[Case, tuple[str, ...]]) -> None:
    case, regions = scoped
    catalog = catalog_of(definitions(case.city, case.indicators, ACCESS))
    viewer = Viewer(name="v", access=(f"{FOLDER}.district",), attributes=(("regions", regions),))
    asking = case.questions[0]
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        everything = table(answered(catalog, warehouse, question_of(asking)))
        seen = table(answered(catalog, warehouse, question_of(asking), viewer))
        coarse = asking._replace(by=asking.by[1:])
        unscoped, scoped_too = (
            table(answered(catalog, warehouse, question_of(coarse), who)) for who in (Viewer("all", sees_all=True), viewer)
        )
    assert not differences({key: row for key, row in everything.items() if key[0] in regions}, seen)
    assert scoped_too.keys() <= unscoped.keys()


@a_part(5)
@given(seeded(lambda rng: cities(rng, most=2)))
def test_who_has_no_access_sees_no_row(city: City) -> None:
    indicators = {f"{FOLDER}.rows": Measure(0, "count", None)}
    catalog = catalog_of(definitions(city, indicators, ACCESS))
    with duckdb() as warehouse:
        load_city(warehouse, catalog, city)
        for viewer in (Viewer("nobody"), Viewer("unknown", access=("n.gone",)), Viewer("nowhere", access=(f"{FOLDER}.district",))):
            assert table(answered(catalog, warehouse, question_of(Asking(tuple(indicators))), viewer)) == {(): {f"{FOLDER}.rows": 0}}
