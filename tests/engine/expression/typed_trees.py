"""Random formulas that a database can work out, over a table with two columns of each type, and random rows of it."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import strategies as st

from engine.expression.alike import Type
from engine.expression.tree import (
    Between,
    Binary,
    Call,
    Case,
    Column,
    Expr,
    In,
    InColumn,
    IsNull,
    Like,
    Literal,
    Unary,
    Value,
)  # fmt: skip

TYPES: dict[str, Type] = {
    "i": "integer", "j": "integer", "x": "decimal", "y": "decimal", "f": "float", "g": "float", "s": "text", "u": "text",
    "b": "boolean", "c": "boolean", "d": "date", "e": "date", "t": "timestamp", "w": "timestamp",
}  # fmt: skip

numbers = st.sampled_from([-3, -1, 0, 1, 2, 7])
decimals = st.sampled_from([Decimal("-2.50"), Decimal("0.00"), Decimal("0.10"), Decimal("1.25"), Decimal("12.345")])
floats = st.sampled_from([-1.5, 0.0, 0.3, 2.675, 1e6])
texts = st.sampled_from(["", "a", "aB", "中文", "a_b%", "  a\u3000", "it's", "\\"])
days = st.sampled_from([date(2024, 2, 29), date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 9)])
moments = st.sampled_from([datetime(2024, 2, 29, 23, 59, 59), datetime(2026, 1, 1), datetime(2026, 3, 9, 8, 30, 15, 500_000)])
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "integer": numbers, "decimal": decimals, "float": floats, "text": texts, "boolean": st.booleans(), "date": days, "timestamp": moments,
}  # fmt: skip
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in TYPES.items()}),
    min_size=1,
    max_size=6,
)


def named(*names: str) -> st.SearchStrategy[Expr]:
    return st.sampled_from([Column((name,)) for name in names])


def number_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves = named("i", "j", "x", "y", "f", "g") | st.one_of(numbers, decimals).map(Literal)
    if depth == 0:
        return leaves
    inner = number_trees(depth - 1)
    when, time = condition_trees(depth - 1), time_trees(depth - 1)
    return st.one_of(
        leaves,
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(Call, st.sampled_from(["coalesce", "least", "greatest", "nullif"]), st.tuples(inner, inner)),
        st.builds(Call, st.sampled_from(["abs", "floor", "ceil"]), st.tuples(inner)),
        st.builds(lambda of, places: Call("round", (of, Literal(places))), leaves, st.integers(0, 3)),
        st.builds(Call, st.sampled_from(["seconds", "minutes", "hours", "days"]), st.tuples(time, time)),
        st.builds(Binary, st.just("-"), time, time),
        st.builds(Call, st.sampled_from("year quarter month day hour minute weekday day_of_year".split()), st.tuples(time)),
        st.builds(lambda of: Call("length", (of,)), text_trees(depth - 1)),
        st.builds(Case, st.tuples(st.tuples(when, inner), st.tuples(when, inner)), st.none() | inner),
        inner.filter(lambda of: not isinstance(of, Literal)).map(lambda of: Unary("-", of)),
    )


def text_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves = named("s", "u") | texts.map(Literal)
    if depth == 0:
        return leaves
    inner = text_trees(depth - 1)
    return st.one_of(
        leaves,
        st.builds(Call, st.sampled_from(["lower", "upper", "trim"]), st.tuples(inner)),
        st.builds(Call, st.sampled_from(["concat", "coalesce", "nullif"]), st.tuples(inner, inner)),
        st.builds(lambda of, start: Call("substr", (of, Literal(start))), inner, st.integers(1, 3)),
        st.builds(lambda of, start, n: Call("substr", (of, Literal(start), Literal(n))), inner, st.integers(1, 3), st.integers(0, 3)),
        st.builds(lambda when, then: Case(((when, then),), Literal(None)), condition_trees(depth - 1), inner),
    )


def time_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves = named("d", "e", "t", "w") | st.one_of(days, moments).map(Literal)
    if depth == 0:
        return leaves
    inner = time_trees(depth - 1)
    return st.one_of(
        leaves,
        st.builds(lambda of: Call("date", (of,)), inner),
        st.builds(lambda of, n: Call("plus_days", (of, n)), inner, named("i", "j") | numbers.map(Literal)),
        st.builds(lambda of, op, n: Binary(op, of, Literal(n)), inner, st.sampled_from(["+", "-"]), st.integers(1, 400)),
        st.builds(Call, st.sampled_from(["coalesce", "least", "greatest"]), st.tuples(inner, inner)),
    )


def condition_trees(depth: int) -> st.SearchStrategy[Expr]:
    leaves = named("b", "c") | st.booleans().map(Literal)
    if depth == 0:
        return leaves
    inner, number, text = condition_trees(depth - 1), number_trees(depth - 1), text_trees(depth - 1)
    time = time_trees(depth - 1)
    compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    return st.one_of(
        leaves,
        st.builds(Binary, st.sampled_from(["and", "or"]), inner, inner),
        inner.map(lambda of: Unary("not", of)),
        st.builds(Binary, compare, number, number),
        st.builds(Binary, compare, text, text),
        st.builds(Binary, compare, time, time),
        st.builds(Between, number, number, number),
        st.builds(In, text, st.tuples(text, text)),
        st.builds(In, number, st.tuples(number, number)),
        st.builds(InColumn, text, st.just(Column(("viewer", "regions")))),
        st.builds(IsNull, st.one_of(number, text, time, inner), st.booleans()),
        st.builds(Like, text, st.sampled_from(["a%", "%文", "_B", "%", "", "%'_"]).map(Literal)),
        st.builds(lambda of, beginning: Call("starts_with", (of, beginning)), text, text),
    )
