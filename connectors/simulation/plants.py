"""Where waste goes: the city's plants as far as they are published, the transfer stations it has, and stations in every street."""

from datetime import date

import numpy as np
import pyarrow as pa
from msgspec import Struct

from connectors.simulation.chance import chance
from connectors.simulation.districts import DISTRICTS


class Plant(Struct, frozen=True):
    """A transfer station or treatment plant; capacities beyond the published ones are assumed (设施)."""

    id: str
    name: str
    type: str
    district: str
    design_tpd: float
    pit_ton: float | None
    build_year: int
    lines: int = 0
    pull: float = 1.0  # how much more it is given than its capacity would say


OVERLOADED = "T01"  # one station is always near its limit, as there is one in every city


def _incinerator(line: str) -> Plant:
    id, name, district, design, year, lines = line.split()
    return Plant(id, name, "incineration", district, float(design), float(design) * 6, int(year), int(lines))


def _plant(line: str) -> Plant:
    id, name, type, district, design, days_of_pit, year = line.split()
    pit = float(design) * float(days_of_pit)
    return Plant(id, name, type, district, float(design), pit or None, int(year), pull=1.6 if id == OVERLOADED else 1.0)


INCINERATORS = tuple(
    _incinerator(line)
    for line in """
    I01 鲁家山焚烧厂 110109 3000 2013 4
    I02 阿苏卫焚烧厂 110114 3000 2018 5
    I03 通州焚烧厂 110112 2250 2018 3
    I04 高安屯焚烧厂一期 110105 1600 2008 2
    I05 朝阳清洁焚烧中心 110105 1800 2016 3
    I06 海淀大工村焚烧厂 110108 1800 2017 3
    I07 顺义焚烧厂 110113 1300 2011 2
    I08 南宫焚烧厂 110115 1000 2017 2
    I09 怀柔焚烧厂 110116 600 2019 2
    I10 密云焚烧厂 110118 600 2019 2
    I11 房山焚烧厂 110111 500 2020 1
    I12 平谷焚烧厂 110117 300 2014 1
    """.strip().splitlines()
)
# id, name, type, district, design t/d, days that the pit holds, year built
TRANSFERS = tuple(
    _plant(line)
    for line in """
    T01 小武基转运站 transfer 110105 450 0.8 1997
    T02 大屯转运站 transfer 110105 700 0.8 1994
    T03 朝阳东坝转运站 transfer 110105 700 0.8 2015
    T04 五路居转运站 transfer 110108 650 0.8 1998
    T05 海淀北部转运站 transfer 110108 650 0.8 2014
    T06 海淀学院路转运站 transfer 110108 650 0.8 2009
    T07 马家楼转运站 transfer 110106 660 0.8 1997
    T08 丰台西部转运站 transfer 110106 660 0.8 2011
    T09 东城转运站 transfer 110101 500 0.8 2006
    T10 西城转运站 transfer 110102 740 0.8 2006
    T11 石景山转运站 transfer 110107 360 0.8 2004
    T12 昌平回龙观转运站 transfer 110114 640 0.8 2012
    T13 昌平沙河转运站 transfer 110114 640 0.8 2016
    T14 通州台湖转运站 transfer 110112 540 0.8 2015
    T15 通州永顺转运站 transfer 110112 540 0.8 2010
    T16 大兴西红门转运站 transfer 110115 1120 0.8 2013
    """.strip().splitlines()
)
KITCHENS = tuple(
    _plant(line)
    for line in """
    K01 南宫堆肥厂 kitchen 110115 1000 2 1998
    K02 高安屯餐厨处理厂 kitchen 110105 800 2 2010
    K03 朝阳厨余处理厂 kitchen 110105 1000 2 2018
    K04 海淀餐厨处理厂 kitchen 110108 930 2 2017
    K05 阿苏卫堆肥厂 kitchen 110114 900 2 2001
    K06 董村综合处理厂 kitchen 110112 930 2 2013
    K07 丰台餐厨处理厂 kitchen 110106 830 2 2014
    K08 首钢鲁家山餐厨厂 kitchen 110109 500 2 2015
    K09 房山厨余处理厂 kitchen 110111 400 2 2019
    K10 顺义厨余处理厂 kitchen 110113 500 2 2019
    K11 怀柔厨余处理厂 kitchen 110116 220 2 2019
    K12 密云厨余处理厂 kitchen 110118 220 2 2020
    """.strip().splitlines()
)
SORTINGS = tuple(
    _plant(line)
    for line in """
    R01 朝阳再生资源分拣中心 mrf 110105 1200 0 2018
    R02 海淀再生资源分拣中心 mrf 110108 1000 0 2019
    R03 丰台再生资源分拣中心 mrf 110106 900 0 2019
    R04 通州再生资源分拣中心 mrf 110112 800 0 2020
    R05 昌平再生资源分拣中心 mrf 110114 800 0 2020
    """.strip().splitlines()
)
LANDFILLS = tuple(_plant(line) for line in ("L01 阿苏卫填埋场 landfill 110114 2000 0 1994", "L02 焦家坡填埋场 landfill 110109 2000 0 2009"))
PLANTS = (*TRANSFERS, *INCINERATORS, *KITCHENS, *SORTINGS, *LANDFILLS)
_LEVELS = {"station": "first", "transfer": "second"}


def _short(street: str) -> str:
    return street.removesuffix("街道").removesuffix("镇")


def facilities(seed: int) -> pa.Table:
    """One row a facility: the plants above, and the 811 closed stations of the districts."""
    places = {district.code: district for district in DISTRICTS}
    stations = [
        Plant(
            f"S{district.code[-3:]}{number:03d}",
            f"{_short(district.streets[number % len(district.streets)])}第{number // len(district.streets) + 1}清洁站",
            "station", district.code, float(20 + 5 * (number % 6)), None, 1996 + number % 24,
        )
        for district in DISTRICTS
        for number in range(district.stations)
    ]  # fmt: skip
    everything = [*PLANTS, *stations]
    luck = chance(seed, "facilities")
    around = luck.normal(0, 0.03, (2, len(everything)))
    return pa.table(
        {
            "facility_id": [one.id for one in everything],
            "name": [one.name for one in everything],
            "type": [one.type for one in everything],
            "level": [_LEVELS.get(one.type, "end") for one in everything],
            "region_code": [one.district for one in everything],
            "design_tpd": [one.design_tpd for one in everything],
            "storage_ton": [round(one.design_tpd * 0.6, 1) for one in everything],
            "pit_ton": pa.array([one.pit_ton for one in everything], pa.float64()),
            "build_year": [one.build_year for one in everything],
            "status": ["run"] * len(everything),
            "lon": np.round([places[one.district].lon + shift for one, shift in zip(everything, around[0], strict=True)], 5),
            "lat": np.round([places[one.district].lat + shift for one, shift in zip(everything, around[1], strict=True)], 5),
            "valid_from": pa.array([date(one.build_year, 1, 1) for one in everything]),
            "valid_to": pa.array([None] * len(everything), pa.date32()),
        }
    )
