"""Whether questions had better share a scan: a small rule from row counts, spans and numbers of different values, explained in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import prod

from msgspec import Struct

from engine.compiling.pool import DAY, Pool, Reach
from engine.sharing import Spread

FEW = 64  # a column with no more values than this may split a pool whenever a condition names it
LEAST_SHRINK = 16  # groups that are more than one in so many rows cost what they spare
GROUP_COST = 4  # a group is written once, and read by each statement; counted in steps of a row


class Told(Struct, frozen=True):
    """How one question of a batch was answered, and why so (合并说明)."""

    zh: str
    en: str


class Candidate(Struct, frozen=True):
    """A statement that could read a pool: what it would read alone, and what of the pool it needs (候选语句)."""

    place: int  # of its group in the batch
    questions: int
    scans: tuple[tuple[Reach, int], ...]  # alone: rows within reach, columns worked out for each
    read: frozenset[str]
    reach: Reach


class Choice(Struct, frozen=True):
    """The candidates that share one scan, and why the others do not (取舍)."""

    places: tuple[int, ...]
    read: frozenset[str]
    reach: Reach
    groups: int
    why: Mapping[int, Told]


def chosen(pool: Pool, spread: Spread, candidates: Sequence[Candidate], title: str) -> Choice:
    """Those that a shared scan makes cheaper: the costliest first, each joined only if it then costs less than alone."""
    alone = {one.place: sum(spread.rows * _part(spread, reach) * steps for reach, steps in one.scans) for one in candidates}
    kept: list[Candidate] = []
    cost, why = 0.0, dict[int, Told]()
    for one in sorted(candidates, key=lambda one: (-alone[one.place], one.place)):
        groups, joint = _cost(pool, spread, [*kept, one])
        if groups * LEAST_SHRINK > spread.rows * _part(spread, _union([*kept, one])):
            why[one.place] = _too_many(title, groups, spread.rows)
        elif kept and joint - cost >= alone[one.place]:
            why[one.place] = _costlier(title, joint - cost, alone[one.place])
        else:
            kept.append(one)
            cost = joint
    together = sum(alone[one.place] for one in kept)
    if sum(one.questions for one in kept) < 2 or cost >= together:
        why |= {one.place: _costlier(title, cost, together) if cost >= together else _lonely(title) for one in kept if len(candidates) > 1}
        kept = []
    read = frozenset[str]().union(*(one.read for one in kept))
    return Choice(tuple(sorted(one.place for one in kept)), read, _union(kept), _cost(pool, spread, kept)[0], why)


def few_of(spread: Spread) -> frozenset[str]:
    """Columns with few different values."""
    return frozenset(name for name, number in spread.distinct if number <= FEW)


def _cost(pool: Pool, spread: Spread, candidates: Sequence[Candidate]) -> tuple[int, float]:
    """Groups of the pool, and the steps of filling it and reading it."""
    read = frozenset[str]().union(*(one.read for one in candidates))
    reach = _union(candidates)
    rows = spread.rows * _part(spread, reach)
    distinct = dict(spread.distinct)
    tests = {one.column for one in pool.tests} & read
    sums = {one.column for one in pool.partials} & read
    keys = read - tests - sums
    combinations = prod(distinct.get(name, spread.rows) + 1 for name in keys if name != DAY) * 2 ** len(tests)
    groups = min(rows, combinations * (_days(spread, reach) if DAY in keys else 1))
    return int(groups), rows * (1 + len(read)) + groups * GROUP_COST * (1 + len(candidates))


def _union(candidates: Sequence[Candidate]) -> Reach:
    starts = [one.reach[0] for one in candidates]
    known = [start for start in starts if start is not None]
    return (min(known) if known and len(known) == len(starts) else None), max((one.reach[1] for one in candidates), default=datetime.max)


def _part(spread: Spread, reach: Reach) -> float:
    """Which part of the rows lies within reach, if every day has as many."""
    whole = _days(spread, (None, datetime.max))
    return min(1.0, _days(spread, reach) / whole)


def _days(spread: Spread, reach: Reach) -> float:
    if spread.first is None or spread.last is None:
        return 1.0
    start = max(reach[0] or spread.first, spread.first)
    return max((min(reach[1], spread.last) - start).total_seconds() / 86400, 0.0) + 1.0


def _too_many(title: str, groups: int, rows: int) -> Told:
    return Told(
        f"没有并入「{title}」的合扫：那样要分出约 {groups:,} 组，而全表只有 {rows:,} 行，不省",
        f"not in the shared scan of '{title}': that would need about {groups:,} groups of its {rows:,} rows, which spares nothing",
    )


def _costlier(title: str, joint: float, alone: float) -> Told:
    return Told(
        f"没有并入「{title}」的合扫：合扫要多做约 {joint:,.0f} 步，分开只要 {alone:,.0f} 步",
        f"not in the shared scan of '{title}': that would take about {joint:,.0f} steps more, and apart they take {alone:,.0f}",
    )


def _lonely(title: str) -> Told:
    return Told(f"没有别的问题值得与它合扫「{title}」", f"no other question is worth sharing a scan of '{title}' with")
