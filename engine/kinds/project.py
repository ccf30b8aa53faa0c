"""The one file that says what holds for the whole folder of definitions."""

from typing import Annotated, ClassVar

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import Expression, ItemName, Part, Ref


class CalendarGrain(Part, frozen=True):
    """A grain that a calendar adds, such as a fiscal quarter (日历粒度)."""

    name: Annotated[ItemName, Meta(title="名称", description="Asked as calendar.name", examples=["fiscal_quarter"])]
    column: Annotated[str, Meta(title="列", description="Column of the calendar's dataset that holds the bucket", examples=["fq"])]


class Calendar(Part, frozen=True):
    """Days with a meaning: seasons, holidays, working days, fiscal periods (日历)."""

    name: Annotated[ItemName, Meta(title="名称", description="Name used in align, during and grain", examples=["heating"])]
    dataset: Annotated[Ref, Meta(title="数据集", description="Dataset with one row a day (or one a span)", examples=["city.dates"])]
    day: Annotated[str | None, Meta(title="日期列", description="Column of the day", examples=["d"])] = None
    cycle: Annotated[str | None, Meta(title="周期列", description="Column naming the cycle (2025-2026)", examples=["heating_season"])] = (
        None
    )
    position: Annotated[str | None, Meta(title="位置列", description="Column counting days in the cycle", examples=["heating_day_no"])] = (
        None
    )
    where: Annotated[Expression | None, Meta(title="条件", description="Which days belong", examples=["is_workday"])] = None
    grains: Annotated[tuple[CalendarGrain, ...], Meta(title="粒度", description="Grains that this calendar adds")] = ()
    spans: Annotated[tuple[str, str] | None, Meta(title="时段列", description="Start and end columns, for spans instead of days")] = None


class Domain(Part, frozen=True):
    """A field of city work; a folder of definitions (领域)."""

    name: Annotated[ItemName, Meta(title="名称", description="Name of the folder", examples=["sanitation"])]
    title: Annotated[str, Meta(title="标题", description="What screens show", examples=["环境卫生"])]


class Project(KindSpec, frozen=True):
    """Title, time zone, warehouse and calendars of one definitions folder (项目)."""

    tag: ClassVar[str] = "project"
    title: Annotated[str, Meta(title="标题", description="What screens show as the platform's name")]
    zone: Annotated[str, Meta(title="时区", description="Zone in which days begin", examples=["Asia/Shanghai"])] = "Asia/Shanghai"
    warehouse: Annotated[str, Meta(title="数仓", description="Where indicators are computed", examples=["duckdb"])] = "duckdb"
    language: Annotated[str, Meta(title="语言", description="Language of findings", examples=["zh"])] = "zh"
    week_starts: Annotated[int, Meta(title="周起始日", description="1 is Monday", ge=1, le=7)] = 1
    region: Annotated[
        Ref | None, Meta(title="行级范围维度", description="Dimension that `region` means in row scopes", examples=["city.district"])
    ] = None
    domains: Annotated[tuple[Domain, ...], Meta(title="领域", description="Fields of work, in the order screens show them")] = ()
    calendars: Annotated[tuple[Calendar, ...], Meta(title="日历", description="Named calendars")] = ()
