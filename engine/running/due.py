"""When scheduled work is due: read off its rule and the project's zone alone, so that any process at any time finds the same instants."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.parts import Span, span_of

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DAYS = {name: n for n, name in enumerate("sun mon tue wed thu fri sat".split())}
_FAR = 366 * 28  # days within which any day of the calendar comes on any weekday: then a rule that has none never has one
_BEGIN = datetime(1970, 1, 5)  # a Monday: weeks begin there


class RuleIsUnreadable(ValueError):
    """A rule of due times that is neither a duration nor five fields of cron."""


class Cron(Struct, frozen=True):
    """Five fields of cron, each as the numbers it allows (定时表达式)."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    is_either: bool  # both a day and a weekday are said: either will do

    def has(self, day: date) -> bool:
        """Whether it is due on a day."""
        if day.month not in self.months:
            return False
        is_day, is_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return is_day or is_weekday if self.is_either else is_day and is_weekday


def cron_of(text: str) -> Cron:
    """Five fields: minute, hour, day, month, weekday (0 or 7 is Sunday). Raises RuleIsUnreadable."""
    words = text.split()
    if len(words) != len(_FIELDS):
        raise RuleIsUnreadable(f"cron has five fields, not {len(words)}: {text}")
    values = [_numbers(word.lower(), name, low, high) for word, (name, low, high) in zip(words, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = values
    return Cron(
        tuple(sorted(minutes)), tuple(sorted(hours)), frozenset(days), frozenset(months), frozenset(day % 7 for day in weekdays),
        not words[2].startswith("*") and not words[4].startswith("*"),
    )  # fmt: skip


def _numbers(word: str, name: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for piece in word.split(","):
        match = re.fullmatch(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]+))?", piece)
        if match is None or (match[1] == "*" and match[2]):
            raise RuleIsUnreadable(f"{name}: {piece}")
        step = int(match[3] or 1)
        first = low if match[1] == "*" else _number(match[1], name)
        last = high if match[1] == "*" or (match[3] and not match[2]) else _number(match[2] or match[1], name)
        if not (low <= first <= last <= high and step > 0):
            raise RuleIsUnreadable(f"{name}: {piece}; from {low} to {high}")
        found.update(range(first, last + 1, step))
    return found


def _number(word: str, name: str) -> int:
    known = {"month": _NAMES, "weekday": _DAYS}.get(name, {})
    if word in known:
        return known[word]
    if not word.isdecimal():
        raise RuleIsUnreadable(f"{name}: {word}")
    return int(word)


def due_times(rule: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The instants (UTC) at which a rule is due after an instant, in order and without end. Raises RuleIsUnreadable.

    Hours, minutes and seconds go by elapsed time from a Monday's midnight of the zone on; days, weeks, months and cron by its wall clock:
    a wall time that a change of the clocks leaves out comes as much later, one that comes twice is due once.
    """
    if not rule.startswith("P"):
        yield from _after(_cron_times(cron_of(rule), zone, after), zone, after)
        return
    try:
        span = span_of(rule)
    except ValueError as error:
        raise RuleIsUnreadable(str(error)) from error
    if (span.months and span.seconds) or max(span.months, span.seconds) <= 0:
        raise RuleIsUnreadable(f"{rule}: months and clock time don't mix, and it has to last")
    if span.months or span.seconds % 86400 == 0:
        yield from _after(_calendar_times(span, zone, after), zone, after)
        return
    begin = _BEGIN.replace(tzinfo=zone).astimezone(UTC)
    n = (after - begin) // span.delta
    while True:
        n += 1
        yield begin + n * span.delta


def _after(walls: Iterator[datetime], zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    last = after.astimezone(UTC)
    for wall in walls:
        instant = wall.replace(tzinfo=zone).astimezone(UTC)
        if instant > last:
            last = instant
            yield instant


def _calendar_times(span: Span, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Wall times from a little before `after` on."""
    wall = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=2)
    if span.months:
        n = ((wall.year - _BEGIN.year) * 12 + wall.month - 1) // span.months
        while True:
            year, month = divmod(n * span.months, 12)
            yield datetime(_BEGIN.year + year, month + 1, 1)
            n += 1
    n = (wall - _BEGIN) // span.delta
    while True:
        yield _BEGIN + n * span.delta
        n += 1


def _cron_times(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    day, empty = after.astimezone(zone).date() - timedelta(days=1), 0
    while empty < _FAR:
        if cron.has(day):
            empty = 0
            yield from (datetime(day.year, day.month, day.day, hour, minute) for hour in cron.hours for minute in cron.minutes)
        empty, day = empty + 1, day + timedelta(days=1)
