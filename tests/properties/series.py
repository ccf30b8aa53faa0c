"""Random rows of one dataset in time, on days where calendars are awkward: month ends, leap days, turns of the year."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any, NamedTuple

from hypothesis.strategies import SearchStrategy

from tests.properties.questions import seeded

ID = "s.rows"
DAYS = [
    *(date(2023, 1, 28) + timedelta(days=n) for n in range(5)), *(date(2023, 2, 26) + timedelta(days=n) for n in range(5)),
    *(date(2023, 12, 24) + timedelta(days=n) for n in range(16)), *(date(2024, 1, 28) + timedelta(days=n) for n in range(40)),
    *(date(2024, 3, 29) + timedelta(days=n) for n in range(4)), *(date(2024, 12, 29) + timedelta(days=n) for n in range(5)),
    *(date(2025, 2, 27) + timedelta(days=n) for n in range(3)),
]  # fmt: skip
GROUPS = ("a", "b", None)
KINDS = ("total", "rows_n", "average", "different", "ratio")
FILES = {
    "project.yaml": "title: 列\nzone: Asia/Shanghai\n",
    "s/total.indicator.yaml": 'title: 和\nunit: ""\ndataset: s.rows\nmeasure: {agg: sum, of: x}\n',
    "s/rows_n.indicator.yaml": 'title: 数\nunit: ""\ndataset: s.rows\nmeasure: {agg: count}\n',
    "s/average.indicator.yaml": 'title: 均\nunit: ""\ndataset: s.rows\nmeasure: {agg: avg, of: x}\n',
    "s/different.indicator.yaml": 'title: 种\nunit: ""\ndataset: s.rows\nmeasure: {agg: count_distinct, of: x}\n',
    "s/ratio.indicator.yaml": 'title: 比\nunit: ""\nformula: s.total / s.rows_n\n',
}


class Fact(NamedTuple):
    """One row."""

    at: datetime
    g: str | None
    x: Decimal | None


class Series(NamedTuple):
    """Rows, how their time is stored, and what is asked of them."""

    facts: tuple[Fact, ...]
    time_type: str
    kind: str
    by_group: bool
    grain: str
    period: tuple[datetime, datetime]
    until: datetime


def files(time_type: str) -> dict[str, str]:
    """The project with its time stored as a date or a timestamp."""
    dataset = f"""title: 行
one_row_is: 一行
key: [id]
times: [{{name: at, column: at, default: true}}]
region: public
columns:
  - {{name: id, title: 号, type: text}}
  - {{name: at, title: 时, type: {time_type}}}
  - {{name: g, title: 组, type: text}}
  - {{name: x, title: 数, type: decimal}}
"""
    return {**FILES, "s/rows.dataset.yaml": dataset}


def series(grains: Sequence[str] = ("day", "week", "ten_day", "month", "quarter")) -> SearchStrategy[Series]:
    """Four to sixty rows over two years, and a question whose period need not begin or end with a grain's period."""
    return seeded(lambda rng: one_series(rng, grains))


def one_series(rng: Random, grains: Sequence[str]) -> Series:
    """One of them."""
    time_type = rng.choice(("date", "timestamp"))
    hours = (0,) if time_type == "date" else (0, 5, 23)
    facts = tuple(_fact(rng, hours) for _ in range(rng.randint(4, 60)))
    until = rng.choice((datetime(2100, 1, 1), datetime(2100, 1, 1), datetime(2024, 2, 29), datetime(2024, 3, 31)))
    return Series(facts, time_type, rng.choice(KINDS), rng.random() < 0.5, rng.choice(grains), rng.choice(PERIODS), until)


def _fact(rng: Random, hours: Sequence[int]) -> Fact:
    day = rng.choice(DAYS)
    amount = None if rng.random() < 0.1 else Decimal(rng.randint(-1, 9)) / 2
    return Fact(datetime(day.year, day.month, day.day, rng.choice(hours)), rng.choice(GROUPS), amount)


PERIODS = (
    (datetime(2023, 1, 1), datetime(2026, 1, 1)), (datetime(2024, 1, 1), datetime(2024, 4, 1)), (datetime(2024, 2, 12), datetime(2024, 3, 4)),
    (datetime(2024, 2, 1), datetime(2025, 3, 1)), (datetime(2024, 1, 30), datetime(2024, 3, 31)),
)  # fmt: skip


def rows_of(facts: Iterable[Fact], time_type: str) -> list[Mapping[str, Any]]:
    """Rows as the warehouse takes them."""
    return [{"id": str(n), "at": one.at.date() if time_type == "date" else one.at, "g": one.g, "x": one.x} for n, one in enumerate(facts)]


def calculated(kind: str, facts: Iterable[Fact]) -> Any:
    """The indicator's value over rows; of no rows a count is zero and the rest nothing."""
    facts = list(facts)
    known = [Fraction(one.x) for one in facts if one.x is not None]
    match kind:
        case "rows_n":
            return len(facts)
        case "different":
            return len(set(known))
        case "ratio":
            return sum(known) / len(facts) if known else None
        case "average":
            return sum(known) / len(known) if known else None
    return sum(known) if known else None


def month_moved(moment: datetime, months: int) -> datetime:
    """The same day of another month, or its last day."""
    month = moment.year * 12 + moment.month - 1 + months
    first_of_next = datetime((month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return moment.replace(year=month // 12, month=month % 12 + 1, day=min(moment.day, last))


@cache
def begin(moment: datetime, grain: str) -> datetime:
    """First instant of the period that holds the moment."""
    day = datetime(moment.year, moment.month, moment.day)
    starts = {
        "day": day, "week": day - timedelta(days=day.weekday()), "ten_day": day.replace(day=1 if day.day < 11 else 11 if day.day < 21 else 21),
        "month": day.replace(day=1), "quarter": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1), "year": day.replace(month=1, day=1),
    }  # fmt: skip
    return starts[grain]


@cache
def following(start: datetime, grain: str) -> datetime:
    """First instant after the period that begins at `start`."""
    here = start
    while begin(here, grain) == start:
        here += timedelta(days=1)
    return here


@cache
def spine(period: tuple[datetime, datetime], grain: str, until: datetime) -> tuple[datetime, ...]:
    """Every period that touches the span asked and has begun by as_of."""
    here, found = begin(period[0], grain), []
    while here < min(period[1], until):
        found.append(here)
        here = following(here, grain)
    return tuple(found)
