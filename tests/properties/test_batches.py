"""Asking together may never change an answer: every question of a batch has the rows and values that it has alone."""

from datetime import datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling.batch import groups_of
from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.ask import ask, known_modifiers
from engine.running.definitions import load_texts_checked
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.test_states import FILES, OWN, Row, load, load_regions, rows_drawn, told

MORE = {
    "c/few.indicator.yaml": "title: 少\nunit: 次\ndataset: c.rows\nmeasure: {agg: count, where: tons > 8}\n",
    "c/least.indicator.yaml": "title: 小\nunit: t\ndataset: c.rows\nmeasure: {agg: min, of: tons, where: \"kind = 'b'\"}\n",
    "c/zero.indicator.yaml": "title: 零\nunit: t\ndataset: c.rows\nabsent: zero\n"
    "measure: {agg: sum, of: tons, where: \"kind = 'b' and tons > 2\"}\n",
    "c/part.indicator.yaml": "title: 占\nunit: '%'\nformula: c.some / c.sum\n",
    "c/inner.indicator.yaml": "title: 内\nunit: '%'\nformula: c.few / c.n_a\n",
    "c/n_a.indicator.yaml": "title: 甲数\nunit: 次\ndataset: c.rows\nmeasure: {agg: count, where: \"kind = 'a'\"}\n",
    "c/d1.indicator.yaml": "title: 一区\nunit: t\ndataset: c.rows\nmeasure: {agg: sum, of: tons, where: \"c.district = 'd1'\"}\n",
}
ASKED = ["c.sum", "c.n", "c.some", "c.mean", "c.most", "c.ratio", "c.p90", *(f"c.{path[2:].partition('.')[0]}" for path in MORE)]
ALL, NOW = Viewer("all", sees_all=True), datetime(2026, 4, 1)


def catalog() -> Catalog:
    """The small city with indicators that count different rows of one table."""
    checked = load_texts_checked({**FILES, **MORE})
    assert {finding.code for finding in checked.findings} <= {"unproved"}
    return checked.catalog


def tile(indicator: Any, **written: Any) -> Question:
    """A question as of a day on which all is known."""
    return msgspec.convert({"indicators": [indicator], "as_of": "2026-03-01", **written}, Question)


@st.composite
def batches_drawn(draw: st.DrawFn) -> list[Question]:
    """Tiles of two splits, most of which differ in nothing but what they count."""
    splits = st.sampled_from([[], ["c.kind"], ["c.street"], ["c.district"]])
    grains, fills = st.sampled_from([None, "day", "month"]), st.sampled_from([None, None, "time"])
    shapes = [{"by": draw(splits), "grain": draw(grains), "fill": draw(fills)} for _ in range(2)]
    modifiers: st.SearchStrategy[Any] = st.sampled_from([None, None, None, "mom", {"share": {}}, {"rolling": {"over": "P3D"}}])
    wheres = st.sampled_from([None, None, None, "c.kind = 'a'"])
    return [
        tile(
            {"of": draw(st.sampled_from(ASKED)), "modifier": draw(modifiers), "as": "x"},
            where=draw(wheres),
            **draw(st.sampled_from(shapes)),
        )
        for _ in range(draw(st.integers(2, 7)))
    ]


@settings(max_examples=max(15, settings().max_examples // 3))  # each example runs twice as many questions as it has tiles, three times
@given(rows=rows_drawn, batch=batches_drawn())
def test_a_batch_answers_as_its_questions_do_alone(rows: list[Row], batch: list[Question]) -> None:
    city, warehouse = catalog(), DuckDbWarehouse(None)
    load_regions(warehouse, city)
    load(warehouse, city, rows, "replace")
    refresh_states(city, warehouse, known_modifiers())
    states = States(city, warehouse, known_modifiers())
    for viewer, stored in ((ALL, None), (OWN, None), (ALL, states)):
        alone = [next(ask(city, warehouse, [question], viewer, NOW)) for question in batch]
        together = list(ask(city, warehouse, batch, viewer, NOW, states=stored))
        assert [told(answer) for answer in together] == [told(answer) for answer in alone]
    warehouse.close()


def statements(batch: list[Question]) -> int:
    """How many statements answer a batch."""
    return len(groups_of(catalog(), known_modifiers(), batch, ALL, [NOW] * len(batch)))


def test_tiles_that_count_different_rows_of_one_table_are_one_statement() -> None:
    assert statements([tile(one, by=["c.kind"], grain="month") for one in ("c.sum", "c.some", "c.few", "c.least", "c.part", "c.p90")]) == 1


def test_a_cheap_tile_is_not_widened_into_the_joins_of_another() -> None:
    assert statements([tile("c.sum", grain="month"), tile("c.d1", grain="month")]) == 2


def test_a_filter_of_its_own_stays_alone() -> None:
    assert statements([tile("c.sum", grain="month"), tile("c.sum", grain="month", where="c.kind = 'a'")]) == 2
