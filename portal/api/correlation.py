"""Whether two indicators move together: Pearson's r over the periods in which both are known, with how many those are."""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from litestar import Controller, Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta, Struct

from engine.frame import COMPLETE, Frame
from engine.parts import Expression, Grain, Part, Ref
from engine.question import Asked, Period, Question
from portal.api.answer_line import instant
from portal.api.answering import answers
from portal.api.body import read_body
from portal.api.choices import GRAIN_TITLES
from portal.api.latest import float_or_none
from portal.api.problem import refusal, refused_for
from portal.api.world import World

MOST_ROWS = 100_000
MOST_POINTS = 5000  # sent back; all are counted
STRENGTHS = ((0.8, "强", "strong"), (0.5, "中等", "moderate"), (0.3, "弱", "weak"))


class CorrelationQuestion(Part, frozen=True):
    """Two indicators over the same periods (相关性查询)."""

    a: Annotated[Ref | Asked, Meta(title="指标甲", description="An id, or an indicator with a modifier", examples=["sanitation.msw_day"])]
    b: Annotated[Ref | Asked, Meta(title="指标乙", description="An id, or an indicator with a modifier", examples=["sanitation.spill_cnt"])]
    grain: Annotated[Grain, Meta(title="粒度", description="Length of one period", examples=["day"])]
    period: Annotated[Period | None, Meta(title="周期", description="Which time; none: all data")] = None
    by: Annotated[tuple[str, ...], Meta(title="维度", description="Members beside periods as points", examples=[["city.district"]])] = ()
    where: Annotated[Expression | None, Meta(title="条件", description="Cuts the rows that both count")] = None
    min_n: Annotated[int, Meta(title="最少点数", description="Fewer points give no coefficient", ge=3, le=MOST_POINTS)] = 8


class CorrelationSide(Struct, frozen=True):
    """One of the two (相关一方)."""

    of: str
    title: str
    unit: str


class CorrelationPoint(Struct, frozen=True):
    """One period, and member, in which both have a value (相关点)."""

    time: str
    keys: dict[str, str | None]
    a: float
    b: float


class Unsaid(Struct, frozen=True):
    """Why there is no coefficient (无系数原因)."""

    code: str
    zh: str
    en: str


class Correlation(Struct, frozen=True):
    """Pearson's r with the points it stands on (相关性)."""

    a: CorrelationSide
    b: CorrelationSide
    n: int
    min_n: int
    r: float | None
    r_squared: float | None
    reason: Unsaid | None
    points: list[CorrelationPoint]
    as_of: str | None
    sentence_zh: str
    sentence_en: str
    definition_version: str


class CorrelationController(Controller):
    """POST /api/correlation."""

    path = "/api/correlation"
    tags = ["workbench 综合分析"]

    @post(status_code=200, summary="两个指标的相关性 · Correlation of two indicators over periods", sync_to_thread=True)
    def correlation(self, request: Request[Any, Any, State], body: RawBody, world: NamedDependency[World]) -> Correlation:
        """Only finished periods in which both have a value count; fewer than `min_n` give no coefficient."""
        return correlated(world, read_body(request, body, CorrelationQuestion))


def correlated(world: World, asked: CorrelationQuestion) -> Correlation:
    """The two answers of one question, paired."""
    pair = (named(asked.a, "a"), named(asked.b, "b"))
    question = Question(indicators=pair, by=asked.by, grain=asked.grain, period=asked.period, where=asked.where, edge="whole", limit=MOST_ROWS)
    answer = next(answers(world, [question]))
    if answer.frame is None:
        raise refused_for(answer.findings)
    if answer.is_truncated:  # a coefficient of the first rows would be that of something else
        raise refusal(
            422, "too-many-points", f"超过 {MOST_ROWS:,} 个点", f"there are more than {MOST_ROWS:,} points",
            advice_zh="缩短时段，或改用更粗的粒度", advice_en="ask for a shorter period or a coarser grain",
        )  # fmt: skip
    points = list(points_of(answer.frame))
    columns = {column.name: column for column in answer.frame.columns}
    a, b = (CorrelationSide(one.of, columns[one.name or ""].title, columns[one.name or ""].unit or "") for one in pair)
    xs, ys = [point.a for point in points], [point.b for point in points]
    reason = why_none(a, b, xs, ys, asked.min_n)
    r = pearson(xs, ys) if reason is None else None
    zh, en = sentences(a, b, r, reason, len(points), asked.grain)
    return Correlation(
        a, b, len(points), asked.min_n, r, None if r is None else r * r, reason, points[:MOST_POINTS], instant(answer.as_of), zh, en,
        world.definition_version,
    )  # fmt: skip


def named(asked: str | Asked, name: str) -> Asked:
    """The indicator under the name of its side."""
    return Asked(of=asked, name=name) if isinstance(asked, str) else Asked(of=asked.of, modifier=asked.modifier, where=asked.where, name=name)


def points_of(frame: Frame) -> Iterator[CorrelationPoint]:
    """The rows of finished periods in which both sides have a number."""
    keys = [column.name for column in frame.of_role("dimension")]
    complete = frame.table.column(COMPLETE).to_pylist() if COMPLETE in frame.table.column_names else [True] * frame.table.num_rows
    for row, is_complete in zip(frame.rows(), complete, strict=True):
        a, b = float_or_none(row["a"]), float_or_none(row["b"])
        if is_complete and a is not None and b is not None:
            yield CorrelationPoint(str(row["time"]), {key: None if row[key] is None else str(row[key]) for key in keys}, a, b)


def pearson(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Pearson's product-moment coefficient, within [-1, 1]; both sides vary."""
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    across = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    spread = math.sqrt(math.fsum((x - mean_x) ** 2 for x in xs)) * math.sqrt(math.fsum((y - mean_y) ** 2 for y in ys))
    return max(-1.0, min(1.0, across / spread))


def why_none(a: CorrelationSide, b: CorrelationSide, xs: Sequence[float], ys: Sequence[float], least: int) -> Unsaid | None:
    """Too few points, or a side that never changes."""
    if len(xs) < least:
        return Unsaid("too-few-points", f"两者都有值的点只有 {len(xs)} 个，至少要 {least} 个", f"only {len(xs)} points have both values, {least} are needed")
    still = next((side for side, values in ((a, xs), (b, ys)) if is_still(values)), None)
    return None if still is None else Unsaid("no-variation", f"{still.title}在这段时间没有变化", f"{still.of} did not vary in this time")


def is_still(values: Sequence[float]) -> bool:
    """Whether values are all the same, but for the last digits of a float."""
    return max(values) - min(values) <= 1e-12 * max(abs(max(values)), abs(min(values)))


def sentences(a: CorrelationSide, b: CorrelationSide, r: float | None, reason: Unsaid | None, n: int, grain: str) -> tuple[str, str]:
    """What came out, in Chinese and English, and that it is no cause."""
    if r is None or reason is not None:
        zh, en = (reason.zh, reason.en) if reason is not None else ("", "")
        return f"{a.title}与{b.title}的相关性无法计算：{zh}。", f"no correlation of {a.of} and {b.of}: {en}."
    strength = next(((zh, en) for least, zh, en in STRENGTHS if abs(r) >= least), None)
    way_zh, way_en = ("正", "positive") if r > 0 else ("负", "negative")
    zh = f"{strength[0]}{way_zh}相关" if strength else "几乎不相关"
    en = f"a {strength[1]} {way_en} correlation" if strength else "hardly any correlation"
    by = GRAIN_TITLES.get(grain, grain)
    return (
        f"{a.title}与{b.title}按{by}的相关系数为 {r:.2f}（{n} 个点），{zh}；相关不等于因果。",
        f"{a.of} and {b.of}: r = {r:.2f} over {n} points, {en}; correlation is no cause.",
    )
