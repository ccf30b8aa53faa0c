"""A level is counted otherwise than a flow, and half a declaration would count it as one."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.indicator import Indicator, Operand, Stock
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path


class StockShape(Check, frozen=True):
    """A stock is told by events, readings or validity, one of them; steps and over_time come together (存量要素)."""

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
                yield from self._stock(catalog, definition, (*path, "stock"), part.stock)
            if part.measure is not None:
                yield from self._steps(catalog, definition, path, part)

    def _stock(self, catalog: Catalog, definition: Definition, path: Path, stock: Stock) -> Iterator[Finding]:
        ways = [name for name in ("opens", "per", "valid") if getattr(stock, name) is not None]
        if len(ways) != 1:
            said = (
                f"存量只能用一种方式说明，这里有：{'、'.join(ways)}" if ways else "没有说明存量怎么得来",
                f"a stock is told in one way, here are {', '.join(ways)}" if ways else "how the stock comes about is not said",
                "opens 和 closes：开始与结束的事件；per：读数；valid：有效期",
                "opens and closes for events, per for readings, valid for rows that hold for a time",
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
        for name, fits in (("closes", "opens"), ("carry", "per")):
            if getattr(stock, name) is not None and fits not in ways:
                said = (f"没有 {fits} 时「{name}」不起作用", f"'{name}' has no effect without '{fits}'", "删除它", "delete it")
                yield self.at(catalog, definition, (*path, name), said, of_key=True)

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
