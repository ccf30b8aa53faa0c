"""How good a forecast was: the measures by which candidates are compared, each NaN where nothing was known."""

import numpy as np

from engine.forecasting.series import Numbers


def seasonal_scale(values: Numbers, season: int) -> float:
    """Mean absolute error of the seasonal naive forecast within a training, NaN when no step has its step of the season before."""
    change = np.abs(values[season:] - values[:-season])
    return float(np.nanmean(change)) if len(change) and not np.isnan(change).all() else float("nan")


def scaled_error(errors: Numbers, scales: Numbers) -> float:
    """MASE: mean of |error| over the scale of its own origin; `errors` is origins × steps. Infinite when a constant training was wrong."""
    with np.errstate(all="ignore"):
        ratio = np.abs(errors) / scales[:, None]
    ratio = np.where((errors == 0) & (scales[:, None] == 0), 0.0, ratio)
    return _mean(ratio)


def percent_error(actual: Numbers, said: Numbers) -> float:
    """sMAPE in %: mean of 200 |y - ŷ| / (|y| + |ŷ|); two zeros are no error."""
    with np.errstate(all="ignore"):
        ratio = 200 * np.abs(actual - said) / (np.abs(actual) + np.abs(said))
    return _mean(np.where((actual == 0) & (said == 0), 0.0, ratio))


def coverage(actual: Numbers, low: Numbers, high: Numbers) -> float:
    """PICP: the share of known values within their interval."""
    inside = ((actual >= low) & (actual <= high)).astype(float)
    return _mean(np.where(np.isnan(actual) | np.isnan(low), np.nan, inside))


def interval_score(actual: Numbers, low: Numbers, high: Numbers, level: float) -> float:
    """Mean width plus 2 / (1 - level) times what lies outside; smaller is better."""
    outside = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    return _mean(high - low + 2 / (1 - level) * outside)


def _mean(values: Numbers) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
