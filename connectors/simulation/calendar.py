"""The city's calendar: holidays and seasons move waste, heating and traffic, so the simulated rows need the real dates."""

import math
from datetime import date, timedelta

import pyarrow as pa

FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2030, 12, 31)

# First day of the first lunar month.
SPRING_FESTIVALS = {
    year: date(year, month, day)
    for year, month, day in (
        (2019, 2, 5), (2020, 1, 25), (2021, 2, 12), (2022, 2, 1), (2023, 1, 22), (2024, 2, 10), (2025, 1, 29),
        (2026, 2, 17), (2027, 2, 6), (2028, 1, 26), (2029, 2, 13), (2030, 2, 3), (2031, 1, 23),
    )
}  # fmt: skip

# Name, first day, last day; announced ones for 2024 to 2026, before and after that the days that the law names.
_ANNOUNCED = [
    (name, date.fromisoformat(first), date.fromisoformat(last))
    for name, first, last in (
        line.split()
        for line in """
        元旦 2024-01-01 2024-01-01
        春节 2024-02-10 2024-02-17
        清明节 2024-04-04 2024-04-06
        劳动节 2024-05-01 2024-05-05
        端午节 2024-06-08 2024-06-10
        中秋节 2024-09-15 2024-09-17
        国庆节 2024-10-01 2024-10-07
        元旦 2025-01-01 2025-01-01
        春节 2025-01-28 2025-02-04
        清明节 2025-04-04 2025-04-06
        劳动节 2025-05-01 2025-05-05
        端午节 2025-05-31 2025-06-02
        国庆节 2025-10-01 2025-10-08
        元旦 2026-01-01 2026-01-03
        春节 2026-02-15 2026-02-23
        清明节 2026-04-04 2026-04-06
        劳动节 2026-05-01 2026-05-05
        端午节 2026-06-19 2026-06-21
        中秋节 2026-09-25 2026-09-27
        国庆节 2026-10-01 2026-10-07
        """.strip().splitlines()
    )
]
_WORKED_WEEKENDS = frozenset(
    date.fromisoformat(day)
    for day in """2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12 2025-01-26 2025-02-08 2025-04-27
    2025-09-28 2025-10-11 2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10""".split()
)
_HEATING_STARTS = {2022: date(2022, 11, 13)}  # brought forward that year


def holiday(day: date) -> str | None:
    """The name of the holiday that the day belongs to."""
    for name, first, last in _ANNOUNCED:
        if first <= day <= last:
            return name
    if day.year in (2024, 2025, 2026):
        return None
    if (day.month, day.day) == (1, 1):
        return "元旦"
    if -1 <= lunar_position(day)[1] <= 5:
        return "春节"
    fixed = {(4, (4, 5)): "清明节", (5, (1, 2, 3)): "劳动节", (10, (1, 2, 3, 4, 5, 6, 7)): "国庆节"}
    return next((name for (month, of), name in fixed.items() if day.month == month and day.day in of), None)


def is_workday(day: date) -> bool:
    """Whether offices work."""
    return day in _WORKED_WEEKENDS or (day.weekday() < 5 and holiday(day) is None)


def lunar_position(day: date) -> tuple[int, int]:
    """(year of the nearest Spring Festival cycle, days after its first day); a cycle begins 60 days before the festival."""
    year = day.year + 1 if day >= SPRING_FESTIVALS[day.year + 1] - timedelta(days=60) else day.year
    if day < SPRING_FESTIVALS[year] - timedelta(days=60):
        year -= 1
    return year, (day - SPRING_FESTIVALS[year]).days


def heating(day: date) -> tuple[str, int] | None:
    """(season, day number from 1) within the heating season, 15 November to 15 March, or None outside."""
    year = day.year if day.month > 6 else day.year - 1
    start = _HEATING_STARTS.get(year, date(year, 11, 15))
    return (f"{year}-{year + 1}", (day - start).days + 1) if start <= day <= date(year + 1, 3, 15) else None


def waste_factor(day: date) -> float:
    """A day's waste over the year's average: season, day of the week, holidays, rain is left to chance."""
    season = 1 + 0.04 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 110) / 365)
    weekday = (1.04, 1.01, 1.00, 0.99, 1.00, 0.98, 0.98)[day.weekday()]
    position = lunar_position(day)[1]
    if -7 <= position <= -2:
        feast = 1.05
    elif -1 <= position <= 6:
        feast = (0.88, 0.78, 0.79, 0.80, 0.82, 0.84, 0.86, 0.88)[position + 1]
    else:
        feast = 0.96 if holiday(day) == "国庆节" else 1.0
    return season * weekday * feast


def dates() -> pa.Table:
    """One row a day: what the day is in each of the city's calendars."""
    span = [FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1)]
    seasons = [heating(day) for day in span]
    lunar = [lunar_position(day) for day in span]
    names = [holiday(day) for day in span]
    return pa.table(
        {
            "d": pa.array(span),
            "is_workday": [is_workday(day) for day in span],
            "is_holiday": [name is not None for name in names],
            "holiday_name": pa.array(names, pa.string()),
            "is_heating": [season is not None for season in seasons],
            "heating_season": pa.array([season[0] if season else None for season in seasons], pa.string()),
            "heating_day_no": pa.array([season[1] if season else None for season in seasons], pa.int64()),
            "lunar_year": pa.array([year for year, _ in lunar], pa.int64()),
            "lunar_day_no": pa.array([position for _, position in lunar], pa.int64()),
        }
    )
