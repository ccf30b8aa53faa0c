"""How columns, tables and joined conditions are spelled in trees, so that no pass builds identifiers its own way."""

from collections.abc import Iterable

from sqlglot import exp


def identifier(name: str) -> exp.Identifier:
    """A name; the warehouse quotes it where its dialect needs that."""
    return exp.Identifier(this=name, quoted=False)


def column_ref(table: str | None, name: str) -> exp.Column:
    """table.name."""
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def table_ref(dataset_id: str) -> exp.Table:
    """The physical table of a dataset, as `tables.table_of` places it."""
    *folders, name = dataset_id.split(".")
    return exp.Table(this=identifier(name), db=identifier("_".join(folders) or "project"))


def conjunction(conditions: Iterable[exp.Expression | None]) -> exp.Expression | None:
    """The conditions joined by AND; None when there are none."""
    whole: exp.Expression | None = None
    for condition in conditions:
        if condition is None:
            continue
        guarded = exp.Paren(this=condition) if isinstance(condition, exp.Or) else condition
        whole = guarded if whole is None else exp.And(this=whole, expression=guarded)
    return whole


def disjunction(conditions: Iterable[exp.Expression]) -> exp.Expression | None:
    """The conditions joined by OR; None when there are none."""
    whole: exp.Expression | None = None
    for condition in conditions:
        guarded = exp.Paren(this=condition) if isinstance(condition, exp.And) else condition
        whole = guarded if whole is None else exp.Or(this=whole, expression=guarded)
    return whole


def named(value: exp.Expression, name: str) -> exp.Alias:
    """value AS name."""
    return exp.Alias(this=value, alias=identifier(name))
