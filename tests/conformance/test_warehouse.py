"""Every warehouse loads all or nothing, tells what it holds, and runs nothing but one SELECT."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from sqlglot import exp

from engine.compiling import nodes
from engine.warehouse import (
    ColumnType,
    LoadMode,
    NotOneSelect,
    RowsDoNotFit,
    Statement,
    Table,
    TableColumn,
    Warehouse,
    arrow_schema,
    table_node,
)
from tests.conformance.statements import select

CASES = Table(
    schema="hotline",
    name="case",  # a reserved word
    columns=(TableColumn("id", "text"), TableColumn("opened", "timestamp"), TableColumn("件数", "integer"), TableColumn("cost", "decimal")),
    key=("id",),
    time="opened",
)


HARD = '引号" , 换行\n 反斜杠\\ 100%'


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour)


def batch(*rows: tuple[str | None, datetime | None, int]) -> pa.RecordBatch:
    listed = [{"id": id_, "opened": opened, "件数": number} for id_, opened, number in rows]
    return pa.RecordBatch.from_pylist(listed, schema=arrow_schema(CASES))


def held(warehouse: Warehouse, table: Table = CASES) -> list[tuple[Any, ...]]:
    columns = [exp.column(name) for name in ("id", "opened", "件数")]
    order = [nodes.ordered(exp.column(name)) for name in ("id", "件数")]
    tree = exp.Select(expressions=columns).from_(table_node(table)).order_by(*order)
    return [tuple(row.values()) for row in warehouse.query(Statement(tree)).to_pylist()]


# loading


def test_a_table_that_was_never_loaded_has_no_state(warehouse: Warehouse) -> None:
    warehouse.create(CASES)

    assert warehouse.state(CASES) is None
    assert held(warehouse) == []


def test_a_load_moves_version_count_and_watermark_together(warehouse: Warehouse) -> None:
    before = datetime.now(UTC)

    first = warehouse.load(CASES, [batch(("a", at(1), 1))], "append")
    second = warehouse.load(CASES, [batch(("b", at(3), 2), ("c", at(2), 3)), batch(("d", None, 4))], "append")

    assert (first.version, first.rows, first.watermark) == (1, 1, at(1))
    assert (second.version, second.rows, second.watermark) == (2, 4, at(3))
    assert before <= second.loaded_at <= datetime.now(UTC)
    assert warehouse.state(CASES) == second


def test_a_load_without_rows_is_a_load(warehouse: Warehouse) -> None:
    assert warehouse.load(CASES, [], "replace").version == 1
    assert warehouse.load(CASES, [], "append").rows == 0


def test_replacing_leaves_nothing_of_before(warehouse: Warehouse) -> None:
    warehouse.load(CASES, [batch(("a", at(1), 1), ("b", at(2), 2))], "append")

    state = warehouse.load(CASES, [batch(("z", at(5), 9)), batch(("y", at(4), 8))], "replace")

    assert held(warehouse) == [("y", at(4), 8), ("z", at(5), 9)]
    assert (state.version, state.rows, state.watermark) == (2, 2, at(5))


def test_a_repeated_key_replaces_itself_and_the_last_one_wins(warehouse: Warehouse) -> None:
    warehouse.load(CASES, [batch(("a", at(1), 1), ("b", at(2), 2))], "append")

    state = warehouse.load(CASES, [batch(("b", at(3), 20), ("c", at(1), 3)), batch(("b", at(2), 21))], "upsert")

    assert held(warehouse) == [("a", at(1), 1), ("b", at(2), 21), ("c", at(1), 3)]
    assert (state.rows, state.watermark) == (3, at(2))


def test_a_key_of_two_columns_is_equal_only_as_a_whole(warehouse: Warehouse) -> None:
    table = Table(CASES.schema, "pairs", CASES.columns, ("id", "opened"), "opened")
    warehouse.load(table, [batch(("a", at(1), 1), ("a", at(2), 2))], "append")

    warehouse.load(table, [batch(("a", at(2), 5), ("b", at(1), 6))], "upsert")

    assert held(warehouse, table) == [("a", at(1), 1), ("a", at(2), 5), ("b", at(1), 6)]


def test_the_days_that_come_in_replace_the_same_days(warehouse: Warehouse) -> None:
    warehouse.load(CASES, [batch(("a", at(1, 23), 1), ("b", at(2), 2), ("c", at(2, 23), 3), ("d", at(3), 4), ("e", at(4), 5))], "append")

    state = warehouse.load(CASES, [batch(("x", at(2, 12), 9), ("y", at(4, 1), 8))], "replace_partitions")

    assert held(warehouse) == [("a", at(1, 23), 1), ("d", at(3), 4), ("x", at(2, 12), 9), ("y", at(4, 1), 8)]
    assert (state.rows, state.watermark) == (4, at(4, 1))


def test_a_source_that_breaks_halfway_changes_nothing(warehouse: Warehouse) -> None:
    state = warehouse.load(CASES, [batch(("a", at(1), 1))], "append")

    def breaking() -> Iterator[pa.RecordBatch]:
        yield batch(("b", at(2), 2))
        raise ConnectionError("the source is gone")

    for mode in ("append", "replace", "upsert", "replace_partitions"):
        with pytest.raises(ConnectionError, match="the source is gone"):
            warehouse.load(CASES, breaking(), mode)

    assert held(warehouse) == [("a", at(1), 1)]
    assert warehouse.state(CASES) == state


@pytest.mark.parametrize(
    ("rows", "mode", "said"),
    [
        (pa.record_batch({"id": ["a"], "idd": ["b"]}), "append", "has no column idd"),
        (pa.record_batch({"件数": ["many"]}), "append", "column 件数"),
        (pa.record_batch({"cost": pa.array([Decimal("0.0000001")])}), "append", "column cost"),
        (batch((None, at(1), 1)), "upsert", "column id: a row without it"),
        (batch(("a", None, 1)), "replace_partitions", "column opened: a row without it"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_name(duckdb_warehouse: Warehouse, rows: pa.RecordBatch, mode: Any, said: str) -> None:
    with pytest.raises(RowsDoNotFit, match=said):
        duckdb_warehouse.load(CASES, [rows], mode)


def test_a_table_without_a_key_is_not_replaced_row_by_row(warehouse: Warehouse) -> None:
    with pytest.raises(RowsDoNotFit, match="no key or time"):
        warehouse.load(Table("hotline", "loose", CASES.columns), [batch(("a", at(1), 1))], "upsert")


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_a_table_without_a_time_is_loaded_and_has_no_watermark(warehouse: Warehouse, mode: LoadMode) -> None:
    table = Table("city", "places", CASES.columns, ("id",))

    state = warehouse.load(table, [batch(("b", at(2), 2), ("a", None, 1))], mode)

    assert held(warehouse, table) == [("a", None, 1), ("b", at(2), 2)]
    assert (state.rows, state.watermark) == (2, None)


def test_new_columns_are_added_and_old_rows_have_none_of_them(warehouse: Warehouse) -> None:
    narrow = Table(CASES.schema, CASES.name, CASES.columns[:2], CASES.key, CASES.time)
    warehouse.load(narrow, [batch(("a", at(1), 1)).select(["id", "opened"])], "append")

    warehouse.create(CASES)
    warehouse.load(CASES, [batch(("b", at(2), 2))], "append")

    assert held(warehouse) == [("a", at(1), None), ("b", at(2), 2)]


def test_every_type_comes_back_as_it_went_in(warehouse: Warehouse) -> None:
    types: tuple[ColumnType, ...] = ("text", "integer", "decimal", "float", "boolean", "date", "timestamp")
    table = Table("city", "every type", tuple(TableColumn(f"c {name}", name) for name in types), time="c timestamp")
    rows = [
        (HARD, -(2**63), Decimal("-123456789012.123456"), 0.1, False, date(1899, 12, 31), datetime(2026, 1, 1, 1, 2, 3, 4)),
        ("", 2**63 - 1, Decimal(0), 1e308, True, date(9999, 12, 31), datetime(1900, 1, 1)),
        (None, None, None, None, None, None, None),
    ]
    listed = [dict(zip(arrow_schema(table).names, row, strict=True)) for row in rows]

    warehouse.load(table, [pa.RecordBatch.from_pylist(listed, schema=arrow_schema(table))], "append")

    columns = [exp.column(name) for name in listed[0]]
    tree = exp.Select(expressions=columns).from_(table_node(table)).order_by(nodes.ordered(columns[0].copy()))
    answer = warehouse.query(Statement(tree))
    assert [tuple(row.values()) for row in answer.to_pylist()] == [rows[1], rows[0], rows[2]]
    assert answer.schema.types == [pa.decimal128(38, 6) if pa.types.is_decimal(kind) else kind for kind in arrow_schema(table).types]


def test_queries_see_whole_loads_only_while_loads_go_on(warehouse: Warehouse) -> None:
    warehouse.load(CASES, [batch(*((f"{number}", at(1), 0) for number in range(50)))], "replace")
    seen: set[tuple[int, int, int]] = set()
    over = threading.Event()

    def look() -> None:
        number = exp.column("件数")
        tree = select(exp.Count(this=exp.Star()), exp.Min(this=number), exp.Max(this=number.copy())).from_(table_node(CASES))
        while not over.is_set():
            (row,) = warehouse.query(Statement(tree)).to_pylist()
            seen.add(tuple(row.values()))

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, 9):
        mode: Any = "replace" if version % 2 else "upsert"
        warehouse.load(CASES, [batch(*((f"{number}", at(1), version) for number in range(50)))], mode)
    over.set()
    for reader in readers:
        reader.join()

    assert {count for count, _, _ in seen} == {50}
    assert all(least == greatest for _, least, greatest in seen)


# asking


def test_values_are_bound_and_never_part_of_the_text(warehouse: Warehouse) -> None:
    hostile = "x'; DROP TABLE t; -- %s %(a)s $1 100%"
    same = exp.EQ(this=exp.Placeholder(this="a"), expression=nodes.typed(exp.Literal.string(hostile), "text"))
    tree = select(same, nodes.typed(exp.Placeholder(this="day"), "date"), nodes.typed(exp.Placeholder(this="n"), "integer"), same.copy())

    answer = warehouse.query(Statement(tree, {"n": 7, "a": hostile, "day": date(2026, 1, 1)}))

    assert [tuple(row.values()) for row in answer.to_pylist()] == [(True, date(2026, 1, 1), 7, True)]
    assert "DROP" not in warehouse.write(exp.Select(expressions=[exp.Placeholder(this="a")]))


def test_a_parameter_compares_with_a_column_of_any_type(warehouse: Warehouse) -> None:
    warehouse.load(CASES, [batch(("a", at(1), 1), ("b", at(2), 2))], "append")
    conditions = [
        exp.GTE(this=exp.column(name), expression=exp.Placeholder(this=f"p{place}")) for place, name in enumerate(("id", "opened", "件数"))
    ]

    tree = exp.Select(expressions=[exp.column("id")]).from_(table_node(CASES)).where(exp.and_(*conditions))

    assert warehouse.query(Statement(tree, {"p0": "b", "p1": date(2026, 1, 2), "p2": Decimal("1.5")})).to_pylist() == [{"id": "b"}]


@pytest.mark.parametrize(
    "tree",
    [
        exp.Drop(tables=[exp.table_("case", db="hotline")], kind="TABLE"),
        exp.Command(this="COPY", expression=exp.Literal.string("x")),
        exp.Select(expressions=[exp.Anonymous(this="pg_read_file", expressions=[exp.Literal.string("x")])]),
        exp.Select(expressions=[exp.Star()]).from_(exp.Table(this=exp.Anonymous(this="read_text", expressions=[exp.Literal.string("x")]))),
        exp.Select(expressions=[exp.Star()]).from_("gone").with_("gone", as_=exp.Delete(this=exp.table_("case", db="hotline"))),
        exp.Select(expressions=[exp.Star()], into=exp.Into(this=exp.table_("copy"))).from_(exp.table_("case", db="hotline")),
        exp.Literal.number(1),
    ],
)
def test_anything_but_one_select_is_refused(duckdb_warehouse: Warehouse, tree: exp.Expression) -> None:
    with pytest.raises(NotOneSelect):
        duckdb_warehouse.query(Statement(tree))


def test_a_file_is_out_of_reach(duckdb_warehouse: Warehouse) -> None:
    with pytest.raises(Exception, match=r"disabled|does not exist|permission"):
        duckdb_warehouse.query(Statement(exp.Select(expressions=[exp.Star()]).from_(exp.table_("/etc/passwd.csv"))))


def test_writing_a_tree_leaves_the_tree_as_it_was(warehouse: Warehouse) -> None:
    tree = exp.Select(expressions=[exp.Avg(this=exp.column("order")), exp.Greatest(this=exp.column("a"), expressions=[exp.column("b")])])
    before = tree.copy()

    text = warehouse.write(tree)

    assert tree == before
    assert '"order"' in text or "`order`" in text
    assert warehouse.write(tree, pretty=True).count("\n") > 0
