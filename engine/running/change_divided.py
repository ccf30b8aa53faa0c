"""The change of a number divided over the leaves of its formula, and each leaf's part over the members that moved it; nothing is left over."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from engine.running.arithmetic import Known
from engine.running.change_leaves import Skeleton
from engine.running.change_parts import LeafChange, LeafShare, MemberChange
from engine.running.change_valued import Key, Row, Valued, value_of
from engine.running.shapley import MOST_PARTS, divided

ZERO = Fraction(0)
NO_MEMBER = "（未匹配）"
UNSPLIT = "无法按成员拆分"
DUST = Fraction(1, 10**9)  # relative; sums of doubles in the warehouse differ by this much without any row being lost


class Divided(Struct, frozen=True):
    """What each leaf did, and how much the number moves by one unit of it (成分拆分)."""

    then: tuple[Known, ...]
    now: tuple[Known, ...]
    change: Fraction
    parts: tuple[Fraction, ...]
    is_exact_order: bool  # false: two opposite orders stand for all


def divide(flat: Skeleton, then: Row, now: Row) -> Divided | None:
    """The change over the leaves; None when the formula has no value for a mixture of the two periods, though both have one."""
    moved = [n for n in range(len(flat.leaves)) if then.leaves[n] != now.leaves[n]]

    def worth(mixture: int) -> Fraction | None:
        values = list(then.leaves)
        for place, number in enumerate(moved):
            if mixture >> place & 1:
                values[number] = now.leaves[number]
        value = value_of(flat.tree, values)
        return value if isinstance(value, Fraction) else None

    shares = divided(worth, len(moved))
    first, last = worth(0), worth((1 << len(moved)) - 1)
    if shares is None or first is None or last is None:
        return None
    found = dict(zip(moved, shares, strict=True))
    parts = tuple(found.get(n, ZERO) for n in range(len(flat.leaves)))
    return Divided(then.leaves, now.leaves, last - first, parts, len(moved) <= MOST_PARTS)


def leaf_changes(flat: Skeleton, found: Divided) -> tuple[LeafChange, ...]:
    """The leaves as they are told, in the order of the formula."""
    return tuple(
        LeafChange(
            leaf.name, leaf.title, leaf.formula, leaf.unit, plain(found.then[n]), plain(found.now[n]), float(found.parts[n]),
            share_of(found.parts[n], found.change), leaf.is_additive,
        )
        for n, leaf in enumerate(flat.leaves)
    )  # fmt: skip


def plain(value: Known) -> float | None:
    """An exact number as a float."""
    return float(value) if isinstance(value, Fraction) else None


def share_of(part: Fraction, change: Fraction) -> float | None:
    """In % of the change; none of no change."""
    return float(part / change * 100) if change else None


# -- members -----------------------------------------------------------------------------------------------------------


class Move(Struct, frozen=True):
    """What one member did, leaf by leaf (成员变动)."""

    key: Key
    then: Row | None
    now: Row | None
    parts: tuple[Fraction, ...]

    @property
    def whole(self) -> Fraction:
        """What the member did in all."""
        return sum(self.parts, ZERO)


def member_changes(
    found: Divided, then: Valued, now: Valued, titles: Mapping[str, str], top: int, lone: str = NO_MEMBER
) -> tuple[MemberChange, ...]:
    """The change over members, the greatest first, then what the small ones did together, then what no member can be told to have done."""
    flat = now.skeleton
    split = [n for n in range(len(flat.leaves)) if now.is_split(n)]
    keys = list(dict.fromkeys([*now.rows, *then.rows]))
    slopes = {n: slope(flat, found, n, max((abs(moved_by(then, now, key, n)) for key in keys), default=ZERO)) for n in split}
    moves = []
    for key in keys:
        parts = tuple(slopes[n] * moved_by(then, now, key, n) if n in slopes else ZERO for n in range(len(flat.leaves)))
        moves.append(Move(key, then.rows.get(key), now.rows.get(key), parts))
    moves.sort(key=lambda move: (-abs(move.whole), str(move.key)))
    rest = tuple(found.parts[n] - sum((move.parts[n] for move in moves), ZERO) for n in range(len(flat.leaves)))
    moves, rest = without_dust(moves, rest)
    told = [_member(move, flat, found, titles, lone, split) for move in moves[:top]]
    if moves[top:]:
        parts = tuple(sum((move.parts[n] for move in moves[top:]), ZERO) for n in range(len(flat.leaves)))
        told.append(_gathered("others", f"其余 {len(moves) - top} 个", parts, flat, found))
    if any(rest):
        told.append(_gathered("unsplit", UNSPLIT, rest, flat, found))
    return tuple(told)


def moved_by(then: Valued, now: Valued, key: Key, number: int) -> Fraction:
    """By how much a leaf moved in a member; a member without rows counts for nothing."""
    before, after = then.rows.get(key), now.rows.get(key)
    return amount(after, number) - amount(before, number)


def amount(row: Row | None, number: int) -> Fraction:
    """The value of a leaf, 0 where there is none."""
    value = row.leaves[number] if row is not None else None
    return value if isinstance(value, Fraction) else ZERO


def slope(flat: Skeleton, found: Divided, number: int, step: Fraction) -> Fraction:
    """How much the number moves by one unit of a leaf; where the leaf as a whole stood still, as steep as it is at both periods."""
    before, after = found.then[number], found.now[number]
    moved = (after if isinstance(after, Fraction) else ZERO) - (before if isinstance(before, Fraction) else ZERO)
    if moved:
        return found.parts[number] / moved
    steep = [_steepness(flat, values, number, step / 1000) for values in (found.then, found.now)] if step else []
    return sum(steep, ZERO) / len(steep) if steep else ZERO


def _steepness(flat: Skeleton, values: Sequence[Known], number: int, step: Fraction) -> Fraction:
    here = values[number] if isinstance(values[number], Fraction) else ZERO
    ends = []
    for way in (step, -step):
        shifted = list(values)
        shifted[number] = here + way  # type: ignore[operator]
        ends.append(value_of(flat.tree, shifted))
    high, low = ends
    return (high - low) / (2 * step) if isinstance(high, Fraction) and isinstance(low, Fraction) else ZERO


def without_dust(moves: list[Move], rest: tuple[Fraction, ...]) -> tuple[list[Move], tuple[Fraction, ...]]:
    """A rest that is only rounding of the warehouse goes to the greatest member, so that the parts still sum exactly."""
    if not moves:
        return moves, rest
    size = [sum((abs(move.parts[n]) for move in moves), abs(rest[n])) for n in range(len(rest))]
    dust = tuple(part if abs(part) <= DUST * size[n] else ZERO for n, part in enumerate(rest))
    first = Move(moves[0].key, moves[0].then, moves[0].now, tuple(a + b for a, b in zip(moves[0].parts, dust, strict=True)))
    return [first, *moves[1:]], tuple(a - b for a, b in zip(rest, dust, strict=True))


def _member(move: Move, flat: Skeleton, found: Divided, titles: Mapping[str, str], lone: str, split: Sequence[int]) -> MemberChange:
    is_there: Callable[[Row | None], bool] = lambda row: any(amount(row, n) for n in split)  # noqa: E731
    status = {(True, True): "both", (False, True): "new", (True, False): "vanished"}.get((is_there(move.then), is_there(move.now)), "")
    return MemberChange(
        "member", move.key, lone if move.key is None else titles.get(move.key, move.key), status,
        plain(move.then.whole) if move.then is not None else None, plain(move.now.whole) if move.now is not None else None,
        float(move.whole), share_of(move.whole, found.change), _shares(flat, move.parts),
    )  # fmt: skip


def _gathered(kind: str, title: str, parts: tuple[Fraction, ...], flat: Skeleton, found: Divided) -> MemberChange:
    whole = sum(parts, ZERO)
    return MemberChange(kind, None, title, "", None, None, float(whole), share_of(whole, found.change), _shares(flat, parts))


def _shares(flat: Skeleton, parts: tuple[Fraction, ...]) -> tuple[LeafShare, ...]:
    return tuple(LeafShare(leaf.name, float(part)) for leaf, part in zip(flat.leaves, parts, strict=True))
