"""Where rows come from: a connector with its settings, and the streams it delivers."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import Duration, Expression, ItemName, Part, Ref


class FieldMap(Part, frozen=True, rename={"source": "from", "otherwise": "else"}):
    """How one column of a dataset is filled from the source's row (字段映射)."""

    source: Annotated[
        Expression, Meta(title="来源", description="Source column, or a formula over source columns", examples=["gross - tare"])
    ]
    to: Annotated[str, Meta(title="目标列", description="Column of the dataset", examples=["net_ton"])]
    unit: Annotated[str | None, Meta(title="来源单位", description="Unit in the source; converted to the column's", examples=["kg"])] = None
    codes: Annotated[
        Ref | dict[str, str] | None,
        Meta(title="代码映射", description="Code list whose codes or titles the source sends, or source value to code"),
    ] = None
    otherwise: Annotated[
        Literal["quarantine", "null", "keep"], Meta(title="否则", description="What to do with a value that does not fit")
    ] = "quarantine"
    format: Annotated[str | None, Meta(title="日期格式", description="strptime format of dates and times", examples=["%m/%d/%Y %H:%M"])] = (
        None
    )


class Stream(Part, frozen=True):
    """One kind of row that a source delivers (数据流)."""

    name: Annotated[ItemName, Meta(title="名称", description="Datasets say `from: source/name`", examples=["weighings"])]
    read: Annotated[
        dict[str, Any],
        Meta(title="读取", description="What to read: the connector's own settings of a stream", examples=[{"table": "t_weigh"}]),
    ] = {}
    every: Annotated[Duration | None, Meta(title="间隔", description="How often", examples=["PT5M"])] = None
    cron: Annotated[str | None, Meta(title="定时", description="Or when", examples=["*/5 * * * *"])] = None
    missed: Annotated[
        Literal["latest", "all"],
        Meta(
            title="错过后",
            description="After an outage: one reading up to now (latest), or one for each missed time, each up to that time (all)",
        ),
    ] = "latest"
    promised_delay: Annotated[
        Duration | None, Meta(title="承诺时延", description="Later is late; twice this is stale", examples=["PT15M"])
    ] = None
    accept_late: Annotated[
        Duration | None,
        Meta(title="接受迟到", description="Older rows go to quarantine; default: the most that indicators accept", examples=["P30D"]),
    ] = None
    identity: Annotated[
        tuple[str, ...], Meta(title="去重键", description="Source columns that identify a row; a repeated row replaces itself")
    ] = ()
    fields: Annotated[tuple[FieldMap, ...], Meta(title="字段映射", description="Unlisted columns map by their own name")] = ()
    encoding: Annotated[str | None, Meta(title="编码", description="Text encoding of files", examples=["gb18030"])] = None
    crs: Annotated[
        Literal["CGCS2000", "WGS-84", "GCJ-02", "BD-09"] | None, Meta(title="坐标系", description="Coordinates of the source")
    ] = None


class Source(KindSpec, frozen=True):
    """A business system or feed that rows come from (数据源)."""

    tag: ClassVar[str] = "source"
    title: Annotated[str, Meta(title="标题", description="Name of the system", examples=["生活垃圾管理系统"])]
    connector: Annotated[str, Meta(title="连接器", description="Tag of a connector", examples=["database"])]
    settings: Annotated[
        dict[str, Any], Meta(title="设置", description="The connector's settings; secrets as {env: NAME} or {secret: name}")
    ] = {}
    owner: Annotated[str | None, Meta(title="负责人", description="Who answers for it", examples=["设施处"])] = None
    streams: Annotated[tuple[Stream, ...], Meta(title="数据流", description="What it delivers")] = ()
