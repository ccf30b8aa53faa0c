"""One indicator whole: the value, how it moved, how it splits, and why it is what it is."""

from collections.abc import Sequence
from datetime import date

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from engine.kinds.indicator import Indicator
from engine.question import Period, Question
from engine.running.ask import Answer
from portal.api.answering import answers, explanation, written_sql
from portal.api.catalogue_page import domain_of, domain_titles
from portal.api.choices import Choice, Chosen, choices, dimension_title
from portal.api.indicators import indicator_of
from portal.api.latest import Latest, latest_in, points_by_member, series_question
from portal.api.page import Page, page_response
from portal.api.parameters import Chosen as Word
from portal.api.parameters import Id
from portal.api.problem import Trouble, trouble
from portal.api.state import State
from portal.api.titles import Titles, titled
from portal.api.tree import Node, node_of
from portal.api.world import World
from renderers.line import LineSpec, Point, SparkSpec, finished, line, spark
from renderers.number import decimals_that_matter, scale_and_decimals, scale_of, write_change, write_number
from renderers.period import instant_label, period_label
from renderers.sentence import summary

MOST_MEMBERS = 48
DIRECTIONS = {"up": "越高越好", "down": "越低越好", "neutral": "无好坏之分"}


class PeriodRow(Struct, frozen=True):
    """One period in the table twin (周期行)."""

    period: str
    value: str
    change: str
    note: str


class MemberRow(Struct, frozen=True):
    """One member of the dimension (成员行)."""

    title: str
    value: str
    part: float  # of the greatest, 0 to 100
    change: str
    spark: SparkSpec


class IndicatorPage(Struct, frozen=True):
    """Values of an indicator's page (指标页)."""

    id: str
    title: str
    meaning: str
    unit: str
    owner: str
    direction: str
    domain: str
    domain_title: str
    as_of: str
    value: str
    value_unit: str
    period: str
    change: str
    change_tone: str
    state: State
    choices: list[Choice]
    troubles: list[Trouble]
    span: str
    line: LineSpec
    small_line: LineSpec  # the same for a phone
    summary: str
    series: list[PeriodRow]
    by_title: str
    members: list[MemberRow]
    more_members: int
    member_unit: str
    member_total: str
    total_title: str
    no_members: str
    explained: Node | None
    no_explain: str
    file: str
    text: str
    warehouse: str
    sql: str
    command: str


class IndicatorPageController(Controller):
    """GET /indicators/{id}."""

    include_in_schema = False

    @get("/indicators/{id:str}", sync_to_thread=True)
    def page(self, id: Id, world: NamedDependency[World], grain: Word = "", by: Word = "", last: Word = "") -> Response[str]:
        """The page of an indicator; grain, by and last choose what is shown."""
        indicator = indicator_of(world, id)
        chosen = Chosen(grain, by, last)
        return page_response(world, Page("indicator.html", indicator.title, "catalogue", indicator_page(world, id, indicator, chosen)))


def indicator_page(world: World, id: str, indicator: Indicator, wanted: Chosen) -> IndicatorPage:
    """The values of the page: the series, the split and the explanation, asked as one batch and one explanation."""
    chosen, offered = choices(world.catalog, id, indicator, wanted)
    now = world.clock()
    is_region = chosen.by == world.catalog.project.region
    total = series_question(id, indicator, chosen.grain, chosen.last)
    split = series_question(id, indicator, chosen.grain, chosen.last, by=chosen.by, every_member=is_region) if chosen.by else None
    questions = [total] if split is None else [total, split]
    found = {answer.index: answer for answer in answers(world, questions)}
    latest = latest_in(found[0], indicator, chosen.grain, now)
    definition = world.catalog.definitions["indicator", id]
    troubles = [trouble(finding) for answer in found.values() for finding in answer.findings]
    members, display = members_of(found.get(1), indicator, latest, world.titles)
    explained, no_explain = explained_at(world, id, indicator, latest, chosen.grain)
    return IndicatorPage(
        id=id, title=indicator.title, meaning=indicator.meaning or "", unit=indicator.unit, owner=indicator.owner or "",
        direction=DIRECTIONS[indicator.direction], domain=domain_of(id), domain_title=domain_titles(world)[domain_of(id)],
        as_of=instant_label(found[0].as_of), value=latest.value, value_unit=latest.unit, period=latest.period, change=latest.change,
        change_tone=change_tone(indicator, latest.rises), state=latest.state, choices=offered, troubles=troubles,
        span=span_of_points(latest.points, chosen.grain),
        line=line(latest.points, chosen.grain, indicator.unit, indicator.display),
        small_line=line(latest.points, chosen.grain, indicator.unit, indicator.display, width=420, height=280),
        summary=summary(indicator.title, latest.points, chosen.grain, indicator.unit, indicator.display),
        series=period_rows(latest.points, indicator, chosen.grain),
        by_title=dimension_title(world.catalog, chosen.by), total_title="合计",
        members=members[:MOST_MEMBERS], more_members=max(len(members) - MOST_MEMBERS, 0), member_unit=write_number(None, indicator.unit, display).unit,
        member_total=write_number(latest.number, indicator.unit, display).text,
        no_members="这个指标没有可切分的维度" if not chosen.by else "所选时段没有数据",
        explained=explained, no_explain=no_explain, file=relative(world, definition.file), text=definition_text(world, definition.file),
        warehouse=world.warehouse.tag, sql=written_sql(world.warehouse, found[0]), command=command_of(id, chosen),
    )  # fmt: skip


def explained_at(world: World, id: str, indicator: Indicator, latest: Latest, grain: str) -> tuple[Node | None, str]:
    """The formula tree of the period that is shown on top."""
    at = shown_period(latest)
    if at is None:
        return None, "没有数值可以说明"
    question = Question(indicators=(id,), grain=grain, period=Period(start=at.isoformat(), end=period_end(latest.points, at)))
    explained = explanation(world, question)
    if isinstance(explained, list):
        return None, explained[0].zh
    return node_of(explained, indicator), ""


def period_end(points: Sequence[Point], at: object) -> str | None:
    """Where the next period begins; the last one stays open."""
    later = [point.at for point in points if str(point.at) > str(at)]
    return later[0].isoformat() if later else None


def change_tone(indicator: Indicator, rises: int) -> str:
    """Whether a rise is good news, bad news or neither."""
    if rises == 0 or indicator.direction == "neutral":
        return "up"
    return "good" if (rises > 0) == (indicator.direction == "up") else "bad"


def span_of_points(points: Sequence[Point], grain: str) -> str:
    """From the first period to the last."""
    return f"{period_label(points[0].at, grain)} 至 {period_label(points[-1].at, grain)}" if points else ""


def period_rows(points: Sequence[Point], indicator: Indicator, grain: str) -> list[PeriodRow]:
    """The table twin of the line."""
    return [
        PeriodRow(
            period_label(point.at, grain),
            write_number(point.value, indicator.unit, indicator.display).text,
            write_change(point.value, points[n - 1].value if n else None, indicator.unit),
            ("" if point.complete else "本期未完") if point.value is not None else "无数据",
        )
        for n, point in enumerate(points)
    ]


def members_of(answer: Answer | None, indicator: Indicator, total: Latest, titles: Titles) -> tuple[list[MemberRow], str | None]:
    """One row a member, the greatest first: its value in the period shown on top, and how it moved; and the display of the column."""
    frame = answer.frame if answer is not None else None
    if frame is None or not frame.of_role("dimension"):
        return [], indicator.display
    at = shown_period(total)
    names = titles.of(frame.of_role("dimension")[0].name)
    found = []
    for key, points in points_by_member(frame).items():
        until = [point.value for point in points if at is None or str(point.at)[:19] <= str(at)[:19]]
        found.append((titled([key], names)[0], until[-1] if until else None, until[-2] if len(until) > 1 else None, points))
    found.sort(key=lambda each: (each[1] is None, -(each[1] or 0)))
    greatest = max((abs(now) for _, now, _, _ in found if now is not None), default=0.0)
    # 0.03 万t says less of a district than 258 t: a scale that makes the greatest smaller than one is left off.
    display = indicator.display if greatest >= scale_of(indicator.display) else None
    decimals = scale_and_decimals(display)[1] if display else decimals_that_matter(greatest)
    return [
        MemberRow(
            title, write_number(now, indicator.unit, display, decimals=decimals).text, round(max(now or 0, 0) / (greatest or 1) * 100, 1),
            write_change(now, before, indicator.unit), spark(finished(points)),
        )
        for title, now, before, points in found
    ], display  # fmt: skip


def shown_period(latest: Latest) -> date | None:
    """Begin of the period whose value stands on top."""
    return next((point.at for point in reversed(latest.points) if point.value is not None and point.value == latest.number), None)


def relative(world: World, file: str) -> str:
    """A definition's file as seen from the definitions folder."""
    return file.removeprefix(f"{world.folder.as_posix()}/")


def definition_text(world: World, file: str) -> str:
    """The definition as its author wrote it."""
    path = world.folder / relative(world, file)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def command_of(id: str, chosen: Chosen) -> str:
    """The same question on the command line."""
    return " ".join([id, f"--grain {chosen.grain}", f"--last {chosen.last}", *([f"--by {chosen.by}"] if chosen.by else [])])
