"""Forecasts of a hierarchy: every total is forecast as its parts are, then all are moved as little as makes them add up."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec.structs import replace

from engine.forecasting.coherence import Tree, bottom_up, least_trace, tree_of
from engine.forecasting.selecting import Forecast, Rules, forecast
from engine.forecasting.series import Numbers, summed
from engine.operator import Gap, Key


def coherent(bottoms: Sequence[Forecast], rules: Rules, how: Literal["bottom_up", "mint"], floor: float | None) -> list[Forecast]:
    """Totals first, then the bottom series; those that cannot be forecast come last, and the totals above them say that they are left out.

    `bottoms` are series as `forecast` takes them, with a gap where one is unfit; their keys stand from the coarsest on.
    """
    ends = [one.series.end for one in bottoms if one.series is not None]
    tried = [_tried(one, max(ends, default=0), rules) for one in bottoms]
    fit = {one.key: one for one in tried if one.values is not None}
    missing = [one for one in tried if one.values is None]
    if not fit:
        return tried
    tree = tree_of(list(fit))
    nodes = [fit[node] if node in fit else _total(node, fit, missing, rules) for node in tree.nodes]
    whole = _added_up(tree, nodes, how, rules.horizon)
    if floor is not None:
        whole = tree.sums @ np.maximum(whole[-len(fit) :], floor)
    return [*(_moved(one, whole[nth]) for nth, one in enumerate(nodes)), *missing]


def _tried(one: Forecast, end: int, rules: Rules) -> Forecast:
    if one.gap is not None or one.series is None:
        return one
    if one.series.end < end:
        behind = end - one.series.end
        gap = Gap(f"比其他序列少最后 {behind} 步", f"it stops {behind} steps before the others", {"steps": behind})
        return replace(one, gap=gap)
    return forecast(one.key, one.level, one.series, rules)


def _total(node: Key, fit: dict[Key, Forecast], missing: Sequence[Forecast], rules: Rules) -> Forecast:
    """The forecast of a sum; without one of its own it is the sum of the forecasts below."""
    parts = [one for key, one in fit.items() if key[: len(node)] == node]
    left_out = tuple(one.key for one in missing if one.key[: len(node)] == node)
    padded = (*node, *[None] * (len(parts[0].key) - len(node)))
    series = summed(one.series for one in parts if one.series is not None)
    if series is None or np.isnan(series.values).all():
        return Forecast(padded, len(node), None, left_out=left_out)
    known = np.flatnonzero(~np.isnan(series.values))
    cut = series.cut(series.start + int(known[0]), series.end)
    return replace(forecast(padded, len(node), cut, rules), left_out=left_out)


def _added_up(tree: Tree, nodes: Sequence[Forecast], how: Literal["bottom_up", "mint"], horizon: int) -> Numbers:
    """Nodes × steps. MinT needs a forecast and its errors for every node, at the same origins; where one lacks, the bottoms are summed."""
    said = np.array([one.values if one.values is not None else np.full(horizon, np.nan) for one in nodes])
    errors = [one.choice.published.errors for one in nodes if one.choice is not None]
    is_whole = len(errors) == len(nodes) and len({one.shape for one in errors}) == 1 and not np.isnan(said).any()
    if how == "mint" and is_whole:
        return least_trace(tree, said, np.array([one.ravel() for one in errors]).T)
    return bottom_up(tree, said)


def _moved(one: Forecast, values: Numbers) -> Forecast:
    return replace(one, values=values, gap=None)
