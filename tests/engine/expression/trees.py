"""Random formulas: any tree the grammar can say, and well-typed ones that a database can work out."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import strategies as st

from engine.expression.functions import AGGREGATES, SCALARS
from engine.expression.tree import (
    Aggregate,
    Between,
    Binary,
    Call,
    Case,
    Column,
    Expr,
    In,
    InColumn,
    IndicatorCall,
    IsNull,
    Like,
    Literal,
    Unary,
)  # fmt: skip

_WORDS = st.sampled_from(
    "amount kind level type end order value date at then when else base.x then.result facility.type select from count 名称 净重 "
    "viewer.regions a.b.c.d.e.f previous.scan_ts desc limit interval over timestamp period".split()
)
_TEXTS = st.text(st.sampled_from("abcXYZ中文字（）站'%_ \"-/*;\\0129"), max_size=6)
_NUMBERS = st.one_of(
    st.integers(-(10**17), 10**17),
    st.decimals(-(10**9), 10**9, places=3, allow_nan=False),
    st.floats(-1e15, 1e15, allow_nan=False).filter(lambda number: number == 0 or abs(number) > 1e-15).map(lambda number: number + 0.0),
)
_MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(lambda moment: moment.replace(fold=0))
columns = _WORDS.map(lambda word: Column(tuple(word.split("."))))
literals = st.one_of(_TEXTS, _NUMBERS, st.booleans(), st.none(), st.dates(date(1990, 1, 1), date(2040, 1, 1)), _MOMENTS).map(Literal)


def _negated(of: Expr) -> Expr:
    """Minus a written number is that negative number, so the tree never holds the one inside the other."""
    is_number = isinstance(of, Literal) and isinstance(of.value, (int, float, Decimal)) and not isinstance(of.value, bool)
    return of if is_number else Unary("-", of)


def _not(of: Expr) -> Expr:
    return Unary("not", of)


def _calls(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    free = [name for name in SCALARS if name not in ("round", "substr")]
    return st.sampled_from(free).flatmap(
        lambda name: st.lists(inner, min_size=SCALARS[name].least, max_size=min(SCALARS[name].most, 3)).map(
            lambda args: Call(name, tuple(args))
        )
    )


def _wholes(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    operators = st.sampled_from(["+", "-", "*", "/", "=", "<>", "<", "<=", ">", ">=", "and", "or"])
    pairs = st.lists(st.tuples(inner, inner), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Binary, operators, inner, inner),
        inner.map(_negated),
        inner.map(_not),
        st.builds(Between, inner, inner, inner),
        st.builds(In, inner, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(InColumn, inner, columns),
        st.builds(IsNull, inner, st.booleans()),
        st.builds(Like, inner, _TEXTS.filter(lambda text: "\\" not in text).map(Literal)),
        st.builds(Case, pairs, st.none() | inner),
        _calls(inner),
        st.builds(lambda of, digits: Call("round", (of, Literal(digits))), inner, st.integers(0, 10)),
        st.builds(
            IndicatorCall,
            st.sampled_from(["sanitation.msw_day", "city.population"]),
            st.none() | columns,
            st.just("asked"),
        ),
        st.builds(IndicatorCall, st.just("city.population"), columns, st.sampled_from(["asked", "all", "row"])),
    )


trees: st.SearchStrategy[Expr] = st.recursive(columns | literals, _wholes, max_leaves=12)

_plain_aggregates = st.sampled_from([name for name in AGGREGATES if name not in ("percentile", "count_distinct")])
aggregates: st.SearchStrategy[Expr] = st.one_of(
    st.just(Aggregate("count")),
    st.builds(Aggregate, _plain_aggregates, trees),
    st.builds(lambda of: Aggregate("count_distinct", of, True), trees),
    st.builds(lambda of, at: Aggregate("percentile", of, at=at), trees, st.decimals(0, 1, places=2, allow_nan=False)),
)
