"""What a question asks for, in the compiler's terms: columns, axes, one shape, and what is done to the rows of the answer."""

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from engine.compiling import nodes
from engine.compiling.modifying import Modifiers
from engine.compiling.periods import asked_period, bucket_start, named_grain, next_start
from engine.compiling.reach import coarser, road_by_path
from engine.compiling.reads import used_indicators
from engine.compiling.refuse import refuse, unknown_indicator
from engine.compiling.rows import parsed
from engine.compiling.time_conditions import refuse_cut_windows, time_apart
from engine.compiling.writer import TIME
from engine.expression.tree import Expr, columns
from engine.findings import did_you_mean
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.modifier import Axis, Modifier, Shape
from engine.question import Asked, Question, TimeAxis


class Column(Struct, frozen=True):
    """One value column of an answer (数值列)."""

    name: str  # as the question calls it
    sql: str
    title: str
    unit: str
    indicator: str = ""
    modifiers: tuple[Modifier, ...] = ()
    where: Expr | None = None
    is_omitted: bool = False


def safe_name(text: str, taken: set[str]) -> str:
    """A plain SQL name from an id or a title, unique among those taken."""
    name = re.sub(r"\W", "_", text.rpartition(".")[2]).lower() or "value"
    name = f"c_{name}" if name[0].isdigit() or not name.isascii() or name == TIME else name
    unique, n = name, 2
    while unique in taken:
        unique, n = f"{name}_{n}", n + 1
    taken.add(unique)
    return unique


def asked_columns(catalog: Catalog, modifiers: Modifiers, question: Question) -> tuple[Column, ...]:
    """The value columns, each with its indicator and modifiers."""
    if not question.indicators:
        raise refuse(
            "nothing-asked", "没有问任何指标", "no indicator is asked", ("在 indicators 里列出指标", "list them under `indicators`")
        )
    taken = {safe_name(one, set()) for one in question.by if isinstance(one, str)} | {TIME}
    found: list[Column] = []
    for one in question.indicators:
        asked = one if isinstance(one, Asked) else Asked(of=one)
        indicator = catalog.indicator(asked.of)
        if indicator is None:
            raise unknown_indicator(asked.of, catalog.ids("indicator"))
        several = modifiers.several(asked.modifier)
        unit = indicator.unit
        title = indicator.title
        for modifier in several:
            unit = modifier.unit(unit)
            title = f"{title}·{label_of(modifier)}"
        name = asked.name or asked.of
        if any(column.name == name for column in found):
            raise refuse(
                "same-name", f"两列都叫「{name}」", f"two columns are named '{name}'", ("用 as 起不同的名字", "give them names with `as`")
            )
        where = parsed(asked.where).expr if asked.where else None
        found.append(Column(name, safe_name(name, taken), title, unit, asked.of, several, where, indicator.absent == "omit"))
    return tuple(found)


def label_of(part: object) -> str:
    """The Chinese label in brackets at the end of a struct's docstring."""
    match = re.search(r"\(([^()]*)\)\.?\s*$", (part.__doc__ or "").split("\n\n")[0])
    return match[1] if match else type(part).__name__


def axes_of(catalog: Catalog, modifiers: Modifiers, question: Question, columns: Sequence[Column]) -> tuple[Axis, ...]:
    """What the answer is split by; each must be allowed by every indicator."""
    taken: set[str] = {TIME}
    axes: list[Axis] = []
    for one in question.by:
        if isinstance(one, TimeAxis):
            name = safe_name(f"{one.time}_{one.part or one.grain or 'day'}", taken)
            axes.append(Axis(name=name, time=one.time, part=one.part, grain=one.grain))
            continue
        axes.append(_axis(catalog, one, columns, safe_name(one, taken)))
    return (*axes, *_levels_within(catalog, modifiers, columns, axes, taken))


def _levels_within(
    catalog: Catalog, modifiers: Modifiers, value_columns: Sequence[Column], axes: Sequence[Axis], taken: set[str]
) -> list[Axis]:
    """Coarser levels that a share or rank is taken within, though the answer does not show them."""
    asked = {axis.dimension for axis in axes}
    reached = {coarse for axis in axes if axis.dimension for coarse in coarser(catalog, axis.dimension)}
    wanted: dict[str, None] = {}
    for column in value_columns:
        for modifier in (*column.modifiers, *_declared(catalog, modifiers, column.indicator)):
            wanted.update(dict.fromkeys(getattr(modifier, "within", ())))
    return [Axis(name=safe_name(one, taken), dimension=one, is_hidden=True) for one in wanted if one in reached and one not in asked]


def _declared(catalog: Catalog, modifiers: Modifiers, indicator_id: str, depth: int = 0) -> list[Modifier]:
    """Modifiers that an indicator, or one it is made of, is defined with."""
    indicator = catalog.indicator(indicator_id)
    if indicator is None or depth > 20:
        return []
    written = [indicator.modifier, *(operand.modifier for operand in indicator.parts)]
    own = [modifier for one in written for modifier in modifiers.several(one)]
    return own + [modifier for below in used_indicators(indicator) for modifier in _declared(catalog, modifiers, below, depth + 1)]


def _axis(catalog: Catalog, text: str, columns: Sequence[Column], name: str) -> Axis:
    if catalog.dimension(text) is not None:
        for column in columns:
            indicator = catalog.indicator(column.indicator)
            if indicator is not None:
                _allow(catalog, column.indicator, indicator, text)
        return Axis(name=name, dimension=text)
    path = tuple(text.split("."))
    for column in columns:
        dataset = first_dataset(catalog, column.indicator)
        road = road_by_path(catalog, dataset, path) if dataset else None
        if road is not None:
            return Axis(name=name, path=path, dataset=road.dataset if road.hops else dataset, column=road.column)
    advice = did_you_mean(text, catalog.ids("dimension"), "用 chengmai list dimensions 查看全部", "`chengmai list dimensions` shows all")
    raise refuse("unknown-split", f"「{text}」既不是维度也不是列", f"'{text}' is neither a dimension nor a column", advice)


def first_dataset(catalog: Catalog, indicator_id: str, depth: int = 0) -> str | None:
    """The dataset of an indicator, or of the first of its parts."""
    indicator = catalog.indicator(indicator_id)
    if indicator is None or depth > 20:
        return None
    if indicator.dataset is not None:
        return indicator.dataset
    if indicator.conversion is not None:
        return indicator.conversion.base.dataset
    below = [indicator.of] if indicator.of else []
    below += [item.of for item in indicator.score.items] if indicator.score else []
    for operand in indicator.parts:
        if operand.dataset is not None:
            return operand.dataset
        below += [operand.of] if operand.of else []
    if indicator.formula is not None:
        below += [one.name for one in columns(parsed(indicator.formula).expr)]
    return next((found for one in below if (found := first_dataset(catalog, one, depth + 1))), None)


def _allow(catalog: Catalog, id: str, indicator: Indicator, dimension: str) -> None:
    if indicator.by is None:
        return
    allowed = [one for finest in indicator.by for one in coarser(catalog, finest)]
    if dimension not in allowed:
        known = "、".join(dict.fromkeys(allowed)) or "（无）"
        raise refuse(
            "split-not-allowed", f"指标「{indicator.title}」不能按「{dimension}」切分，可用：{known}",
            f"indicator '{id}' may not be split by '{dimension}'; allowed: {', '.join(dict.fromkeys(allowed)) or 'none'}",
        )  # fmt: skip


def shape_of(catalog: Catalog, question: Question, axes: tuple[Axis, ...], as_of: datetime) -> Shape:
    """The one shape of the question."""
    grain = named_grain(question.grain)
    for one in question.indicators:
        id = one.of if isinstance(one, Asked) else one
        indicator = catalog.indicator(id)
        if indicator is not None:
            _coarse_enough(id, indicator, grain)
    week_starts = catalog.project.week_starts
    start, end = asked_period(question.period, as_of, catalog.project.zone, grain, week_starts)
    asked = tuple(one.of if isinstance(one, Asked) else one for one in question.indicators)
    apart = time_apart(catalog, asked, parsed(question.where).expr if question.where else None)
    is_modified = any(isinstance(one, Asked) and one.modifier is not None for one in question.indicators)
    refuse_cut_windows(catalog, asked, is_modified, apart.rest)
    start = max((one for one in (start, apart.start) if one is not None), default=None)
    end = min((one for one in (end, apart.end) if one is not None), default=None)
    if question.edge == "whole" and grain is not None and "." not in grain:
        start = bucket_start(start, grain, week_starts) if start else None
        end = end if end is None or bucket_start(end, grain, week_starts) == end else next_start(end, grain, week_starts)
    via = tuple(sorted(question.via.items()))
    return Shape(axes=axes, until=as_of, grain=grain, start=start, end=end, where=apart.rest, via=via, week_starts=week_starts)


def _coarse_enough(id: str, indicator: Indicator, grain: str | None) -> None:
    finest = named_grain(indicator.grain)
    if grain is None or finest is None or "." in grain or "." in finest:
        return
    if _size(grain) < _size(finest):
        raise refuse(
            "grain-too-fine", f"指标「{indicator.title}」最细到 {indicator.grain}，不能按 {grain} 提问",
            f"the finest grain of indicator '{id}' is {indicator.grain}, not {grain}",
            (f"用 {indicator.grain} 或更粗的粒度", f"ask by {indicator.grain} or coarser"),
        )  # fmt: skip


def _size(grain: str) -> int:
    known = {
        "minute": 60,
        "hour": 3600,
        "day": 86400,
        "week": 604800,
        "ten_day": 864000,
        "month": 2592000,
        "quarter": 7776000,
        "half_year": 15552000,
        "year": 31536000,
    }
    return known.get(grain) or nodes.seconds_of(grain) or 86400
