"""What a reader of an indicator's page may choose: grain, span, dimension; only what the indicator can answer is offered."""

from msgspec import Struct

from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.parts import GRAINS
from portal.api.latest import SPANS, grain_of

GRAIN_TITLES = {"hour": "小时", "day": "日", "week": "周", "month": "月", "quarter": "季", "year": "年"}
SPAN_TITLES = {
    "P1D": "最近 1 天", "P2D": "最近 2 天", "P7D": "最近 7 天", "P30D": "最近 30 天", "P90D": "最近 90 天",
    "P26W": "最近 26 周", "P52W": "最近 52 周", "P12M": "最近 12 个月", "P24M": "最近 24 个月", "P36M": "最近 36 个月",
    "P3Y": "最近 3 年", "P6Y": "最近 6 年", "P10Y": "最近 10 年", "P20Y": "最近 20 年",
}  # fmt: skip
SPANS_OF = {
    "hour": ("P1D", "P2D", "P7D"), "day": ("P7D", "P30D", "P90D"), "week": ("P26W", "P52W"), "month": ("P12M", "P24M", "P36M"),
    "quarter": ("P3Y", "P6Y"), "year": ("P10Y", "P20Y"),
}  # fmt: skip


class Chosen(Struct, frozen=True):
    """What was chosen; empty text is unsaid (所选)."""

    grain: str
    by: str
    last: str


class Option(Struct, frozen=True):
    """One entry of a choice (选项)."""

    value: str
    title: str


class Choice(Struct, frozen=True):
    """One selector (选择框)."""

    name: str
    label: str
    options: list[Option]
    chosen: str


def choices(catalog: Catalog, id: str, indicator: Indicator, wanted: Chosen) -> tuple[Chosen, list[Choice]]:
    """What is shown, and what else is offered; an unknown word from the address is asked too, and answered with a finding."""
    own = indicator.grain or "day"
    finest = GRAINS.index(own) if own in GRAINS else GRAINS.index("day")
    grain = wanted.grain or grain_of(indicator)
    grains = [name for name in GRAIN_TITLES if GRAINS.index(name) >= finest]
    spans = SPANS_OF.get(grain, ())
    last = wanted.last if wanted.last in spans or grain not in SPANS_OF else SPANS.get(grain, "P30D")
    dimensions = dimensions_of(catalog, indicator)
    by = wanted.by or (dimensions[0] if dimensions else "")
    chosen = Chosen(grain, "" if by == "none" else by, last or "P30D")
    offered = [
        Choice("grain", "粒度", [Option(name, GRAIN_TITLES[name]) for name in grains], grain),
        Choice("last", "时段", [Option(name, SPAN_TITLES[name]) for name in spans], chosen.last),
        Choice(
            "by", "切分", [*(Option(name, dimension_title(catalog, name)) for name in dimensions), Option("none", "不切分")], by or "none"
        ),
    ]
    return chosen, [choice for choice in offered if choice.options]


def dimensions_of(catalog: Catalog, indicator: Indicator) -> list[str]:
    """The dimensions an indicator says it may be split by; else those of its dataset's columns, the project's region first."""
    region = catalog.project.region
    if indicator.by is not None:
        allowed = list(dict.fromkeys(level for name in indicator.by for level in levels_of(catalog, name)))
        return sorted(allowed, key=lambda name: name != region)
    names = [indicator.dataset, *(part.dataset for part in indicator.parts)]
    datasets = [catalog.dataset(name) for name in names if name]
    found = [column.dimension for dataset in datasets if dataset for column in dataset.columns if column.dimension]
    return list(dict.fromkeys([*([region] if region else []), *found]))


def levels_of(catalog: Catalog, name: str) -> list[str]:
    """A dimension and the coarser ones it rolls up to, short of a level with a single member: the whole needs no split."""
    found: list[str] = []
    dimension = catalog.dimension(name)
    while dimension is not None and name not in found:
        if found and not dimension.rolls_up_to:
            break
        found.append(name)
        name = dimension.rolls_up_to or ""
        dimension = catalog.dimension(name)
    return found


def dimension_title(catalog: Catalog, name: str) -> str:
    """What screens call a dimension."""
    dimension = catalog.dimension(name)
    return dimension.title if dimension else name
