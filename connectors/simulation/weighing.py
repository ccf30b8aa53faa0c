"""Every truck that crosses a weighbridge, with the legs that must not be counted twice and the residues that are no household waste."""

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.simulation.chance import Floats, Whole, between, chance, days, moments, numbered, pick
from connectors.simulation.network import INDEX, KINDS, STREET_CODES, arriving, leaving, network, street_tons
from connectors.simulation.plants import INCINERATORS, LANDFILLS, PLANTS, TRANSFERS

TITLES = ("其他垃圾", "家庭厨余垃圾", "餐饮厨余垃圾", "可回收物", "大件垃圾", "有害垃圾", "炉渣", "飞灰")
TRUCK = np.array([26.0, 16.0, 10.0, 20.0, 6.0, 1.2, 30.0, 28.0])  # tonnes that a truck of each kind carries when full
LINE_TRUCK = 30.0  # from a transfer station to a plant
LINK = len(TRANSFERS)
PLANT_IDS = [plant.id for plant in PLANTS]
PLATES = [f"京A{number:05d}" for number in range(10000, 13945)]


class _Trips:
    """Trips of one day as plain arrays, gathered leg by leg (车次)."""

    def __init__(self) -> None:
        self.columns: dict[str, list[NDArray[np.generic]]] = {}

    def add(self, tons: Floats, at: Floats, is_first: bool, is_in: bool, **places: Whole) -> None:
        """One leg of many trips; places: trip, plant, kind, street, and origin (-1: none)."""
        whole = {**places, "is_first": np.full(len(tons), is_first), "is_in": np.full(len(tons), is_in), "tons": tons, "at": at}
        for name, values in whole.items():
            self.columns.setdefault(name, []).append(np.asarray(values))

    def together(self) -> dict[str, NDArray[np.generic]]:
        """All legs in order of time."""
        joined = {name: np.concatenate(values) for name, values in self.columns.items()}
        order = np.argsort(joined["at"], kind="stable")
        return {name: values[order] for name, values in joined.items()}


def weighings(seed: int, first: datetime, last: datetime) -> pa.Table:
    """Weighings with first <= in_time < last, as the waste system sends them: weights in kg, kinds by their Chinese names."""
    day_before = datetime.combine(date.fromordinal(first.toordinal() - 1), datetime.min.time())
    return pa.concat_tables([between(_of_day(seed, day), "in_time", first, last) for day in days(day_before, last)])


def _of_day(seed: int, day: date) -> pa.Table:
    luck = chance(seed, "weighings", day.toordinal())
    trips = _Trips()
    _collected(trips, luck, seed, day)
    _passed_on(trips, luck, seed, day)
    _residues(trips, luck, seed, day)
    return _written(trips.together(), luck, day)


def _collected(trips: _Trips, luck: np.random.Generator, seed: int, day: date) -> None:
    tons = street_tons(seed, day)
    kind, street = (place.ravel() for place in np.indices(tons.shape))
    amount = tons.ravel()
    seldom = kind >= KINDS.index("bulky")  # a street's bulky and hazardous waste is fetched every tenth day
    amount = np.where(seldom, np.where((street + day.toordinal()) % 10 == 0, amount * 10, 0.0), amount)
    kept = amount > 0
    kind, street, amount = kind[kept], street[kept], amount[kept]
    loads, whose = _split(amount, np.ceil(amount / TRUCK[kind]).astype(np.int64), luck)
    n = len(loads)
    morning = luck.random(n) < 0.62
    at = np.where(morning, luck.normal(8.0, 1.6, n), luck.normal(20.5, 2.0, n)).clip(4.1, 27.8) * 3600
    plant = network(seed).first_stop[kind[whose], street[whose]]
    trips.add(loads, at, True, True, trip=np.arange(n), plant=plant, kind=kind[whose], street=street[whose], origin=np.full(n, -1))


def _passed_on(trips: _Trips, luck: np.random.Generator, seed: int, day: date) -> None:
    received = arriving(seed, day)
    amount = leaving(seed, day, received)[:LINK]
    loads, whose = _split(amount, np.maximum(np.ceil(amount / LINE_TRUCK), 1).astype(np.int64), luck)
    n = len(loads)
    feeders = network(seed).first_stop[0]
    street = np.zeros(n, dtype=np.int64)
    for station in range(LINK):
        own = whose == station
        street[own] = luck.choice(np.flatnonzero(feeders == station), own.sum())
    trip = np.arange(n) + 100_000
    at = luck.normal(13.5, 3.5, n).clip(5.0, 26.0) * 3600
    kind = np.zeros(n, dtype=np.int64)
    trips.add(loads, at, False, False, trip=trip, plant=whose, kind=kind, street=street, origin=whose)
    arrival = at + luck.uniform(2400, 5400, n)
    trips.add(loads, arrival, False, True, trip=trip, plant=network(seed).next_stop[whose], kind=kind, street=street, origin=whose)


def _residues(trips: _Trips, luck: np.random.Generator, seed: int, day: date) -> None:
    received = arriving(seed, day)
    slag = np.array([received[INDEX[plant.id]] for plant in INCINERATORS])
    amount = np.concatenate([slag * 0.20, slag * 0.03])
    kind = np.repeat([6, 7], len(INCINERATORS))
    loads, whose = _split(amount, np.maximum(np.ceil(amount / TRUCK[kind]), 1).astype(np.int64), luck)
    n = len(loads)
    source = np.tile([INDEX[plant.id] for plant in INCINERATORS], 2)[whose]
    landfill = np.array([INDEX[plant.id] for plant in LANDFILLS])[np.arange(n) % len(LANDFILLS)]
    at = luck.normal(14, 3, n).clip(6.0, 22.0) * 3600
    trips.add(loads, at, True, True, trip=np.arange(n) + 200_000, plant=landfill, kind=kind[whose], street=np.full(n, -1), origin=source)


def _split(amount: Floats, trucks: Whole, luck: np.random.Generator) -> tuple[Floats, Whole]:
    """Amounts shared out among trucks, not evenly; returns (tonnes of a truck, place of its amount)."""
    whose = np.repeat(np.arange(len(amount)), trucks)
    weight = luck.uniform(0.85, 1.15, len(whose))
    total = np.bincount(whose, weight, minlength=len(amount))
    return amount[whose] * weight / total[whose], whose


def _written(trips: dict[str, NDArray[np.generic]], luck: np.random.Generator, day: date) -> pa.Table:
    n = len(trips["at"])
    at = trips["at"].astype(np.float64)
    waited = luck.gamma(2.2, 300, n) * np.where((at % 86400 > 7 * 3600) & (at % 86400 < 10 * 3600), 1.6, 1.0)
    tare = luck.integers(7_000, 14_000, n)
    net = np.round(trips["tons"].astype(np.float64) * 1000).astype(np.int64)
    kinds = trips["kind"].astype(np.int64)
    titles = pick(TITLES, kinds).to_pylist()
    if n > 2:  # a weighbridge that drifts and a clerk who mistypes: rows for the quarantine, two or three a week
        if day.toordinal() % 3 == 0:
            net[n // 3] = -net[n // 3]
        if day.toordinal() % 5 == 0:
            titles[n // 2] = "其它垃极"
    stamp = f"{day:%Y%m%d}"
    street = trips["street"].astype(np.int64)
    return pa.table(
        {
            "bill_no": numbered(f"GB{stamp}", np.arange(n), 5),
            "facility_no": pick(PLANT_IDS, trips["plant"].astype(np.int64)),
            "direction": pick(["出", "进"], trips["is_in"].astype(np.int64)),
            "plate": pick(PLATES, trips["trip"].astype(np.int64) * 7919 % len(PLATES)),
            "type": pa.array(titles),
            "gross": tare + net,
            "tare": tare,
            "gate_time": moments(day, at - waited),
            "in_time": moments(day, at),
            "out_time": moments(day, at + 600),
            "from_facility": _or_none(PLANT_IDS, trips["origin"].astype(np.int64)),
            "origin_region": _or_none(STREET_CODES, street),
            "trip_no": numbered(f"T{stamp}", trips["trip"].astype(np.int64), 6),
            "first_weigh": trips["is_first"],
        }
    )


def _or_none(names: list[str], index: Whole) -> pa.Array:
    return pc.take(pa.array(names), pa.array(index, mask=index < 0))
