"""Why a number changed: worked out by hand, leaf by leaf and member by member, and told in one sentence."""

from datetime import datetime

import pytest

from engine.question import Asked, Period, Question, Viewer
from engine.running.change import why_changed
from tests.engine.running.changing_city import NAMES, NOW, TODAY, TRIPS, change, city, dimension, leaves, members


def test_a_sum_is_divided_by_what_each_member_did() -> None:
    found = change("tons")
    assert (found.then.value, found.now.value, found.change, found.rate) == (40.0, 28.0, -12.0, -30.0)
    assert leaves(found) == {"w.tons": -12.0}
    assert members(found) == {"东区": -8.0, "西区": -8.0, "南区": 3.0, "（未匹配）": 1.0, "北区": 0.0}


def test_members_that_came_and_went_are_told() -> None:
    parts = {part.title: (part.status, part.old, part.new) for part in dimension(change("tons")).parts}
    assert parts["南区"] == ("new", None, 3.0)
    assert parts["（未匹配）"] == ("new", None, 1.0)
    assert parts["东区"] == ("both", 20.0, 12.0)
    gone = {part.title: part.status for part in dimension(change("tons", now=("2025-12-29", "2026-01-05"), then=NOW)).parts}
    assert gone["南区"] == "vanished"


def test_a_ratio_is_divided_over_its_two_parts_and_over_members() -> None:
    # 10 of 40 became 15 of 28. Numerator: mean of 5/40 and 5/28; denominator: mean of 10/28 - 10/40 and 15/28 - 15/40.
    found = change("rate")
    assert found.change == pytest.approx(15 / 28 * 100 - 25)
    assert found.change_unit == "pp"
    good, whole = (5 / 40 + 5 / 28) / 2 * 100, ((10 / 28 - 10 / 40) + (15 / 28 - 15 / 40)) / 2 * 100
    assert leaves(found) == {"good": pytest.approx(good), "whole": pytest.approx(whole)}
    # A member did what its tons did, at the rate at which a ton of each part moved the ratio.
    per_good, per_whole = good / 5, whole / -12
    assert members(found)["东区"] == pytest.approx(2 * per_good + -8 * per_whole)
    assert members(found)["西区"] == pytest.approx(-8 * per_whole)
    assert sum(members(found).values()) == pytest.approx(found.change)


def test_an_average_is_told_by_its_sum_and_its_number() -> None:
    found = change("mean")
    assert (found.then.value, found.now.value) == (10.0, 7.0)
    assert leaves(found) == {"w.mean.total": pytest.approx(-3.0), "w.mean.number": 0.0}
    assert [leaf.title for leaf in found.leaves] == ["平均净重·合计", "平均净重·个数"]
    # Eight tons less at a quarter of a ton each; one trip fewer of four, at -40 / 16 then and -28 / 16 now.
    assert members(found)["东区"] == pytest.approx(-2 + (40 / 16 + 28 / 16) / 2, abs=1e-5)
    assert sum(members(found).values()) == pytest.approx(-3.0)


def test_what_does_not_add_up_is_named_and_stands_as_its_own_part() -> None:
    for name in ("trucks", "half"):
        (part,) = [part for part in dimension(change(name)).parts if part.contribution]
        assert (part.kind, part.title, part.share) == ("unsplit", "无法按成员拆分", 100.0)
        assert not change(name).leaves[0].is_additive


def test_a_part_that_members_do_not_cut_is_left_over() -> None:
    found = change("city_share", where="w.district in ('e', 'w')")  # 40 of 40, then 24 of 28
    own, whole = -16 * (1 / 40 + 1 / 28) / 2 * 100, ((40 / 28 - 1) + (24 / 28 - 24 / 40)) / 2 * 100
    assert leaves(found) == {"own": pytest.approx(own), "city": pytest.approx(whole)}
    assert members(found) == {"东区": pytest.approx(own / 2), "西区": pytest.approx(own / 2), "无法按成员拆分": pytest.approx(whole)}


def test_units_are_those_of_the_indicator() -> None:
    assert (change("kilos").change, leaves(change("kilos"))) == (-12000.0, {"w.tons": -12000.0})


def test_least_greatest_and_coalesce_are_tried_with_both_periods() -> None:
    assert leaves(change("capped")) == {"w.tons": -2.0}
    assert members(change("capped"))["东区"] == pytest.approx(-8 * 2 / 12)
    assert leaves(change("spare")) == {"w.bulky": 0.0, "w.tons": -12.0}


def test_without_a_value_in_a_period_there_is_a_reason_and_no_number() -> None:
    found = change("tons", then=("2024-12-29", "2025-01-05"))
    assert found.reason is not None
    assert (found.reason.code, found.change, found.leaves, found.dimensions) == ("no-value", None, (), ())
    assert "没有值" in found.sentence_zh


@pytest.mark.parametrize("name", ["changed", "on_changed"])
def test_two_periods_under_two_definitions_are_not_compared(name: str) -> None:
    found = change(name)
    assert found.reason is not None
    assert (found.reason.code, found.change) == ("definition-changed", None)
    assert "2026-01-07" in found.reason.zh


def test_two_periods_under_one_definition_are_compared() -> None:
    assert change("changed", now=("2026-01-09", "2026-01-12"), then=("2026-01-07", "2026-01-09")).reason is None


def test_a_mixture_without_a_value_is_a_reason() -> None:
    # Above 35 t the bulky tons are the value, and there were none now: tons of then with bulky of now are nothing.
    found = change("mixed")
    assert found.reason is not None
    assert found.reason.code in {"no-mixed-value", "no-value"}
    assert found.leaves == ()


def test_an_indicator_whose_steps_need_periods_of_their_own_is_one_leaf() -> None:
    found = change("worst")
    assert found.reason is None
    assert list(leaves(found)) == ["w.worst"]


def test_small_members_are_told_together() -> None:
    found = change("tons", top=2)
    assert members(found) == {"东区": -8.0, "西区": -8.0, "其余 3 个": 4.0}


def test_a_dimension_that_may_not_cut_has_a_reason_of_its_own() -> None:
    found = change("tons", by=("w.truck", "w.district"))
    assert found.dimensions[0].reason is not None
    assert found.dimensions[1].reason is None


def test_members_that_cancel_out_are_still_told() -> None:
    found = change("tons", trips=(("2025-12-30", "e", "a", "good", 5), ("2026-01-05", "w", "a", "good", 5)))
    assert (found.change, found.rate) == (0.0, 0.0)
    assert members(found) == {"东区": -5.0, "西区": 5.0}
    assert "持平" in found.sentence_zh


def test_a_viewer_sees_the_change_of_the_rows_that_may_be_seen() -> None:
    stranger = Viewer(name="stranger")
    assert change("tons", viewer=stranger).reason is not None


def test_the_sentence_says_who_moved_it() -> None:
    assert change("tons").sentence_zh == (
        "上周清运量比前一周减少 30%（由 40 t 到 28 t），其中东区减少 8 t、占 66.7%，西区减少 8 t、占 66.7%，南区增加 3 t。"
    )
    assert change("rate").sentence_zh.startswith(
        "上周可回收率比前一周上升 28.57 个百分点（由 25% 到 53.57%），其中东区拉高 15 个百分点、占 52.5%，西区拉高 8.93 "
    )
    assert change("rate").sentence_zh.endswith(
        "；从公式看，净重合计（good）使其上升 15.18 个百分点，净重合计（whole）使其上升 13.39 个百分点。"
    )
    assert change("trucks").sentence_zh == "上周出车数比前一周减少 33.3%（由 3 辆 到 2 辆），按区无法拆分。"
    assert change("tons").sentence_en == "w.tons fell by 30%, from 40 t to 28 t: 东区 -8 t; 西区 -8 t."


def test_a_change_against_a_time_before_the_first_row_says_so() -> None:
    found = change("tons", now=("2026-01-01", "2026-02-01"), then="prev", trips=TRIPS[:3] + TRIPS[4:])
    assert [caveat.code for caveat in found.caveats] == ["period-not-over", "rows-begin-later"] or found.reason is not None


def test_a_question_that_cannot_be_asked_is_a_finding() -> None:
    with city() as (catalog, warehouse):
        found = why_changed(catalog, warehouse, Question(indicators=("w.tonz",)), now=TODAY)
        assert isinstance(found, list)
        assert found[0].code == "unknown-indicator"


def test_without_a_period_the_latest_finished_one_is_explained() -> None:
    with city() as (catalog, warehouse):
        found = why_changed(
            catalog, warehouse, Question(indicators=("w.tons",), grain="week"), "prev", ["w.district"], now=TODAY, titles=lambda _: NAMES
        )
    assert not isinstance(found, list)
    assert (found.now.start, found.then.start, found.change) == ("2026-01-05T00:00:00", "2025-12-29T00:00:00", -12.0)
    assert found.as_of == datetime(2026, 1, 12).isoformat()
    assert found.data_version == {"w.trips": 1}


def test_the_own_condition_of_an_asked_indicator_counts() -> None:
    asked = Question(indicators=(Asked(of="w.tons", where="kind = 'good'"),), period=Period(start=NOW[0], end=NOW[1]))
    with city() as (catalog, warehouse):
        found = why_changed(catalog, warehouse, asked, "prev", now=TODAY)
    assert not isinstance(found, list)
    assert (found.then.value, found.now.value) == (10.0, 15.0)
