"""A change of a formula divided among its parts so that the order in which they are looked at does not matter and nothing is left over.

Shapley value: the mean, over all orders in which the parts could have moved, of what each part's own move did.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import factorial

MOST_PARTS = 8  # 256 mixtures; with more, two opposite orders stand for all
Worth = Callable[[int], Fraction | None]  # bit i of the mixture: part i is new


def divided(worth: Worth, count: int) -> list[Fraction] | None:
    """What each of `count` parts did; they sum exactly to worth(all new) - worth(all old). None when a mixture has no value."""
    if count > MOST_PARTS:
        return _two_orders(worth, count)
    values = [worth(mixture) for mixture in range(1 << count)]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    weights = [Fraction(factorial(size) * factorial(count - size - 1), factorial(count)) for size in range(count)]
    return [
        sum(
            (weights[mixture.bit_count()] * (known[mixture | 1 << part] - known[mixture]) for mixture in range(1 << count) if not mixture >> part & 1),
            Fraction(0),
        )
        for part in range(count)
    ]  # fmt: skip


def _two_orders(worth: Worth, count: int) -> list[Fraction] | None:
    """The mean of the order written and its reverse: exact, and the opposite when the periods change places."""
    forth, back = _in_order(worth, range(count)), _in_order(worth, range(count - 1, -1, -1))
    if forth is None or back is None:
        return None
    return [(forth[part] + back[part]) / 2 for part in range(count)]


def _in_order(worth: Worth, order: Sequence[int]) -> dict[int, Fraction] | None:
    mixture, before = 0, worth(0)
    found: dict[int, Fraction] = {}
    for part in order:
        mixture |= 1 << part
        after = worth(mixture)
        if before is None or after is None:
            return None
        found[part] = after - before
        before = after
    return found
