"""Rolling origins: what each candidate would have said at many moments of the past, and how wrong it was."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from engine.forecasting.candidates import Candidate, ahead, learnt
from engine.forecasting.intervals import half_widths, without_origin
from engine.forecasting.scoring import coverage, interval_score, percent_error, scaled_error, seasonal_scale
from engine.forecasting.series import Numbers, bridged

LEVELS = (0.80, 0.95)


class Origins(Struct, frozen=True):
    """The moments at which candidates are asked: after `places` values each (滚动起点)."""

    places: tuple[int, ...]
    horizon: int


class Trial(Struct, frozen=True):
    """How one candidate did (回测). Errors are origins × steps, actual less said, NaN where the value is not known."""

    candidate: Candidate
    errors: Numbers
    mase: float
    smape: float
    picp80: float  # of intervals drawn from the other origins only
    width80: float
    score80: float
    why_not: str = ""  # it could not be tried


def origins_of(length: int, train: int, horizon: int, points: int, every: int, fewest: int = 16) -> Origins:
    """The last origins of a series: as many as give `points` values to compare and `fewest` at least, none with a training below `train`."""
    wanted = max(-(-points // horizon), fewest)
    last = length - horizon
    return Origins(tuple(sorted(place for nth in range(wanted) if (place := last - nth * every) >= train)), horizon)


def try_out(candidate: Candidate, values: Numbers, season: int, origins: Origins) -> Trial:
    """Learn at the first origin, read on at each: nothing that came later was known to it."""
    model = learnt(candidate, history_at(values, origins.places[0], season), season)
    if isinstance(model, str):
        return _failed(candidate, origins, model)
    said = np.full((len(origins.places), origins.horizon), np.nan)
    for nth, place in enumerate(origins.places):
        steps = ahead(model, history_at(values, place, season), origins.horizon)
        if isinstance(steps, str):
            return _failed(candidate, origins, steps)
        said[nth] = steps
    return _judged(candidate, values, said, season, origins)


def history_at(values: Numbers, place: int, season: int) -> Numbers:
    """What was known at an origin, gaps bridged: nothing in a gap comes from after the origin, and the last known value ends it."""
    history = values[:place]
    if not np.isnan(history).any():
        return history
    history = history.copy()
    known = np.flatnonzero(~np.isnan(history))
    history[known[-1] + 1 :] = history[known[-1]]
    return bridged(history, season)


def _judged(candidate: Candidate, values: Numbers, said: Numbers, season: int, origins: Origins) -> Trial:
    actual = np.array([values[place : place + origins.horizon] for place in origins.places])
    errors = actual - said
    scales = np.array([seasonal_scale(values[:place], season) for place in origins.places])
    half = np.array([half_widths(without_origin(errors, nth), LEVELS[0]) for nth in range(len(errors))])
    low, high = said - half, said + half
    return Trial(
        candidate, errors, scaled_error(errors, scales), percent_error(actual, said), coverage(actual, low, high),
        float(np.nanmean(high - low)) if not np.isnan(half).all() else float("nan"), interval_score(actual, low, high, LEVELS[0]),
    )  # fmt: skip


def _failed(candidate: Candidate, origins: Origins, why: str) -> Trial:
    nothing = np.full((len(origins.places), origins.horizon), np.nan)
    return Trial(candidate, nothing, float("inf"), float("nan"), float("nan"), float("nan"), float("nan"), why)


class Choice(Struct, frozen=True):
    """Which candidate is taken, and whether it may go live unasked (选优)."""

    best: Trial  # by its error, simpler ones within 2 % before it
    published: Trial  # the best; the seasonal naive one when the gate is shut and that one did better
    is_open: bool
    is_in_band: bool  # its interval holds what it says


def chosen(
    trials: Sequence[Trial], gate: float, band: tuple[float, float] = (0.75, 0.88), simpler: float = 0.02, dearer: float = 1.1
) -> Choice | None:
    """The trial with the least MASE; one whose 80 % interval covers 75 to 88 % before it, and a simpler one within 2 % before that.

    The gate: MASE below `gate`, and no worse than the seasonal naive forecast at the same origins; what is published never is. `trials`
    stand from simple to involved; None when none could be tried.
    """
    tried = [one for one in trials if not one.why_not and not np.isnan(one.mase)]
    if not tried:
        return None
    in_band = [one for one in tried if band[0] <= one.picp80 <= band[1]]
    least = min(one.mase for one in tried)
    # An interval that fits is worth a tenth of the error, not more: else a perfect model, whose intervals cover all, would lose to a poor one.
    field = [one for one in in_band if one.mase <= least * dearer] or tried
    least = min(one.mase for one in field)
    best = next(one for one in field if one.mase <= least * (1 + simpler))
    naive = next((one for one in tried if one.candidate.name == "seasonal_naive"), best)
    is_open = best.mase < gate and best.mase <= naive.mase * (1 + simpler)
    return Choice(best, best if is_open or best.mase <= naive.mase else naive, is_open, any(one is best for one in in_band))
