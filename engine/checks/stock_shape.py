"""A level is counted otherwise than a flow, and half a declaration would count it as one."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator, Operand, Stock
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path
from engine.parts import span_of


class StockShape(Check, frozen=True):
    """A stock is told by events, readings, validity or the latest run, one of them; steps and over_time come together (存量要素)."""

    tag: ClassVar[str] = "stock-shape"
    kinds: ClassVar[tuple[str, ...]] = ("indicator",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for stocks said in no way or two ways, and for steps that are never brought together."""
        spec = definition.spec
        if not isinstance(spec, Indicator):
            return
        parts: list[tuple[Path, Indicator | Operand]] = [((), spec), *((("with", i), part) for i, part in enumerate(spec.parts))]
        for path, part in parts:
            if part.stock is not None:
                yield from self._stock(catalog, definition, (*path, "stock"), part.dataset, part.stock)
            if part.measure is not None:
                yield from self._steps(catalog, definition, path, part)

    def _stock(self, catalog: Catalog, definition: Definition, path: Path, dataset: str | None, stock: Stock) -> Iterator[Finding]:
        ways = [name for name in ("opens", "per", "valid", "snapshot") if getattr(stock, name) is not None]
        if len(ways) != 1:
            said = (
                f"存量只能用一种方式说明，这里有：{'、'.join(ways)}" if ways else "没有说明存量怎么得来",
                f"a stock is told in one way, here are {', '.join(ways)}" if ways else "how the stock comes about is not said",
                "opens 和 closes：开始与结束的事件；per：读数；valid：有效期；snapshot：最近一次分析结果",
                "opens and closes for events, per for readings, valid for rows that hold for a time, snapshot for results of the latest run",
            )
            yield self.at(catalog, definition, path, said, of_key=True)
        elif ways == ["opens"] and stock.closes is None:
            said = (
                "只写了 opens，没有写 closes",
                "'opens' has no 'closes'",
                "加上 closes: 结束时间的列",
                "add closes: the column of the end",
            )
            yield self.at(catalog, definition, (*path, "opens"), said, of_key=True)
        for name, fits in (("closes", ("opens",)), ("carry", ("per", "snapshot")), ("same", ("snapshot",)), ("lead", ("snapshot",))):
            if getattr(stock, name) and not set(fits) & set(ways):
                zh, en = " 或 ".join(fits), "' or '".join(fits)
                said = (f"没有 {zh} 时「{name}」不起作用", f"'{name}' has no effect without '{en}'", "删除它", "delete it")
                yield self.at(catalog, definition, (*path, name), said, of_key=True)
        if ways == ["snapshot"]:
            yield from self._snapshot(catalog, definition, path, dataset, stock)

    def _snapshot(self, catalog: Catalog, definition: Definition, path: Path, dataset: str | None, stock: Stock) -> Iterator[Finding]:
        """Forecasts carry nothing and their lead has an order; the latest run is found by a time of the dataset."""
        spec = catalog.dataset(dataset or "")
        if stock.lead is not None and stock.carry is not None:
            said = (
                "预测按目标时间计，不沿用", "a forecast counts at the time it speaks of and is not carried",
                "删除 carry", "delete 'carry'",
            )  # fmt: skip
            yield self.at(catalog, definition, (*path, "carry"), said, of_key=True)
        if stock.lead is not None and _length(stock.lead[0]) > _length(stock.lead[1]):
            said = (
                "提前量的下限大于上限", "the least lead is greater than the greatest",
                f"写成 lead: [{stock.lead[1]}, {stock.lead[0]}]", f"write lead: [{stock.lead[1]}, {stock.lead[0]}]",
            )  # fmt: skip
            yield self.at(catalog, definition, (*path, "lead"), said)
        column = next((one for one in spec.columns if one.name == stock.snapshot), None) if spec is not None else None
        if stock.lead is not None and column is not None and column.type not in ("date", "timestamp"):
            said = (
                f"「{stock.snapshot}」不是时间，看不出何时发布", f"'{stock.snapshot}' is no time, so nothing says when a value was issued",
                "写一个日期或时间列", "write a column of dates or times",
            )  # fmt: skip
            yield self.at(catalog, definition, (*path, "snapshot"), said)
        if stock.lead is None and spec is not None and column is not None and not any(time.column == column.name for time in spec.times):
            known = "、".join(time.column for time in spec.times) or "（无）"
            said = (
                f"「{stock.snapshot}」不是数据集的时间，找不到最近一次", f"'{stock.snapshot}' is no time of the dataset, so no run is the latest",
                f"写一个时间列：{known}；或在数据集的 times 里声明它", "write the column of one of its times, or declare it under `times`",
            )  # fmt: skip
            yield self.at(catalog, definition, (*path, "snapshot"), said)

    def _steps(self, catalog: Catalog, definition: Definition, path: Path, part: Indicator | Operand) -> Iterator[Finding]:
        if part.step is not None and part.over_time is None:
            said = (
                "写了 step，没有写各步怎样合成一个周期",
                "'step' is said, but not how steps become a period",
                "加上 over_time: max、avg、sum 等",
                "add over_time: max, avg, sum …",
            )
            yield self.at(catalog, definition, (*path, "step"), said, of_key=True)
        if part.over_time is not None and part.step is None and part.stock is None:
            said = (
                "over_time 要与 step 或 stock 同用",
                "'over_time' goes with 'step' or 'stock'",
                "加上 step，例如 step: PT15M；普通的流量删除 over_time",
                "add step, for example step: PT15M, or delete 'over_time'",
            )
            yield self.at(catalog, definition, (*path, "over_time"), said, of_key=True)
        if part.per is not None and part.stock is not None:
            said = ("存量不能再除以时间", "a level is not divided by time", "删除 per", "delete 'per'")
            yield self.at(catalog, definition, (*path, "per"), said, of_key=True)


def _length(duration: str) -> int:
    """Seconds, a month being thirty days: only good for telling which is longer."""
    span = span_of(duration)
    return span.months * 30 * 86400 + span.seconds
