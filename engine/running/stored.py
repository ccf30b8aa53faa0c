"""Rules that compare look at what lies in the warehouse already: few rows, never the whole table."""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from sqlglot import exp

from engine.warehouse import Statement, Table, Warehouse

LISTED = 1_000  # values that are asked for one by one; of more, all between the least and the greatest are fetched


class Stored(Struct, frozen=True):
    """The rows of a dataset as the last load left them (已入库的行)."""

    warehouse: Warehouse
    table: Table

    def with_values(self, column: str, values: pa.Array, columns: Sequence[str]) -> pa.Table | None:
        """Some columns of the rows that have one of the values; None where nothing was loaded yet."""
        known = pc.unique(values.drop_null())
        if not len(known) or self.warehouse.state(self.table) is None:
            return None
        if len(known) <= LISTED:
            names = [f"v{place}" for place in range(len(known))]
            listed = exp.In(this=_named(column), expressions=[exp.Placeholder(this=name) for name in names])
            return self._rows(columns, listed, dict(zip(names, known.to_pylist(), strict=True)))
        ends = pc.min_max(known).as_py()
        found = self._rows(columns, _between(column), {"low": ends["min"], "high": ends["max"]})
        return found.filter(pc.is_in(found[column].combine_chunks().cast(known.type), value_set=known))

    def in_time(self, time: str, start: datetime, end: datetime, columns: Sequence[str]) -> pa.Table | None:
        """Some columns of the rows of a span of time, both ends with it; None where nothing was loaded yet."""
        if self.warehouse.state(self.table) is None:
            return None
        return self._rows(columns, _between(time), {"low": start, "high": end})

    def _rows(self, columns: Sequence[str], where: exp.Expression, parameters: dict[str, object]) -> pa.Table:
        source = exp.Table(this=exp.to_identifier(self.table.name, quoted=True), db=exp.to_identifier(self.table.schema, quoted=True))
        tree = exp.Select(expressions=[_named(one) for one in columns]).from_(source).where(where)
        return self.warehouse.query(Statement(tree, parameters))  # type: ignore[arg-type]


def _named(column: str) -> exp.Column:
    return exp.column(exp.to_identifier(column, quoted=True))


def _between(column: str) -> exp.Between:
    return exp.Between(this=_named(column), low=exp.Placeholder(this="low"), high=exp.Placeholder(this="high"))
