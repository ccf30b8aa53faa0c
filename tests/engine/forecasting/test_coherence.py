"""Forecasts of all levels add up, and nothing is moved that added up already."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.forecasting.coherence import bottom_up, least_trace, shrunk_covariance, tree_of

KEYS = [("a", "x"), ("a", "y"), ("b", "z")]


def test_the_levels_of_a_tree_stand_from_the_total_to_the_bottom() -> None:
    tree = tree_of(KEYS)
    assert tree.nodes == ((), ("a",), ("b",), *KEYS)
    assert tree.sums.tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_with_equally_sure_levels_the_correction_is_shared_as_least_squares_says() -> None:
    # total says 12, parts 3 and 3: minimise (t−12)² + 2(x−3)² with t = 2x: x = 5, t = 10
    said = np.array([[12.0], [3.0], [3.0]])
    tree = tree_of([("x",), ("y",)])
    assert least_trace(tree, said, np.zeros((0, 3))).ravel() == pytest.approx([10, 5, 5])
    assert bottom_up(tree, said).ravel().tolist() == [6, 3, 3]


def test_the_surer_level_is_moved_less() -> None:
    chance = np.random.default_rng(1)
    errors = chance.normal(0, [0.1, 5, 5], (400, 3))
    moved = least_trace(tree_of([("x",), ("y",)]), np.array([[12.0], [3.0], [3.0]]), errors).ravel()
    assert moved[0] == pytest.approx(12, abs=0.05)


@given(
    some.integers(1, 6), some.integers(1, 5),
    some.integers(0, 2**32 - 1),
)  # fmt: skip
def test_whatever_is_said_the_parts_sum_to_the_whole(bottoms: int, steps: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    tree = tree_of([(f"g{chance.integers(3)}", str(n)) for n in range(bottoms)])
    said = chance.normal(100, 30, (len(tree.nodes), steps))
    errors = chance.normal(0, 1, (chance.integers(0, 30), len(tree.nodes)))
    for whole in (least_trace(tree, said, errors), bottom_up(tree, said)):
        assert tree.sums @ whole[-bottoms:] == pytest.approx(whole, rel=1e-8, abs=1e-8)


def test_what_adds_up_already_stays() -> None:
    chance = np.random.default_rng(2)
    tree = tree_of(KEYS)
    said = tree.sums @ chance.normal(10, 1, (3, 4))
    assert least_trace(tree, said, chance.normal(0, 1, (50, 6))) == pytest.approx(said)


def test_the_covariance_can_be_inverted_though_a_level_never_errs() -> None:
    errors = np.random.default_rng(4).normal(0, 1, (30, 3))
    errors[:, 1] = 0
    assert np.linalg.cond(shrunk_covariance(errors)) < 1e6
