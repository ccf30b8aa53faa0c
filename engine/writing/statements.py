"""The statements that write rows, as trees: the same for every database, so that a load means the same in each."""

from collections.abc import Mapping
from datetime import datetime

from sqlglot import exp

from engine.warehouse import ARRIVED, DECIMAL_DIGITS, DECIMAL_PLACES, ColumnType, Slice, Table, TableColumn, table_node

MOST_DAYS = 400  # days of one load that are worth telling apart; a load of more has touched the whole table
_STORED: Mapping[ColumnType, exp.DType] = {
    "text": exp.DType.TEXT, "integer": exp.DType.BIGINT, "decimal": exp.DType.DECIMAL, "float": exp.DType.DOUBLE,
    "boolean": exp.DType.BOOLEAN, "date": exp.DType.DATE, "timestamp": exp.DType.TIMESTAMP,
}  # fmt: skip


def column_definition(column: TableColumn) -> exp.ColumnDef:
    """A column of CREATE TABLE."""
    sizes = (DECIMAL_DIGITS, DECIMAL_PLACES) if column.type == "decimal" else ()
    sized = [exp.DataTypeParam(this=exp.Literal.number(size)) for size in sizes]
    return exp.ColumnDef(this=exp.Identifier(this=column.name), kind=exp.DataType(this=_STORED[column.type], expressions=sized))


def insert_from(table: Table, source: exp.Expression) -> exp.Insert:
    """INSERT of every row of the source, in the order of the table's time."""
    names = [exp.Identifier(this=column.name) for column in table.columns]
    rows = exp.Select(expressions=[exp.column(name.copy()) for name in names]).from_(source)
    rows = rows.order_by(exp.column(table.time), copy=False) if table.time else rows  # an ORDER BY of nothing is no SQL
    return exp.Insert(this=exp.Schema(this=table_node(table), expressions=names), expression=rows)


def insert_latest(table: Table, staged: str) -> exp.Insert:
    """INSERT of the last staged row of each key."""
    last_first = exp.Order(expressions=[exp.Ordered(this=exp.column(ARRIVED), desc=True, nulls_first=False)])
    nth = exp.Window(this=exp.RowNumber(), partition_by=[exp.column(name) for name in table.key], order=last_first)
    numbered = exp.Select(expressions=[exp.Star(), exp.alias_(nth, "_nth")]).from_(exp.table_(staged))
    insert = insert_from(table, exp.Subquery(this=numbered, alias=exp.TableAlias(this=exp.Identifier(this="numbered"))))
    insert.expression.where(exp.EQ(this=exp.column("_nth"), expression=exp.Literal.number(1)), copy=False)
    return insert


def repeated_key(table: Table, staged: str) -> exp.Select:
    """SELECT of 1 when two staged rows have the same key, of nothing otherwise: far cheaper than telling which of them came last."""
    keys = [exp.column(name) for name in table.key]
    several = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
    return exp.Select(expressions=[exp.Literal.number(1)]).from_(exp.table_(staged)).group_by(*keys).having(several).limit(1)


def delete_matching(table: Table, staged: str) -> exp.Delete:
    """DELETE of the rows whose key is among the staged rows."""
    pairs = [exp.EQ(this=exp.column(name, "s"), expression=exp.column(name, table.name)) for name in table.key]
    source = exp.alias_(exp.table_(staged), "s", table=True)
    found = exp.Exists(this=exp.Select(expressions=[exp.Literal.number(1)]).from_(source).where(*pairs, copy=False))
    return exp.Delete(this=table_node(table), where=exp.Where(this=found))


def delete_touched(table: Table, staged: str) -> exp.Delete:
    """DELETE of the rows on the days of the staged rows; the first and last of these keep the scan short."""
    time, source = exp.column(table.time or ""), exp.table_(staged)
    day = exp.cast(time, exp.DType.DATE)
    first, last = (
        exp.Subquery(this=exp.Select(expressions=[exp.cast(end(this=time.copy()), exp.DType.DATE)]).from_(source.copy()))
        for end in (exp.Min, exp.Max)
    )
    days = exp.Select(expressions=[day.copy()], distinct=exp.Distinct()).from_(source)
    touched = exp.and_(
        exp.GTE(this=time.copy(), expression=first),
        exp.LT(this=time.copy(), expression=exp.Add(this=last, expression=exp.Literal.number(1))),
        exp.In(this=day, query=exp.Subquery(this=days)),
    )
    return exp.Delete(this=table_node(table), where=exp.Where(this=touched))


def replaced_days(table: Table, staged: str) -> exp.Select:
    """SELECT of the days of the rows whose key is among the staged rows, one more than MOST_DAYS at most."""
    day = exp.cast(exp.column(table.time or "", table.name), exp.DType.DATE)
    matching = delete_matching(table, staged).args["where"]
    return exp.Select(expressions=[day], distinct=exp.Distinct()).from_(table_node(table)).where(matching.this).limit(MOST_DAYS + 1)


def delete_slice(table: Table, one: Slice, by: str | None = None) -> exp.Delete:
    """DELETE of the rows of a slice; its edges are literals of the column's own type, so that a database skips what lies outside."""
    return exp.Delete(this=table_node(table), where=exp.Where(this=within(table, one, by)))


def within(table: Table, one: Slice, by: str | None = None) -> exp.Condition:
    """The condition that a row lies in the slice; a row without a time lies in none but the one without edges."""
    time = exp.column(by or table.time or "")
    edges: list[exp.Expression] = []
    if one.start is not None:
        edges.append(exp.GTE(this=time.copy(), expression=instant_literal(table, one.start, by)))
    if one.end is not None:
        edges.append(exp.LT(this=time.copy(), expression=instant_literal(table, one.end, by)))
    return exp.and_(*edges) if edges else exp.true()


def instant_literal(table: Table, instant: datetime, by: str | None = None) -> exp.Expression:
    """An instant as a literal of the table's time column, or of the column `by`."""
    is_date = any(column.name == (by or table.time) and column.type == "date" for column in table.columns)
    kind, text = (exp.DType.DATE, instant.date().isoformat()) if is_date else (exp.DType.TIMESTAMP, instant.isoformat(sep=" "))
    return exp.cast(exp.Literal.string(text), kind)


def insert_selected(table: Table, tree: exp.Expression) -> exp.Insert:
    """INSERT of what a SELECT gives, each column cast to what it is stored as."""
    columns = [
        exp.alias_(exp.Cast(this=exp.column(one.name, "counted"), to=column_definition(one).args["kind"]), one.name)
        for one in table.columns
    ]
    counted = exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.Identifier(this="counted")))
    rows = exp.Select(expressions=columns).from_(counted)
    return insert_from(table, exp.Subquery(this=rows, alias=exp.TableAlias(this=exp.Identifier(this="stored"))))


def row_count(table: Table) -> exp.Select:
    """SELECT of a table's row count."""
    return exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(table_node(table))


def newest(table: Table, since: datetime | None) -> exp.Select:
    """SELECT of a table's greatest time, of that among the rows not before `since`, which spares reading the others."""
    greatest = exp.cast(exp.Max(this=exp.column(table.time)), exp.DType.TIMESTAMP) if table.time else exp.Null()
    tree = exp.Select(expressions=[greatest]).from_(table_node(table))
    return tree.where(within(table, Slice(since, None))) if since is not None and table.time else tree


def temporary(name: str, select: exp.Expression) -> exp.Create:
    """CREATE TEMPORARY TABLE of a SELECT's rows."""
    properties = exp.Properties(expressions=[exp.TemporaryProperty()])
    return exp.Create(this=exp.Table(this=exp.Identifier(this=name)), kind="TABLE", properties=properties, expression=select)
