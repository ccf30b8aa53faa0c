"""Leaves aligned on the keys of one answer, then the formulas: rows are the union of keys, a row stays though a formula is null."""

from collections.abc import Sequence

from msgspec import Struct
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.extent import beginning_node, elapsed_node, is_clamped, is_unfinished, seam_node, spans_seam
from engine.compiling.filling import filler
from engine.compiling.leaves import Beginning, Cell, Clamped, Elapsed, Leaf, Seam, Straddling, Unfinished
from engine.compiling.names import column_ref, conjunction, identifier, named
from engine.compiling.periods import MONTHS, bucket_start, named_grain, on_grain
from engine.compiling.refuse import refuse
from engine.compiling.reshape import looked_back
from engine.compiling.writer import TIME, Relation, Writer, cells_of, key_columns, relation_name
from engine.expression.build import build
from engine.modifier import Across, Formula, Shape
from engine.parts import Span

ROW = "answer_keys"
STEPS = "steps"  # a fill whose rows are values among others, but give no row of the answer by themselves
COUNTED = "counted"  # 1 in rows that something was counted in


class Link(Struct, frozen=True):
    """How a relation's keys meet the answer's (键的对齐)."""

    by: Span = Span()  # how far the relation lies back in time
    start_of: str | None = None
    is_stacked: bool = True  # its keys are keys of the answer, after moving


Slot = tuple[Leaf | Across, Relation, Link, str]


def answer_select(writer: Writer, columns: Sequence[tuple[str, object]], shape: Shape, fill: str | None = None) -> exp.Select:
    """SELECT of the shape's keys and one column for each tree."""
    cells = list(dict.fromkeys(cell for _, tree in columns for cell in cells_of(tree)))
    relations = writer.relations_of(cells)
    links = {_leaf(cell): link_of(_leaf(cell).shape, shape) for cell in cells}
    places: dict[Leaf | Across, exp.Expression] = {}
    if fill is None and len({relation.name for relation in relations.values()}) == 1 and all(link == Link() for link in links.values()):
        body = _straight(relations, places, shape)
    else:
        body = _aligned(writer, cells, relations, links, places, shape, fill)
    projected = _projected(writer, body, columns, places, shape)
    if fill == STEPS:
        projected.append("expressions", named(column_ref(ROW, COUNTED), COUNTED))
    return projected


def _leaf(cell: Cell | Across) -> Leaf | Across:
    return cell.leaf if isinstance(cell, Cell) else cell


def link_of(leaf: Shape, asked: Shape) -> Link:
    """How a leaf of one shape stands to an answer of another."""
    narrower = [axis for axis in leaf.axes if axis not in asked.axes]
    if narrower:
        raise refuse("unaligned", "公式的成分切分不同，无法对齐", "parts of the formula are split differently and cannot be aligned")
    is_full = len(leaf.axes) == len(asked.axes) and (leaf.grain is not None) == (asked.grain is not None)
    if leaf.start_of is not None:
        return Link(start_of=leaf.start_of, is_stacked=False)
    if leaf.shift is None or leaf.shift.moves_rows or leaf.shift.calendar is not None or asked.grain is None:
        return Link(is_stacked=is_full)
    by = on_grain(leaf.shift.by, named_grain(asked.grain) or "day")
    moves_whole_months = bool(by.months) and (named_grain(asked.grain) in MONTHS or named_grain(asked.grain) == "ten_day")
    return Link(by=by, is_stacked=is_full and (not by.months or moves_whole_months))


def _straight(relations: dict[Leaf | Across, Relation], places: dict[Leaf | Across, exp.Expression], shape: Shape) -> exp.Select:
    """All leaves stand in one relation with the answer's own keys: no alignment is needed."""
    relation = next(iter(relations.values()))
    for leaf in relations:
        places[leaf] = column_ref(ROW, relation.columns[looked_back(leaf)])
    table = exp.Table(this=identifier(relation.name), alias=exp.TableAlias(this=identifier(ROW)))
    return exp.Select().from_(table, copy=False)


def _aligned(
    writer: Writer, cells: Sequence[Cell | Across], relations: dict[Leaf | Across, Relation], links: dict[Leaf | Across, Link],
    places: dict[Leaf | Across, exp.Expression], shape: Shape, fill: str | None,
) -> exp.Select:  # fmt: skip
    """Stacked relations are grouped by key (NULL meets NULL, nothing multiplies); the others are looked up by key."""
    keys = key_columns(shape)
    stacked: dict[tuple[str, Link], list[Leaf | Across]] = {}
    looked_up: dict[tuple[str, Link], list[Leaf | Across]] = {}
    for cell in cells:
        leaf = _leaf(cell)
        into = stacked if links[leaf].is_stacked else looked_up
        into.setdefault((relations[leaf].name, links[leaf]), []).append(leaf)
    only = next(iter(stacked.items())) if len(stacked) == 1 and fill is None else None
    if only is not None and only[0][1] == Link() and not any(link.start_of for _, link in looked_up):
        body = _straight({leaf: relations[leaf] for leaf in only[1]}, places, shape)
        return _looked_up(body, looked_up, relations, places, shape)
    slots: list[Slot] = []
    for (_, link), leaves in stacked.items():
        for leaf in leaves:
            slots.append((leaf, relations[leaf], link, f"cell_{len(slots) + 1}"))
    branches = [_branch(writer, name_link[1], relations[leaves[0]], leaves, slots, keys, shape) for name_link, leaves in stacked.items()]
    branches += [_keys_only(link, relations[leaves[0]], slots, keys, shape) for (_, link), leaves in looked_up.items() if link.start_of]
    if not branches:  # an earlier value alone: its keys, moved forward, are the answer's
        whole = [(link, relations[leaves[0]]) for (_, link), leaves in looked_up.items() if key_columns(relations[leaves[0]].shape) == keys]
        branches = [_keys_only(link, relation, slots, keys, shape) for link, relation in whole if keys]
    if not branches:
        if shape.axes or shape.grain:
            raise refuse("nothing-cuts", "没有任何成分按所问维度切分", "no part is split by the dimensions asked")
        branches = [exp.Select(expressions=[exp.Literal.number(1).as_("one")])]
    if fill is not None:
        filled = _fill_branch(writer, branches, slots, keys, shape, "time" if fill == STEPS else fill)
        if fill == STEPS:
            for branch, counted in [*((branch, nodes.whole(1)) for branch in branches), (filled, exp.Null())]:
                branch.append("expressions", named(nodes.typed(counted, "integer"), COUNTED))
        branches.append(filled)
    body = _stack(writer, branches, slots, places, keys, shape, fill == STEPS)
    return _looked_up(body, looked_up, relations, places, shape)


def _looked_up(
    body: exp.Select, looked_up: dict[tuple[str, Link], list[Leaf | Across]], relations: dict[Leaf | Across, Relation],
    places: dict[Leaf | Across, exp.Expression], shape: Shape,
) -> exp.Select:  # fmt: skip
    """The body with the relations whose keys are not the answer's joined to it."""
    for (name, link), leaves in looked_up.items():
        _look_up(body, relations[leaves[0]], link, leaves, places, shape, f"looked_{name}")
    return body


def _branch(
    writer: Writer,
    link: Link,
    relation: Relation,
    leaves: Sequence[Leaf | Across],
    slots: Sequence[Slot],
    keys: Sequence[str],
    shape: Shape,
) -> exp.Select:
    columns = [named(_forward(link, shape) if key == TIME else column_ref(None, key), key) for key in keys]
    for leaf, _, _, slot in slots:
        here = relation.columns.get(looked_back(leaf)) if leaf in leaves else None
        columns.append(named(column_ref(None, here) if here else _null(slots, slot), slot))
    return exp.Select(expressions=columns).from_(exp.Table(this=identifier(relation.name)), copy=False)


def _keys_only(link: Link, relation: Relation, slots: Sequence[Slot], keys: Sequence[str], shape: Shape) -> exp.Select:
    columns = [named(_forward(link, shape) if key == TIME else column_ref(None, key), key) for key in keys]
    columns += [named(_null(slots, slot), slot) for _, _, _, slot in slots]
    select = exp.Select(expressions=columns).from_(exp.Table(this=identifier(relation.name)), copy=False)
    if shape.start is None:
        return select
    # The enclosing period was read from its start; rows of the answer begin with the period asked.
    first = bucket_start(shape.start, named_grain(shape.grain) or "day", shape.week_starts)
    return select.where(exp.GTE(this=_forward(link, shape), expression=nodes.literal_date(first.date())), copy=False)


def _forward(link: Link, shape: Shape) -> exp.Expression:
    """The relation's time on the answer's axis."""
    return shifted_key(column_ref(None, TIME), link.by, shape)


def shifted_key(time: exp.Expression, by: Span, shape: Shape) -> exp.Expression:
    """A time key moved by a span."""
    if by.is_empty:
        return time
    days, seconds = divmod(by.seconds, 86400)
    return nodes.add_interval(time, by.months, days, seconds, nodes.is_date_grain(named_grain(shape.grain) or "day"))


def _null(slots: Sequence[Slot], slot: str) -> exp.Expression:
    """NULL of the slot's sort: a bare NULL would be text to PostgreSQL."""
    leaf, relation = next((leaf, relation) for leaf, relation, _, name in slots if name == slot)
    kind = relation.kinds[relation.columns[looked_back(leaf)]]
    return nodes.typed(exp.Null(), {"number": "integer"}.get(kind, kind))


def _stack(
    writer: Writer, branches: Sequence[exp.Select], slots: Sequence[Slot],
    places: dict[Leaf | Across, exp.Expression], keys: Sequence[str], shape: Shape, has_counted: bool,
) -> exp.Select:  # fmt: skip
    union: exp.Query = branches[0]
    for branch in branches[1:]:
        union = exp.Union(this=union, expression=branch, distinct=False)
    select = exp.Select(expressions=[named(column_ref("stacked", key), key) for key in keys])
    for leaf, relation, _, slot in slots:
        kind = relation.kinds[relation.columns[looked_back(leaf)]]
        value = column_ref("stacked", slot)
        select.append("expressions", named(nodes.bool_or(value) if kind == "boolean" else exp.Max(this=value), slot))
        places[leaf] = column_ref(ROW, slot)
    if has_counted:
        select.append("expressions", named(exp.Max(this=column_ref("stacked", COUNTED)), COUNTED))
    if not keys and not slots:
        select.set("expressions", [named(exp.Count(this=exp.Star()), "one")])
    select = select.from_(union.subquery("stacked", copy=False), copy=False)
    if keys:
        select.set("group", exp.Group(expressions=[exp.Literal.number(i + 1) for i in range(len(keys))]))
    name = writer.cte(relation_name("answer", shape), select)
    table = exp.Table(this=identifier(name), alias=exp.TableAlias(this=identifier(ROW)))
    return exp.Select().from_(table, copy=False)


def _look_up(
    body: exp.Select,
    relation: Relation,
    link: Link,
    leaves: Sequence[Leaf | Across],
    places: dict[Leaf | Across, exp.Expression],
    shape: Shape,
    alias: str,
) -> None:
    taken = {join.alias_or_name for join in body.args.get("joins") or []}
    name, n = alias, 2
    while name in taken:
        name, n = f"{alias}_{n}", n + 1
    conditions: list[exp.Expression] = [nodes.same(column_ref(ROW, axis.name), column_ref(name, axis.name)) for axis in relation.shape.axes]
    if relation.shape.grain is not None and shape.grain is not None:
        wanted = column_ref(ROW, TIME)
        back: exp.Expression = shifted_key(wanted, -link.by, shape)
        if link.start_of is not None:
            enclosing = nodes.bucket(wanted.copy(), named_grain(link.start_of) or "month", True, shape.week_starts)
            back = nodes.bucket(enclosing, named_grain(shape.grain) or "day", True, shape.week_starts)
        conditions.append(exp.EQ(this=column_ref(name, TIME), expression=back))
    table = exp.Table(this=identifier(relation.name), alias=exp.TableAlias(this=identifier(name)))
    on = conjunction(conditions) or exp.true()
    body.append("joins", exp.Join(this=table, on=on, side="LEFT"))
    for leaf in leaves:
        places[leaf] = column_ref(name, relation.columns[looked_back(leaf)])


def _fill_branch(
    writer: Writer,
    branches: Sequence[exp.Select],
    slots: Sequence[Slot],
    keys: Sequence[str],
    shape: Shape,
    fill: str,
) -> exp.Select:
    """Rows for periods or members that have none, their cells empty."""
    select = filler(writer, branches, keys, shape, fill)
    for _, _, _, slot in slots:
        select.append("expressions", named(_null(slots, slot), slot))
    return select


def _projected(
    writer: Writer, body: exp.Select, columns: Sequence[tuple[str, object]], places: dict[Leaf | Across, exp.Expression], shape: Shape
) -> exp.Select:
    chosen = [named(column_ref(ROW, key), key) for key in key_columns(shape)]
    chosen += [named(tree_node(tree, places), name) for name, tree in columns]
    body.set("expressions", chosen)
    return body


def tree_node(tree: object, places: dict[Leaf | Across, exp.Expression]) -> exp.Expression:
    """A tree over the answer's row."""
    match tree:
        case Cell(leaf=leaf):
            return places[leaf].copy()
        case Across():
            return places[tree].copy()
        case Formula(expr=expr, arguments=arguments):
            named_trees = dict(arguments)
            return build(expr, lambda column: _guarded(tree_node(named_trees[column.name], places)), None)
        case Elapsed(shape=shape):
            return elapsed_node(shape)
        case Seam(old=old, new=new):
            return seam_node(tree, tree_node(old, places), tree_node(new, places))
        case Straddling(until=until, shape=shape):
            return spans_seam(until, shape)
        case Clamped(shape=shape):
            return is_clamped(shape) or exp.false()
        case Unfinished(shape=shape):
            return is_unfinished(shape)
        case Beginning():
            return beginning_node(tree)
    raise TypeError(type(tree))


def _guarded(node: exp.Expression) -> exp.Expression:
    simple = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Case, exp.Cast)
    return node if isinstance(node, simple) else exp.Paren(this=node)
