"""The simulated city is believable where it is looked at: totals, balances, seasons; and it never depends on how it is asked."""

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from connectors.simulation.calendar import dates, heating, holiday, lunar_position
from connectors.simulation.construction import trips, waybills
from connectors.simulation.network import arriving, leaving, regions, residents, stored, street_tons
from connectors.simulation.plants import PLANTS, TRANSFERS, facilities
from connectors.simulation.streams import SERIES
from connectors.simulation.weighing import weighings

SEED = 2026
MONDAY, WEDNESDAY = datetime(2026, 6, 1), datetime(2026, 6, 3)


@pytest.mark.parametrize("name", sorted(SERIES))
def test_a_stream_asked_in_two_parts_is_the_stream_asked_at_once(name: str) -> None:
    first, middle, last = datetime(2026, 1, 10), datetime(2026, 1, 10, 21, 30), datetime(2026, 1, 12)
    rows = SERIES[name].rows
    parts = pa.concat_tables([rows(SEED, first, middle), rows(SEED, middle, last)])
    whole = rows(SEED, first, last)
    order = [(column, "ascending") for column in whole.column_names]
    assert whole.num_rows > 0
    assert parts.sort_by(order).equals(whole.sort_by(order))


def test_another_seed_is_another_city() -> None:
    assert not weighings(1, MONDAY, WEDNESDAY).equals(weighings(2, MONDAY, WEDNESDAY))


def test_first_weighings_of_a_day_are_about_the_published_twenty_thousand_tonnes() -> None:
    household = street_tons(SEED, date(2026, 4, 22))[[0, 1, 2, 4, 5]].sum()
    assert household == pytest.approx(20100, rel=0.04)


def test_waste_falls_at_spring_festival_and_the_week_before_is_high() -> None:
    week_before, feast, ordinary = (street_tons(SEED, day)[0].sum() for day in (date(2026, 2, 11), date(2026, 2, 18), date(2026, 3, 4)))
    assert feast < 0.86 * ordinary
    assert week_before > 1.15 * feast


def test_a_transfer_station_keeps_what_does_not_leave() -> None:
    day = date(2026, 6, 1)
    received = arriving(SEED, day)
    kept = stored(SEED, day.toordinal() + 1) - stored(SEED, day.toordinal())
    stations = slice(0, len(TRANSFERS))
    assert received[stations] - leaving(SEED, day, received)[stations] == pytest.approx(kept[stations])


def test_weighings_at_a_plant_add_up_to_what_the_plant_reports() -> None:
    rows = weighings(SEED, datetime(2026, 6, 2, 4), datetime(2026, 6, 3, 4))
    sound = rows.filter(pc.and_(pc.equal(rows["direction"], "进"), pc.greater(pc.subtract(rows["gross"], rows["tare"]), 0)))
    plant = PLANTS[0].id
    weighed = pc.sum(pc.subtract(sound["gross"], sound["tare"]).filter(pc.equal(sound["facility_no"], plant))).as_py() / 1000
    assert weighed == pytest.approx(arriving(SEED, date(2026, 6, 2))[0], rel=0.05)


def test_residues_cross_a_weighbridge_for_the_first_time_at_the_landfill() -> None:
    rows = weighings(SEED, MONDAY, WEDNESDAY)
    slag = rows.filter(pc.equal(rows["type"], "炉渣"))
    assert slag.num_rows > 50
    assert pc.all(slag["first_weigh"]).as_py()


def test_streets_add_up_to_their_district_and_districts_to_the_city() -> None:
    people: dict[tuple[str, str | None], int] = {}
    for row in regions().to_pylist():
        key = (row["level"], row["parent_code"])
        people[key] = people.get(key, 0) + row["population"]
    assert people["city", None] == people["district", "110000"] == 21_893_095
    assert people["street", "110105"] == 3_452_460
    assert pc.sum(residents()["population"]).as_py() == 21_893_095


def test_there_are_eight_hundred_and_eleven_stations_and_sixteen_transfer_stations() -> None:
    types = facilities(SEED)["type"].to_pylist()
    assert (types.count("station"), types.count("transfer"), types.count("incineration")) == (811, 16, 12)


def test_every_day_has_one_place_in_its_lunar_cycle() -> None:
    rows = dates()
    places = list(zip(rows["lunar_year"].to_pylist(), rows["lunar_day_no"].to_pylist(), strict=True))
    assert len(set(places)) == len(places)
    assert lunar_position(date(2026, 2, 17)) == (2026, 0)
    assert holiday(date(2026, 2, 17)) == "春节"
    assert heating(date(2025, 11, 15)) == ("2025-2026", 1)
    assert heating(date(2026, 7, 1)) is None


def test_some_trips_show_no_waybill_and_some_waybills_are_void() -> None:
    shown = trips(SEED, MONDAY, WEDNESDAY)
    issued = waybills(SEED, MONDAY, WEDNESDAY)
    assert 0 < shown["wb_no"].null_count < 0.05 * shown.num_rows
    assert issued.num_rows == shown.num_rows - shown["wb_no"].null_count
    assert np.isin("void", issued["status"].to_pylist())


def test_one_transfer_station_is_overloaded_and_the_others_are_not() -> None:
    received = arriving(SEED, date(2026, 11, 20))
    over = [plant.id for number, plant in enumerate(TRANSFERS) if received[number] > plant.design_tpd]
    assert over == ["T01"]
