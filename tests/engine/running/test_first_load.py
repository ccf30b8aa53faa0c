"""A fresh installation shows the shipped city: every stream is loaded once, and the engine's numbers are those of the city itself."""

from collections.abc import Generator, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from connectors.simulation.network import STREET_DISTRICTS, arriving, street_tons
from connectors.simulation.plants import PLANTS, TRANSFERS
from connectors.simulation.weighing import weighings
from engine.connector import Connector, RowBatch, SourceFailed, Surroundings
from engine.loading.catalog import Catalog
from engine.loading.project import load
from engine.question import Question
from engine.registry import members
from engine.running.ask import ask
from engine.running.first_load import FirstLoad, Step, load_city
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("first load")]
NOW = datetime(2026, 11, 22, 12, 40)
SEED = 2026
CONNECTORS = members("connectors", Connector, "chengmai.connectors")[0]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded = load(Path(__file__).parents[3] / "definitions")
    assert loaded.findings == ()
    return loaded.catalog


@pytest.fixture(scope="module")
def city(catalog: Catalog) -> Iterator[tuple[Warehouse, FirstLoad]]:
    warehouse = DuckDbWarehouse(memory_limit="1GB")
    yield warehouse, load_city(catalog, warehouse, CONNECTORS, Surroundings(now=NOW), {})
    warehouse.close()


def answer(catalog: Catalog, warehouse: Warehouse, **question: Any) -> list[dict[str, Any]]:
    [answered] = ask(catalog, warehouse, [msgspec.convert(question, Question)], now=NOW)
    assert answered.frame is not None, answered.findings
    return answered.frame.rows()


def test_every_stream_is_loaded_and_bad_rows_lie_in_quarantine(city: tuple[Warehouse, FirstLoad]) -> None:
    _, first = city
    assert first.failed == ()
    assert len(first.loaded) == 14
    assert all(result.rows_in == result.loaded + result.quarantined for result in first.loaded)
    assert {result.dataset for result in first.loaded if result.quarantined} == {"sanitation.weighings"}
    assert sum(result.rows_in for result in first.loaded) < 1_500_000


def test_a_second_start_loads_nothing(catalog: Catalog, city: tuple[Warehouse, FirstLoad]) -> None:
    steps: list[Step] = []
    again = load_city(catalog, city[0], CONNECTORS, Surroundings(now=NOW), {}, steps.append)
    assert (again.loaded, again.failed, steps) == ((), (), [])
    assert len(again.present) == 14


def test_tonnes_of_a_district_are_those_of_its_streets(catalog: Catalog, city: tuple[Warehouse, FirstLoad]) -> None:
    day = {"from": "2026-11-18", "to": "2026-11-19"}  # no weighbridge lied in this business day that the oracle could not see
    rows = answer(catalog, city[0], indicators=["sanitation.msw_day"], by=["city.district"], period=day)
    found = {row["city.district"]: row["sanitation.msw_day"] for row in rows}
    tons = street_tons(SEED, date(2026, 11, 18))[:3].sum(axis=0)
    wanted = {code: float(tons[np.array(STREET_DISTRICTS) == code].sum()) for code in set(STREET_DISTRICTS)}
    assert found == {code: pytest.approx(value, rel=0.02) for code, value in wanted.items()}


def test_the_total_is_the_sum_of_sound_first_weighings(catalog: Catalog, city: tuple[Warehouse, FirstLoad]) -> None:
    period = {"from": "2026-11-10", "to": "2026-11-17"}
    [row] = answer(catalog, city[0], indicators=["sanitation.msw_day"], period=period)
    raw = weighings(SEED, datetime(2026, 11, 10, 4), datetime(2026, 11, 17, 4))
    kinds = pc.is_in(raw["type"], value_set=pa.array(["其他垃圾", "家庭厨余垃圾", "餐饮厨余垃圾", "大件垃圾", "有害垃圾"]))
    net = pc.subtract(raw["gross"], raw["tare"])
    counted = pc.and_(pc.and_(kinds, raw["first_weigh"]), pc.and_(pc.equal(raw["direction"], "进"), pc.greater(net, 0)))
    assert float(row["sanitation.msw_day"]) == pytest.approx(pc.sum(net.filter(counted)).as_py() / 1000)


def test_the_load_of_each_transfer_station_is_what_arrived_over_what_it_was_built_for(
    catalog: Catalog, city: tuple[Warehouse, FirstLoad]
) -> None:
    period = {"from": "2026-11-18", "to": "2026-11-19"}
    rows = answer(catalog, city[0], indicators=["sanitation.transfer_load_rate"], by=["sanitation.facility"], period=period)
    received = arriving(SEED, date(2026, 11, 18))
    wanted = {
        plant.id: pytest.approx(100 * received[number] / plant.design_tpd, rel=1e-5)
        for number, plant in enumerate(PLANTS[: len(TRANSFERS)])
    }
    assert {
        row["sanitation.facility"]: row["sanitation.transfer_load_rate"] for row in rows if row["sanitation.facility"] in wanted
    } == wanted


def test_the_overloaded_station_is_counted(catalog: Catalog, city: tuple[Warehouse, FirstLoad]) -> None:
    period = {"from": "2026-11-21", "to": "2026-11-22"}
    assert answer(catalog, city[0], indicators=["sanitation.overloaded_stations"], period=period)[0]["sanitation.overloaded_stations"] == 1


@pytest.mark.parametrize(
    ("indicator", "low", "high"),
    [
        ("kw_rate", 18, 24),
        ("plant_load", 60, 100),
        ("pit_level", 40, 80),
        ("queue_min", 5, 25),
        ("toilet_ok", 97, 100),
        ("sweep_cov", 92, 100),
        ("cw_waybill_ok", 90, 99),
        ("spill_cnt", 5, 60),
        ("waste_per_head", 0.7, 1.1),
    ],
)
def test_a_whole_day_is_within_what_the_city_knows(
    catalog: Catalog, city: tuple[Warehouse, FirstLoad], indicator: str, low: float, high: float
) -> None:
    [row] = answer(catalog, city[0], indicators=[f"sanitation.{indicator}"], period={"from": "2026-11-20", "to": "2026-11-21"})
    assert low <= float(row[f"sanitation.{indicator}"]) <= high


def test_a_source_that_fails_holds_up_no_other(catalog: Catalog, duckdb_warehouse: Warehouse) -> None:
    class Broken(Connector, frozen=True):
        tag = "simulator"
        stream = CONNECTORS["simulator"].stream
        seed: int = 0

        def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
            if stream.stream != "regions":
                raise SourceFailed("断了", f"{stream.stream} is away")
            yield from CONNECTORS["simulator"]().read(CONNECTORS["simulator"].stream(stream="regions"), around)

    first = load_city(catalog, duckdb_warehouse, {"simulator": Broken}, Surroundings(now=NOW), {})
    assert [result.dataset for result in first.loaded] == ["city.regions"]
    assert len(first.failed) == 13
