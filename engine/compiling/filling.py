"""Rows that have no data but belong on the screen: every period asked, every member of a dimension."""

from collections.abc import Sequence

from sqlglot import exp

from engine.compiling.names import column_ref, identifier, named
from engine.compiling.scan import Scan
from engine.compiling.spine import write_spine
from engine.compiling.writer import TIME, Writer
from engine.modifier import Axis, Shape


def filler(writer: Writer, branches: Sequence[exp.Select], keys: Sequence[str], shape: Shape, fill: str) -> exp.Select:
    """SELECT of the keys to be present: `time` every period for each combination present, `members` every member, `all` both."""
    found = _found(branches, keys)
    pieces: list[tuple[exp.Expression, dict[str, str]]] = []
    if fill in ("members", "all"):
        pieces += [(_members(writer, axis, branches, keys), {axis.name: "member"}) for axis in shape.axes]
        if shape.grain and fill == "members":
            pieces.append((_distinct(found, [TIME], "periods_present"), {TIME: TIME}))
    elif shape.axes:
        names = [axis.name for axis in shape.axes]
        pieces.append((_distinct(found, names, "groups_present"), {name: name for name in names}))
    if shape.grain and fill in ("time", "all"):
        # An end that the question leaves open is where the data ends.
        present = exp.Select().from_(found.copy().subquery("keys_present", copy=False), copy=False)
        first, last = (aggregate(this=column_ref("keys_present", TIME)) for aggregate in (exp.Min, exp.Max))
        spine = write_spine(writer, shape, first, last, present)
        pieces.append((exp.Table(this=identifier(spine), alias=exp.TableAlias(this=identifier("every_period"))), {TIME: TIME}))
    places = {key: column_ref(source.alias_or_name, column) for source, columns in pieces for key, column in columns.items()}
    select = exp.Select(expressions=[named(places[key], key) for key in keys])
    select = select.from_(pieces[0][0], copy=False)
    for piece, _ in pieces[1:]:
        select.append("joins", exp.Join(this=piece, kind="CROSS"))
    return select


def _found(branches: Sequence[exp.Select], keys: Sequence[str]) -> exp.Query:
    """The keys of all branches."""
    union: exp.Query | None = None
    for branch in branches:
        only = branch.copy()
        only.set("expressions", [one.copy() for one in branch.expressions[: len(keys)]])
        union = only if union is None else exp.Union(this=union, expression=only, distinct=False)
    assert union is not None
    return union


def _distinct(found: exp.Query, names: Sequence[str], alias: str) -> exp.Subquery:
    inner = found.copy().subquery("keys_present", copy=False)
    select = exp.Select(expressions=[column_ref("keys_present", name) for name in names]).from_(inner, copy=False).distinct(copy=False)
    return select.subquery(alias, copy=False)


def _members(writer: Writer, axis: Axis, branches: Sequence[exp.Select], keys: Sequence[str]) -> exp.Expression:
    dimension = writer.catalog.dimension(axis.dimension) if axis.dimension else None
    alias = f"every_{axis.name}"
    if dimension is None:
        inner = _found(branches, keys).subquery("keys_present", copy=False)
        found = (
            exp.Select(expressions=[named(column_ref("keys_present", axis.name), "member")]).from_(inner, copy=False).distinct(copy=False)
        )
        return found.subquery(alias, copy=False)
    if dimension.codes:
        union: exp.Query | None = None
        for code in dimension.codes:
            one = exp.Select(expressions=[named(exp.Literal.string(code.code), "member")])
            union = one if union is None else exp.Union(this=union, expression=one, distinct=False)
        assert union is not None
        return union.subquery(alias, copy=False)
    scan = Scan(writer.catalog, dimension.dataset or "")
    writer.tables.add(dimension.dataset or "")
    condition = scan.text(dimension.where) if dimension.where else None
    value = scan.own(dimension.key or "")
    select = scan.select().distinct(copy=False)
    select.set("expressions", [named(value, "member")])
    if condition is not None:
        select.set("where", exp.Where(this=condition))
    return select.subquery(alias, copy=False)
