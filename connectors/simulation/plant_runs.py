"""What plants report of themselves: tonnes of a day, pits by the hour, furnaces every five minutes; it agrees with the weighings."""

from datetime import date, datetime

import numpy as np
import pyarrow as pa

from connectors.simulation.chance import between, chance, days, moments, pick
from connectors.simulation.network import arriving, leaving, stored
from connectors.simulation.plants import INCINERATORS, PLANTS

PLANT_IDS = [plant.id for plant in PLANTS]
# How a day's trucks come in, hour by hour from midnight.
PROFILE = np.array([2, 1, 1, 1, 2, 4, 7, 9, 9, 7, 5, 4, 4, 4, 4, 4, 4, 4, 5, 6, 6, 5, 4, 3], dtype=np.float64)
PROFILE /= PROFILE.sum()
LINES = [(plant.id, line) for plant in INCINERATORS for line in range(1, plant.lines + 1)]


def facility_runs(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a plant and whole day: tonnes in and out, tonnes left at its end. in - out = what the pit kept."""
    over = [day for day in days(first, last) if datetime.combine(day, datetime.max.time()) < last]  # a day is reported when it is over
    return pa.concat_tables([_runs_of_day(seed, day) for day in over] or [_runs_of_day(seed, first.date()).slice(0, 0)])


def _runs_of_day(seed: int, day: date) -> pa.Table:
    received = arriving(seed, day)
    power = received * 38 * chance(seed, "power", day.toordinal()).normal(1, 0.04, len(PLANTS))
    return pa.table(
        {
            "facility_id": PLANT_IDS,
            "d": pa.array([day] * len(PLANTS)),
            "in_ton": np.round(received, 3),
            "out_ton": np.round(leaving(seed, day, received), 3),
            "stock_ton": np.round(stored(seed, day.toordinal() + 1), 3),
            "power_kwh": np.round(power),
        }
    )


def plant_readings(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a plant with a pit and hour: tonnes in the pit then, tonnes in and out during the hour before."""
    pits = np.array([plant.pit_ton is not None for plant in PLANTS])
    ids = [plant.id for plant in PLANTS if plant.pit_ton is not None]
    tables = []
    for day in days(first, last):
        received = arriving(seed, day)[pits]
        for hour in range(24):
            now, before = (stored(seed, day.toordinal() + part / 24)[pits] for part in (hour, hour - 1))
            came = received * PROFILE[hour - 1]
            tables.append(
                pa.table(
                    {
                        "facility_id": ids,
                        "read_at": moments(day, np.full(len(ids), hour * 3600.0)),
                        "stock_ton": np.round(now, 3),
                        "in_ton": np.round(came, 3),
                        "out_ton": np.round(np.maximum(came - now + before, 0), 3),
                    }
                )
            )
    return between(pa.concat_tables(tables), "read_at", first, last)


def furnace_temperatures(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a furnace line and five minutes: mean temperature of the chamber; a line under repair is cold and is not running."""
    tables = [_furnaces_of_day(seed, day) for day in days(first, last)]
    return between(pa.concat_tables(tables), "at", first, last)


def _furnaces_of_day(seed: int, day: date) -> pa.Table:
    luck = chance(seed, "furnaces", day.toordinal())
    n = len(LINES)
    steps = np.arange(288)
    swing = 18 * np.sin(luck.uniform(0, 6.28, (n, 1)) + steps / 288 * 6.28 * 3)
    temperature = luck.uniform(935, 985, (n, 1)) + swing + luck.normal(0, 9, (n, 288))
    for line, start in zip(luck.integers(0, n, 4), luck.integers(0, 280, 4), strict=True):  # wet waste after rain: a short dip
        temperature[line, start : start + 1 + start % 3] = luck.uniform(820, 848)
    repaired = (np.arange(n) + day.toordinal() // 20) % 15 == 0
    temperature[repaired] = luck.normal(60, 5, (int(repaired.sum()), 288))
    line, step = (place.ravel() for place in np.indices((n, 288)))
    return pa.table(
        {
            "facility_id": pick([id for id, _ in LINES], line),
            "line_no": np.array([number for _, number in LINES])[line],
            "at": moments(day, step * 300.0),
            "temp_c": np.round(temperature.ravel(), 1),
            "state": pick(["run", "stop"], repaired[line].astype(np.int64)),
        }
    )
