"""A stored state may never change a number: answers read from it equal answers counted from rows, whatever was loaded in between."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling.tables import table_of
from engine.frame import Frame
from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.ask import Answer, ask, known_modifiers
from engine.running.definitions import load_texts_checked
from engine.running.explain import Explained, explain
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.running.touched import load_and_note
from engine.warehouse import LoadMode, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse

FILES = {
    "project.yaml": "title: 试\nzone: Asia/Shanghai\nregion: c.district\n",
    "c/street.dimension.yaml": "title: 街道\ndataset: c.regions\nwhere: level = 'street'\nkey: code\nlabel: name\n"
    "rolls_up_to: c.district\nparent: parent_code\n",
    "c/district.dimension.yaml": "title: 区\ndataset: c.regions\nwhere: level = 'district'\nkey: code\nlabel: name\n",
    "c/kind.dimension.yaml": "title: 类\ncodes: [{code: a, title: 甲}, {code: b, title: 乙}]\n",
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
    "c/rows.dataset.yaml": """
title: 过磅
one_row_is: 一次
key: [id]
times: [{name: weighed, column: at_time, day_starts: "04:00", default: true}]
region: street
columns:
  - {name: id, title: 号, type: integer}
  - {name: at_time, title: 时, type: timestamp}
  - {name: street, title: 街, type: text, dimension: c.street}
  - {name: kind, title: 类, type: text, dimension: c.kind}
  - {name: tons, title: 吨, type: decimal, unit: t}
states:
  - {name: day, grain: day, by: [c.street, c.kind], of: [c.sum, c.n, c.some, c.mean, c.most, c.ratio]}
""",
    "c/sum.indicator.yaml": "title: 和\nunit: t\ndataset: c.rows\nmeasure: {agg: sum, of: tons}\n",
    "c/n.indicator.yaml": "title: 数\nunit: 次\ndataset: c.rows\nmeasure: {agg: count}\n",
    "c/some.indicator.yaml": "title: 甲和\nunit: t\ndataset: c.rows\nmeasure: {agg: sum, of: tons, where: \"kind = 'a'\"}\n",
    "c/mean.indicator.yaml": "title: 均\nunit: t\ndataset: c.rows\nmeasure: {agg: avg, of: tons}\n",
    "c/most.indicator.yaml": "title: 大\nunit: t\ndataset: c.rows\nmeasure: {agg: max, of: tons}\n",
    "c/ratio.indicator.yaml": "title: 比\nunit: t/次\nformula: c.sum / c.n\n",
    "c/p90.indicator.yaml": "title: 分位\nunit: t\ndataset: c.rows\nmeasure: {agg: percentile, at: 0.9, of: tons}\n",
    "c/own.access.yaml": "title: 本区\nrows: region in viewer.regions\n",
}
START = date(2026, 1, 1)
KEPT = ["c.sum", "c.n", "c.some", "c.mean", "c.most", "c.ratio"]
MODIFIERS: list[Any] = [None, "mom", {"prev": {"n": 1}}, {"rolling": {"over": "P3D"}}, "mtd", {"share": {}}]
OWN = Viewer("own", ("c.own",), (("regions", ("d1",)),))


def catalog() -> Catalog:
    """The small city's definitions."""
    return load_texts_checked(FILES).catalog


Row = tuple[int, int, int, str | None, str | None, int | None]
rows_drawn = st.lists(
    st.tuples(
        st.integers(1, 40), st.integers(0, 50), st.integers(0, 23), st.sampled_from(["s1", "s2", "s3", "s9", None]),
        st.sampled_from(["a", "b", None]), st.one_of(st.none(), st.integers(0, 50)),
    ),
    max_size=25,
    unique_by=lambda row: row[0],
)  # fmt: skip
loads_drawn = st.lists(
    st.tuples(st.sampled_from(["upsert", "replace", "replace_partitions"]), rows_drawn, st.booleans()), min_size=1, max_size=4
)


@st.composite
def questions_drawn(draw: st.DrawFn) -> Question:
    """A question that a state may or may not cover."""
    asked = {
        "indicators": [{"of": draw(st.sampled_from([*KEPT, "c.p90"])), "modifier": draw(st.sampled_from(MODIFIERS)), "as": "x"}],
        "by": draw(st.sampled_from([[], ["c.kind"], ["c.street"], ["c.district"], ["c.district", "c.kind"]])),
        "grain": draw(st.sampled_from([None, "day", "week", "month"])),
        "period": {"from": draw(st.sampled_from(["2026-01-01", "2026-01-10", "2026-01-10T08:00"])), "to": "2026-02-15"},
        "as_of": draw(st.sampled_from([None, "2026-03-01", "2026-01-20", "2026-01-20T09:30"])),
    }
    if draw(st.booleans()):
        asked["where"] = draw(st.sampled_from(["c.kind = 'a'", "c.district = 'd1'", "tons > 10"]))
    return msgspec.convert(asked, Question)


def batch(rows: Sequence[Row]) -> pa.RecordBatch:
    """Drawn rows as the table takes them."""
    midnight = datetime(START.year, START.month, START.day)
    return pa.record_batch(
        {
            "id": pa.array([row[0] for row in rows], pa.int64()),
            "at_time": pa.array([midnight + timedelta(days=row[1], hours=row[2]) for row in rows], pa.timestamp("us")),
            "street": pa.array([row[3] for row in rows], pa.string()),
            "kind": pa.array([row[4] for row in rows], pa.string()),
            "tons": pa.array([None if row[5] is None else Decimal(row[5]) / 4 for row in rows], pa.decimal128(18, 6)),
        }
    )


def load(warehouse: Warehouse, city: Catalog, rows: Sequence[Row], mode: LoadMode) -> None:
    """Rows into the table, noted."""
    dataset = city.dataset("c.rows")
    assert dataset is not None
    load_and_note(warehouse, table_of("c.rows", dataset), [batch(rows)], mode)


def load_regions(warehouse: Warehouse, city: Catalog) -> None:
    """Three streets in two districts; s9 is no street."""
    dataset = city.dataset("c.regions")
    assert dataset is not None
    lines = [("d1", None, "district"), ("d2", None, "district"), ("s1", "d1", "street"), ("s2", "d1", "street"), ("s3", "d2", "street")]
    columns = {
        name: pa.array(values, pa.string()) for name, values in zip(("code", "parent_code", "level"), zip(*lines, strict=True), strict=True)
    }
    warehouse.load(table_of("c.regions", dataset), [pa.record_batch({**columns, "name": columns["code"]})], "replace")


def told(answer: Answer) -> object:
    """An answer as something to compare: rows rounded where floats may differ in the last digit, or the findings."""
    frame: Frame | None = answer.frame
    if frame is None:
        return [finding.code for finding in answer.findings]
    rows = [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items() if name != "_marks"}
        for row in frame.rows()
    ]
    return sorted(map(repr, rows))


@settings(max_examples=max(10, settings().max_examples // 5))  # each example runs a dozen questions
@given(loads=loads_drawn, questions=st.lists(questions_drawn(), min_size=1, max_size=3))
def test_answers_from_a_state_equal_answers_from_rows(loads: list[tuple[LoadMode, list[Row], bool]], questions: list[Question]) -> None:
    city, warehouse = catalog(), DuckDbWarehouse(None)
    load_regions(warehouse, city)
    states = States(city, warehouse, known_modifiers())
    for mode, rows, is_refreshed in loads:
        load(warehouse, city, rows, mode)
        if is_refreshed:
            refresh_states(city, warehouse, known_modifiers())
        for viewer in (Viewer("all", sees_all=True), OWN):
            stored = ask(city, warehouse, questions, viewer, datetime(2026, 4, 1), states=states)
            counted = ask(city, warehouse, questions, viewer, datetime(2026, 4, 1))
            assert [told(answer) for answer in stored] == [told(answer) for answer in counted]
    warehouse.close()


def filled() -> tuple[Catalog, DuckDbWarehouse]:
    """Sixty days of rows and their state."""
    city, warehouse = catalog(), DuckDbWarehouse(None)
    load_regions(warehouse, city)
    load(warehouse, city, [(n, n, 12, "s1", "a", n) for n in range(60)], "replace")
    refresh_states(city, warehouse, known_modifiers())
    return city, warehouse


def asked(**written: Any) -> Question:
    """A question from its fields."""
    return msgspec.convert(written, Question)


def states_used(city: Catalog, warehouse: Warehouse, question: Question, viewer: Viewer | None = None) -> tuple[str, ...]:
    """The states that the answer was read from."""
    states = States(city, warehouse, known_modifiers())
    (answer,) = ask(city, warehouse, [question], viewer or Viewer("all", sees_all=True), datetime(2026, 4, 1), states=states)
    assert answer.compiled is not None
    return answer.compiled.states


def test_a_state_answers_what_it_covers() -> None:
    city, warehouse = filled()
    assert states_used(city, warehouse, asked(indicators=["c.ratio"], by=["c.district"], grain="month")) != ()


def test_a_state_that_is_behind_its_rows_is_not_used_and_says_so() -> None:
    city, warehouse = filled()
    load(warehouse, city, [(99, 3, 12, "s2", "b", 7)], "upsert")
    states = States(city, warehouse, known_modifiers())
    (answer,) = ask(city, warehouse, [asked(indicators=["c.sum"])], now=datetime(2026, 4, 1), states=states)
    assert answer.compiled is not None
    assert answer.compiled.states == ()
    assert [refusal.en for refusal in answer.compiled.refusals] == ["the state is behind the data"]


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (asked(indicators=["c.p90"]), "this aggregate is not kept"),
        (asked(indicators=["c.sum"], grain="hour"), "the grain is finer than the state's (day)"),
        (asked(indicators=["c.sum"], where="tons > 1"), "the condition uses 'tons', which the state does not keep"),
        (asked(indicators=["c.sum"], as_of="2026-01-20T09:30"), "as_of lies inside one of the state's periods"),
    ],
)
def test_a_state_that_does_not_cover_a_question_says_why(question: Question, why: str) -> None:
    city, warehouse = filled()
    states = States(city, warehouse, known_modifiers())
    (answer,) = ask(city, warehouse, [question], now=datetime(2026, 4, 1), states=states)
    assert answer.compiled is not None
    assert why in [refusal.en for refusal in answer.compiled.refusals]


def explained(city: Catalog, warehouse: Warehouse, question: Question) -> Explained:
    """How a number came about, states at hand."""
    states = States(city, warehouse, known_modifiers())
    found = explain(city, warehouse, question, now=datetime(2026, 4, 1), states=states)
    assert isinstance(found, Explained)
    return found


def test_explain_says_which_state_each_part_was_read_from_and_values_it_alike() -> None:
    city, warehouse = filled()
    root = explained(city, warehouse, asked(indicators=["c.ratio"]))
    assert [child.states for child in root.children] == [("states.c.rows_day",), ("states.c.rows_day",)]
    above, below = root.children
    assert above.read_zh == ("从预聚合「过磅·day」读取", f"与「{below.title}」合并为一次扫描")
    assert below.read_zh == ("从预聚合「过磅·day」读取", f"与「{above.title}」合并为一次扫描")
    assert "rows_day" in root.children[0].sql
    counted = explain(city, warehouse, asked(indicators=["c.ratio"]), now=datetime(2026, 4, 1))
    assert isinstance(counted, Explained)
    assert [root.value, *(child.value for child in root.children)] == [counted.value, *(child.value for child in counted.children)]


def test_explain_says_why_a_state_was_not_used() -> None:
    city, warehouse = filled()
    leaf = explained(city, warehouse, asked(indicators=["c.p90"]))
    assert leaf.states == ()
    assert leaf.read_zh == ("没有用预聚合「过磅·day」：没有存这个聚合",)
    assert leaf.read_en == ("the state 'states.c.rows_day' was not used: this aggregate is not kept",)


def test_one_late_row_three_weeks_old_refreshes_at_most_three_periods() -> None:
    city, warehouse = filled()
    dataset = city.dataset("c.rows")
    assert dataset is not None
    load_and_note(warehouse, table_of("c.rows", dataset), [batch([(500, 38, 2, "s3", "b", 9)])], "append")
    (done,) = refresh_states(city, warehouse, known_modifiers())
    assert done.partitions is not None
    assert done.partitions <= 3
    assert refresh_states(city, warehouse, known_modifiers()) == []
