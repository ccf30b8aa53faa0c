"""One tree, one answer: what the compiler builds means the same on every warehouse."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from sqlglot import exp

from engine.compiling import nodes
from engine.warehouse import Statement, Table, TableColumn, Warehouse, arrow_schema

EVENTS = Table(
    schema="city",
    name="events",
    columns=(
        TableColumn("id", "text"), TableColumn("d", "date"), TableColumn("t", "timestamp"), TableColumn("kind", "text"),
        TableColumn("n", "integer"), TableColumn("x", "decimal"), TableColumn("f", "float"), TableColumn("ok", "boolean"),
        TableColumn("order", "text"), TableColumn("数量", "integer"),
    ),
    key=("id",),
    time="t",
)  # fmt: skip
ROWS: list[tuple[Any, ...]] = [
    ("e1", date(2024, 1, 31), datetime(2024, 1, 31, 23, 59, 59, 500000), "a", 1, Decimal("1.1"), 0.5, True, "z", 1),
    ("e2", date(2024, 2, 29), datetime(2024, 2, 29, 12, 7, 30), "a", 2, Decimal("2.25"), 1.5, False, "Z", 2),
    ("e3", date(2024, 2, 29), datetime(2024, 2, 29), "b", 4, None, 2.5, None, "é", 3),
    ("e4", date(2024, 12, 30), datetime(2024, 12, 30, 8, 15), None, None, Decimal(10), -2.5, True, "中", 4),
    ("e5", date(2025, 1, 5), datetime(2025, 1, 5, 23, 15), "B", 8, Decimal("0.3"), None, None, None, 5),
]


def col(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table)


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def number(value: float) -> exp.Expression:
    return exp.Literal.number(value)


def of_events(*expressions: exp.Expression, where: exp.Expression | None = None, order: bool = True) -> exp.Select:
    """One row per event in the order of id, or one row of aggregates with order=False."""
    named = [exp.alias_(expression, f"c{position}") for position, expression in enumerate(expressions)]
    select = exp.Select(expressions=named).from_(exp.table_("events", db="city"))
    select = select.where(where) if where else select
    return select.order_by(nodes.ordered(col("id"))) if order else select


def total(*expressions: exp.Expression, where: exp.Expression | None = None) -> exp.Select:
    return of_events(*expressions, where=where, order=False)


def constant(*expressions: exp.Expression) -> exp.Select:
    return exp.Select(expressions=[exp.alias_(expression, f"c{position}") for position, expression in enumerate(expressions)])


def per_event(*values: Any) -> list[tuple[Any, ...]]:
    return [(value,) for value in values]


def day(month: int, number_: int, year: int = 2024) -> date:
    return date(year, month, number_)


def only(kind: str) -> exp.Expression:
    return exp.EQ(this=col("kind"), expression=text(kind))


def windowed(span: exp.Expression | None, order: str) -> exp.Expression:
    return nodes.typed(nodes.range_frame_window(exp.Sum(this=col("n")), [], col(order), span), "integer")


def series(start: date | exp.Expression, stop: date | exp.Expression, grain: str, **more: Any) -> exp.Select:
    return nodes.series_of_dates(start, stop, grain, **more).order_by(exp.Ordered(this=exp.column("t")))


def joined(side: str) -> exp.Select:
    """Events a and b joined on kind, NULL equal to NULL: rows per kind on the left, on the right."""
    left, right = (
        exp.Select(expressions=[col("kind"), exp.alias_(exp.Count(this=exp.Star()), "m")])
        .from_(exp.table_("events", db="city"))
        .where(condition)
        .group_by(col("kind"))
        .subquery(alias)
        for alias, condition in (
            ("l", exp.In(this=col("id"), expressions=[text("e1"), text("e4")])),
            ("r", exp.In(this=col("id"), expressions=[text("e3"), text("e4"), text("e5")])),
        )
    )
    kind = exp.Coalesce(this=col("kind", "l"), expressions=[col("kind", "r")])
    select = exp.Select(expressions=[exp.alias_(kind, "k"), col("m", "l"), exp.alias_(col("m", "r"), "m2")]).from_(left)
    return select.join(right, on=nodes.same(col("kind", "l"), col("kind", "r")), join_type=side).order_by(nodes.ordered(exp.column("k")))


E1, E2, E4, E5 = datetime(2024, 1, 31), datetime(2024, 2, 29), datetime(2024, 12, 30), datetime(2025, 1, 5)
A, B, AT, BY = col("n"), col("x"), col("t"), col("d")
CASES: list[tuple[str, exp.Expression, list[tuple[Any, ...]]]] = [
    # buckets: of a timestamp, of a date
    ("day", of_events(nodes.bucket(AT, "day")), per_event(day(1, 31), day(2, 29), day(2, 29), day(12, 30), day(1, 5, 2025))),
    ("day of a date",
     of_events(nodes.bucket(BY, "day", True)), per_event(day(1, 31), day(2, 29), day(2, 29), day(12, 30), day(1, 5, 2025))),
    ("week", of_events(nodes.bucket(AT, "week")), per_event(day(1, 29), day(2, 26), day(2, 26), day(12, 30), day(12, 30))),
    ("week of a date", of_events(nodes.bucket(BY, "week", True)), per_event(day(1, 29), day(2, 26), day(2, 26), day(12, 30), day(12, 30))),
    ("week from Sunday",
     of_events(nodes.bucket(AT, "week", week_starts=7)), per_event(day(1, 28), day(2, 25), day(2, 25), day(12, 29), day(1, 5, 2025))),
    ("ten days", of_events(nodes.bucket(AT, "ten_day")), per_event(day(1, 21), day(2, 21), day(2, 21), day(12, 21), day(1, 1, 2025))),
    ("ten days of a date",
     of_events(nodes.bucket(BY, "ten_day", True)), per_event(day(1, 21), day(2, 21), day(2, 21), day(12, 21), day(1, 1, 2025))),
    ("month", of_events(nodes.bucket(AT, "month")), per_event(day(1, 1), day(2, 1), day(2, 1), day(12, 1), day(1, 1, 2025))),
    ("month of a date",
     of_events(nodes.bucket(BY, "month", True)), per_event(day(1, 1), day(2, 1), day(2, 1), day(12, 1), day(1, 1, 2025))),
    ("quarter", of_events(nodes.bucket(AT, "quarter")), per_event(day(1, 1), day(1, 1), day(1, 1), day(10, 1), day(1, 1, 2025))),
    ("half year", of_events(nodes.bucket(AT, "half_year")), per_event(day(1, 1), day(1, 1), day(1, 1), day(7, 1), day(1, 1, 2025))),
    ("half year of a date",
     of_events(nodes.bucket(BY, "half_year", True)), per_event(day(1, 1), day(1, 1), day(1, 1), day(7, 1), day(1, 1, 2025))),
    ("year", of_events(nodes.bucket(AT, "year")), per_event(day(1, 1), day(1, 1), day(1, 1), day(1, 1), day(1, 1, 2025))),
    ("hour", of_events(nodes.bucket(AT, "hour"), where=exp.EQ(this=col("id"), expression=text("e2"))), [(datetime(2024, 2, 29, 12),)]),
    ("minute",
     of_events(nodes.bucket(AT, "minute"), where=exp.EQ(this=col("id"), expression=text("e2"))), [(datetime(2024, 2, 29, 12, 7),)]),
    ("quarter hour", of_events(nodes.bucket(AT, "PT15M")), per_event(

            datetime(2024, 1, 31, 23, 45), datetime(2024, 2, 29, 12), E2, datetime(2024, 12, 30, 8, 15), datetime(2025, 1, 5, 23, 15))),
    ("twelve hours", of_events(nodes.bucket(AT, "PT12H")), per_event(
        datetime(2024, 1, 31, 12), datetime(2024, 2, 29, 12), E2, E4, datetime(2025, 1, 5, 12))),
    ("seven days", of_events(nodes.bucket(BY, "P7D", True)), per_event(day(1, 29), day(2, 26), day(2, 26), day(12, 30), day(12, 30))),
    # moving on the calendar
    ("a month on", of_events(nodes.add_interval(BY, months=1, is_date=True)), per_event(
        day(2, 29), day(3, 29), day(3, 29), day(1, 30, 2025), day(2, 5, 2025))),
    ("a year back", of_events(nodes.add_interval(BY, months=-12, is_date=True)), per_event(
        day(1, 31, 2023), day(2, 28, 2023), day(2, 28, 2023), day(12, 30, 2023), day(1, 5))),
    ("three days back", of_events(nodes.add_interval(BY, days=-3, is_date=True)), per_event(
        day(1, 28), day(2, 26), day(2, 26), day(12, 27), day(1, 2, 2025))),
    ("90 minutes on", constant(nodes.add_interval(nodes.literal_timestamp(E1), seconds=5400)), [(datetime(2024, 1, 31, 1, 30),)]),
    ("a day with seconds is a moment", constant(nodes.add_interval(nodes.literal_date(day(1, 31)), days=1, seconds=60, is_date=True)),
     [(datetime(2024, 2, 1, 0, 1),)]),
    ("a month and a day", constant(nodes.add_interval(nodes.literal_timestamp(E1), months=1, days=1)), [(datetime(2024, 3, 1),)]),
    ("seconds between",
     constant(nodes.seconds_between(nodes.literal_timestamp(E1), nodes.literal_timestamp(datetime(2024, 2, 1, 0, 0, 0, 500000)))),
     [(86400.5,)]),
    ("seconds between dates", constant(nodes.seconds_between(nodes.literal_date(day(2, 2)), nodes.literal_date(day(2, 1)))), [(-86400.0,)]),
    ("days between",
     constant(nodes.days_between(nodes.literal_timestamp(datetime(2024, 2, 28, 23)), nodes.literal_date(day(3, 1)))), [(2,)]),
    ("date parts", constant(*(nodes.date_part(nodes.literal_timestamp(datetime(2024, 12, 30, 8, 15)), part) for part in (
        "year", "quarter", "month", "week", "day", "day_of_year", "weekday", "hour", "minute"))), [(2024, 4, 12, 1, 30, 365, 1, 8, 15)]),
    ("UTC to Shanghai",
     constant(nodes.timezone_shift(nodes.literal_timestamp(datetime(2024, 1, 1, 20)), "UTC", "Asia/Shanghai")),
     [(datetime(2024, 1, 2, 4),)]),
    ("Shanghai had summer time",
     constant(nodes.timezone_shift(nodes.literal_timestamp(datetime(1988, 7, 1, 12)), "Asia/Shanghai", "UTC")),
     [(datetime(1988, 7, 1, 3),)]),
    # series
    ("days", series(day(2, 28), day(3, 2), "day"), per_event(day(2, 28), day(2, 29), day(3, 1))),
    ("weeks that touch", series(day(2, 28), day(3, 5), "week"), per_event(day(2, 26), day(3, 4))),
    ("weeks from Sunday", series(day(2, 28), day(3, 4), "week", week_starts=7), per_event(day(2, 25), day(3, 3))),
    ("ten-day periods", series(day(2, 15), day(3, 12), "ten_day"), per_event(day(2, 11), day(2, 21), day(3, 1), day(3, 11))),
    ("months", series(datetime(2024, 1, 31, 5), datetime(2024, 3, 1), "month"), per_event(day(1, 1), day(2, 1))),
    ("quarters", series(day(2, 15), day(4, 2), "quarter"), per_event(day(1, 1), day(4, 1))),
    ("half years", series(day(2, 15), day(7, 2), "half_year"), per_event(day(1, 1), day(7, 1))),
    ("years", series(day(2, 15), day(1, 1, 2025), "year"), per_event(day(1, 1))),
    ("hours",
     series(datetime(2024, 1, 1, 22, 30), datetime(2024, 1, 2), "hour"), per_event(datetime(2024, 1, 1, 22), datetime(2024, 1, 1, 23))),
    ("quarter hours",
     series(datetime(2024, 1, 1, 23, 40), datetime(2024, 1, 2), "PT15M"),
     per_event(datetime(2024, 1, 1, 23, 30), datetime(2024, 1, 1, 23, 45))),
    ("no period at all", series(day(2, 15), day(2, 15), "hour"), []),
    ("a series between bounds of rows",
     series(exp.column("low", "b"), exp.column("high", "b"), "month", bounds="b").with_(
         "b", as_=exp.Select(expressions=[exp.alias_(exp.Min(this=col("d")), "low"), exp.alias_(exp.Max(this=col("t")), "high")])
         .from_(exp.table_("events", db="city")).where(exp.LT(this=col("d"), expression=nodes.literal_date(day(3, 1))))),
     per_event(day(1, 1), day(2, 1))),
    # aggregates
    ("sums", total(exp.Sum(this=A), exp.Sum(this=B), exp.Sum(this=col("f"))), [(15, Decimal("13.65"), 2.0)]),
    ("no rows", total(nodes.typed(exp.Sum(this=A), "integer"), nodes.typed(exp.Sum(this=B), "decimal"), exp.Count(this=exp.Star()),
                      where=exp.EQ(this=col("id"), expression=text("-"))), [(None, None, 0)]),
    ("averages are doubles", total(exp.Avg(this=A), exp.Avg(this=B)), [(3.75, 3.4125)]),
    ("deviation", total(exp.Stddev(this=A), exp.StddevPop(this=B)), [(3.095695936834452, 3.8659369821558136)]),
    ("greatest and least text", total(exp.Min(this=col("order")), exp.Max(this=col("order"))), [("Z", "中")]),
    ("distinct", total(nodes.count_distinct(col("kind")), nodes.count_distinct(col("kind"), col("n"))), [(3, 4)]),
    ("any and every", total(nodes.bool_or(col("ok")), nodes.bool_and(col("ok"))), [(True, False)]),
    ("any value",
     total(nodes.any_value(col("kind")), where=exp.Or(this=only("b"), expression=exp.Is(this=col("kind"), expression=exp.Null()))),
     [("b",)]),
    ("filtered",
     total(nodes.filtered(nodes.typed(exp.Sum(this=A), "integer"), None), nodes.filtered(exp.Count(this=exp.Star()), only("a"))),
     [(15, 2)]),
    ("a filtered average", total(nodes.filtered(exp.Avg(this=A), only("a"))), [(1.5,)]),
    ("percentile between", total(nodes.percentile(A, 0.5), nodes.percentile(B, 0.9)), [(3.0, 7.675)]),
    ("percentile that occurred", total(nodes.percentile(A, 0.5, "discrete"), nodes.percentile(A, 0.9, "discrete")), [(2, 8)]),
    ("percentile of some rows", total(nodes.filtered(nodes.percentile(A, 0.5), only("a"))), [(1.5,)]),
    ("percentile of none", total(nodes.percentile(A, 0.5), where=exp.EQ(this=col("id"), expression=text("-"))), [(None,)]),
    ("value at the greatest and the least",
     total(nodes.at_greatest(col("kind"), AT), nodes.at_least(A, AT), nodes.at_greatest(A, col("f"))), [("B", 1, 4)]),
    ("value at the greatest of some rows", total(nodes.filtered(nodes.at_greatest(A, AT), only("a"))), [(2,)]),
    # numbers
    ("division",
     constant(nodes.divide(number(1), number(3)), nodes.divide(number(1), number(0)), nodes.divide(number(7), number(2))),
     [(1 / 3, None, 3.5)]),
    ("rounding",
     constant(*(nodes.rounded(exp.Literal.number(value), 2) for value in ("2.675", "2.665", "0.005", "1e9"))), [(2.68, 2.67, 0.01, 1e9)]),
    ("rounding of a negative half", constant(nodes.rounded(nodes.typed(exp.Neg(this=number(2.5)), "float"), 0)), [(-3.0,)]),
    ("greatest and least pass over NULL",
     of_events(exp.Greatest(this=A, expressions=[col("数量")]), exp.Least(this=A, expressions=[col("数量")])),
     [(1, 1), (2, 2), (4, 3), (4, 4), (8, 5)]),
    ("a whole number too great for a machine word",
     constant(exp.Mul(this=nodes.typed(text("9999999999999999999"), "decimal"), expression=number(1))),
     [(Decimal(10**19 - 1),)]),
    # text, NULL, order
    ("order by code point, NULL last",
     of_events(col("order"), order=False).order_by(nodes.ordered(col("order"))), per_event("Z", "z", "é", "中", None)),
    ("descending, NULL last",
     of_events(col("order"), order=False).order_by(nodes.ordered(col("order"), True)), per_event("中", "é", "z", "Z", None)),
    ("upper and lower",
     of_events(exp.Lower(this=col("order")), exp.Upper(this=col("order"))),
     [("z", "Z"), ("z", "Z"), ("é", "É"), ("中", "中"), (None, None)]),
    ("comparison by code point", total(exp.Count(this=exp.Star()), where=exp.LT(this=col("order"), expression=text("a"))), [(1,)]),
    ("like", constant(*(exp.Like(this=text(value), expression=text(pattern)) for value, pattern in (
        ("50%", "50%"), ("a\\b", "a\\b"), ("a_b", "a\\_b"), ("A", "a")))), [(True, True, False, False)]),
    ("part of a text",
     constant(exp.Substring(this=text("城市管理"), start=number(2), length=number(2)), exp.Length(this=text("城市管理"))), [("市管", 4)]),
    ("NULL equals NULL", of_events(nodes.same(A, B.copy()), nodes.same(col("kind"), text("a"))),
     [(False, True), (False, True), (False, False), (False, False), (False, False)]),
    ("keys joined, left", joined("left"), [("a", 1, None), (None, 1, 1)]),
    ("keys joined, full", joined("full"), [("B", None, 1), ("a", 1, None), ("b", None, 1), (None, 1, 1)]),
    # windows
    ("running to here", of_events(windowed(None, "d")), per_event(1, 7, 7, 7, 15)),
    ("rolling month of dates", of_events(windowed(nodes.rolling_span(months=1, is_date=True), "d")), per_event(1, 7, 7, None, 8)),
    ("rolling 29 days of dates", of_events(windowed(nodes.rolling_span(days=29, is_date=True), "d")), per_event(1, 6, 6, None, 8)),
    ("rolling 30 days of dates", of_events(windowed(nodes.rolling_span(days=30, is_date=True), "d")), per_event(1, 7, 7, None, 8)),
    ("rolling hours of moments", of_events(windowed(nodes.rolling_span(seconds=43650), "t")), per_event(1, 2, 4, None, 8)),
    ("rolling hours and a second", of_events(windowed(nodes.rolling_span(seconds=43651), "t")), per_event(1, 6, 4, None, 8)),
]  # fmt: skip


@pytest.fixture(scope="module")
def events(shared_warehouse: Warehouse) -> Warehouse:
    names = [column.name for column in EVENTS.columns]
    batch = pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in ROWS], schema=arrow_schema(EVENTS))
    shared_warehouse.load(EVENTS, [batch], "replace")
    return shared_warehouse


def comparable(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in which floats equal when they are within 1e-9 and nothing else does."""
    return [tuple(pytest.approx(value, rel=1e-9) if isinstance(value, float) else value for value in row) for row in rows]


@pytest.mark.parametrize(("tree", "expected"), [pytest.param(tree, rows, id=name) for name, tree, rows in CASES])
def test_a_tree_means_the_same_everywhere(events: Warehouse, tree: exp.Expression, expected: list[tuple[Any, ...]]) -> None:
    answer = events.query(Statement(tree))

    rows = [tuple(row.values()) for row in answer.to_pylist()]
    assert rows == comparable(expected)
    assert [[type(value) for value in row] for row in rows] == [[type(value) for value in row] for row in expected]
