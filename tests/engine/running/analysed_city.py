"""A small city with two analyses, in memory: pits that fill, and a list that may come out empty."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.warehouse import Warehouse, arrow_schema

EIGHT = datetime(2026, 1, 5, 8)
READINGS = "pits.readings"
FILES = {
    "project.yaml": "title: 试验\nzone: Asia/Shanghai\n",
    "pits/pits.dataset.yaml": """
title: 贮坑
one_row_is: 一个贮坑
key: [pit]
region: public
columns:
  - {name: pit, title: 贮坑, type: text}
  - {name: kg, title: 容量, type: decimal, unit: kg}
""",
    "pits/readings.dataset.yaml": """
title: 读数
one_row_is: 一次读数
key: [pit, read_at]
times: [{name: read, column: read_at, default: true}]
region: public
columns:
  - {name: pit, title: 贮坑, type: text}
  - {name: read_at, title: 时间, type: timestamp}
  - {name: ton, title: 存量, type: decimal, unit: t}
relationships:
  - {name: of, to: pits.pits, on: {pit: pit}}
""",
    "pits/fill.analysis.yaml": """
title: 满坑
operator: threshold_eta
inputs:
  - name: series
    dataset: pits.readings
    period: {last: PT6H}
    where: "ton is not null"
    keys: {pit: pit}
    columns: {at: read_at, value: ton, limit: of.kg}
params: {fewest: 2}
""",
    "pits/etas.dataset.yaml": """
title: 满坑结果
one_row_is: 一次推算中的一个坑
from: analysis/pits.fill/eta
region: public
columns:
  - {name: pit, title: 贮坑, type: text}
  - {name: eta, title: 预计, type: decimal, unit: h}
  - {name: limit, title: 容量, type: float, unit: t}
""",
    "pits/eta.indicator.yaml": """
title: 最早满坑
dataset: pits.etas
measure: {agg: min, of: eta}
stock: {snapshot: computed_at}
unit: h
""",
    "pits/level.indicator.yaml": """
title: 存量
dataset: pits.readings
measure: {agg: sum, of: ton}
unit: t
""",
    "pits/ahead.analysis.yaml": """
title: 预测
operator: forecast_select
inputs:
  - name: series
    ask: {indicators: [pits.level], by: [pit], grain: hour, fill: all}
    keys: {pit: pit}
    columns: {at: time, value: pits.level}
params: {step: hour, horizon: 2, season: 4, train: 8, models: [naive, seasonal_naive, seasonal_drift], hierarchy: [pit]}
""",
    "pits/forecasts.dataset.yaml": """
title: 预测值
one_row_is: 一次预测中一个坑的一个小时
from: analysis/pits.ahead/values
times: [{name: target, column: target_at, default: true}]
region: public
columns:
  - {name: pit, title: 贮坑, type: text}
  - {name: level, title: 层级, type: integer}
  - {name: target_at, title: 目标时间, type: timestamp}
  - {name: value, title: 预测值, type: decimal, unit: t}
""",
    "pits/forecast_runs.dataset.yaml": """
title: 预测记录
one_row_is: 一次预测中的一个坑
from: analysis/pits.ahead/runs
region: public
columns:
  - {name: pit, title: 贮坑, type: text}
  - {name: level, title: 层级, type: integer}
  - {name: model, title: 模型, type: text}
  - {name: mase, title: MASE, type: float}
""",
    "pits/next_hours.indicator.yaml": """
title: 预测存量
dataset: pits.forecasts
measure: {agg: sum, of: value, where: level = 0}
stock: {snapshot: computed_at, lead: [-PT12H, P1D]}
unit: t
""",
}


def city(**changes: str) -> Catalog:
    """The catalog; a file is changed by its path with `_` for `/` and without its end."""
    texts = {name: changes.get(name.split(".")[0].replace("/", "_"), text) for name, text in FILES.items()}
    loaded = load_texts(texts)
    assert not loaded.findings, loaded.findings
    return loaded.catalog


def put(catalog: Catalog, warehouse: Warehouse, id: str, rows: Iterable[dict[str, Any]]) -> None:
    """Load rows into a dataset."""
    dataset = catalog.dataset(id)
    assert dataset is not None
    table = table_of(id, dataset)
    full = [{field.name: row.get(field.name) for field in arrow_schema(table)} for row in rows]
    warehouse.load(table, [pa.RecordBatch.from_pylist(full, schema=arrow_schema(table))], "upsert" if table.key else "append")


def read(catalog: Catalog, warehouse: Warehouse, pits: dict[str, list[float]], start: datetime = EIGHT) -> None:
    """Readings of each pit, an hour apart; every pit holds 100 t."""
    from decimal import Decimal

    put(catalog, warehouse, "pits.pits", [{"pit": pit, "kg": Decimal(100_000)} for pit in pits])
    rows = [
        {"pit": pit, "read_at": start + timedelta(hours=n), "ton": Decimal(str(ton))}
        for pit, tons in pits.items()
        for n, ton in enumerate(tons)
    ]
    put(catalog, warehouse, READINGS, rows)
