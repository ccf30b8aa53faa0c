"""A city of three districts and five days, whose every answer can be worked out in the head."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.definitions import load_checked
from engine.warehouse import Warehouse, arrow_schema

NOW = datetime(2026, 1, 6, 9, 30)
DISTRICTS = {"110101": "东城区", "110105": "朝阳区", "110108": "海淀区"}

TEXTS = {
    "project.yaml": "title: 小城\nregion: city.district\ndomains:\n  - {name: waste, title: 环境卫生}\n  - {name: energy, title: 能源运行}\n",
    "city/regions.dataset.yaml": """title: 行政区划
one_row_is: 一个区
columns:
  - {name: code, title: 代码, type: text}
  - {name: name, title: 名称, type: text}
key: [code]
region: public
""",
    "city/district.dimension.yaml": "title: 区\ndataset: city.regions\nkey: code\nlabel: name\n",
    "waste/weighings.dataset.yaml": """title: 过磅
one_row_is: 一次过磅
columns:
  - {name: id, title: 编号, type: integer}
  - {name: at, title: 时间, type: date}
  - {name: district, title: 区, type: text, dimension: city.district}
  - {name: tons, title: 净重, type: decimal, unit: t}
key: [id]
times: [{name: at, column: at, default: true}]
region: district
""",
    "waste/tons.indicator.yaml": """title: 清运量
meaning: 每日清运的净重
dataset: waste.weighings
measure: {agg: sum, of: tons}
unit: t
grain: day
by: [city.district]
direction: down
owner: 设施处
levels: {at_or_above: {yellow: 50, red: 500}}
""",
    "waste/tons.test.yaml": """given: [{dataset: waste.weighings, rows: [{id: 1, at: 2026-01-01, district: "110101", tons: 3}, {id: 2, at: 2025-12-31, tons: 9}]}]
ask: {period: {from: 2026-01-01}}
expect: [{value: 3}]
""",
    "waste/loads.indicator.yaml": """title: 车次
dataset: waste.weighings
measure: {agg: count}
unit: 车次
""",
    "waste/loads.test.yaml": """given: [{dataset: waste.weighings, rows: [{id: 1, at: 2026-01-01}, {id: 2, at: 2025-12-31}]}]
ask: {period: {from: 2026-01-01}}
expect: [{value: 1}]
""",
    "access/district_user.access.yaml": "title: 区城管委\nmay: [{do: [view], on: ['indicator:*']}]\nrows: region in viewer.regions\n",
}
# Tons of each day in each district; nothing on the third day, and the sixth is not over.
DAYS: dict[date, tuple[int, int, int]] = {
    date(2026, 1, 1): (10, 20, 30),
    date(2026, 1, 2): (11, 21, 31),
    date(2026, 1, 4): (12, 22, 32),
    date(2026, 1, 5): (13, 23, 33),
    date(2026, 1, 6): (1, 2, 3),
}


def write_definitions(folder: Path) -> Path:
    """The definitions as files below a folder."""
    for name, text in TEXTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def read_catalog(folder: Path) -> Catalog:
    """The catalog of the small city, which has no findings."""
    checked = load_checked(folder)
    assert [finding.text("en") for finding in checked.findings] == []
    return checked.catalog


def fill(catalog: Catalog, warehouse: Warehouse) -> None:
    """The rows of the small city."""
    load(catalog, warehouse, "city.regions", [{"code": code, "name": name} for code, name in DISTRICTS.items()])
    weighed = [(day, district, tons) for day, row in DAYS.items() for district, tons in zip(DISTRICTS, row, strict=True)]
    rows = [{"id": n, "at": day, "district": district, "tons": Decimal(tons)} for n, (day, district, tons) in enumerate(weighed, 1)]
    load(catalog, warehouse, "waste.weighings", rows)


def load(catalog: Catalog, warehouse: Warehouse, id: str, rows: list[dict[str, Any]]) -> None:
    """Rows of one dataset, in place of what was there."""
    dataset = catalog.dataset(id)
    assert dataset is not None
    table = table_of(id, dataset)
    schema = arrow_schema(table)
    columns = [pa.array([row.get(name) for row in rows], schema.field(name).type) for name in schema.names]
    warehouse.load(table, [pa.record_batch(columns, schema=schema)], "replace")
