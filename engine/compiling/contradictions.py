"""Fields of a question that exclude each other, or that nothing would read: said, so that no field is passed over in silence."""

from engine.compiling.refuse import Refused, refuse
from engine.compiling.rows import parsed
from engine.expression.tree import columns
from engine.findings import did_you_mean
from engine.parts import GRAINS, span_of
from engine.question import Asked, Period, Question, TimeAxis

_DAY = 86400
_BY_NAME = {
    "P1W": "week",
    "P7D": "week",
    "P10D": "ten_day",
    "P1M": "month",
    "P3M": "quarter",
    "P6M": "half_year",
    "P1Y": "year",
    "P12M": "year",
}
# What a question about values has no use for.
_OF_INDICATORS = ("indicators", "by", "grain", "having", "order", "totals", "fill")


def refuse_contradictions(question: Question) -> None:
    """Raises Refused for the first part of the question that could only be ignored."""
    if question.known_at is not None:
        raise refuse(
            "reserved", "known_at（当时所知的答案）还不能问", "`known_at`, the answer as it was known then, cannot be asked yet",
            ("去掉 known_at；as_of 说明截至何时的数据", "leave `known_at` out; `as_of` says up to when rows count"),
        )  # fmt: skip
    _period(question.period)
    if question.values:
        written = [name for name in _OF_INDICATORS if getattr(question, name)] + (["edge"] if question.edge != "cut" else [])
        if written:
            raise _no_effect(written, "取值查询（values）", "a question about values")
        _via(question)
        return
    written = [name for name, field in (("from", question.source), ("give", question.give != "distinct")) if field]
    if written and question.indicators:
        raise _no_effect(written, "不带 values 的查询", "a question without `values`")
    _splits(question)
    check_grain(question.grain)
    if question.edge == "whole" and question.grain is not None and "." in question.grain:
        raise _no_effect(["edge"], f"日历粒度 {question.grain}", f"the calendar grain {question.grain}")
    _via(question)


def _no_effect(written: list[str], zh: str, en: str) -> Refused:
    return refuse(
        "no-effect", f"「{'、'.join(written)}」对{zh}不起作用", f"{' and '.join(f'`{one}`' for one in written)} would have no effect on {en}",
        ("去掉它，或分成两个查询", "leave it out, or ask two questions"),
    )  # fmt: skip


def _period(period: Period | None) -> None:
    if period is None:
        return
    ways = [bool(period.start or period.end), period.last is not None, period.next is not None]
    if sum(ways) > 1:
        raise refuse(
            "two-periods", "周期写了两种", "the period is said in two ways",
            ("写 from 和 to，或只写 last，或只写 next", "write `from` and `to`, or `last`, or `next`"),
        )  # fmt: skip


def _splits(question: Question) -> None:
    for i, one in enumerate(question.by):
        if one in question.by[:i]:
            name = one if isinstance(one, str) else one.time
            raise refuse("same-split", f"「{name}」在 by 里写了两次", f"'{name}' stands in `by` twice", ("只写一次", "write it once"))
        if isinstance(one, TimeAxis):
            if one.grain is not None and one.part is not None:
                raise refuse(
                    "grain-and-part", f"时间轴「{one.time}」同时写了 grain 和 part", f"the time axis '{one.time}' has both `grain` and `part`",
                    ("写成两条时间轴，或只写一个", "write two axes, or one of the two"),
                )  # fmt: skip
            check_grain(one.grain)


def check_grain(grain: str | None) -> None:
    """Refuses what is neither a grain's name, nor a duration that divides a day; calendar.grain is looked up where it is used."""
    if grain is None or grain in GRAINS or "." in grain:
        return
    if grain in _BY_NAME:
        raise refuse(
            "unknown-grain", f"粒度不写「{grain}」", f"'{grain}' is no grain", (f"写 {_BY_NAME[grain]}", f"write {_BY_NAME[grain]}")
        )
    try:
        span = span_of(grain)
    except ValueError:
        known = f"可用：{'、'.join(GRAINS)}，或 PT15M 这样的时长", f"known: {', '.join(GRAINS)}, or a duration such as PT15M"
        advice = did_you_mean(grain, GRAINS, *known)
        raise refuse("unknown-grain", f"没有名为「{grain}」的粒度", f"no grain is named '{grain}'", advice) from None
    if span.months or not 0 < span.seconds <= _DAY or _DAY % span.seconds:
        advice = ("例如 PT5M、PT15M、PT1H", "for example PT5M, PT15M, PT1H")
        raise refuse("unknown-grain", f"「{grain}」不能整除一天", f"'{grain}' does not divide a day", advice)


def _via(question: Question) -> None:
    """A road said for a dimension that the question does not name would be ignored."""
    if not question.via:
        return
    texts = [question.where, *(one.where for one in question.indicators if isinstance(one, Asked))]
    named = {one for one in (*question.by, *question.values) if isinstance(one, str)}
    named.update(column.name for text in texts if text for column in columns(parsed(text).expr))
    unused = sorted(set(question.via) - named)
    if unused:
        advice = did_you_mean(unused[0], named, "写进 by 或 where，或从 via 里去掉", "name it in `by` or `where`, or leave it out of `via`")
        raise refuse("no-effect", f"via 里的「{unused[0]}」没有用到", f"'{unused[0]}' stands in `via` but is not asked", advice)
