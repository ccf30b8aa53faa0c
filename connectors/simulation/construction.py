"""Construction waste on the road: trips out of sites, the waybills they should have, and what they spill."""

from datetime import date, datetime

import numpy as np
import pyarrow as pa

from connectors.simulation.chance import between, chance, days, moments, numbered, pick
from connectors.simulation.network import STREET_CODES

SITES = 180
COMPANIES = [f"北京{name}运输有限公司" for name in "远大 京顺 华通 绿源 恒基 天路 盛达 建安 宏运 通达 鑫泰 永兴".split()]
PLATES = [f"京B{number:05d}" for number in range(20000, 20900)]
TRIPS_A_DAY = 600


def trips(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a trip out of a site, with the waybill that its driver showed, if any."""
    return between(pa.concat_tables([_trips_of_day(seed, day) for day in days(first, last)]), "left_at", first, last)


def waybills(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a waybill; some are void, and some were issued for another truck than the one that showed them."""
    tables = []
    for day in days(first, last):
        rows = _trips_of_day(seed, day)
        luck = chance(seed, "waybills", day.toordinal())
        shown = rows.filter(rows["wb_no"].is_valid())
        n = shown.num_rows
        other = luck.random(n) < 0.008
        plates = np.where(other, "京B00000", shown["plate"].to_numpy(zero_copy_only=False))
        status = np.where(luck.random(n) < 0.01, 1, 0)
        tables.append(
            pa.table(
                {
                    "wb_no": shown["wb_no"],
                    "site_id": shown["site_id"],
                    "plate": pa.array(plates, pa.string()),
                    "status": pick(["closed", "void"], status),
                    "departed_at": shown["left_at"],
                }
            )
        )
    return between(pa.concat_tables(tables), "departed_at", first, last)


def _trips_of_day(seed: int, day: date) -> pa.Table:
    luck = chance(seed, "trips", day.toordinal())
    n = int(TRIPS_A_DAY * (0.7 if day.weekday() == 6 else 1.0) * (0.15 if day.month in (1, 2) else 1.0))
    site = luck.integers(0, SITES, n)
    truck = luck.integers(0, len(PLATES), n)
    home = chance(seed, "sites").integers(0, len(STREET_CODES), SITES)
    at = np.sort(luck.choice([20, 21, 22, 23, 0, 1, 2, 3, 4, 10, 14], n) * 3600.0 + luck.uniform(0, 3600, n))
    without = luck.random(n) < 0.018
    bills = numbered(f"YD{day:%Y%m%d}", np.arange(n), 4).to_numpy(zero_copy_only=False)
    return pa.table(
        {
            "trip_id": numbered(f"CW{day:%Y%m%d}", np.arange(n), 4),
            "left_at": moments(day, at),
            "plate": pick(PLATES, truck),
            "company": pick(COMPANIES, truck % len(COMPANIES)),
            "site_id": numbered("ST", site, 4),
            "region_code": pick(STREET_CODES, home[site]),
            "wb_no": pa.array(bills, pa.string(), mask=without),
        }
    )


def spill_reports(seed: int, first: datetime, last: datetime) -> pa.Table:
    """One row a report of a spill; the same spill is often seen by several channels."""
    tables = []
    for day in days(first, last):
        luck = chance(seed, "spills", day.toordinal())
        spills = int(luck.poisson(18))
        whose = np.repeat(np.arange(spills), luck.integers(1, 4, spills))
        n = len(whose)
        at = luck.uniform(0, 23, spills)[whose] * 3600 + luck.uniform(0, 3000, n)
        street = luck.integers(0, len(STREET_CODES), spills)[whose]
        tables.append(
            pa.table(
                {
                    "report_id": numbered(f"YR{day:%Y%m%d}", np.arange(n), 3),
                    "spill_id": numbered(f"YS{day:%Y%m%d}", whose, 3),
                    "found_at": moments(day, at),
                    "channel": pick(["hotline", "cleaner", "grid", "video"], luck.integers(0, 4, n)),
                    "region_code": pick(STREET_CODES, street),
                    "is_confirmed": luck.random(spills)[whose] < 0.93,
                }
            )
        )
    return between(pa.concat_tables(tables), "found_at", first, last)
