"""A condition on the many side is true for a row when some row there meets it: one meaning on every road, whichever hop of it is to many."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Literal as OneOf

from msgspec.structs import replace
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.names import column_ref, named
from engine.compiling.reach import Hop, Road, road_by_path, road_to_dimension
from engine.compiling.refuse import Refused, refuse
from engine.compiling.rows import typed_column
from engine.compiling.scan import Scan
from engine.expression.build import build
from engine.expression.tree import Between, Binary, Call, Column, Expr, In, InColumn, IsNull, Like, Literal, Unary, columns, parts
from engine.loading.catalog import Catalog

Outcomes = frozenset[bool | None]
ANY: Outcomes = frozenset({True, False, None})
KEEPS_NULL = frozenset({"coalesce", "least", "greatest", "nullif"})  # the functions that are not simply null of a null


def asked_road(catalog: Catalog, dataset_id: str, column: Column, via: Mapping[str, str]) -> Road | None:
    """The road that a name in a condition takes; None for a name that is no column and no dimension."""
    if column.name not in via:
        road = road_by_path(catalog, dataset_id, column.path)
        if road is not None:
            return road
    return road_to_dimension(catalog, dataset_id, column.name, via.get(column.name)) if catalog.dimension(column.name) is not None else None


def some_row_meets(scan: Scan, expr: Expr, via: Mapping[str, str]) -> exp.Expression:
    """True for a row when any of the rows that it reaches meets the condition; no row is met twice.

    Where it reaches none, its columns are null there, as they are when it is grouped by one of them: `is null` holds.
    """
    roads = {column: _road(scan, column, via) for column in columns(expr) if column.path[0] != "?"}
    place = _semi_join(list(roads.values()))
    before = next(iter(roads.values())).hops[: place + 1]
    hop, alias = before[-1], scan.joins.along(before[:-1])
    inner = Scan(scan.catalog, hop.target, scan.indicator, is_met_often=True)

    def column(one: Column) -> exp.Expression:
        if one.path[0] == "?":
            return exp.Placeholder(this=one.path[1])
        return inner.by_road(replace(roads[one], hops=roads[one].hops[place + 1 :]))

    condition = build(expr, column, None)
    keys = [theirs for _, theirs in hop.on]
    name = scan.joins.fresh(f"matching_{hop.name}")
    found = inner.select()
    found.set("expressions", [inner.own(key) for key in keys])
    nothing = _of_nothing(scan, expr)
    if nothing is None:
        found.set("where", exp.Where(this=condition))
        found.distinct(copy=False)
    else:
        found.append("expressions", named(nodes.bool_or(condition), "meets"))
        found.set("group", exp.Group(expressions=[inner.own(key) for key in keys]))
    scan.joins.aliases[("matches", expr)] = name
    scan.joins.made.append(exp.Join(this=found.subquery(name, copy=False), on=scan.many_on(alias, before, name), side="LEFT"))
    is_none = exp.Is(this=column_ref(name, keys[0]), expression=exp.Null())
    if nothing is None:
        return exp.Not(this=is_none)
    alone = is_none if isinstance(nothing, exp.Boolean) else exp.And(this=is_none, expression=exp.Paren(this=nothing))
    return exp.Paren(this=exp.Or(this=alone, expression=column_ref(name, "meets")))


def _road(scan: Scan, column: Column, via: Mapping[str, str]) -> Road:
    road = asked_road(scan.catalog, scan.dataset_id, column, via)
    if road is None:
        scan.by_path(column.path)  # says what is wrong with the name
        raise _mixed()
    return road


def _semi_join(roads: list[Road]) -> int:
    """Which hop, common to all roads, leads to the rows that are looked through: the first to many, or one before it where roads part."""
    shared = sum(1 for _ in takewhile(lambda hops: len(set(hops)) == 1, zip(*(road.hops for road in roads), strict=False)))
    to_many = min(i for road in roads for i, hop in enumerate(road.hops) if hop.cardinality == "one_to_many")
    place = min(to_many, shared - 1)
    if place < 0 or (place < to_many and not _is_plain(roads[0].hops[place])):
        raise _mixed()
    return place


def _is_plain(hop: Hop) -> bool:
    """Whether rows meet by the key alone, so that each stands for itself."""
    return hop.where is None and hop.valid is None


def _mixed() -> Refused:
    return refuse(
        "mixed-condition",
        "一个条件里不能混用不同路径的多方列",
        "one condition cannot mix columns of different roads to many rows",
        ("拆成用 and 连接的几个条件", "split it into conditions joined by `and`"),
    )


# -- what a condition says of no row at all --------------------------------------------------------


def _of_nothing(scan: Scan, expr: Expr) -> exp.Expression | None:
    """The condition where every column is null: None when it cannot hold there, TRUE when it must, else its own tree over nulls."""
    outcomes = of_nothing(expr)
    if True not in outcomes:
        return None
    if outcomes == {True}:
        return exp.true()

    def null(one: Column) -> exp.Expression:
        if one.path[0] == "?":
            return exp.Placeholder(this=one.path[1])
        typed = typed_column(scan.catalog, scan.dataset_id, one.path)
        return nodes.typed(exp.Null(), typed.type if typed is not None and typed.type != "null" else "text")

    return build(expr, null, None)


def of_nothing(expr: Expr) -> Outcomes:
    """What the condition may come to when every column in it is null: true, false or unknown."""
    match expr:
        case Literal(value=bool() as value):
            return frozenset({value})
        case Column():
            return frozenset({None}) if expr.path[0] != "?" else ANY
        case Unary(op="not", of=of):
            return frozenset(None if one is None else not one for one in of_nothing(of))
        case Binary(op="and" | "or" as op, left=left, right=right):
            return frozenset(_joined(op, a, b) for a in of_nothing(left) for b in of_nothing(right))
        case IsNull(of=of, negated=negated):
            absent = _is_null(of)
            return frozenset({True, False}) if absent is None else frozenset({absent is not negated})
        case Binary(left=left, right=right):
            return frozenset({None}) if _is_null(left) or _is_null(right) else ANY
        case Between(of=of) | In(of=of) | InColumn(of=of) | Like(of=of):
            return frozenset({None}) if _is_null(of) else ANY
    return ANY


def _joined(op: OneOf["and", "or"], a: bool | None, b: bool | None) -> bool | None:
    decides = op == "or"
    return decides if decides in (a, b) else None if None in (a, b) else not decides


def _is_null(expr: Expr) -> bool | None:
    """Whether a value is null when every column is; None when that is not plain."""
    match expr:
        case Literal(value=value):
            return value is None
        case Column():
            return expr.path[0] != "?"
        case Unary() | Binary(op="+" | "-" | "*" | "/" | "=" | "<>" | "<" | "<=" | ">" | ">="):
            return True if any(_is_null(one) for one in parts(expr)) else None
        case Call(name=name) if name not in KEEPS_NULL:
            return True if any(_is_null(one) for one in parts(expr)) else None
    return None
