"""The joins of one SELECT: each hop is joined once, under a name that tells the road; fan-out is refused here by construction."""

from collections.abc import Callable

from sqlglot import exp

from engine.compiling.names import column_ref, conjunction, identifier, named, table_ref
from engine.compiling.reach import Hop
from engine.compiling.refuse import refuse
from engine.kinds.dataset import RowBefore

ColumnNode = Callable[[str, str, str], exp.Expression]  # alias, dataset, column
ConditionNode = Callable[[str], exp.Expression]  # a text over the scanned row


class Joins:
    """Collects joins; the state is the list of joins made so far and the names they took."""

    def __init__(self, dataset_id: str, alias: str, column: ColumnNode, condition: ConditionNode) -> None:
        self.dataset_id, self.alias = dataset_id, alias
        self.column, self.condition = column, condition
        self.made: list[exp.Join] = []
        self.aliases: dict[object, str] = {}
        self.optional: set[str] = set()
        self.before: dict[str, exp.Alias] = {}
        self.newest: exp.Select | None = None  # readings ranked, instead of the bare table
        self.time: exp.Expression | None = None  # the row's own time, for joins that hold for an interval

    def fresh(self, name: str) -> str:
        """The name, longer when it is taken."""
        while name in self.aliases.values() or name == self.alias:
            name += "_"
        return name

    def add(self, source: exp.Expression, on: exp.Expression | None, key: object, kind: str = "LEFT") -> None:
        """A join made elsewhere (a map of a calendar, the values of an indicator), once for its key."""
        if key not in self.aliases:
            self.aliases[key] = source.alias_or_name
            self.made.append(exp.Join(this=source, on=on, side="LEFT" if kind == "LEFT" else None, kind=None if kind == "LEFT" else kind))

    def source(self) -> exp.Expression:
        """What stands in FROM: the table, or the table with the rows before, or the newest readings."""
        if self.newest is not None:
            return self.newest.subquery(self.alias, copy=False)
        table = table_ref(self.dataset_id)
        if not self.before:
            table.set("alias", exp.TableAlias(this=identifier(self.alias)))
            return table
        select = exp.Select(expressions=[exp.Star(), *self.before.values()]).from_(table, copy=False)
        return select.subquery(self.alias, copy=False)

    def select(self) -> exp.Select:
        """FROM and JOIN of everything collected."""
        select = exp.Select().from_(self.source(), copy=False)
        for join in self.made:
            select.append("joins", join)
        return select

    def row_before(self, column: str, order: RowBefore) -> exp.Expression:
        """A column of the row before; it is looked up before any filter, so that no condition changes which row that is."""
        name = f"before_{column}"
        if name not in self.before:
            window = exp.Window(
                this=exp.Lag(this=column_ref(None, column)),
                partition_by=[column_ref(None, one) for one in order.same],
                order=exp.Order(expressions=[exp.Ordered(this=column_ref(None, one)) for one in order.order]),
            )
            self.before[name] = named(window, name)
        return column_ref(self.alias, name)

    def along(self, hops: tuple[Hop, ...]) -> str:
        """The alias of the table at the end of a road."""
        alias, here = self.alias, self.dataset_id
        for i, hop in enumerate(hops):
            alias, here = self._hop(hops[: i + 1], alias, here), hop.target
        return alias

    def _hop(self, hops: tuple[Hop, ...], alias: str, here: str) -> str:
        if hops in self.aliases:
            return self.aliases[hops]
        hop = hops[-1]
        name = self.fresh("_".join(one.name for one in hops))
        self.aliases[hops] = name
        conditions: list[exp.Expression] = [
            exp.EQ(this=self.column(alias, here, own), expression=column_ref(name, theirs)) for own, theirs in hop.on
        ]
        if hop.where:
            if len(hops) > 1:
                raise refuse(
                    "conditional-hop",
                    "带条件的关系只能是路径的第一步",
                    "a relationship with a condition can only be the first step of a path",
                )
            conditions.append(self.condition(hop.where))
        if hop.valid:
            conditions.append(self._valid(hop, name))
        is_inner = hop.drop or (hop.required and alias not in self.optional)
        if not is_inner:
            self.optional.add(name)
        table = exp.Table(**{**table_ref(hop.target).args, "alias": exp.TableAlias(this=identifier(name))})
        kind = "INNER" if is_inner else None
        self.made.append(exp.Join(this=table, on=conjunction(conditions), side=None if is_inner else "LEFT", kind=kind))
        return name

    def _valid(self, hop: Hop, name: str) -> exp.Expression:
        assert hop.valid is not None
        if self.time is None:
            raise refuse("valid-without-time", "带有效期的关系需要时间", "a relationship with validity needs a time")
        start, end = column_ref(name, hop.valid.start), column_ref(name, hop.valid.end)
        begun = exp.Or(this=exp.Is(this=start, expression=exp.Null()), expression=exp.LTE(this=start.copy(), expression=self.time.copy()))
        going = exp.Or(this=exp.Is(this=end, expression=exp.Null()), expression=exp.LT(this=self.time.copy(), expression=end.copy()))
        return exp.And(this=exp.Paren(this=begun), expression=exp.Paren(this=going))
