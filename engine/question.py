"""The one shape in which command line, API, widgets, alerts and proofs ask."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from engine.parts import AtLeastOne, Duration, Expression, Grain, Part, Ref


class Period(Part, frozen=True, rename={"start": "from", "end": "to"}):
    """A half-open span of time asked for (统计周期)."""

    start: Annotated[str | None, Meta(title="起", description="First instant, a date or a date and time", examples=["2026-01-01"])] = None
    end: Annotated[str | None, Meta(title="止", description="First instant after, a date or a date and time", examples=["2026-02-01"])] = (
        None
    )
    last: Annotated[Duration | None, Meta(title="最近", description="Ending at as_of", examples=["P1Y"])] = None
    next: Annotated[Duration | None, Meta(title="未来", description="Beginning at as_of", examples=["P7D"])] = None


class Asked(Part, frozen=True, rename={"name": "as"}):
    """An indicator asked in some way (被问指标)."""

    of: Annotated[Ref, Meta(title="指标", description="Which indicator", examples=["sanitation.msw_day"])]
    modifier: Annotated[
        dict[str, Any] | tuple[dict[str, Any] | str, ...] | str | None,
        Meta(title="变换", description="One modifier, or several applied first to last", examples=[{"yoy": {}}, "mom"]),
    ] = None
    where: Annotated[Expression | None, Meta(title="条件", description="Cuts the rows of this indicator only")] = None
    name: Annotated[str | None, Meta(title="别名", description="Name of the column in the answer")] = None


class TimeAxis(Part, frozen=True):
    """A time to group by beside or instead of `grain` (时间轴)."""

    time: Annotated[str, Meta(title="时间", description="Name of a time of the dataset, or default")] = "default"
    grain: Annotated[Grain | None, Meta(title="粒度", description="Bucket of that time")] = None
    part: Annotated[
        Literal["hour", "weekday", "day", "month", "quarter", "day_of_year"] | None,
        Meta(title="时间成分", description="A part that comes round again"),
    ] = None


class Order(Part, frozen=True):
    """One sort key (排序)."""

    by: Annotated[str, Meta(title="按", description="Name of a column of the answer, or time")]
    desc: Annotated[bool, Meta(title="降序", description="Greatest first")] = False


class Question(Part, frozen=True, rename={"source": "from"}):
    """What is asked: indicators, split, period, filters (查询)."""

    indicators: Annotated[
        tuple[Ref | Asked, ...], Meta(title="指标", description="Which indicators, each as an id or with a modifier")
    ] = ()
    by: Annotated[
        tuple[str | TimeAxis, ...],
        Meta(title="维度", description="Dimensions, paths or time axes to split by", examples=[["city.district"]]),
    ] = ()
    grain: Annotated[Grain | None, Meta(title="粒度", description="Split by time; none: one value for the period")] = None
    period: Annotated[Period | None, Meta(title="周期", description="Which time; none: all data")] = None
    where: Annotated[Expression | None, Meta(title="条件", description="Cuts the rows that every indicator counts")] = None
    having: Annotated[Expression | None, Meta(title="结果条件", description="Cuts rows of the answer", examples=["yoy > 10"])] = None
    order: Annotated[tuple[Order, ...], Meta(title="排序", description="Sort keys; default: time, then dimensions")] = ()
    limit: Annotated[AtLeastOne | None, Meta(title="行数", description="Most rows of the answer")] = None
    totals: Annotated[bool, Meta(title="合计", description="Also the value over all groups, recomputed")] = False
    fill: Annotated[
        Literal["time", "members", "all"] | None, Meta(title="补齐", description="Adds rows for periods or members without data")
    ] = None
    edge: Annotated[Literal["cut", "whole"], Meta(title="边界", description="What a period does that begins inside a grain")] = "cut"
    via: Annotated[dict[str, str], Meta(title="途经", description="Dimension to relationship path, where two roads lead there")] = {}
    as_of: Annotated[str | None, Meta(title="截至", description="The answer as of this instant; default: now or the slowest source")] = None
    known_at: Annotated[str | None, Meta(title="已知于", description="Reserved: the answer as it was known then")] = None
    values: Annotated[tuple[str, ...], Meta(title="取值", description="Columns whose values are asked, instead of indicators")] = ()
    source: Annotated[Ref | None, Meta(title="数据集", description="Dataset of a values question")] = None
    give: Annotated[Literal["distinct", "min_max"], Meta(title="给出", description="Distinct values, or least and greatest")] = "distinct"


class Viewer(Struct, frozen=True):
    """Who is looking: roles by access id, and attributes row scopes read (访问者).

    No access ids and `sees_all` false means: no rows at all. The platform itself and proofs ask with `EVERYTHING`.
    """

    name: str
    access: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()  # name -> values, e.g. (("regions", ("110105",)),)
    sees_all: bool = False


EVERYTHING = Viewer(name="platform", sees_all=True)


class Moment(Struct, frozen=True):
    """What the clock and the warehouse say when a question is planned: the only world compiling sees (时刻)."""

    as_of: datetime  # wall clock in the project's zone, no tzinfo
    now: datetime
