"""A city of a few trips in two weeks, whose every change can be worked out in the head."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Period, Question, Viewer
from engine.running.change import why_changed
from engine.running.change_parts import Change, DimensionChange
from engine.running.compared_periods import Against
from engine.running.definitions import load_texts_checked
from engine.warehouse import Warehouse, arrow_schema
from engine.warehouses.duckdb import DuckDbWarehouse

TODAY = datetime(2026, 1, 13, 9)
NOW, THEN = ("2026-01-05", "2026-01-12"), ("2025-12-29", "2026-01-05")
NAMES = {"e": "东区", "w": "西区", "n": "北区", "s": "南区"}

INDICATORS = {
    "tons": "title: 清运量\nunit: t\ndataset: w.trips\nmeasure: {agg: sum, of: ton}\nby: [w.district]\n",
    "kilos": "title: 清运公斤\nunit: kg\nformula: w.tons\n",
    "trips": "title: 车次\nunit: 车次\ndataset: w.trips\nmeasure: {agg: count}\n",
    "trucks": "title: 出车数\nunit: 辆\ndataset: w.trips\nmeasure: {agg: count_distinct, of: truck}\n",
    "half": "title: 中位净重\nunit: t\ndataset: w.trips\nmeasure: {agg: median, of: ton}\n",
    "mean": "title: 平均净重\nunit: t\ndataset: w.trips\nmeasure: {agg: avg, of: ton}\n",
    "rate": (
        'title: 可回收率\nunit: "%"\nformula: good / whole\nwith:\n'
        "  - {name: good, dataset: w.trips, measure: {agg: sum, of: ton, where: kind = 'good'}, absent: zero}\n"
        "  - {name: whole, dataset: w.trips, measure: {agg: sum, of: ton}}\n"
    ),
    "city_share": (
        'title: 占全市\nunit: "%"\nformula: own / city\nwith:\n'
        "  - {name: own, of: w.tons}\n  - {name: city, dataset: w.trips, measure: {agg: sum, of: ton}, uncut: [w.district]}\n"
    ),
    "capped": "title: 封顶量\nunit: t\nformula: least(w.tons, 30)\n",
    "spare": "title: 余量\nunit: t\nformula: coalesce(w.bulky, 0) + w.tons\n",
    "bulky": "title: 大件\nunit: t\ndataset: w.trips\nmeasure: {agg: sum, of: ton, where: kind = 'bulky'}\n",
    "mixed": "title: 混合\nunit: t\nformula: case when w.tons > 35 then w.bulky else w.tons end\n",
    "changed": (
        "title: 新口径\nunit: t\ndataset: w.trips\nmeasure: {agg: sum, of: ton}\n"
        "was: [{until: 2026-01-07, measure: {agg: sum, of: ton, where: kind = 'good'}}]\n"
    ),
    "on_changed": "title: 依赖新口径\nunit: t\nformula: w.changed * 2\n",
    "worst": "title: 连续超量天数\nunit: d\nof: w.tons\nmodifier: {streak: {above: 3}}\ngrain: day\n",
}
FILES = {
    "project.yaml": "title: 小城\nregion: w.district\n",
    "w/regions.dataset.yaml": (
        "title: 区划\none_row_is: 一个区\nkey: [code]\nregion: public\ncolumns:\n  - {name: code, title: 代码, type: text}\n  - {name: name, title: 名, type: text}\n"
    ),
    "w/district.dimension.yaml": "title: 区\ndataset: w.regions\nkey: code\nlabel: name\n",
    "w/trips.dataset.yaml": (
        "title: 清运车次\none_row_is: 一车次\nkey: [id]\nregion: district\ncolumns:\n"
        "  - {name: id, title: 号, type: integer}\n  - {name: at, title: 日, type: date}\n"
        "  - {name: district, title: 区, type: text, dimension: w.district}\n  - {name: truck, title: 车, type: text}\n"
        "  - {name: kind, title: 品类, type: text}\n  - {name: ton, title: 净重, type: decimal, unit: t}\n"
        "times: [{name: at, column: at, default: true}]\n"
    ),
    **{f"w/{name}.indicator.yaml": text for name, text in INDICATORS.items()},
}
Trip = tuple[str, str | None, str, str, float]  # day, district, truck, kind, tons
TRIPS: tuple[Trip, ...] = (
    ("2025-12-30", "e", "a", "good", 10), ("2025-12-30", "e", "b", "rest", 10), ("2025-12-31", "w", "a", "rest", 20), ("2026-01-02", "n", "c", "bulky", 0),
    ("2026-01-05", "e", "a", "good", 12), ("2026-01-06", "w", "a", "rest", 12), ("2026-01-08", "s", "a", "good", 3), ("2026-01-11", None, "d", "rest", 1),
)  # fmt: skip


@contextmanager
def city(trips: tuple[Trip, ...] = TRIPS) -> Iterator[tuple[Catalog, Warehouse]]:
    """Definitions and rows in memory."""
    checked = load_texts_checked(FILES)
    assert [finding.text("en") for finding in checked.findings if finding.code != "unproved"] == []
    warehouse = DuckDbWarehouse(memory_limit="500MB")
    try:
        load(checked.catalog, warehouse, "w.regions", [{"code": code, "name": name} for code, name in NAMES.items()])
        rows = [
            {"id": n, "at": date.fromisoformat(day), "district": district, "truck": truck, "kind": kind, "ton": Decimal(str(ton))}
            for n, (day, district, truck, kind, ton) in enumerate(trips)
        ]
        load(checked.catalog, warehouse, "w.trips", rows)
        yield checked.catalog, warehouse
    finally:
        warehouse.close()


def load(catalog: Catalog, warehouse: Warehouse, id: str, rows: list[dict[str, Any]]) -> None:
    """Rows of one dataset, in place of what was there."""
    dataset = catalog.dataset(id)
    assert dataset is not None
    table = table_of(id, dataset)
    schema = arrow_schema(table)
    columns = [pa.array([row[name] for row in rows], schema.field(name).type) for name in schema.names]
    warehouse.load(table, [pa.record_batch(columns, schema=schema)], "replace")


def change(
    name: str, *, now: tuple[str, str] = NOW, then: tuple[str, str] | Against = THEN, by: tuple[str, ...] = ("w.district",),
    trips: tuple[Trip, ...] = TRIPS, viewer: Viewer = EVERYTHING, where: str | None = None, top: int = 20,
) -> Change:  # fmt: skip
    """How an indicator of the city moved."""
    question = Question(indicators=(f"w.{name}",), period=Period(start=now[0], end=now[1]), where=where)
    against = then if isinstance(then, str) else Period(start=then[0], end=then[1])
    with city(trips) as (catalog, warehouse):
        found = why_changed(catalog, warehouse, question, against, by, viewer, TODAY, titles=lambda dimension: NAMES, top=top)
    assert not isinstance(found, list), [finding.text() for finding in found]
    return found


def leaves(found: Change) -> dict[str, float]:
    """What each leaf did, rounded."""
    return {leaf.name: round(leaf.contribution, 6) for leaf in found.leaves}


def members(found: Change, nth: int = 0) -> dict[str, float]:
    """What each member did, rounded."""
    return {part.title: round(part.contribution, 6) for part in dimension(found, nth).parts}


def dimension(found: Change, nth: int = 0) -> DimensionChange:
    """One of the divisions by members."""
    return found.dimensions[nth]
