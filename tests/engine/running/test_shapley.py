"""Shares of a change: worked by hand, exact, and blind to the order of the parts."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.running.shapley import MOST_PARTS, divided


def worth_of(
    old: list[Fraction], new: list[Fraction], formula: Callable[[list[Fraction]], Fraction | None]
) -> Callable[[int], Fraction | None]:
    """The formula over parts of which some are old and some new."""
    return lambda mixture: formula([new[n] if mixture >> n & 1 else old[n] for n in range(len(old))])


def fractions(*values: int) -> list[Fraction]:
    """Whole numbers as exact ones."""
    return [Fraction(value) for value in values]


def test_a_ratio_is_divided_as_by_hand() -> None:
    # 10 / 100 to 30 / 150: numerator first 0.2 then -0.1; denominator first 0.0333 less, then 0.1333: means of the two orders.
    worth = worth_of(fractions(10, 100), fractions(30, 150), lambda v: v[0] / v[1])
    assert divided(worth, 2) == [Fraction(1, 6), Fraction(-1, 15)]


def test_a_sum_gives_each_part_its_own_move() -> None:
    assert divided(worth_of(fractions(1, 2, 3), fractions(4, 4, 1), lambda v: sum(v, Fraction(0))), 3) == fractions(3, 2, -2)


def test_a_product_of_three_shares_alike_among_like_parts() -> None:
    assert divided(worth_of(fractions(1, 1, 1), fractions(2, 2, 2), lambda v: v[0] * v[1] * v[2]), 3) == [Fraction(7, 3)] * 3


def test_nothing_moved_is_nothing_to_share() -> None:
    assert divided(lambda mixture: Fraction(5), 0) == []


def test_a_mixture_without_a_value_cannot_be_shared() -> None:
    assert divided(worth_of(fractions(1, 1), fractions(1, 0), lambda v: v[0] / v[1] if v[1] else None), 2) is None


parts = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=MOST_PARTS + 3)


@given(parts)
def test_shares_sum_exactly_whatever_the_number_of_parts(moves: list[tuple[int, int]]) -> None:
    old, new = fractions(*(a for a, _ in moves)), fractions(*(b for _, b in moves))

    def formula(values: list[Fraction]) -> Fraction:
        return sum((value * values[n - 1] + abs(value) for n, value in enumerate(values)), Fraction(0))

    shares = divided(worth_of(old, new, formula), len(moves))
    turned = divided(worth_of(new, old, formula), len(moves))
    assert shares is not None and turned is not None
    assert sum(shares) == formula(new) - formula(old)
    assert turned == [-share for share in shares]


@pytest.mark.parametrize("count", [MOST_PARTS, MOST_PARTS + 1])
def test_one_part_more_than_can_be_mixed_is_shared_by_two_orders(count: int) -> None:
    asked: list[int] = []

    def worth(mixture: int) -> Fraction:
        asked.append(mixture)
        return Fraction(mixture.bit_count())

    assert divided(worth, count) == [Fraction(1)] * count
    assert len(asked) == (1 << MOST_PARTS if count == MOST_PARTS else 2 * (count + 1))
