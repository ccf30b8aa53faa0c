"""Which street's waste goes to which plant, and how much of it there is on a day: everything about waste is drawn from here."""

import math
from datetime import date
from functools import lru_cache

import numpy as np
import pyarrow as pa
from msgspec import Struct

from connectors.simulation.calendar import waste_factor
from connectors.simulation.chance import Floats, Whole, chance
from connectors.simulation.districts import CITY_CODE, CITY_NAME, DISTRICTS
from connectors.simulation.plants import INCINERATORS, KITCHENS, LANDFILLS, PLANTS, SORTINGS, TRANSFERS, Plant

CITY_TPD = 20100.0
KINDS = ("other", "kitchen_home", "kitchen_rest", "recyclable", "bulky", "hazard")
# Tonnes a day of the whole city; the first three with bulky and hazardous make the published 20,100, recyclables come on top.
TPD = (14720.0, 3840.0, 1480.0, 3800.0, 50.0, 10.0)
INDEX = {plant.id: number for number, plant in enumerate(PLANTS)}
_STREETS = [(district, f"{district.code}{number:03d}", name) for district in DISTRICTS for number, name in enumerate(district.streets, 1)]
STREET_CODES = [code for _, code, _ in _STREETS]
STREET_DISTRICTS = [district.code for district, _, _ in _STREETS]


class Network(Struct, frozen=True):
    """The roads of waste (收运网络). Arrays over kinds and streets; plants by their number in PLANTS."""

    part: Floats  # street's part of the city's waste
    first_stop: Whole  # [kind, street] -> plant
    next_stop: Whole  # transfer -> incinerator


@lru_cache(maxsize=4)
def network(seed: int) -> Network:
    """The network of a seed: each flow goes to the plant that would be least loaded, near ones preferred."""
    luck = chance(seed, "network")
    part = np.array([district.waste_tpd / CITY_TPD for district, _, _ in _STREETS])
    uneven = luck.uniform(0.6, 1.4, len(part))
    for district in DISTRICTS:
        own = np.array([one[0] is district for one in _STREETS])
        part[own] *= uneven[own] / uneven[own].sum()
    first_stop = np.zeros((len(KINDS), len(part)), dtype=np.int64)
    load = np.zeros(len(PLANTS))
    transfer_load = _to_transfers(part, first_stop[0], load)
    for street in np.argsort(-part):
        if first_stop[0, street] == -1:
            first_stop[0, street] = _best(load, INCINERATORS, STREET_DISTRICTS[street], part[street] * TPD[0])
        for kind in (1, 2):
            first_stop[kind, street] = _best(load, KITCHENS, STREET_DISTRICTS[street], part[street] * TPD[kind])
        for kind in (3, 4, 5):
            first_stop[kind, street] = _best(load, SORTINGS, STREET_DISTRICTS[street], part[street] * TPD[kind])
    next_stop = np.array([_best(load, INCINERATORS, plant.district, transfer_load[INDEX[plant.id]]) for plant in TRANSFERS])
    return Network(part, first_stop, next_stop)


def _to_transfers(part: Floats, stops: Whole, load: Floats) -> Floats:
    """Two of three streets of a district with transfer stations use one; the others (-1) drive to an incinerator."""
    for street, code in enumerate(STREET_DISTRICTS):
        own = [plant for plant in TRANSFERS if plant.district == code]
        stops[street] = -1
        if own and street % 3:
            stops[street] = _best(load, tuple(own), code, part[street] * TPD[0])
    return load.copy()


def _best(load: Floats, among: tuple[Plant, ...], district: str, tons: float) -> int:
    places = {one.code: one for one in DISTRICTS}
    here = places[district]

    def cost(plant: Plant) -> float:
        there = places[plant.district]
        return float((load[INDEX[plant.id]] + tons) / plant.design_tpd / plant.pull) + 0.15 * math.hypot(
            here.lon - there.lon, here.lat - there.lat
        )

    chosen = INDEX[min(among, key=cost).id]
    load[chosen] += tons
    return chosen


def street_tons(seed: int, day: date) -> Floats:
    """Tonnes [kind, street] collected in a business day."""
    luck = chance(seed, "tons", day.toordinal())
    roads = network(seed)
    summer = 1 + 0.12 * max(0.0, math.sin(2 * math.pi * (day.timetuple().tm_yday - 110) / 365))
    rain = 0.97 if luck.random() < 0.15 else 1.0
    season = np.array([1.0, summer, summer, 1.0, 1.0, 1.0])[:, None]
    noise = luck.normal(1, 0.05, (len(KINDS), len(roads.part))).clip(0.7, 1.3)
    tons: Floats = np.array(TPD)[:, None] * roads.part * season * waste_factor(day) * rain * noise
    return tons


def arriving(seed: int, day: date) -> Floats:
    """Tonnes that reach each of PLANTS in a business day, what transfer stations pass on included; residues for the landfills."""
    roads = network(seed)
    tons = street_tons(seed, day)
    received = np.zeros(len(PLANTS))
    np.add.at(received, roads.first_stop, tons)
    passed_on = leaving(seed, day, received)[: len(TRANSFERS)]
    np.add.at(received, roads.next_stop, passed_on)
    residues = sum(received[INDEX[plant.id]] for plant in INCINERATORS) * 0.23
    for plant in LANDFILLS:
        received[INDEX[plant.id]] += residues / len(LANDFILLS)
    return received


def stored(seed: int, day: float) -> Floats:
    """Tonnes in the pit of each of PLANTS at a moment (ordinal of the day plus its fraction); 0 where there is no pit."""
    luck = chance(seed, "pits")
    phase, length, level = luck.uniform(0, 6.283, len(PLANTS)), luck.uniform(11, 23, len(PLANTS)), luck.uniform(0.45, 0.66, len(PLANTS))
    wave = level + 0.12 * np.sin(phase + 2 * math.pi * day / length) + 0.02 * np.sin(2 * math.pi * (day + phase))
    tons: Floats = wave * np.array([plant.pit_ton or 0.0 for plant in PLANTS])
    return tons


def leaving(seed: int, day: date, received: Floats) -> Floats:
    """Tonnes that leave each plant in a day (passed on, burnt, composted): what came, less what the pit kept."""
    ordinal = day.toordinal()
    kept = stored(seed, ordinal + 1) - stored(seed, ordinal)
    return np.maximum(received - kept, 0.0)


def regions() -> pa.Table:
    """The city, its districts and its streets; the population of a district is shared out among its streets."""
    people_of_all, area_of_all = sum(one.population for one in DISTRICTS), round(sum(one.area_km2 for one in DISTRICTS), 2)
    rows: list[tuple[object, ...]] = [(CITY_CODE, None, "city", CITY_NAME, None, people_of_all, area_of_all, 116.40, 39.90)]
    rows += [(one.code, CITY_CODE, "district", one.name, one.zone, one.population, one.area_km2, one.lon, one.lat) for one in DISTRICTS]
    for district in DISTRICTS:
        n = len(district.streets)
        luck = chance(0, "streets", int(district.code))
        weights = luck.uniform(0.6, 1.4, n)
        people = np.floor(district.population * weights / weights.sum()).astype(int)
        people[0] += district.population - people.sum()
        spots = luck.normal(0, math.sqrt(district.area_km2) / 450, (2, n))
        for number, name in enumerate(district.streets):
            lon, lat = round(district.lon + spots[0][number], 4), round(district.lat + spots[1][number], 4)
            area = round(district.area_km2 / n, 2)
            code = f"{district.code}{number + 1:03d}"
            rows.append((code, district.code, "street", name, district.zone, int(people[number]), area, lon, lat))
    names = ("region_code", "parent_code", "level", "name", "func_zone", "population", "area_km2", "lon", "lat")
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})


def residents() -> pa.Table:
    """Residents of each street, as counted in 2020 and valid since."""
    streets = regions()
    rows = streets.filter(pa.array([level == "street" for level in streets["level"].to_pylist()]))
    n = rows.num_rows
    since = pa.array([date(2020, 11, 1)] * n)
    until = pa.nulls(n, pa.date32())
    return pa.table({"region_code": rows["region_code"], "population": rows["population"], "valid_from": since, "valid_to": until})
