"""A named, owned number: a measure over rows, a formula, a conversion, a scorecard, or another indicator modified."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import Absent, Aggregation, Duration, Expression, Fraction, Grain, ItemName, Levels, OverTime, Part, Ref


class Measure(Part, frozen=True):
    """An aggregate over the rows of a dataset (度量)."""

    agg: Annotated[Aggregation, Meta(title="聚合", description="How rows become one value")]
    of: Annotated[Expression | None, Meta(title="表达式", description="What is aggregated; count needs none", examples=["net_ton"])] = None
    where: Annotated[Expression | None, Meta(title="条件", description="Which rows count", examples=["leg = 'first'"])] = None
    at: Annotated[Fraction | None, Meta(title="分位", description="For percentile: 0 to 1", examples=[0.9])] = None
    method: Annotated[
        Literal["continuous", "discrete", "approximate"], Meta(title="分位方法", description="How a percentile between rows is read")
    ] = "continuous"
    weight: Annotated[Expression | None, Meta(title="权重", description="For weighted_avg", examples=["check_type.weight"])] = None


class Stock(Part, frozen=True):
    """A level instead of a flow: by events, readings, validity or the latest run (存量)."""

    opens: Annotated[str | None, Meta(title="开始时间列", description="Events: counted from here", examples=["opened_at"])] = None
    closes: Annotated[
        str | None, Meta(title="结束时间列", description="Events: counted until just before here", examples=["closed_at"])
    ] = None
    per: Annotated[
        tuple[str, ...] | None, Meta(title="读数对象", description="Readings: one value per these columns; [] is one instant for all")
    ] = None
    take: Annotated[Literal["last", "first"], Meta(title="取", description="Readings: which reading of the period")] = "last"
    carry: Annotated[
        Duration | None, Meta(title="沿用", description="Readings and snapshots: how long one stays good without a newer", examples=["P1D"])
    ] = None
    ties: Annotated[Literal["all"], Meta(title="同刻", description="Readings at the same instant all count")] = "all"
    snapshot: Annotated[
        str | None,
        Meta(
            title="快照时间列",
            description="Results of runs: when a run was computed or issued; the latest run counts",
            examples=["computed_at"],
        ),
    ] = None
    same: Annotated[
        tuple[str, ...],
        Meta(title="同次列", description="Snapshot: each of these has its own latest run; none: one for all", examples=[["facility_id"]]),
    ] = ()
    lead: Annotated[
        tuple[Duration, Duration] | None,
        Meta(
            title="提前量",
            description="Forecasts: how long before its time a value was issued; the latest issue counts",
            examples=[["PT0H", "PT12H"]],
        ),
    ] = None
    valid: Annotated[
        tuple[str, str] | None, Meta(title="有效期列", description="Validity: from and to columns", examples=[["valid_from", "valid_to"]])
    ] = None


class CountOverTime(Part, frozen=True):
    """Periods in which a condition on the value holds (满足次数)."""

    count: Annotated[Expression | None, Meta(title="计数条件", description="Counts steps where it holds", examples=["value < 850"])] = None
    share: Annotated[Expression | None, Meta(title="占比条件", description="Share of steps where it holds")] = None


class Operand(Part, frozen=True):
    """A named part of a formula: its own measure, or an indicator asked in some way (公式成分)."""

    name: Annotated[ItemName, Meta(title="名称", description="Name in the formula", examples=["tons"])]
    of: Annotated[Ref | None, Meta(title="指标", description="An indicator instead of a measure")] = None
    modifier: Annotated[dict[str, Any] | None, Meta(title="变换", description="The indicator modified", examples=[{"opening": {}}])] = None
    dataset: Annotated[Ref | None, Meta(title="数据集", description="Dataset of the measure")] = None
    measure: Annotated[Measure | None, Meta(title="度量", description="Aggregate over the dataset")] = None
    time: Annotated[str | None, Meta(title="时间", description="Which time of the dataset counts")] = None
    stock: Annotated[Stock | None, Meta(title="存量", description="A level instead of a flow")] = None
    step: Annotated[Grain | None, Meta(title="步长", description="First aggregate each step, then over time")] = None
    over_time: Annotated[OverTime | CountOverTime | None, Meta(title="跨期", description="How steps become a period")] = None
    per: Annotated[
        Literal["minute", "hour", "day", "month", "year"] | None, Meta(title="每", description="Divide a flow by elapsed time")
    ] = None
    where: Annotated[Expression | None, Meta(title="条件", description="Cuts the rows of this part by dimensions")] = None
    uncut: Annotated[tuple[Ref, ...], Meta(title="不切分", description="Dimensions that do not cut this part")] = ()
    absent: Annotated[Absent | None, Meta(title="缺失", description="What a cell without rows holds")] = None


class Side(Part, frozen=True):
    """One side of a conversion (转化一侧)."""

    dataset: Annotated[Ref, Meta(title="数据集", description="Dataset of this side", examples=["hotline.orders"])]
    time: Annotated[str | None, Meta(title="时间", description="Which of its times")] = None
    where: Annotated[Expression | None, Meta(title="条件", description="Which rows take part")] = None


class Conversion(Part, frozen=True, rename={"condition": "if"}):
    """Rows that are followed by another row in time (转化)."""

    base: Annotated[Side, Meta(title="基准", description="Rows that may convert")]
    then: Annotated[Side, Meta(title="后续", description="Rows that convert them")]
    same: Annotated[tuple[str, ...] | dict[str, str], Meta(title="同值列", description="Columns that agree, or base column to then column")]
    within: Annotated[tuple[Duration, Duration], Meta(title="时间窗", description="From and to after the base", examples=[["PT0H", "P7D"]])]
    condition: Annotated[
        Expression | None, Meta(title="附加条件", description="On base.* and then.*", examples=["then.result is not null"])
    ] = None
    count: Annotated[Literal["base", "then", "ratio_of_base", "ratio_of_then"], Meta(title="计", description="What is given")] = (
        "ratio_of_base"
    )
    credit: Annotated[Literal["first", "last", "all"], Meta(title="归因", description="Which base a following row is credited to")] = (
        "first"
    )
    same_instant: Annotated[
        bool | None,
        Meta(title="同刻计入", description="Whether a row at the very same time counts: unsaid it does not; of days it is said"),
    ] = None


class Veto(Part, frozen=True):
    """A value that overrules the whole score (否决)."""

    then: Annotated[float, Meta(title="得分", description="Score then given")]
    above: Annotated[float | None, Meta(title="高于", description="Veto above this")] = None
    below: Annotated[float | None, Meta(title="低于", description="Veto below this")] = None


class ScoreItem(Part, frozen=True, rename={"start": "from", "full": "to"}):
    """One line of a scorecard: mapped from..to onto 0..100 and weighed (评分项)."""

    of: Annotated[Ref, Meta(title="指标", description="Indicator scored")]
    start: Annotated[float, Meta(title="零分值", description="Value worth 0")]
    full: Annotated[float, Meta(title="满分值", description="Value worth 100")]
    weight: Annotated[float, Meta(title="权重", description="Weight among the items", gt=0)] = 1
    modifier: Annotated[dict[str, Any] | None, Meta(title="变换", description="The indicator modified")] = None
    veto: Annotated[Veto | None, Meta(title="否决", description="Overrules the whole score")] = None


class Deduction(Part, frozen=True):
    """Points taken off for each unit of an indicator (扣分项)."""

    of: Annotated[Ref, Meta(title="指标", description="Indicator counted")]
    each: Annotated[float, Meta(title="每单位扣", description="Points for each unit")]
    at_most: Annotated[float | None, Meta(title="最多扣", description="Cap of this deduction")] = None


class Score(Part, frozen=True):
    """A scorecard: normalise, weigh, veto, deduct (评分卡)."""

    items: Annotated[tuple[ScoreItem, ...], Meta(title="评分项", description="What is scored")]
    missing: Annotated[Literal["null", "renormalise", "zero"], Meta(title="缺项", description="What a missing item does")] = "null"
    deduct: Annotated[tuple[Deduction, ...], Meta(title="扣分", description="Points taken off")] = ()


class EarlierVersion(Part, frozen=True):
    """The definition that held until a day (旧版定义)."""

    until: Annotated[str, Meta(title="截止日", description="First day of the newer definition", pattern=r"^\d{4}-\d{2}-\d{2}$")]
    measure: Annotated[Measure | None, Meta(title="度量", description="Measure then valid")] = None
    formula: Annotated[Expression | None, Meta(title="公式", description="Formula then valid")] = None


class Late(Part, frozen=True):
    """How late rows are read again (迟到数据)."""

    lookback: Annotated[Duration, Meta(title="回看", description="Refreshed at each run", examples=["P3D"])]
    accept: Annotated[Duration | None, Meta(title="接受", description="Older rows are refused", examples=["P30D"])] = None


class Target(Part, frozen=True):
    """What the value should be (目标)."""

    value: Annotated[float | None, Meta(title="常数", description="A constant, in the indicator's unit")] = None
    of: Annotated[Ref | None, Meta(title="指标", description="Another indicator's value")] = None


class Indicator(KindSpec, frozen=True, rename={"parts": "with"}):
    """A named, owned number (指标)."""

    tag: ClassVar[str] = "indicator"
    title: Annotated[str, Meta(title="标题", description="What screens show", examples=["生活垃圾清运量"])]
    unit: Annotated[str, Meta(title="单位", description="Unit of the value; empty text for none", examples=["t", "%"])]
    meaning: Annotated[str | None, Meta(title="含义", description="What it means in a business person's words")] = None
    dataset: Annotated[Ref | None, Meta(title="数据集", description="Dataset of the measure")] = None
    time: Annotated[str | None, Meta(title="时间", description="Which time of the dataset counts", examples=["closed"])] = None
    measure: Annotated[Measure | None, Meta(title="度量", description="Aggregate over the dataset")] = None
    stock: Annotated[Stock | None, Meta(title="存量", description="A level instead of a flow")] = None
    step: Annotated[Grain | None, Meta(title="步长", description="First aggregate each step, then over time", examples=["PT15M"])] = None
    over_time: Annotated[OverTime | CountOverTime | None, Meta(title="跨期", description="How steps or levels become a period")] = None
    per: Annotated[
        Literal["minute", "hour", "day", "month", "year"] | None, Meta(title="每", description="Divide a flow by elapsed time")
    ] = None
    where_at: Annotated[dict[Ref, Expression], Meta(title="分层条件", description="Which rows answer at which level")] = {}
    formula: Annotated[Expression | None, Meta(title="公式", description="Over parts and indicators", examples=["tons / capacity"])] = None
    parts: Annotated[tuple[Operand, ...], Meta(title="公式成分", description="Named parts of the formula (with)")] = ()
    conversion: Annotated[Conversion | None, Meta(title="转化", description="Rows followed by other rows")] = None
    of: Annotated[Ref | None, Meta(title="原指标", description="Another indicator, modified")] = None
    modifier: Annotated[
        dict[str, Any] | None, Meta(title="变换", description="How it is modified", examples=[{"streak": {"above": 100}}])
    ] = None
    score: Annotated[Score | None, Meta(title="评分卡", description="Items weighed to one score")] = None
    grain: Annotated[Grain | None, Meta(title="最细粒度", description="Finest time grain")] = None
    by: Annotated[
        tuple[Ref, ...] | None,
        Meta(title="允许维度", description="Dimensions it may be split by; coarser levels come with them; unsaid: all that reach"),
    ] = None
    direction: Annotated[Literal["up", "down", "neutral"], Meta(title="方向", description="Whether more is better")] = "neutral"
    absent: Annotated[Absent | None, Meta(title="缺失", description="What a cell without rows holds; unsaid: counts zero, else null")] = (
        None
    )
    null: Annotated[Literal["propagate", "zero"], Meta(title="空值", description="What a missing part of the formula does")] = "propagate"
    divide_by_zero: Annotated[Literal["null", "zero"], Meta(title="除零", description="What dividing by zero gives")] = "null"
    denominator: Annotated[
        Literal["scoped", "public"], Meta(title="分母范围", description="Whether share and rank see beyond the viewer's rows")
    ] = "scoped"
    late: Annotated[Late | None, Meta(title="迟到数据", description="How late rows are read again")] = None
    refresh: Annotated[Duration | None, Meta(title="刷新", description="How often it is recomputed")] = None
    stale_after: Annotated[Duration | None, Meta(title="陈旧", description="Older than this is stale")] = None
    owner: Annotated[str | None, Meta(title="负责人", description="Who answers for it", examples=["设施处"])] = None
    levels: Annotated[Levels | None, Meta(title="阈值", description="Limits of the alarm levels")] = None
    target: Annotated[Target | None, Meta(title="目标", description="What it should be")] = None
    was: Annotated[tuple[EarlierVersion, ...], Meta(title="旧版", description="Earlier definitions, oldest first")] = ()
    display: Annotated[str | None, Meta(title="显示格式", description="Scale and decimals of screens", examples=["万,1"])] = None
