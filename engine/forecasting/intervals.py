"""How far a forecast may be off: widths drawn from what the rolling origins got wrong, step by step ahead."""

import numpy as np

from engine.forecasting.series import Numbers

FEWEST = 8  # errors without which no width can be told


def half_widths(errors: Numbers, level: float) -> Numbers:
    """Half the width of the interval at each step ahead; NaN when there are too few errors. `errors` is origins × steps.

    Conformal: errors are divided by the usual error at their step (which never shrinks further ahead), so that all steps together tell the quantile, and
    the quantile is that of one error more than there are.
    """
    steps = errors.shape[1]
    sizes = np.abs(errors)
    known = ~np.isnan(sizes)
    if known.sum() < FEWEST:
        return np.full(steps, np.nan)
    counts = known.sum(axis=0)
    totals = np.where(known, sizes, 0.0).sum(axis=0)
    usual = np.maximum.accumulate(np.where(counts > 0, totals / np.maximum(counts, 1), 0.0))
    usual = np.where(usual > 0, usual, usual.max())
    if not usual.any():
        return np.zeros(steps)
    relative = np.sort((sizes / usual)[known])
    place = min(int(np.ceil((len(relative) + 1) * level)), len(relative)) - 1
    return np.asarray(relative[place] * usual)


def without_origin(errors: Numbers, nth: int) -> Numbers:
    """The errors of all other origins: an interval is never judged by the errors it was drawn from."""
    return np.delete(errors, nth, axis=0)
