"""A table with known columns and a known meaning of one row."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import Code, Duration, Expression, Grain, ItemName, Part, Ref


class Area(Part, frozen=True):
    """Outlines in which the row's point is looked up (所在区域)."""

    dataset: Annotated[Ref, Meta(title="边界数据集", description="Dataset of the outlines, loaded before", examples=["city.outlines"])]
    key: Annotated[str, Meta(title="代码列", description="Its column that this column takes", examples=["district"])]
    outline: Annotated[
        str,
        Meta(title="边界列", description="Its json column: a GeoJSON Polygon or MultiPolygon, or only the coordinates", examples=["shape"]),
    ]
    crs: Annotated[Literal["CGCS2000", "WGS-84", "GCJ-02", "BD-09"], Meta(title="坐标系", description="Coordinates of the outlines")] = (
        "CGCS2000"
    )


class Column(Part, frozen=True):
    """One column of a dataset (列)."""

    name: Annotated[ItemName, Meta(title="列名", description="Name in formulas", examples=["net_ton"])]
    title: Annotated[str, Meta(title="标题", description="What screens show", examples=["净重"])]
    type: Annotated[
        Literal["text", "integer", "decimal", "float", "boolean", "date", "timestamp", "enum", "attachment", "json"],
        Meta(title="类型", description="Type of the values"),
    ]
    unit: Annotated[str | None, Meta(title="单位", description="Unit of the values", examples=["t"])] = None
    dimension: Annotated[
        Ref | None, Meta(title="维度", description="Dimension whose keys stand here", examples=["sanitation.waste_kind"])
    ] = None
    of: Annotated[tuple[Code, ...], Meta(title="枚举", description="Codes of an enum")] = ()
    required: Annotated[bool, Meta(title="非空", description="Rows without a value go to quarantine")] = False
    sensitivity: Annotated[Literal["L1", "L2", "L3", "L4"], Meta(title="敏感级", description="L1 public to L4 secret")] = "L1"
    mask: Annotated[
        dict[str, tuple[int, int]] | None,
        Meta(title="脱敏", description="keep: characters left at head and tail", examples=[{"keep": [2, 1]}]),
    ] = None
    area: Annotated[
        Area | None, Meta(title="所在区域", description="Filled with the area in which the row's point lies, where the source sends none")
    ] = None
    expr: Annotated[Expression | None, Meta(title="计算式", description="Computed from the row's other columns instead of stored")] = None


class Time(Part, frozen=True):
    """A time of the row that indicators may count by (时间)."""

    name: Annotated[ItemName, Meta(title="名称", description="Name indicators use", examples=["opened"])]
    column: Annotated[str, Meta(title="列", description="A date or timestamp column", examples=["opened_at"])]
    zone: Annotated[
        str | None, Meta(title="时区", description="Zone in which the column is written; default: the project's", examples=["UTC"])
    ] = None
    day_starts: Annotated[
        str,
        Meta(title="业务日起点", description="Hour at which a business day begins", pattern=r"^[0-2][0-9]:[0-5][0-9]$", examples=["04:00"]),
    ] = "00:00"
    default: Annotated[bool, Meta(title="默认", description="Used when an indicator names none")] = False


class RowBefore(Part, frozen=True):
    """The row before this one among rows that agree in some columns (前一行)."""

    same: Annotated[tuple[str, ...], Meta(title="同组列", description="Columns that agree", examples=[["cyl_id"]])]
    order: Annotated[tuple[str, ...], Meta(title="次序列", description="Columns that order the rows", examples=[["scan_ts", "scan_id"]])]


class Validity(Part, frozen=True, rename={"start": "from", "end": "to"}):
    """Interval columns of the other dataset: from <= t < to (有效期)."""

    start: Annotated[str, Meta(title="起", description="Column of the begin; empty means always", examples=["start_dt"])]
    end: Annotated[str, Meta(title="止", description="Column of the end; empty means still", examples=["end_dt"])]


class Relationship(Part, frozen=True):
    """A declared way to another dataset (关系)."""

    name: Annotated[ItemName, Meta(title="名称", description="Name in paths: facility.type", examples=["facility"])]
    to: Annotated[Ref, Meta(title="目标", description="Dataset reached, or self", examples=["sanitation.facilities"])]
    on: Annotated[
        dict[str, str], Meta(title="连接列", description="Own column to their column", examples=[{"facility_id": "facility_id"}])
    ] = {}
    cardinality: Annotated[
        Literal["many_to_one", "one_to_one", "one_to_many"], Meta(title="基数", description="How many rows meet; tested against the data")
    ] = "many_to_one"
    required: Annotated[
        bool, Meta(title="必有匹配", description="Every row has a match; tested, lets the engine join without outer rows")
    ] = False
    unmatched: Annotated[Literal["keep", "drop"], Meta(title="无匹配", description="What happens to rows without a match")] = "keep"
    where: Annotated[
        Expression | None, Meta(title="条件", description="On own columns: when the relationship applies", examples=["host_type = 'pipe'"])
    ] = None
    valid: Annotated[Validity | None, Meta(title="有效期", description="Which of their rows holds at the row's time")] = None
    previous_by: Annotated[RowBefore | None, Meta(title="前一行", description="Makes this the row before; to: self")] = None


class Quality(Part, frozen=True, rename={"otherwise": "else"}):
    """A rule that rows must keep (质量规则)."""

    rule: Annotated[
        Literal["not_null", "range", "enum", "unique", "reference", "geometry", "rate_of_change", "clock", "condition", "volume"],
        Meta(
            title="规则",
            description="Which rule; clock: a time is not after the row's arrival; volume judges whole days and only ever warns",
        ),
    ]
    column: Annotated[str | None, Meta(title="列", description="Column it looks at")] = None
    min: Annotated[float | None, Meta(title="下限", description="Lowest good value; of rate_of_change: lowest good change")] = None
    max: Annotated[float | None, Meta(title="上限", description="Highest good value; of rate_of_change: highest good change")] = None
    where: Annotated[Expression | None, Meta(title="条件", description="What must be true, for rule condition")] = None
    same: Annotated[
        tuple[str, ...],
        Meta(title="同一对象", description="Columns that name the object whose rows are compared", examples=[["sensor_id"]]),
    ] = ()
    per: Annotated[
        Duration | None, Meta(title="每", description="The change is one in this long; unsaid: from row to row", examples=["PT1H"])
    ] = None
    gap: Annotated[
        Duration,
        Meta(
            title="最长间隔",
            description="Rows further apart are not compared; of clock: how much after its arrival a row may say it was",
            examples=["PT6H"],
        ),
    ] = "P1D"
    box: Annotated[
        tuple[float, float, float, float] | None,
        Meta(title="范围框", description="West, south, east, north in which points lie", examples=[[115.4, 39.4, 117.6, 41.1]]),
    ] = None
    against: Annotated[str | None, Meta(title="对照", description="What volume is compared with", examples=["same_weekday"])] = None
    within: Annotated[tuple[float, float] | None, Meta(title="容许比", description="Allowed ratio", examples=[[0.5, 1.5]])] = None
    reason: Annotated[
        str | None,
        Meta(
            title="说明",
            description="Said of a bad row instead of the built sentence; {value} is its value",
            examples=["厨余车不会超过 10 吨，这车 {value} 吨"],
        ),
    ] = None
    otherwise: Annotated[Literal["quarantine", "warn"], Meta(title="否则", description="What happens to a bad row")] = "quarantine"


class Keep(Part, frozen=True):
    """How long rows and stored states are kept (保留期)."""

    raw: Annotated[Duration | None, Meta(title="原始行", description="How long raw rows stay", examples=["P90D"])] = None
    day: Annotated[
        Annotated[str, Meta(pattern=r"^(forever|P[0-9]+[YMWD])$", examples=["forever", "P730D"])] | None,
        Meta(title="日级状态", description="How long day states stay: whole days, weeks, months or years, or forever"),
    ] = None


class StoredState(Part, frozen=True):
    """Partial results kept beside the rows, so that a question need not read them all again (预聚合)."""

    name: Annotated[ItemName, Meta(title="名称", description="Name among the dataset's states", examples=["day"])]
    grain: Annotated[Grain, Meta(title="粒度", description="Finest period it can answer", examples=["day"])]
    by: Annotated[tuple[Ref, ...], Meta(title="维度", description="Dimensions it keeps apart; coarser levels come with them")]
    of: Annotated[tuple[Ref, ...], Meta(title="指标", description="Indicators whose sums and counts over this dataset it keeps")]
    time: Annotated[str | None, Meta(title="时间", description="Which time of the dataset counts; default: the dataset's")] = None


class Dataset(KindSpec, frozen=True, rename={"source": "from"}):
    """A table with known columns and grain (数据集)."""

    tag: ClassVar[str] = "dataset"
    title: Annotated[str, Meta(title="标题", description="What screens show", examples=["垃圾过磅记录"])]
    one_row_is: Annotated[str, Meta(title="一行代表", description="What one row stands for", examples=["一次过磅"])]
    columns: Annotated[tuple[Column, ...], Meta(title="列", description="All columns")]
    source: Annotated[
        str | None, Meta(title="来源", description="Source stream: source id, slash, stream name", examples=["sources.waste/weighings"])
    ] = None
    key: Annotated[tuple[str, ...], Meta(title="主键", description="Columns that identify a row")] = ()
    times: Annotated[tuple[Time, ...], Meta(title="时间", description="Times that indicators may count by")] = ()
    partition: Annotated[Literal["day", "month"] | None, Meta(title="分区", description="How rows are clustered")] = None
    keep: Annotated[Keep | None, Meta(title="保留期", description="How long rows are kept")] = None
    region: Annotated[
        str | None,
        Meta(
            title="行级范围路径", description="Path (relationship or column) by which row scope applies, or public", examples=["facility"]
        ),
    ] = None
    crs: Annotated[Literal["CGCS2000", "WGS-84"] | None, Meta(title="坐标系", description="Coordinates as stored")] = None
    geometry: Annotated[tuple[str, str] | None, Meta(title="坐标列", description="Longitude and latitude columns")] = None
    relationships: Annotated[tuple[Relationship, ...], Meta(title="关系", description="Declared ways to other datasets")] = ()
    quality: Annotated[tuple[Quality, ...], Meta(title="质量规则", description="Rules that rows must keep")] = ()
    states: Annotated[tuple[StoredState, ...], Meta(title="预聚合", description="Partial results kept beside the rows")] = ()
