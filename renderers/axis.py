"""Round numbers for an axis: a scale nobody has to calculate with."""

from math import ceil, floor, log10

from msgspec import Struct


class Axis(Struct, frozen=True):
    """The least and greatest value drawn and the round values between (坐标轴)."""

    low: float
    high: float
    ticks: tuple[float, ...]
    decimals: int

    def part(self, value: float) -> float:
        """Where a value lies between low (0) and high (1)."""
        return (value - self.low) / (self.high - self.low)


def round_axis(low: float, high: float, steps: int = 5, *, from_zero: bool = False) -> Axis:
    """An axis over the values with about `steps` ticks, each 1, 2 or 5 times a power of ten apart.

    Starts at zero when asked, or when zero is near (within the span of the values): a line that hides a short way to zero exaggerates.
    """
    if from_zero or (0 < low <= (high - low)):
        low = min(low, 0.0)
    if low == high:
        low, high = (low - abs(low) * 0.1, high + abs(high) * 0.1) if low else (0.0, 1.0)
    step = round_step((high - low) / steps)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    decimals = max(0, -floor(log10(step) + 1e-9))
    return Axis(first * step, last * step, tuple(round(n * step, 12) for n in range(first, last + 1)), decimals)


def round_step(rough: float) -> float:
    """The nearest step of 1, 2 or 5 times a power of ten that is not smaller."""
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def every_nth(count: int, most: int) -> list[int]:
    """Positions of at most `most` labels among `count`, evenly apart and ending at the newest."""
    if count <= 0:
        return []
    step = max(1, ceil(count / max(most, 1)))
    return sorted(range(count - 1, -1, -step))
