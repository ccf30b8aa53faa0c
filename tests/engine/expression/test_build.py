"""A formula gives the same value in a database as in plain Python, whatever is null in the row."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import duckdb
import psycopg
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlglot import exp

from engine.expression.alike import Typed
from engine.expression.build import build
from engine.expression.grammar import parse
from engine.expression.tree import (
    Aggregate,
    Binary,
    Column,
    Expr,
    InColumn,
    IndicatorCall,
    Literal,
    Value,
)  # fmt: skip
from engine.expression.types import infer
from engine.findings import Place
from engine.state.server import Server
from tests.engine.expression.oracle import work_out
from tests.engine.expression.typed_trees import TYPES, condition_trees, number_trees, rows, text_trees, time_trees

HERE = Place("x.yaml")
SQL_TYPES = {"integer": "BIGINT", "decimal": "DECIMAL(18,6)", "float": "DOUBLE", "text": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE",
             "timestamp": "TIMESTAMP"}  # fmt: skip


def column_type(path: tuple[str, ...]) -> Typed | None:
    name = ".".join(path)
    return Typed("text") if name == "viewer.regions" else Typed(TYPES[name]) if name in TYPES else None


def column_node(column: Column) -> exp.Expression:
    if column.name == "viewer.regions":
        return exp.Array(expressions=[exp.Literal.string("a"), exp.Literal.string("中文")])
    return exp.column(column.name, quoted=True)


def close(one: object, other: object) -> bool:
    if isinstance(one, (int, float, Decimal)) and isinstance(other, (int, float, Decimal)) and not isinstance(one, bool):
        return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(one, date) and isinstance(other, date):
        # A day that went through plus_days is its midnight; which of the two comes out is of no consequence.
        return str(one)[:19].removesuffix(" 00:00:00") == str(other)[:19].removesuffix(" 00:00:00")
    return one == other


def select(expr: Expr) -> exp.Select:
    return exp.select(build(expr, column_node)).from_("given").order_by("n")


def table(types: Mapping[str, str]) -> str:
    return "CREATE TEMPORARY TABLE given (n INTEGER, " + ", ".join(f'"{name}" {types[kind]}' for name, kind in TYPES.items()) + ")"


def answers(expr: Expr, given: list[dict[str, Value]]) -> list[object]:
    connection = duckdb.connect()
    connection.execute(table(SQL_TYPES))
    marks = ", ".join("?" for _ in range(len(TYPES) + 1))
    for number, row in enumerate(given):
        connection.execute(f"INSERT INTO given VALUES ({marks})", [number, *(row[name] for name in TYPES)])
    return [answer for (answer,) in connection.execute(select(expr).sql("duckdb")).fetchall()]


def answers_of_postgres(expr: Expr, given: list[dict[str, Value]], dsn: str) -> list[object]:
    with psycopg.connect(dsn) as connection:
        connection.execute(table(SQL_TYPES | {"text": 'TEXT COLLATE "C"', "float": "DOUBLE PRECISION"}))
        marks = ", ".join("%s" for _ in range(len(TYPES) + 1))
        for number, row in enumerate(given):
            connection.execute(f"INSERT INTO given VALUES ({marks})", [number, *(row[name] for name in TYPES)])
        said = [answer for (answer,) in connection.execute(select(expr).sql("postgres")).fetchall()]
        connection.rollback()
    return said


def inferred(expr: Expr) -> Expr:
    found, findings = infer(expr, column_type, HERE, {})
    assert findings == []
    assert found is not None
    return found.expr


@pytest.mark.fuzz
@given(st.one_of(number_trees(3), text_trees(3), time_trees(3), condition_trees(3)), rows)
def test_a_database_and_plain_python_agree_on_every_formula_and_row(expr: Expr, given_rows: list[dict[str, Value]]) -> None:
    _, findings = infer(expr, column_type, HERE, {})
    assume({finding.code for finding in findings} != {"unit-mismatch"})  # hours beside a plain number are refused, rightly
    said = answers(inferred(expr), given_rows)
    expected = [work_out(expr, {**row, "viewer.regions": ("a", "中文")}) for row in given_rows]
    assert all(close(one, other) for one, other in zip(said, expected, strict=True)), (said, expected)


@pytest.mark.postgres
@pytest.mark.fuzz
@given(st.one_of(number_trees(3), text_trees(3), time_trees(3), condition_trees(3)), rows)
def test_postgresql_and_plain_python_agree_too(postgres_server: Server, expr: Expr, given_rows: list[dict[str, Value]]) -> None:
    _, findings = infer(expr, column_type, HERE, {})
    assume({finding.code for finding in findings} != {"unit-mismatch"})
    said = answers_of_postgres(inferred(expr), given_rows, postgres_server.dsn())
    expected = [work_out(expr, {**row, "viewer.regions": ("a", "中文")}) for row in given_rows]
    assert all(close(one, other) for one, other in zip(said, expected, strict=True)), (said, expected)


def value_of(text: str, **row: Value) -> object:
    parsed, findings = parse(text, HERE)
    assert findings == []
    assert parsed is not None
    return answers(inferred(parsed.expr), [{name: row.get(name) for name in TYPES}])[0]


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("i / j", {"i": 1, "j": 2}, 0.5),
        ("i / j", {"i": 1, "j": 0}, None),
        ("i / 0", {"i": 1}, None),
        ("(x + y) * 2 / (x - y)", {"x": Decimal(3), "y": Decimal(1)}, 4.0),
        ("x * y", {"x": Decimal(50_000), "y": Decimal(300)}, 15_000_000.0),
        ("x * 1000000", {"x": Decimal(100_000_000)}, 1e14),
        ("i * j", {"i": 10**12, "j": 10**12}, 1e24),
        ("hours(d, e)", {"d": date(2026, 1, 1), "e": date(2026, 1, 3)}, 48.0),
        ("minutes(t, d)", {"t": datetime(2026, 1, 1, 0, 30), "d": date(2026, 1, 1)}, -30.0),
        ("t - d", {"t": datetime(2026, 1, 2, 12), "d": date(2026, 1, 1)}, 1.5),
        ("weekday(d)", {"d": date(2026, 1, 5)}, 1),
        ("weekday(d)", {"d": date(2026, 1, 4)}, 7),
        ("hour(d)", {"d": date(2026, 1, 4)}, 0),
        ("round(f, 2)", {"f": 2.675}, 2.68),
        ("round(f)", {"f": -2.5}, -3.0),
        ("d >= '2026-01-01'", {"d": date(2026, 1, 1)}, True),
        ("t < '2026-01-01 08:00'", {"t": datetime(2026, 1, 1, 8)}, False),
        ("s not in ('a', 'b')", {"s": None}, None),
        ("s = 'a' or i = 1", {"s": None, "i": 1}, True),
        ("case when i > 0 then 'new' else 'old' end", {"i": None}, "old"),
        ("trim(s)", {"s": "\u3000 站 "}, "站"),
        ("length(s)", {"s": "中文"}, 2),
        ("substr(s, 1, 1)", {"s": "中文"}, "中"),
        ("concat(s, u)", {"s": "a", "u": None}, "a"),
        ("s in viewer.regions", {"s": "中文"}, True),
        ("s in viewer.regions", {"s": "b"}, False),
        ("s like '%''_'", {"s": "it's"}, True),
    ],
)
def test_these_values_are_worked_out_by_hand(text: str, row: dict[str, Value], expected: object) -> None:
    assert value_of(text, **row) == expected


def test_a_hundred_conditions_in_a_row_are_not_deep_to_the_database() -> None:
    text = " or ".join(f"i = {n}" for n in range(95))
    assert value_of(text, i=94) is True


def test_nothing_is_a_member_of_an_empty_list() -> None:
    member = build(
        InColumn(Column(("s",)), Column(("viewer", "regions"))), lambda column: exp.Tuple() if len(column.path) > 1 else exp.column("s")
    )
    assert member == exp.false()


def test_a_list_held_by_the_database_is_searched_there() -> None:
    member = build(InColumn(Column(("s",)), Column(("listed",))), lambda column: exp.column(column.name))
    assert member.sql("postgres") == "s = ANY(listed)"


def test_an_indicator_is_looked_up_by_the_function_given() -> None:
    node = build(Binary(">", IndicatorCall("a.b"), Literal(3)), column_node, lambda call: exp.column(call.id.replace(".", "_")))
    assert node.sql() == "a_b > 3"


@pytest.mark.parametrize("expr", [Aggregate("count"), IndicatorCall("a.b")])
def test_what_has_no_value_in_one_row_is_not_built(expr: Expr) -> None:
    with pytest.raises(TypeError):
        build(expr, column_node)


@pytest.mark.parametrize(
    ("text", "postgres"),
    [
        ("i / j", 'CAST("i" AS DOUBLE PRECISION) / NULLIF("j", 0)'),
        ("hours(t, w)", 'CAST(EXTRACT(EPOCH FROM (CAST("w" AS TIMESTAMP) - CAST("t" AS TIMESTAMP))) AS DOUBLE PRECISION) / 3600'),
        ("day_of_year(d)", 'CAST(EXTRACT(DOY FROM "d") AS BIGINT)'),
        ("plus_days(d, 3)", "CAST(\"d\" AS TIMESTAMP) + CAST(3 AS BIGINT) * INTERVAL '1 DAY'"),
        ("s = 'it''s'", "\"s\" = 'it''s'"),
    ],
)
def test_the_same_tree_is_written_for_postgresql(text: str, postgres: str) -> None:
    parsed, _ = parse(text, HERE)
    assert parsed is not None
    assert build(parsed.expr, column_node).sql("postgres") == postgres
