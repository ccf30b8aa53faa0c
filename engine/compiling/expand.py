"""Requests become leaves: modifiers first, then formulas, versions and policies, down to what is asked of tables."""

from datetime import time

from msgspec.structs import replace

from engine.compiling.aggregates import MERGEABLE
from engine.compiling.leaves import Cell, Elapsed, Flow, Fold, Level, Pairs, Sum
from engine.compiling.like_with_like import in_two_ways
from engine.compiling.modifying import Modifiers
from engine.compiling.periods import MONTHS, day_offset, named_grain
from engine.compiling.policies import cell_of, filled, in_unit_of_share, joined_names, zero_for_zero
from engine.compiling.readings import reading_of
from engine.compiling.refuse import refuse, unknown_indicator
from engine.compiling.rows import inferred, parsed
from engine.compiling.scoring import scored
from engine.compiling.tables import default_time
from engine.compiling.units import factor_between, in_unit, scaled
from engine.compiling.versions import added, can_be_added, seams
from engine.expression.tree import Binary, Column, Expr, IndicatorCall, IsNull, Literal, columns, walk
from engine.kinds.indicator import CountOverTime, Indicator, Measure, Operand, Score, Stock
from engine.loading.catalog import Catalog
from engine.modifier import Across, CannotApply, Formula, Request, Shape, Tree, Value, Window
from engine.parts import nests

PER_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "month": 2629746, "year": 31556952}
DEEPEST = 40


class Expander:
    """Carries the catalog and the modifiers through the recursion; holds no result."""

    def __init__(self, catalog: Catalog, modifiers: Modifiers) -> None:
        self.catalog = catalog
        self.modifiers = modifiers

    def tree(self, tree: Tree, depth: int = 0) -> Tree:
        """The tree with every request replaced by formulas over cells."""
        if depth > DEEPEST:
            raise refuse("too-deep", "指标互相引用过深", "indicators refer to each other too deeply")
        match tree:
            case Value(request=request):
                parted = in_two_ways(request)
                return self.request(request, depth) if parted is None else self.tree(parted, depth + 1)
            case Formula(expr=expr, arguments=arguments):
                return Formula(expr, tuple((name, self.tree(one, depth + 1)) for name, one in arguments))
            case Across(how="mean" | "count", tree=inner, shape=shape, over=over):
                # A period without a value of its own still has the values of its window.
                present = IsNull(Column(("value",)), negated=True) if tree.how == "count" else None
                how = "avg" if tree.how == "mean" else "count"
                return Cell(Fold(self.tree(inner, depth + 1), shape, how, present, replace(shape, window=Window(over=over))))
            case Across():
                return replace(tree, tree=self.tree(tree.tree, depth + 1))
        return tree  # cells and seams are leaves already

    def request(self, request: Request, depth: int = 0) -> Tree:
        """An indicator under its modifiers, the last one outermost."""
        if request.modifiers:
            return self._modified(request, depth)
        indicator = self.catalog.indicator(request.indicator)
        if indicator is None:
            raise unknown_indicator(request.indicator, self.catalog.ids("indicator"))
        shape = request.shape
        if indicator.of is not None:
            return filled(self._other(indicator, shape, depth), indicator.absent, False)
        if indicator.score is not None:
            return self._score(indicator.score, shape, depth)
        if indicator.conversion is not None:
            return self._conversion(request.indicator, indicator, shape)
        if indicator.formula is not None:
            texts = [*(version.formula or "null" for version in indicator.was), indicator.formula]
            *older, newest = [self._formula(request.indicator, indicator, text, shape, depth) for text in texts]
            return seams(indicator, older, newest, shape) if older else newest
        return self._versions(indicator, shape)

    def _modified(self, request: Request, depth: int) -> Tree:
        try:
            return self.tree(request.modifiers[-1].expand(self.below(request)), depth + 1)
        except CannotApply as why:
            raise refuse(why.code, why.zh, why.en) from None

    def below(self, request: Request) -> Request:
        """The request without its outermost modifier, with what that modifier may need to know of the indicator."""
        indicator = self.catalog.indicator(request.indicator)
        target = indicator.target if indicator is not None else None
        return replace(
            request, modifiers=request.modifiers[:-1],
            has_public_denominator=request.has_public_denominator or (indicator is not None and indicator.denominator == "public"),
            target=(target.value if target.value is not None else target.of) if target is not None else None,
        )  # fmt: skip

    def _other(self, indicator: Indicator, shape: Shape, depth: int) -> Tree:
        """Another indicator modified; a modifier that needs periods gets the indicator's own, and the last one is the value."""
        modifiers = self.modifiers.several(indicator.modifier)
        assert indicator.of is not None
        finest = named_grain(indicator.grain)
        is_public = indicator.denominator == "public"

        def below(asked: Shape) -> Request:
            return Request(indicator.of or "", asked, modifiers, has_public_denominator=is_public)

        if not any(modifier.needs_grain for modifier in modifiers) or finest is None or shape.grain == finest:
            return self.tree(Value(below(shape)), depth + 1)
        inner = replace(shape, grain=finest)
        values = self.tree(Value(below(inner)), depth + 1)
        how = indicator.over_time if isinstance(indicator.over_time, str) else "last"
        return Cell(Fold(values, inner, how, None, shape))

    # -- measures --------------------------------------------------------------------------------

    def _versions(self, indicator: Indicator, shape: Shape) -> Tree:
        newest = self._measure(indicator, indicator.measure, shape)
        if not indicator.was:
            return newest
        older = [version.measure for version in indicator.was]
        if not can_be_added(indicator):
            return seams(indicator, [self._measure(indicator, one, shape) for one in older], newest, shape)
        bounds = [None, *(version.until for version in indicator.was), None]
        measures = [*older, indicator.measure]
        pieces = [self._measure(indicator, one, shape, since=bounds[i], before=bounds[i + 1]) for i, one in enumerate(measures)]
        return filled(added(indicator.measure.agg if indicator.measure else "", pieces), indicator.absent, False)

    def _measure(
        self, indicator: Indicator, measure: Measure | None, shape: Shape, since: str | None = None, before: str | None = None
    ) -> Tree:
        operand = Operand(
            name="value", dataset=indicator.dataset, measure=measure, time=indicator.time, stock=indicator.stock, step=indicator.step,
            over_time=indicator.over_time, per=indicator.per, absent=indicator.absent,
        )  # fmt: skip
        level = self._where_at(indicator, shape)
        if level is not None:
            shape = replace(shape, where=level if shape.where is None else Binary("and", shape.where, level))
        return self._operand(operand, shape, indicator.grain, indicator.unit, since, before)

    def _where_at(self, indicator: Indicator, shape: Shape) -> Expr | None:
        """Which rows answer at the asked level: the condition of the finest axis that has one, else of the coarsest dimension."""
        if not indicator.where_at:
            return None
        asked = {axis.dimension for axis in shape.axes}
        text = next((text for dimension, text in indicator.where_at.items() if dimension in asked), None)
        return parsed(text if text is not None else next(iter(indicator.where_at.values()))).expr

    def _operand(
        self, operand: Operand, shape: Shape, grain: str | None, unit: str, since: str | None = None, before: str | None = None
    ) -> Tree:
        assert operand.dataset is not None and operand.measure is not None
        total = self._sum(operand.dataset, operand.measure)
        tree = self._shaped(operand, total, shape, named_grain(grain), since, before)
        tree = self._converted(tree, operand, unit)
        if operand.per is not None:
            seconds = PER_SECONDS[operand.per]
            rate = Binary("/", Binary("*", Column(("value",)), Literal(seconds)), Column(("elapsed",)))
            tree = Formula(rate, (("value", tree), ("elapsed", Elapsed(self._in_business_days(operand, shape)))))
        return filled(tree, operand.absent, operand.measure.agg in ("count", "count_distinct") and operand.over_time in (None, "last"))

    def _in_business_days(self, operand: Operand, shape: Shape) -> Shape:
        """The shape's instants by a clock that shows midnight when the business day begins: of the running day less has passed."""
        dataset = self.catalog.dataset(operand.dataset or "")
        times = {one.name: one for one in dataset.times} if dataset is not None else {}
        offset = day_offset(times.get(operand.time or "") or (default_time(dataset) if dataset is not None else None))
        if not offset or (shape.grain is not None and named_grain(shape.grain) not in (*MONTHS, "day", "week", "ten_day")):
            return shape
        start, end = (one - offset if one is not None and one.time() != time.min else one for one in (shape.start, shape.end))
        return replace(shape, start=start, end=end, until=shape.until - offset)

    def _sum(self, dataset: str, measure: Measure) -> Sum:
        def read(text: str | None) -> Expr | None:
            if text is None:
                return None
            found = parsed(text)
            return inferred(self.catalog, dataset, found.expr, found.offsets).expr

        return Sum(measure.agg, read(measure.of), read(measure.where), measure.at, measure.method, read(measure.weight))

    def _shaped(self, operand: Operand, total: Sum, shape: Shape, grain: str | None, since: str | None, before: str | None) -> Tree:
        """Flow, stock or two steps, each as leaves of the shape asked."""
        assert operand.dataset is not None
        if operand.stock is not None:
            return self._stock(operand, operand.stock, total, shape, grain)
        if operand.step is not None:
            inner = replace(shape, grain=named_grain(operand.step), window=None)
            flow = cell_of(Flow(operand.dataset, operand.time, total, inner, before, since), total)
            return self._fold(self._each_step(flow, operand), inner, operand.over_time, shape)
        if shape.window is not None:
            return self._windowed(Flow(operand.dataset, operand.time, total, shape, before, since), grain)
        return cell_of(Flow(operand.dataset, operand.time, total, shape, before, since), total)

    def _has_finer(self, dataset: str, total: Sum) -> bool:
        """Whether finer periods mean the same: rows without a time have none, and an indicator of the asked period is another one by day."""
        spec = self.catalog.dataset(dataset)
        written = [node for expr in (total.of, total.where, total.weight) if expr is not None for node in walk(expr)]
        return bool(spec and spec.times) and not any(isinstance(node, IndicatorCall) and node.period == "asked" for node in written)

    def _windowed(self, flow: Flow, grain: str | None) -> Tree:
        """Windows of sums are sums of finer sums; what does not add up is recomputed from the window's rows."""
        shape, total = flow.shape, flow.sum
        whole = cell_of(flow, total)
        if shape.grain is None or total.agg not in (*MERGEABLE, "avg") or not self._has_finer(flow.dataset, total):
            return whole
        since = named_grain(shape.window.since) if shape.window else None
        is_whole = since in (None, "start") or nests(shape.grain, since or "year")  # a week that straddles two months is added up by day
        fine = shape.grain if shape.window and shape.window.over is None and is_whole else (grain or "day")
        if shape.window and shape.window.over and shape.window.over.seconds % 86400:
            return whole
        inner = replace(shape, grain=fine, window=None)

        def fold(agg: str) -> Cell:
            finer = Cell(replace(flow, sum=replace(total, agg=agg), shape=inner))
            return Cell(Fold(finer, inner, MERGEABLE[agg], None, shape), agg == "count")

        if total.agg == "avg":
            return Formula(Binary("/", Column(("total",)), Column(("number",))), (("total", fold("sum")), ("number", fold("count"))))
        return fold(total.agg)

    def _stock(self, operand: Operand, stock: Stock, total: Sum, shape: Shape, grain: str | None) -> Tree:
        assert operand.dataset is not None

        def level(of_shape: Shape) -> Cell:
            if stock.opens is not None or stock.valid is not None:
                if of_shape.end is None:  # what is open stays open until as_of, however long ago it last changed
                    of_shape = replace(of_shape, end=of_shape.until)
                opens, closes = stock.valid if stock.valid is not None else (stock.opens or "", stock.closes or "")
                return cell_of(Level(operand.dataset or "", opens, closes, stock.valid is not None, total, of_shape), total)
            return cell_of(reading_of(self.catalog, operand.dataset or "", operand.time, stock, total, of_shape), total)

        if operand.over_time in (None, "last") and operand.step is None:
            return level(replace(shape, window=None))
        inner = replace(shape, grain=named_grain(operand.step) or grain or "day", window=None)
        return self._fold(self._each_step(level(inner), operand), inner, operand.over_time, shape)

    def _each_step(self, cell: Cell, operand: Operand) -> Tree:
        """What one step holds: a step in which nothing is counted is a zero among the steps."""
        return filled(cell, operand.absent, cell.is_count)

    def _fold(self, step: Tree, inner: Shape, over_time: str | CountOverTime | None, shape: Shape) -> Tree:
        condition: Expr | None = None
        how = over_time if isinstance(over_time, str) else "last"
        if isinstance(over_time, CountOverTime):
            text = over_time.count or over_time.share
            how, condition = ("count" if over_time.count else "share"), parsed(text or "true").expr
        if condition is None and shape.window is None and inner.grain == shape.grain:
            return step  # one step is the period
        is_filled = isinstance(step, Formula)
        return Cell(Fold(step, inner, how, condition, shape, is_filled), how == "count")

    def _converted(self, tree: Tree, operand: Operand, unit: str) -> Tree:
        """The value in the declared unit: t asked, kg stored; a share becomes %."""
        assert operand.dataset is not None and operand.measure is not None
        factor = factor_between(self.catalog, operand, unit)
        if factor == 1:
            return tree
        return Formula(scaled(Column(("value",)), factor), (("value", tree),))

    # -- formulas --------------------------------------------------------------------------------

    def _formula(self, id: str, indicator: Indicator, text: str, shape: Shape, depth: int) -> Tree:
        found = parsed(text)
        operands = {operand.name: operand for operand in indicator.parts}
        named = columns(found.expr)
        arguments = [(column.name, self.argument(column, operands.get(column.name), shape, indicator, depth)) for column in named]
        expr = in_unit(self.catalog, id, indicator, found)
        if indicator.null == "zero":
            arguments = [(name, filled(tree, "zero", False)) for name, tree in arguments]
        expr = joined_names(expr)
        if indicator.divide_by_zero == "zero":
            expr = zero_for_zero(expr)
        return filled(Formula(expr, tuple(arguments)), indicator.absent, False)

    def argument(self, column: Column, operand: Operand | None, shape: Shape, indicator: Indicator, depth: int) -> Tree:
        if operand is None:
            return self.request(Request(column.name, shape), depth + 1)
        if operand.uncut:
            cutting = tuple(axis for axis in shape.axes if axis.dimension not in operand.uncut)
            shape = replace(shape, uncut=(*shape.uncut, *operand.uncut), axes=cutting)
        if operand.where is not None:
            cut = parsed(operand.where).expr
            shape = replace(shape, where=cut if shape.where is None else Binary("and", shape.where, cut))
        if operand.of is not None:
            tree = self.tree(Value(Request(operand.of, shape, self.modifiers.several(operand.modifier))), depth + 1)
            return filled(tree, operand.absent, False)
        return self._operand(operand, shape, indicator.grain, "")

    def _conversion(self, id: str, indicator: Indicator, shape: Shape) -> Tree:
        assert indicator.conversion is not None
        give = indicator.conversion.count
        if give in ("base", "then"):
            return filled(Cell(Pairs(id, give, shape), is_count=True), indicator.absent, True)
        parts = ("converted", "base") if give == "ratio_of_base" else ("credited", "then")
        factor = in_unit_of_share(indicator.unit)
        ratio = Binary("*", Binary("/", Column(("part",)), Column(("whole",))), Literal(factor))
        arguments = (("part", Cell(Pairs(id, parts[0], shape))), ("whole", Cell(Pairs(id, parts[1], shape))))
        return filled(Formula(ratio, arguments), indicator.absent, False)

    def _score(self, score: Score, shape: Shape, depth: int) -> Tree:
        arguments: list[tuple[str, Tree]] = []
        for i, item in enumerate(score.items):
            arguments.append((f"i{i}", self.request(Request(item.of, shape, self.modifiers.several(item.modifier)), depth + 1)))
        for i, one in enumerate(score.deduct):
            arguments.append((f"d{i}", self.request(Request(one.of, shape), depth + 1)))
        return Formula(scored(score), tuple(arguments))
