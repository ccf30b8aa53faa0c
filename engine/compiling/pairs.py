"""Conversions: base rows, those that were followed, and the following rows each credited to one base, to the last or to all."""

from collections.abc import Sequence

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import Clock
from engine.compiling.flow import axis_keys, cut, open_scan
from engine.compiling.leaves import Pairs
from engine.compiling.matching import Following, following, follows, near, window_is_over
from engine.compiling.names import column_ref, conjunction, named
from engine.compiling.nested import indicator_join
from engine.compiling.refuse import refuse
from engine.compiling.scan import Scan
from engine.compiling.writer import TIME, Relation, Writer, grouped, relation_name
from engine.kinds.indicator import Conversion, Side
from engine.modifier import Shape
from engine.parts import span_of

CREDITS = "credits"
COLUMNS = {"base": "complete", "converted": "converted", "then": "followers", "rows": "rows", "complete": "complete"}


def write_pairs(writer: Writer, members: Sequence[Pairs]) -> Relation:
    """One relation of a conversion: by the base's keys, or by the following row's when its share of that side is asked."""
    indicator = writer.catalog.indicator(members[0].indicator)
    assert indicator is not None
    conversion, shape = indicator.conversion, members[0].shape
    assert conversion is not None
    by_then = conversion.count == "ratio_of_then"
    driver = conversion.then if by_then else conversion.base
    scan = open_scan(writer, driver.dataset)
    other = Scan(writer.catalog, (conversion.base if by_then else conversion.then).dataset, indicator_join(writer), taken=(scan.alias,))
    writer.tables.add(other.dataset_id)
    pair = following(writer.catalog, conversion, other if by_then else scan, scan if by_then else other)
    clock = pair.then_clock if by_then else pair.base_clock
    bounds = clock.bounds(shape)
    _open(pair, shape)
    conditions = [*bounds, *cut(writer, scan, shape), *_side_condition(scan, driver)]
    keys = axis_keys(writer, scan, shape, clock)
    if shape.grain:
        keys.append((TIME, clock.bucket(shape)))
    values = _by_following(writer, pair, shape) if by_then else _by_origin(writer, pair, clock, shape)
    select = grouped(scan.select(), keys, values)
    where = conjunction(conditions)
    if where is not None:
        select.set("where", exp.Where(this=where))
    name = writer.cte(relation_name("conversion", shape), select)
    columns = (
        {"credited": "credited", "then": "rows"} if by_then else {**COLUMNS, "base": "rows" if conversion.count == "base" else "complete"}
    )
    return Relation(name, shape, {member: columns[member.give] for member in members}, {column: "number" for column, _ in values})


def _open(pair: Following, shape: Shape) -> None:
    """Indicators inside conditions of either side are those of the side's own time."""
    for scan, clock in ((pair.base, pair.base_clock), (pair.then, pair.then_clock)):
        scan.shape, scan.period_of = shape, clock.bucket_of
        scan.clock_period = clock.bucket(shape) if shape.grain else None


def _side_condition(scan: Scan, side: Side) -> list[exp.Expression | None]:
    return [scan.text(side.where)] if side.where else []


def _by_following(writer: Writer, pair: Following, shape: Shape) -> list[tuple[str, exp.Expression]]:
    exists = _exists(writer, pair, pair.base, pair.conversion.base, shape)
    return [("rows", exp.Count(this=exp.Star())), ("credited", nodes.filtered(exp.Count(this=exp.Star()), exists))]


def _by_origin(writer: Writer, pair: Following, clock: Clock, shape: Shape) -> list[tuple[str, exp.Expression]]:
    """A base counts once its window is over; until then it is neither converted nor not."""
    conversion = pair.conversion
    over = window_is_over(writer.catalog, clock, span_of(conversion.within[1]), shape)
    values: list[tuple[str, exp.Expression]] = [
        ("rows", exp.Count(this=exp.Star())),
        ("complete", nodes.filtered(exp.Count(this=exp.Star()), over)),
    ]
    # EXISTS inside a FILTER runs once a row on PostgreSQL (minutes for 100,000 rows); a join by the base's key takes a second.
    if conversion.credit == "all" and conversion.count != "then" and not pair.base.dataset.key:
        exists = _exists(writer, pair, pair.then, conversion.then, shape)
        return [*values, ("converted", nodes.filtered(exp.Count(this=exp.Star()), conjunction([over.copy(), exists])))]
    followers = _credits(writer, pair, shape)
    credited = exp.Not(this=exp.Is(this=followers, expression=exp.Null()))
    return [
        *values,
        ("converted", nodes.filtered(exp.Count(this=exp.Star()), conjunction([over.copy(), credited]))),
        ("followers", exp.Sum(this=followers.copy())),
    ]


def _exists(writer: Writer, pair: Following, inner: Scan, side: Side, shape: Shape) -> exp.Expression:
    condition = conjunction([follows(writer.catalog, pair, shape.until), *_side_condition(inner, side)])
    select = inner.select()
    select.set("expressions", [exp.Literal.number(1)])
    select.set("where", exp.Where(this=condition))
    return exp.Exists(this=select)


def _credits(writer: Writer, pair: Following, shape: Shape) -> exp.Expression:
    """Joins to each base how many following rows are credited to it; a following row goes to one base unless all are meant."""
    conversion = pair.conversion
    base_key, then_key = pair.base.dataset.key, pair.then.dataset.key
    if not base_key or (not then_key and conversion.credit != "all"):
        raise refuse("conversion-without-key", "归因需要两侧数据集都有主键", "crediting needs a key on both sides to tell rows apart")
    base = Scan(writer.catalog, conversion.base.dataset, indicator_join(writer))
    then = Scan(writer.catalog, conversion.then.dataset, indicator_join(writer), taken=("", pair.base.alias))
    inner = following(writer.catalog, conversion, base, then)
    _open(inner, shape)
    on = follows(writer.catalog, inner, shape.until)
    sides = conjunction([*near(inner, shape), *_side_condition(base, conversion.base), *_side_condition(then, conversion.then)])
    ranked = base.select()
    ranked.set("expressions", [base.own(key) for key in base_key] + [named(_place(conversion, inner), "place")])
    ranked.append("joins", exp.Join(this=exp.Table(**then.joins.source().args), on=on, kind="INNER"))
    for join in then.joins.made:
        ranked.append("joins", join)
    if sides is not None:
        ranked.set("where", exp.Where(this=sides))
    credits = exp.Select(expressions=[*(column_ref("found", key) for key in base_key), named(exp.Count(this=exp.Star()), "followers")])
    credits = credits.from_(ranked.subquery("found", copy=False), copy=False)
    if conversion.credit != "all":
        credits.set("where", exp.Where(this=exp.EQ(this=column_ref("found", "place"), expression=nodes.whole(1))))
    credits.set("group", exp.Group(expressions=[column_ref("found", key) for key in base_key]))
    matches = conjunction([exp.EQ(this=pair.base.own(key), expression=column_ref(CREDITS, key)) for key in base_key])
    pair.base.joins.add(credits.subquery(CREDITS, copy=False), matches, CREDITS)
    return column_ref(CREDITS, "followers")


def _place(conversion: Conversion, pair: Following) -> exp.Expression:
    """1 for the base that a following row is credited to: the first or the last in time, the key deciding ties."""
    if conversion.credit == "all":
        return nodes.whole(1)
    descending = conversion.credit == "last"
    order = [exp.Ordered(this=pair.base_clock.needed(), desc=descending)]
    order += [exp.Ordered(this=pair.base.own(key), desc=descending) for key in pair.base.dataset.key]
    partition = [pair.then.own(key) for key in pair.then.dataset.key]
    return exp.Window(this=exp.RowNumber(), partition_by=partition, order=exp.Order(expressions=order))
