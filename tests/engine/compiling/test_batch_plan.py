"""Which questions of a batch share a scan, which do not, and what is said about it; whether answers stay the same is a property."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlglot import exp

from engine.compiling.batch_plan import BatchPlan, plan_batch
from engine.compiling.plan import compile_question
from engine.question import Question
from engine.running.ask import ask, known_modifiers
from engine.running.batch_plans import Written
from engine.running.plans import Plans
from engine.sharing import Spread
from tests.properties.test_batches import ALL, NOW, Boasting, catalog, tile
from tests.properties.test_states import load, load_regions

TEN_YEARS = Spread(
    10_000_000, datetime(2016, 1, 1), datetime(2026, 1, 1), (("kind", 2), ("street", 300), ("tons", 20_000), ("at_time", 9_000_000))
)
YEARS = {"from": "2016-01-01", "to": "2026-01-01"}


def planned(*questions: Question) -> BatchPlan:
    """The batch over ten years of rows."""
    return plan_batch(catalog(), known_modifiers(), questions, ALL, [NOW] * len(questions), spreads={"c.rows": TEN_YEARS}, schema="temp")


def trees(plan: BatchPlan) -> Iterator[exp.Expression]:
    """Every statement that the batch runs."""
    sharing = {place: compiled for one in plan.shared for place, compiled in one.statements}
    yield from (statement.tree for one in plan.shared for _, statement in one.pools)
    for place, group in enumerate(plan.groups):
        compiled = sharing.get(place) or compile_question(catalog(), known_modifiers(), group.question, ALL, NOW, presence=group.presence)
        assert compiled.statement is not None
        yield compiled.statement.tree


def scans(*questions: Question) -> int:
    """How often the batch reads the table of rows."""
    return sum(table.name == "rows" and table.db == "c" for tree in trees(planned(*questions)) for table in tree.find_all(exp.Table))


def by_kind(indicator: Any = "c.sum", **written: Any) -> Question:
    """A question over all ten years."""
    return tile(indicator, **{"by": ["c.kind"], "period": YEARS, **written})


def test_a_ratio_of_one_source_reads_it_once() -> None:
    assert [scans(tile(one, by=["c.kind"], grain="month")) for one in ("c.ratio", "c.part", "c.inner", "c.mean")] == [1, 1, 1, 1]


def test_ratios_of_one_source_in_several_tiles_read_it_once() -> None:
    assert scans(by_kind("c.ratio"), by_kind("c.part", grain="month"), by_kind("c.inner", by=[], grain="week")) == 1


def test_splits_grains_periods_and_filters_share_one_scan() -> None:
    wide = [by_kind(), by_kind(grain="month"), by_kind(by=[], grain="day"), by_kind("c.some", where="c.kind = 'a'")]
    spans = [by_kind(period={"from": "2017-01-01", "to": "2025-07-01"}), by_kind(period={"from": "2016-02-03T04:00"})]
    assert scans(*wide, *spans) == 1


def test_this_year_and_last_year_share_one_scan() -> None:
    now, then = ({"from": f"{year}-01-01", "to": f"{year + 1}-01-01"} for year in (2025, 2024))
    assert scans(by_kind(period=now, grain="month"), by_kind(period=then, grain="month")) == 1


def test_spans_far_apart_are_read_apart_and_that_is_said() -> None:
    early, late = ({"from": f"{year}-01-01", "to": f"{year}-02-01"} for year in (2016, 2025))
    batch = [by_kind(period=early, grain="month"), by_kind(period=late, grain="month")]
    assert scans(*batch) == 2
    assert "没有并入「过磅」的合扫" in planned(*batch).told[1].zh


def test_a_split_of_too_many_groups_stays_apart_and_that_is_said() -> None:
    plan = planned(by_kind(), by_kind(grain="month"), by_kind(by=["c.street"]))
    assert [sorted(place for place, _ in one.statements) for one in plan.shared] == [[0, 1]]
    assert plan.told[2].zh.startswith("没有并入「过磅」的合扫：那样要分出约")
    assert "which spares nothing" in plan.told[2].en
    assert plan.told[0].en.startswith("'过磅' is read once for 2 questions")


def test_what_does_not_add_up_is_counted_from_rows() -> None:
    assert scans(by_kind(), by_kind(grain="month"), by_kind("c.p90", by=[])) == 2


def test_hours_are_not_read_from_days() -> None:
    assert scans(by_kind(), by_kind(grain="month"), by_kind(grain="hour")) == 2


def test_a_warehouse_that_shares_nothing_gets_the_statements_it_got() -> None:
    batch = [by_kind(), by_kind(grain="month")]
    plan = plan_batch(catalog(), known_modifiers(), batch, ALL, [NOW] * 2)
    assert plan.shared == ()
    assert len(plan.groups) == 2


def test_an_answer_says_with_which_questions_it_was_read_and_a_batch_known_is_not_planned_again() -> None:
    warehouse, plans = Boasting(None), Plans()
    load_regions(warehouse, catalog())
    load(warehouse, catalog(), [(1, 3, 5, "s1", "a", 8)], "replace")
    batch = [tile("c.sum", grain="day"), tile("c.n", by=["c.kind"], grain="month"), tile("c.sum", grain="day")]
    told = [answer.told for answer in ask(catalog(), warehouse, batch, ALL, NOW, plans=plans)]
    assert [one.zh.partition("，")[0] if one else None for one in told] == [
        "「过磅」只扫一遍供 2 问共读",
        "「过磅」只扫一遍供 2 问共读",
        "「过磅」只扫一遍供 2 问共读",
    ]
    known: list[Written] = list(plans.batches._plans.values())
    list(ask(catalog(), warehouse, batch, ALL, NOW, plans=plans))
    assert list(plans.batches._plans.values()) == known
    assert plans.batches._plans[next(iter(plans.batches._plans))] is known[0]
    warehouse.close()
