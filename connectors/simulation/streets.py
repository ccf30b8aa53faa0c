"""What happens on the streets: toilets that are open or not, roads that were swept, snow that was cleared."""

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from connectors.simulation.chance import between, chance, days, moments, numbered, pick
from connectors.simulation.network import STREET_CODES

CLASSES = ("快速路", "主干路", "次干路", "支路", "街巷")
ROADS_A_STREET = 3
TOILETS_A_STREET = 2
SNOW_STEP = 1800  # a snow task reports every half hour


def toilet_checks(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a toilet and check (10:00 and 16:00): should it be open, and is it."""
    n = len(STREET_CODES) * TOILETS_A_STREET
    ids = numbered("WC", np.arange(n), 5)
    grade = chance(seed, "toilets").integers(0, 3, n)
    tables = []
    for day in days(first, last):
        luck = chance(seed, "toilets", day.toordinal())
        rebuilt = (np.arange(n) + day.toordinal() // 30) % 97 == 0  # closed for rebuilding: nobody expects it open
        for hour in (10, 16):
            shut = luck.random(n) < 0.012
            status = np.where(rebuilt, 2, np.where(shut, 1, 0))
            tables.append(
                pa.table(
                    {
                        "toilet_id": ids,
                        "checked_at": moments(day, np.full(n, hour * 3600.0)),
                        "region_code": pick(STREET_CODES, np.arange(n) // TOILETS_A_STREET),
                        "grade": pick(["一类", "二类", "三类"], grade),
                        "should_open": ~rebuilt,
                        "status": pick(["open", "closed", "maint"], status),
                    }
                )
            )
    return between(pa.concat_tables(tables), "checked_at", first, last)


def sweep_cover(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a road and whole day: metres planned, and metres that the tracks of sweepers cover."""
    over = [day for day in days(first, last) if datetime.combine(day, datetime.max.time()) < last]
    return pa.concat_tables([_swept(seed, day) for day in over] or [_swept(seed, first.date()).slice(0, 0)])


def _swept(seed: int, day: date) -> pa.Table:
    n = len(STREET_CODES) * ROADS_A_STREET
    length = np.round(chance(seed, "roads").uniform(300, 3200, n), 1)
    luck = chance(seed, "sweeping", day.toordinal())
    part = np.where(luck.random(n) < 0.88, 1.0, luck.uniform(0.6, 1.0, n))
    return pa.table(
        {
            "seg_id": numbered("RD", np.arange(n), 5),
            "d": pa.array([day] * n),
            "region_code": pick(STREET_CODES, np.arange(n) // ROADS_A_STREET),
            "road_class": pick(CLASSES, np.arange(n) % len(CLASSES)),
            "planned_m": length,
            "covered_m": np.round(length * part, 1),
        }
    )


def snowfalls(seed: int, winter: int) -> list[datetime]:
    """When snow began in the winter that starts in November of a year: five to nine times, mostly at night."""
    luck = chance(seed, "snow", winter)
    opening = datetime(winter, 11, 10)
    first = int(luck.integers(0, 9))
    nights = sorted([first, *(luck.choice(100, luck.integers(4, 9), replace=False) + 14).tolist()])
    hours = luck.uniform(18, 30, len(nights)).tolist()
    return [opening + timedelta(days=night, hours=hour) for night, hour in zip(nights, hours, strict=True)]


def snow_progress(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a clearing task and half hour since snow began: square metres to clear, and cleared by then."""
    winters = range(first.year - 1, last.year + 1)
    begun = [start for winter in winters for start in snowfalls(seed, winter) if first - timedelta(days=1) <= start < last]
    tables = [_cleared(seed, start) for start in begun] or [_cleared(seed, datetime(2020, 12, 1))]
    return between(pa.concat_tables(tables), "at", first, last)


def _cleared(seed: int, start: datetime) -> pa.Table:
    n = len(STREET_CODES) * ROADS_A_STREET
    whole = start.replace(minute=0, second=0, microsecond=0)
    luck = chance(seed, "clearing", int(whole.timestamp()) // 3600)
    steps = np.arange(13)  # six hours
    area = np.round(luck.uniform(3_000, 42_000, n))
    pace = luck.uniform(0.11, 0.26, n)[:, None] * np.maximum(steps - luck.integers(0, 4, n)[:, None], 0)
    done = np.round(area[:, None] * pace.clip(0, 1))
    task, step = (place.ravel() for place in np.indices((n, len(steps))))
    day: date = whole.date()
    return pa.table(
        {
            "task_id": numbered(f"SN{whole:%Y%m%d}", task, 5),
            "snow_id": pa.array([f"SN{whole:%Y%m%d}"] * len(task)),
            "at": moments(day, whole.hour * 3600.0 + step * float(SNOW_STEP)),
            "region_code": pick(STREET_CODES, task // ROADS_A_STREET),
            "road_class": pick(CLASSES, task % len(CLASSES)),
            "task_m2": area[task],
            "done_m2": done.ravel(),
        }
    )
