"""The streams that the simulated city delivers, by name: whatever plays its business systems reads here and nowhere else."""

from collections.abc import Callable
from datetime import datetime

import pyarrow as pa
from msgspec import Struct

from connectors.simulation.calendar import dates
from connectors.simulation.construction import spill_reports, trips, waybills
from connectors.simulation.network import regions, residents
from connectors.simulation.plant_runs import facility_runs, furnace_temperatures, plant_readings
from connectors.simulation.plants import facilities
from connectors.simulation.streets import snow_progress, sweep_cover, toilet_checks
from connectors.simulation.weighing import weighings


class Series(Struct, frozen=True):
    """A stream of rows in time: how they are made, their time column, and how many days of them there are at first (数据流)."""

    rows: Callable[[int, datetime, datetime], pa.Table]
    time: str
    days: int


SERIES = {
    "weighings": Series(weighings, "in_time", 400),
    "facility_runs": Series(facility_runs, "d", 400),
    "plant_readings": Series(plant_readings, "read_at", 30),
    "furnace_temperatures": Series(furnace_temperatures, "at", 14),
    "toilet_checks": Series(toilet_checks, "checked_at", 90),
    "sweep_cover": Series(sweep_cover, "d", 90),
    "snow_progress": Series(snow_progress, "at", 400),
    "trips": Series(trips, "left_at", 90),
    "waybills": Series(waybills, "departed_at", 90),
    "spill_reports": Series(spill_reports, "found_at", 400),
}
TABLES: dict[str, Callable[[int], pa.Table]] = {
    "regions": lambda seed: regions(),
    "residents": lambda seed: residents(),
    "dates": lambda seed: dates(),
    "facilities": facilities,
}
