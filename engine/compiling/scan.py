"""One scan of a dataset with the joins its expressions ask for: the only place where a road becomes joins, so fan-out is decided here."""

from collections.abc import Callable

from sqlglot import exp

from engine.compiling.aggregates import aggregate as aggregate_node
from engine.compiling.joins import Joins
from engine.compiling.names import column_ref, conjunction
from engine.compiling.reach import Hop, Road, column_of, dataset_of, road_by_path, road_to_dimension
from engine.compiling.refuse import refuse
from engine.compiling.rows import row_expression
from engine.expression.build import build
from engine.expression.tree import Aggregate, Column, Expr, IndicatorCall, columns, rebuild, replace_columns
from engine.findings import did_you_mean
from engine.kinds.dimension import Dimension
from engine.loading.catalog import Catalog
from engine.modifier import Shape

IndicatorJoin = Callable[["Scan", IndicatorCall], exp.Expression]


class Scan:
    """Collects the joins of one SELECT over a dataset; the state is the list of joins made so far."""

    def __init__(
        self,
        catalog: Catalog,
        dataset_id: str,
        indicator: IndicatorJoin | None = None,
        taken: tuple[str, ...] = (),
        *,
        is_met_often: bool = False,
    ) -> None:
        self.catalog = catalog
        self.dataset_id = dataset_id
        self.dataset = dataset_of(catalog, dataset_id)
        self.alias = dataset_id.rpartition(".")[2]
        while self.alias in taken:
            self.alias += "_"
        self.joins = Joins(dataset_id, self.alias, self._column, self.text)
        self.at: exp.Expression | None = None
        self.indicator = indicator
        self.overlaps = False
        self.is_met_often = is_met_often  # rows may stand several times, because only whether there is one counts
        self.shape: Shape | None = None
        self.clock_period: exp.Expression | None = None
        self.period_from_indicator: exp.Expression | None = None
        self.period_of: Callable[[str], exp.Expression] | None = None  # the row's own period of a grain, where rows have a time

    # -- columns ---------------------------------------------------------------------------------

    def own(self, name: str) -> exp.Expression:
        """A column of the scanned dataset, computed columns spelled out."""
        return self._column(self.alias, self.dataset_id, name)

    def by_path(self, path: tuple[str, ...]) -> exp.Expression:
        """The column or dimension that a dotted name means here."""
        if path == ("at",):
            if self.at is None:
                raise refuse("at-without-time", "此处没有时间，不能用 at", "`at` has no meaning where rows have no time")
            return self.at.copy()
        road = road_by_path(self.catalog, self.dataset_id, path)
        if road is not None:
            return self.by_road(road)
        attribute = self._attribute(path)
        if attribute is not None:
            return attribute
        name = ".".join(path)
        if self.catalog.dimension(name) is not None:
            return self.by_dimension(name)
        known = [column.name for column in self.dataset.columns]
        advice = did_you_mean(name, known, f"列：{'、'.join(known)}", f"columns: {', '.join(known)}")
        raise refuse(
            "unknown-column", f"数据集「{self.dataset.title}」没有「{name}」", f"dataset '{self.dataset_id}' has no '{name}'", advice
        )

    def by_dimension(self, dimension_id: str, via: str | None = None) -> exp.Expression:
        """The key of a dimension; refused when no road leads there."""
        road = road_to_dimension(self.catalog, self.dataset_id, dimension_id, via)
        if road is None:
            raise refuse(
                "unreachable-dimension",
                f"数据集「{self.dataset.title}」到不了维度「{dimension_id}」",
                f"no road leads from dataset '{self.dataset_id}' to dimension '{dimension_id}'",
                ("在 relationships 里声明关系，或给该列写 dimension", "declare a relationship, or give a column this dimension"),
            )
        return self.by_road(road)

    def by_road(self, road: Road) -> exp.Expression:
        """The column at the end of a road; joins are added as needed, each once."""
        if road.before is not None:
            return self.joins.row_before(road.column, road.before)
        first = next((i for i, hop in enumerate(road.hops) if hop.cardinality == "one_to_many"), None)
        if first is not None and not self.is_met_often:
            return self._each_group_once(road, first)
        if road.ragged is not None:
            return self._among_ancestors(road)
        alias = self.joins.along(road.hops)
        value = self._column(alias, road.dataset if road.hops else self.dataset_id, road.column)
        for dimension_id in road.through:
            value = self._parent_code(value, dimension_id)
        return value

    def expression(self, expr: Expr) -> exp.Expression:
        """An expression over this scan's row as a tree; aggregates over one-to-many relationships are computed first."""
        made: dict[tuple[str, ...], exp.Expression] = {}

        def aside(part: Expr) -> Expr:
            if isinstance(part, Aggregate):
                path = (f"#{len(made)}",)
                made[path] = self._aggregated_first(part)
                return Column(path)
            return rebuild(part, aside)

        rest = aside(expr)

        def column(one: Column) -> exp.Expression:
            return made[one.path].copy() if one.path in made else self.by_path(one.path)

        def indicator(call: IndicatorCall) -> exp.Expression:
            if self.indicator is None:
                raise refuse("indicator-not-here", "此处不能引用指标", "an indicator cannot be used here")
            return self.indicator(self, call)

        return build(rest, column, indicator)

    def text(self, text: str) -> exp.Expression:
        """An expression written in a definition, over this scan's row."""
        return self.expression(row_expression(self.catalog, self.dataset_id, text).expr)

    def select(self) -> exp.Select:
        """FROM and JOIN of everything collected; columns and conditions are the caller's."""
        return self.joins.select()

    # -- the many side ---------------------------------------------------------------------------

    def _each_group_once(self, road: Road, first: int) -> exp.Expression:
        """Rows grouped by something they have many of: each row counts once in every group it reaches."""
        hop = road.hops[first]
        self.overlaps = True
        alias = self.joins.along(road.hops[:first])
        inner = Scan(self.catalog, hop.target, self.indicator)
        value = inner.by_road(Road(road.hops[first + 1 :], road.dataset, road.column, road.through, road.ragged))
        pairs = inner.select().distinct(copy=False)
        pairs.set("expressions", [*(inner.own(theirs) for _, theirs in hop.on), exp.alias_(value, "reached", copy=False)])
        name = self.joins.fresh("_".join(one.name for one in road.hops[first:]))
        if road not in self.joins.aliases:
            self.joins.aliases[road] = name
            on = self.many_on(alias, road.hops[: first + 1], name)
            self.joins.made.append(exp.Join(this=pairs.subquery(name, copy=False), on=on, side="LEFT"))
        return column_ref(self.joins.aliases[road], "reached")

    def many_on(self, alias: str, hops: tuple[Hop, ...], name: str) -> exp.Expression | None:
        """Where rows of `name`, one for each key or group of the many side, meet those at `alias`; `hops` ends with the hop to many."""
        hop, here = hops[-1], hops[-2].target if len(hops) > 1 else self.dataset_id
        if hop.valid is not None or (hop.where is not None and len(hops) > 1):
            raise refuse(
                "conditional-hop", f"到多行的关系「{hop.name}」不能带有效期，带条件时只能是路径的第一步",
                f"'{hop.name}' leads to many rows: it cannot hold for a time, and with a condition it can only be the first step of a path",
            )  # fmt: skip
        meets: list[exp.Expression | None] = [
            exp.EQ(this=self._column(alias, here, own), expression=column_ref(name, theirs)) for own, theirs in hop.on
        ]
        return conjunction([*meets, self.text(hop.where) if hop.where else None])

    def _aggregated_first(self, aggregate: Aggregate) -> exp.Expression:
        """sum(items.amount): the many side is aggregated at the one side's key before the join, so nothing multiplies."""
        names = columns(aggregate.of) if aggregate.of is not None else ()
        paths = {one.path for one in names}
        roads = [road_by_path(self.catalog, self.dataset_id, path) for path in paths]
        many = [road for road in roads if road is not None and road.is_multiplying]
        if not many or not many[0].hops or many[0].hops[0].cardinality != "one_to_many":
            raise refuse(
                "aggregate-of-a-row", "行内聚合只能用于一对多关系的列", "inside a row only columns of a one-to-many relationship can be aggregated",
                ("写成 sum(关系.列)", "write sum(relationship.column)"),
            )  # fmt: skip
        hop = many[0].hops[0]
        if aggregate not in self.joins.aliases:
            inner = Scan(self.catalog, hop.target, self.indicator)
            value = inner._aggregate(_inside(aggregate, hop.name))
            keys = [theirs for _, theirs in hop.on]
            grouped = inner.select()
            grouped.set("expressions", [*(inner.own(key) for key in keys), exp.alias_(value, "amount", copy=False)])
            grouped.set("group", exp.Group(expressions=[inner.own(key) for key in keys]))
            name = self.joins.fresh(f"{hop.name}_{aggregate.agg}")
            self.joins.aliases[aggregate] = name
            on = self.many_on(self.alias, many[0].hops[:1], name)
            self.joins.made.append(exp.Join(this=grouped.subquery(name, copy=False), on=on, side="LEFT"))
        amount = column_ref(self.joins.aliases[aggregate], "amount")
        return exp.Coalesce(this=amount, expressions=[exp.Literal.number(0)]) if aggregate.agg in ("count", "count_distinct") else amount

    def _aggregate(self, call: Aggregate) -> exp.Expression:
        agg = "count_distinct" if call.agg == "count" and call.distinct else call.agg
        value = self.expression(call.of) if call.of is not None else None
        return aggregate_node(agg, value, at=float(call.at) if call.at is not None else None, order=self.joins.time)

    def _among_ancestors(self, road: Road) -> exp.Expression:
        """A key of any level: the first ancestor that is a member of the asked level."""
        goal = self.catalog.dimension(road.ragged or "")
        assert goal is not None
        cases: list[exp.If] = []
        first = next(i for i, hop in enumerate(road.hops) if hop.dimension and hop.name.endswith("_member"))
        for i in range(first, len(road.hops)):
            alias = self.joins.along(road.hops[: i + 1])
            member = self._is_member(goal, alias)
            cases.append(exp.If(this=member, true=column_ref(alias, goal.key or "")))
        return exp.Case(ifs=cases)

    def _is_member(self, dimension: Dimension, alias: str) -> exp.Expression:
        if dimension.where is None:
            return exp.Not(this=exp.Is(this=column_ref(alias, dimension.key or ""), expression=exp.Null()))
        inner = row_expression(self.catalog, dimension.dataset or "", dimension.where).expr
        return build(inner, lambda one: column_ref(alias, one.path[-1]), None)

    # -- values ----------------------------------------------------------------------------------

    def _column(self, alias: str, dataset_id: str, name: str) -> exp.Expression:
        column = column_of(dataset_of(self.catalog, dataset_id), name)
        if column is not None and column.expr is not None:
            if alias == self.alias:
                return exp.Paren(this=self.text(column.expr))
            inner = row_expression(self.catalog, dataset_id, column.expr).expr
            return exp.Paren(this=build(inner, lambda one: self._column(alias, dataset_id, one.path[-1]), None))
        return column_ref(alias, name)

    def _attribute(self, path: tuple[str, ...]) -> exp.Expression | None:
        """check_type.weight: an attribute of the code that stands in the column."""
        road = road_by_path(self.catalog, self.dataset_id, path[:-1]) if len(path) > 1 else None
        if road is None:
            return None
        column = column_of(dataset_of(self.catalog, road.dataset if road.hops else self.dataset_id), road.column)
        dimension = self.catalog.dimension(column.dimension) if column and column.dimension else None
        codes = dimension.codes if dimension else column.of if column else ()
        known = [(code.code, code.attributes[path[-1]]) for code in codes if path[-1] in code.attributes]
        return self._mapped(self.by_road(road), known) if known else None

    def _parent_code(self, value: exp.Expression, dimension_id: str) -> exp.Expression:
        dimension = self.catalog.dimension(dimension_id)
        assert dimension is not None
        return self._mapped(value, [(code.code, code.parent) for code in dimension.codes if code.parent is not None])

    def _mapped(self, value: exp.Expression, pairs: list[tuple[str, str | float]]) -> exp.Expression:
        def literal(one: str | float) -> exp.Expression:
            return exp.Literal.string(one) if isinstance(one, str) else exp.Literal.number(repr(one))

        ifs = [exp.If(this=exp.EQ(this=value.copy(), expression=literal(code)), true=literal(to)) for code, to in pairs]
        return exp.Paren(this=exp.Case(ifs=ifs))


def _inside(aggregate: Aggregate, relationship: str) -> Aggregate:
    """The aggregate as seen from the many side: the relationship's name falls away."""
    if aggregate.of is None:
        return aggregate
    inner = replace_columns(aggregate.of, lambda one: Column(one.path[1:]) if one.path[0] == relationship and len(one.path) > 1 else one)
    return Aggregate(aggregate.agg, inner, aggregate.distinct, aggregate.at)
