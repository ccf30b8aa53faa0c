"""The models that may be chosen from, simplest first: each learns once, and then reads on without learning anew."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import numpy as np
from msgspec import Struct

from engine.forecasting.series import Numbers

Name = Literal["naive", "seasonal_naive", "drift", "seasonal_drift", "moving_average", "theta", "ets", "arima"]
CANNOT = (ValueError, ArithmeticError, IndexError, RuntimeError, NotImplementedError, np.linalg.LinAlgError)
LONGEST_ETS = 24  # longer seasons are taken off before: so many states cannot be estimated


class Learnt(Protocol):
    """A model whose parameters are known."""

    def __call__(self, history: Numbers, steps: int) -> Numbers:
        """The steps after a history, which may be longer than what it learnt from."""


class Candidate(Struct, frozen=True):
    """A model before it has learnt (候选模型)."""

    name: Name
    title: str
    learn: Callable[[Numbers, int], Learnt]  # history without gaps, length of its season


def _naive(values: Numbers, season: int) -> Learnt:
    return lambda history, steps: np.full(steps, history[-1])


def _seasonal_naive(values: Numbers, season: int) -> Learnt:
    return lambda history, steps: np.resize(history[-season:], steps)


def _drift(values: Numbers, season: int) -> Learnt:
    def ahead(history: Numbers, steps: int) -> Numbers:
        slope = (history[-1] - history[0]) / max(len(history) - 1, 1)
        return np.asarray(history[-1] + slope * np.arange(1, steps + 1))

    return ahead


def _seasonal_drift(values: Numbers, season: int) -> Learnt:
    """The season before, plus the mean change from one season to the next for each season ahead."""

    def ahead(history: Numbers, steps: int) -> Numbers:
        change = float((history[season:] - history[:-season]).mean())
        return np.asarray(np.resize(history[-season:], steps) + change * (1 + np.arange(steps) // season))

    return ahead


def _moving_average(values: Numbers, season: int) -> Learnt:
    width = season if season > 1 else 8
    return lambda history, steps: np.full(steps, history[-width:].mean())


def _theta(values: Numbers, season: int) -> Learnt:
    from statsforecast.models import AutoTheta  # two seconds that only a forecast should pay

    sort = "multiplicative" if values.min() > 0 else "additive"
    return _learnt(AutoTheta(season_length=season, decomposition_type=sort), values)


def _ets(values: Numbers, season: int) -> Learnt:
    from statsforecast.models import AutoETS

    if season <= LONGEST_ETS:
        return _learnt(AutoETS(season_length=season), values)
    pattern = seasonal_pattern(values, season)
    inner = _learnt(AutoETS(season_length=1), values - np.resize(pattern, len(values)))

    def ahead(history: Numbers, steps: int) -> Numbers:
        whole = np.resize(pattern, len(history) + steps)
        return inner(history - whole[: len(history)], steps) + whole[len(history) :]

    return ahead


def _arima(values: Numbers, season: int) -> Learnt:
    from statsforecast.models import AutoARIMA

    return _learnt(AutoARIMA(season_length=season if season <= LONGEST_ETS else 1), values)


CANDIDATES: Mapping[Name, Candidate] = {
    one.name: one
    for one in (
        Candidate("naive", "朴素", _naive),
        Candidate("seasonal_naive", "季节朴素", _seasonal_naive),
        Candidate("drift", "趋势外推", _drift),
        Candidate("seasonal_drift", "季节朴素加同期均增", _seasonal_drift),
        Candidate("moving_average", "移动平均", _moving_average),
        Candidate("theta", "Theta", _theta),
        Candidate("ets", "指数平滑", _ets),
        Candidate("arima", "ARIMA", _arima),
    )
}
SIMPLEST = tuple(CANDIDATES)


def seasonal_pattern(values: Numbers, season: int) -> Numbers:
    """Mean deviation from the moving average at each place of the season, adding up to nothing."""
    width = season + 1 - season % 2
    weights = np.full(width, 1 / season)
    if width > season:
        weights[[0, -1]] /= 2
    smooth = np.convolve(values, weights, mode="valid")
    half = width // 2
    rest = np.full(len(values), np.nan)
    rest[half : half + len(smooth)] = values[half : half + len(smooth)] - smooth
    pattern = np.array([np.nanmean(rest[place::season]) for place in range(season)])
    return np.asarray(pattern - pattern.mean())


def learnt(candidate: Candidate, values: Numbers, season: int) -> Learnt | str:
    """The candidate with its parameters, or why it can have none."""
    if candidate.name in ("seasonal_drift", "drift") and len(values) <= season:
        return "the history is shorter than a season"
    try:
        with _Quiet():
            return candidate.learn(values, season)
    except CANNOT as error:
        return f"{type(error).__name__}: {error}"[:200]


def ahead(model: Learnt, history: Numbers, steps: int) -> Numbers | str:
    """What the model says of the next steps, or why it says nothing that is a number."""
    try:
        with _Quiet():
            said = np.asarray(model(history, steps), dtype=np.float64)
    except CANNOT as error:
        return f"{type(error).__name__}: {error}"[:200]
    return said if np.isfinite(said).all() else "what it says is no finite number"


def _learnt(model: Any, values: Numbers) -> Learnt:
    fitted = model.fit(np.ascontiguousarray(values))

    def read_on(history: Numbers, steps: int) -> Numbers:
        if len(history) == len(values):
            return np.asarray(fitted.predict(steps)["mean"])
        return np.asarray(fitted.forward(np.ascontiguousarray(history), steps)["mean"])

    return read_on


class _Quiet:
    """What a library mutters about a series (no variance, no convergence) is judged by the backtest, not by its tone."""

    def __enter__(self) -> None:
        self.state = np.errstate(all="ignore")
        self.state.__enter__()
        self.warned = warnings.catch_warnings()
        self.warned.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(self, *trouble: object) -> None:
        self.warned.__exit__(None, None, None)
        self.state.__exit__(None, None, None)
