"""Laws of a divided change in whatever city: the parts sum to it, it is the difference of two answers, and turned round it is its opposite."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from engine.loading.catalog import Catalog
from engine.question import Period, Question
from engine.running.change import why_changed
from engine.running.change_parts import Change, DimensionChange
from engine.warehouse import Warehouse
from tests.properties.city import DAYS, FIRST_DAY, Asking, Case, definitions
from tests.properties.questions import cases
from tests.properties.running import NOW, a_part, answered, catalog_of, duckdb, load_city, question_of

Days = tuple[date, date]


@st.composite
def two_periods(draw: DrawFn) -> tuple[Days, Days]:
    """Two spans of days that hold rows, apart or overlapping, of any length."""

    def days() -> Days:
        begin = draw(st.sampled_from((0, 5, 10, 12, 40, 70)))
        return FIRST_DAY + timedelta(days=begin), FIRST_DAY + timedelta(days=begin + draw(st.sampled_from((3, 8, 31, DAYS))))

    return days(), days()


def period(days: Days) -> Period:
    """The span as a question says it."""
    return Period(start=days[0].isoformat(), end=days[1].isoformat())


def asked(asking: Asking, days: Days) -> Question:
    """The first indicator of a question, over one span, unsplit."""
    return question_of(asking._replace(indicators=asking.indicators[:1], by=(), grain=None, period=days))


def splits(asking: Asking) -> list[str]:
    """The axes of a question as text."""
    return [axis if isinstance(axis, str) else ".".join(axis) for axis in asking.by]


def changed(catalog: Catalog, warehouse: Warehouse, asking: Asking, now: Days, then: Days, top: int = 100) -> Change:
    """The change of the question's first indicator."""
    found = why_changed(catalog, warehouse, asked(asking, now), period(then), splits(asking), now=NOW, top=top)
    assert not isinstance(found, list), [finding.text() for finding in found]
    return found


def value(catalog: Catalog, warehouse: Warehouse, question: Question) -> float | None:
    """The one number of an answer."""
    frame = answered(catalog, warehouse, question).frame
    assert frame is not None
    found: Any = frame.column(frame.of_role("value")[0].name)
    return found[0] if found else None


def is_near(left: float, right: float, *sizes: float) -> bool:
    """Equal but for rounding, beside the numbers it came of."""
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right), 1.0, *map(abs, sizes))


def divided(change: Change) -> Sequence[DimensionChange]:
    """The dimensions that the change could be divided by."""
    return [one for one in change.dimensions if one.reason is None]


@pytest.mark.fuzz
@a_part(2)
@given(cases(asked=1), two_periods())
def test_parts_of_a_change_sum_to_it_and_it_is_the_difference_of_two_answers(case: Case, days: tuple[Days, Days]) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    now, then = days
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        for asking in case.questions:
            change = changed(catalog, warehouse, asking, now, then, top=2)
            after, before = (value(catalog, warehouse, asked(asking, one)) for one in days)
            assert (change.reason is not None) or (after is not None and before is not None)
            if after is None or before is None:
                assert change.reason is not None and change.reason.code == "no-value"
            if change.change is None or after is None or before is None:
                continue
            assert is_near(change.change, after - before, after, before)
            parts = [leaf.contribution for leaf in change.leaves]
            assert is_near(sum(parts), change.change, *parts)
            for dimension in divided(change):
                members = [part.contribution for part in dimension.parts]
                assert is_near(sum(members), change.change, *members)
                for part in dimension.parts:
                    inner = [leaf.contribution for leaf in part.leaves]
                    assert is_near(sum(inner), part.contribution, *inner)


@pytest.mark.fuzz
@a_part(2)
@given(cases(asked=1), two_periods())
def test_a_change_turned_round_is_its_opposite_part_by_part(case: Case, days: tuple[Days, Days]) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        for asking in case.questions:
            forth, back = changed(catalog, warehouse, asking, days[0], days[1]), changed(catalog, warehouse, asking, days[1], days[0])
            assert (forth.change is None) == (back.change is None)
            if forth.change is None or back.change is None:
                continue
            assert is_near(forth.change, -back.change)
            for one, other in zip(forth.leaves, back.leaves, strict=True):
                assert (one.name, one.old, one.new) == (other.name, other.new, other.old)
                assert is_near(one.contribution, -other.contribution)
            for one_by, other_by in zip(divided(forth), divided(back), strict=True):
                ours = {(part.kind, part.key): part.contribution for part in one_by.parts}
                theirs = {(part.kind, part.key): part.contribution for part in other_by.parts}
                assert all(is_near(ours.get(key, 0), -theirs.get(key, 0), *ours.values()) for key in ours | theirs)


@pytest.mark.fuzz
@a_part(2)
@given(cases(aggs=("sum", "count"), may_drop=False, many=False, asked=1, formulas=False), two_periods())
def test_what_a_member_did_to_a_sum_is_the_change_of_its_own_value_and_nothing_is_left(case: Case, days: tuple[Days, Days]) -> None:
    catalog = catalog_of(definitions(case.city, case.indicators))
    with duckdb() as warehouse:
        load_city(warehouse, catalog, case.city)
        for asking in case.questions:
            change = changed(catalog, warehouse, asking, *days)
            for dimension in divided(change):
                assert [part for part in dimension.parts if part.kind == "unsplit"] == []
                for part in dimension.parts:
                    assert is_near(part.contribution, (part.new or 0) - (part.old or 0), *(p.contribution for p in dimension.parts))
