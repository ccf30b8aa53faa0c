"""The recent rate of a reading, and how sure it is: a straight line through the last of them."""

import numpy as np
from msgspec import Struct

from engine.forecasting.series import Numbers


class Line(Struct, frozen=True):
    """A least-squares line through readings; hours count from the last of them (趋势线)."""

    rate: float  # per hour
    end: float  # of the line, at the last reading
    r2: float | None
    error: float | None  # standard error of the rate; None with two readings


def fitted_line(hours: Numbers, values: Numbers) -> Line:
    """Ordinary least squares of values over hours (0 is the last), at two different instants at least."""
    middle, mean = hours.mean(), values.mean()
    across, up = hours - middle, values - mean
    spread, height = float(across @ across), float(up @ up)
    rate = float(across @ up) / spread
    rest = max(height - rate * float(across @ up), 0.0)
    error = float(np.sqrt(rest / (len(values) - 2) / spread)) if len(values) > 2 else None
    flat = height <= 1e-18 * max(float(values @ values), 1.0)  # the same value every time: rounding is no slope
    return Line(
        0.0 if flat else rate,
        float(mean - (0.0 if flat else rate) * middle),
        None if flat else 1 - rest / height,
        0.0 if flat and error is not None else error,
    )
