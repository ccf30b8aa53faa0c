"""How fresh something is follows from its facts and the clock, and grows only worse while nothing comes."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.parts import Span, span_of
from engine.running.freshness import GRAVITY, Facts, Failing, Freshness, Paused, judged, older, outdated, worst

NOON = datetime(2026, 3, 1, 12)
HOUR = span_of("PT1H")
FAILING = Failing(datetime(2026, 3, 1, 11), "接口拒绝：401", "refused: 401")
PAUSED = Paused(datetime(2026, 3, 1, 10), "张工，设备检修", "Zhang, maintenance")
MOMENTS = some.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
SPANS = some.builds(Span, months=some.integers(0, 14), seconds=some.integers(0, 40 * 86400))
FACTS = some.builds(
    Facts,
    known_until=some.none() | MOMENTS,
    loaded_at=some.none() | MOMENTS,
    promised=some.none() | SPANS,
    failing=some.none() | some.builds(Failing, since=MOMENTS, zh=some.just("坏了"), en=some.just("broken")),
    paused=some.none() | some.builds(Paused, since=MOMENTS, zh=some.just("检修"), en=some.just("maintenance")),
)
STATES = some.builds(
    Freshness, state=some.sampled_from(sorted(GRAVITY)), since=some.none() | MOMENTS, zh=some.just("因"), en=some.just("why"),
    of=some.sampled_from(["", "dataset:deep"]),
)  # fmt: skip


def rows_until(known: datetime, **more: object) -> Facts:
    """Facts of rows up to a moment that are promised within the hour."""
    return Facts(known_until=known, loaded_at=known, promised=HOUR, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("behind", "state", "since"),
    [
        (timedelta(minutes=59), "fresh", NOON - timedelta(minutes=59)),
        (timedelta(hours=1), "fresh", NOON - timedelta(hours=1)),
        (timedelta(hours=1, seconds=1), "late", NOON - timedelta(seconds=1)),
        (timedelta(hours=2), "late", NOON - timedelta(hours=1)),
        (timedelta(hours=2, seconds=1), "stale", NOON - timedelta(seconds=1)),
    ],
)
def test_later_than_promised_is_late_and_than_twice_stale_since_the_moment_it_became_so(
    behind: timedelta, state: str, since: datetime
) -> None:
    found = judged(rows_until(NOON - behind), NOON)
    assert (found.state, found.since) == (state, since)


def test_a_promise_of_a_month_goes_by_the_calendar() -> None:
    month = span_of("P1M")
    assert older(datetime(2026, 1, 31), month, datetime(2026, 2, 28), None).state == "fresh"
    assert older(datetime(2026, 1, 31), month, datetime(2026, 2, 28, 0, 0, 1), None).state == "late"


def test_a_failing_run_is_told_with_its_reason_however_new_the_rows_are() -> None:
    found = judged(rows_until(NOON, failing=FAILING), NOON)
    assert (found.state, found.since, found.zh) == ("failed", FAILING.since, "接口拒绝：401")


def test_what_is_paused_does_not_fail_but_says_who_paused_it_and_grows_old() -> None:
    fresh = judged(rows_until(NOON, failing=FAILING, paused=PAUSED), NOON)
    stale = judged(rows_until(datetime(2026, 2, 1), failing=FAILING, paused=PAUSED), NOON)
    assert (fresh.state, fresh.since, fresh.zh) == ("fresh", PAUSED.since, "已暂停：张工，设备检修")
    assert stale.state == "stale"
    assert stale.zh.startswith("已暂停：张工，设备检修；数据只到 2026-02-01")


def test_what_was_never_loaded_is_unknown_and_without_a_promise_rows_never_grow_old() -> None:
    assert judged(Facts(promised=HOUR), NOON).state == "unknown"
    assert judged(Facts(known_until=datetime(1999, 1, 1), loaded_at=datetime(1999, 1, 1)), NOON).state == "fresh"


@given(FACTS, MOMENTS, some.timedeltas(timedelta(0), timedelta(days=800)))
def test_while_nothing_comes_it_never_gets_better(facts: Facts, now: datetime, passed: timedelta) -> None:
    assert judged(facts, now + passed).gravity >= judged(facts, now).gravity


@given(FACTS, MOMENTS)
def test_what_is_late_or_stale_has_been_so_since_before_now_and_says_why(facts: Facts, now: datetime) -> None:
    found = judged(facts, now)
    assert found.zh
    assert found.en
    assert found.state not in ("late", "stale") or (found.since is not None and (found.since < now or facts.paused is not None))


@given(some.dictionaries(some.text("abc", min_size=1), STATES))
def test_the_whole_is_as_bad_as_its_worst_part_and_names_it(parts: dict[str, Freshness]) -> None:
    nothing = Freshness("unknown", None, "无", "nothing")
    found = worst(parts.items(), nothing)
    assert found.gravity == max((one.gravity for one in parts.values()), default=nothing.gravity)
    assert not parts or found.state == "fresh" or found.of == "dataset:deep" or parts[found.of].state == found.state


def test_the_order_of_the_parts_changes_nothing() -> None:
    parts = {name: Freshness("late", NOON, "因", "why") for name in "cab"}
    assert worst(parts.items(), Freshness("unknown", None, "", "")).of == "a"


def test_a_number_older_than_its_definition_allows_is_stale_though_its_stream_keeps_its_promise() -> None:
    found = outdated(NOON - timedelta(hours=3), span_of("PT2H"), NOON)
    assert found is not None
    assert (found.state, found.since) == ("stale", NOON - timedelta(hours=1))
    assert outdated(NOON - timedelta(hours=2), span_of("PT2H"), NOON) is None
