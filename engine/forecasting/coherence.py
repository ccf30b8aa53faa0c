"""Levels that add up: the forecast of a city is the sum of its districts', whichever of them was forecast better."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from engine.forecasting.series import Numbers


class Tree(Struct, frozen=True):
    """Which series add up to which (层级): a row for each node, a column for each bottom series, 1 where it belongs."""

    nodes: tuple[tuple[object, ...], ...]  # keys from the coarsest on; () is the total
    sums: Numbers


def tree_of(bottoms: Sequence[tuple[object, ...]]) -> Tree:
    """Total, every prefix of the keys, and the bottom series last, each level in the order of its keys."""
    depth = len(bottoms[0])
    nodes = [prefix for level in range(depth) for prefix in dict.fromkeys(key[:level] for key in bottoms)] + list(bottoms)
    sums = np.array([[1.0 if key[: len(node)] == node else 0.0 for key in bottoms] for node in nodes])
    return Tree(tuple(nodes), sums)


def bottom_up(tree: Tree, said: Numbers) -> Numbers:
    """`said` is nodes × steps; what the bottom series say, summed."""
    return np.asarray(tree.sums @ said[len(tree.nodes) - tree.sums.shape[1] :])


def least_trace(tree: Tree, said: Numbers, errors: Numbers) -> Numbers:
    """MinT with shrunk covariance (Wickramasuriya, Athanasopoulos, Hyndman 2019): the coherent values nearest to what all levels said.

    `errors` is samples × nodes, from rolling origins; columns without variance count as certain as the surest other one.
    """
    weights = np.linalg.pinv(shrunk_covariance(errors))
    sums = tree.sums
    gain = np.linalg.pinv(sums.T @ weights @ sums) @ sums.T @ weights
    return np.asarray(sums @ (gain @ said))


def shrunk_covariance(errors: Numbers) -> Numbers:
    """Covariance of the errors about nothing, its off-diagonal shrunk as Schäfer and Strimmer (2005) say."""
    known = errors[~np.isnan(errors).any(axis=1)]
    count, nodes = known.shape
    if count < 2:
        return np.eye(nodes)
    covariance = known.T @ known / count
    variance = np.diag(covariance).copy()
    floor = variance[variance > 0].min() if (variance > 0).any() else 1.0
    variance[variance <= 0] = floor
    np.fill_diagonal(covariance, variance)
    scaled = known / np.sqrt(variance)
    correlation = scaled.T @ scaled / count
    spread = ((scaled**2).T @ (scaled**2) / count - correlation**2) / (count - 1)
    off = ~np.eye(nodes, dtype=bool)
    total = float((correlation[off] ** 2).sum())
    shrink = min(max(float(spread[off].sum()) / total, 0.0), 1.0) if total > 0 else 1.0
    return np.asarray(shrink * np.diag(variance) + (1 - shrink) * covariance)
