"""A small city for states of every sort: measures that merge in all ways, two clocks, owners that change, backlog, readings, scopes of three kinds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from msgspec import Struct

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.question import Viewer
from engine.running.definitions import load_texts_checked
from engine.running.touched import load_and_note
from engine.warehouse import ARROW_TYPES, LoadMode, Warehouse

START = datetime(2026, 1, 1)
FLOWS = {
    "sum": "agg: sum, of: tons",
    "n": "agg: count",
    "some": "agg: count, where: \"kind = 'a'\"",
    "mean": "agg: avg, of: tons",
    "least": "agg: min, of: tons",
    "most": "agg: max, of: tons, where: \"kind = 'b'\"",
    "heavy": "agg: weighted_avg, of: tons, weight: score",
    "ever": 'agg: any, of: "tons > 10"',
    "plates": "agg: count_distinct, of: plate",
    "plates_a": "agg: count_distinct, of: plate, where: \"kind = 'a'\"",
    "median": "agg: median, of: tons",
    "p90": "agg: percentile, at: 0.9, of: tons",
    "spread": "agg: stddev, of: tons",
}
LEVELS = {"open": "agg: count", "open_big": 'agg: sum, of: size, where: "size > 3"', "open_mean": "agg: avg, of: size"}
READINGS = {"level": "agg: sum, of: metres", "level_max": "agg: max, of: metres"}
NOTED = {"noted": "agg: count", "noted_sum": "agg: sum, of: tons"}
KEPT_FLOWS = [f"c.{name}" for name in FLOWS if name != "spread"]
KEPT_LEVELS, KEPT_READINGS = [f"c.{name}" for name in LEVELS], [f"c.{name}" for name in READINGS] + ["c.carried"]


def _written(name: str, dataset: str, measure: str, more: str = "") -> str:
    unit = "次" if "count" in measure else '""' if "any" in measure or "size" in measure else "t"
    return f"title: {name}\nunit: {unit}\ndataset: {dataset}\nmeasure: {{{measure}}}\n{more}"


STOCK = "stock: {opens: opened_at, closes: closed_at}\n"
READ = "stock: {per: [gauge], take: last}\n"
FILES = {
    "project.yaml": "title: 试\nzone: Asia/Shanghai\nregion: c.district\n",
    "c/street.dimension.yaml": "title: 街道\ndataset: c.regions\nwhere: level = 'street'\nkey: code\nlabel: name\n"
    "rolls_up_to: c.district\nparent: parent_code\n",
    "c/district.dimension.yaml": "title: 区\ndataset: c.regions\nwhere: level = 'district'\nkey: code\nlabel: name\n",
    "c/kind.dimension.yaml": "title: 类\ncodes: [{code: a, title: 甲}, {code: b, title: 乙}]\n",
    "c/owner.dimension.yaml": "title: 主\ncodes: [{code: x, title: 子}, {code: y, title: 丑}]\n",
    "c/regions.dataset.yaml": """
title: 区划
one_row_is: 一个区划
key: [code]
region: public
columns:
  - {name: code, title: 码, type: text}
  - {name: parent_code, title: 上级, type: text}
  - {name: level, title: 级, type: text}
  - {name: name, title: 名, type: text}
""",
    "c/owned.dataset.yaml": """
title: 归属
one_row_is: 一段归属
key: [plate, start_at]
region: public
columns:
  - {name: plate, title: 车, type: text}
  - {name: owner, title: 主, type: text, dimension: c.owner}
  - {name: start_at, title: 起, type: timestamp}
  - {name: end_at, title: 止, type: timestamp}
""",
    "c/rows.dataset.yaml": f"""
title: 过磅
one_row_is: 一次
key: [id]
times:
  - {{name: weighed, column: at_time, day_starts: "04:00", default: true}}
  - {{name: noted, column: noted_at, zone: UTC}}
region: street
columns:
  - {{name: id, title: 号, type: integer}}
  - {{name: at_time, title: 时, type: timestamp}}
  - {{name: noted_at, title: 记, type: timestamp}}
  - {{name: street, title: 街, type: text, dimension: c.street}}
  - {{name: kind, title: 类, type: text, dimension: c.kind}}
  - {{name: plate, title: 车, type: text}}
  - {{name: tons, title: 吨, type: decimal, unit: t}}
  - {{name: score, title: 分, type: integer}}
relationships:
  - {{name: owned, to: c.owned, on: {{plate: plate}}, valid: {{from: start_at, to: end_at}}}}
states:
  - {{name: day, grain: day, by: [c.street, c.kind], of: [{", ".join(KEPT_FLOWS)}]}}
  - {{name: owners, grain: day, by: [c.owner, c.district], of: [c.sum, c.plates]}}
  - {{name: month, grain: month, by: [c.kind], of: [c.sum, c.n, c.mean]}}
  - {{name: noted, grain: day, by: [c.street], of: [c.noted, c.noted_sum], time: noted}}
""",
    "c/cases.dataset.yaml": f"""
title: 工单
one_row_is: 一单
key: [id]
times: [{{name: opened, column: opened_at, default: true}}, {{name: closed, column: closed_at}}]
region: street
columns:
  - {{name: id, title: 号, type: integer}}
  - {{name: opened_at, title: 开, type: timestamp}}
  - {{name: closed_at, title: 结, type: timestamp}}
  - {{name: street, title: 街, type: text, dimension: c.street}}
  - {{name: told, title: 报区, type: text, dimension: c.district}}
  - {{name: size, title: 量, type: integer}}
states:
  - {{name: day, grain: day, by: [c.street], of: [{", ".join(KEPT_LEVELS)}]}}
""",
    "c/gauges.dataset.yaml": f"""
title: 水位
one_row_is: 一次读数
key: [gauge, at_time]
times: [{{name: read, column: at_time, default: true}}]
region: street
columns:
  - {{name: gauge, title: 表, type: text}}
  - {{name: at_time, title: 时, type: timestamp}}
  - {{name: street, title: 街, type: text, dimension: c.street}}
  - {{name: metres, title: 米, type: decimal, unit: t}}
  - {{name: remark, title: 注, type: text}}
states:
  - {{name: day, grain: day, by: [c.street], of: [{", ".join(KEPT_READINGS)}]}}
""",
    **{f"c/{name}.indicator.yaml": _written(name, "c.rows", measure) for name, measure in FLOWS.items()},
    **{f"c/{name}.indicator.yaml": _written(name, "c.rows", measure, "time: noted\n") for name, measure in NOTED.items()},
    **{f"c/{name}.indicator.yaml": _written(name, "c.cases", measure, STOCK) for name, measure in LEVELS.items()},
    **{f"c/{name}.indicator.yaml": _written(name, "c.gauges", measure, READ) for name, measure in READINGS.items()},
    "c/carried.indicator.yaml": _written("carried", "c.gauges", "agg: sum, of: metres", "stock: {per: [gauge], take: last, carry: P2D}\n"),
    "c/own.access.yaml": "title: 本区\nrows: region in viewer.regions\n",
    "c/kinds.access.yaml": "title: 本类\nrows: c.kind in viewer.kinds\n",
    "c/streets.access.yaml": "title: 本街\nrows: c.street in viewer.streets\n",
}
VIEWERS = (
    Viewer("all", sees_all=True),
    Viewer("own", ("c.own",), (("regions", ("d1",)),)),
    Viewer("kinds", ("c.kinds",), (("kinds", ("a",)),)),
    Viewer("streets", ("c.streets", "c.own"), (("streets", ("s3",)), ("regions", ("d1",)))),
)


class Facts(Struct, frozen=True):
    """Drawn rows of the three datasets, in the order of their columns."""

    rows: list[tuple[Any, ...]]
    cases: list[tuple[Any, ...]]
    gauges: list[tuple[Any, ...]]


def _moments(most: int) -> st.SearchStrategy[datetime]:
    return st.builds(
        lambda day, hour, minute: START + timedelta(days=day, hours=hour, minutes=minute),
        st.integers(0, most), st.sampled_from([0, 2, 4, 12, 23]), st.sampled_from([0, 30]),
    )  # fmt: skip


STREETS = st.sampled_from(["s1", "s2", "s3", "s9", None])
TONS = st.one_of(st.none(), st.integers(0, 60).map(lambda n: Decimal(n) / 4))
KINDS, PLATES = st.sampled_from(["a", "b", None]), st.sampled_from(["p1", "p2", "p3", None])
row = st.tuples(st.integers(1, 40), _moments(50), _moments(50), STREETS, KINDS, PLATES, TONS, st.one_of(st.none(), st.integers(1, 3)))
case = st.tuples(
    st.integers(1, 40), _moments(50), st.one_of(st.none(), _moments(55)), STREETS, st.sampled_from(["d1", "d2", None]),
    st.one_of(st.none(), st.integers(0, 9)),
)  # fmt: skip
gauge = st.tuples(st.sampled_from(["g1", "g2", "g3"]), _moments(50), STREETS, TONS, st.just("-"))
facts_drawn = st.builds(
    Facts,
    st.lists(row, max_size=20, unique_by=lambda one: one[0]),
    st.lists(case, max_size=20, unique_by=lambda one: one[0]),
    st.lists(gauge, max_size=20, unique_by=lambda one: one[:2]),
)


def city() -> Catalog:
    """The definitions."""
    checked = load_texts_checked(FILES)
    assert not [finding.text() for finding in checked.findings if finding.code != "unproved"]
    return checked.catalog


def put(warehouse: Warehouse, catalog: Catalog, id: str, rows: Sequence[tuple[Any, ...]], mode: LoadMode) -> None:
    """Rows into a dataset's table, noted."""
    dataset = catalog.dataset(id)
    assert dataset is not None
    table = table_of(id, dataset)
    columns = zip(*rows, strict=True) if rows else [()] * len(table.columns)
    batch = pa.record_batch({one.name: pa.array(values, ARROW_TYPES[one.type]) for one, values in zip(table.columns, columns, strict=True)})
    load_and_note(warehouse, table, [batch], mode)


def put_tables(warehouse: Warehouse, catalog: Catalog) -> None:
    """Three streets in two districts, s9 is no street; p1 changes its owner in the middle of a day, p3 has none."""
    lines = [("d1", None, "district"), ("d2", None, "district"), ("s1", "d1", "street"), ("s2", "d1", "street"), ("s3", "d2", "street")]
    put(warehouse, catalog, "c.regions", [(code, parent, level, code) for code, parent, level in lines], "replace")
    put_owners(warehouse, catalog, START + timedelta(days=20, hours=3))


def put_owners(warehouse: Warehouse, catalog: Catalog, changes: datetime) -> None:
    """Who owns which car, from when."""
    owned = [("p1", "x", datetime(2000, 1, 1), changes), ("p1", "y", changes, None), ("p2", "y", datetime(2000, 1, 1), None)]
    put(warehouse, catalog, "c.owned", owned, "replace")


def put_facts(warehouse: Warehouse, catalog: Catalog, facts: Facts, mode: LoadMode) -> None:
    """A load of all three datasets."""
    for id, rows in (("c.rows", facts.rows), ("c.cases", facts.cases), ("c.gauges", facts.gauges)):
        put(warehouse, catalog, id, rows, mode)
