"""Contract of an operator: tables in, tables out, the same out for the same in, and every row says how it came about."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from engine.part import PluginPart

Status = Literal["optimal", "feasible", "infeasible", "timeout"]
ColumnSort = Literal["number", "integer", "time", "text", "boolean"]
Key = tuple[object, ...]
Row = Mapping[str, object]

STATUS, EXPLAIN = "status", "explain"  # every row that an operator gives ends with these two
ARROW: Mapping[ColumnSort, pa.DataType] = {
    "number": pa.float64(), "integer": pa.int64(), "time": pa.timestamp("us"), "text": pa.string(), "boolean": pa.bool_(),
}  # fmt: skip


class OperatorColumn(Struct, frozen=True):
    """A column that an operator takes or gives (算子列). `like` names an input's column, `input.column`, whose unit it shares."""

    name: str
    title: str
    type: ColumnSort
    unit: str = ""
    like: str = ""


class OperatorTable(Struct, frozen=True):
    """A table that an operator takes or gives (算子表). Keys are the author's columns: they come in beside the declared ones, and go out."""

    name: str
    title: str
    columns: tuple[OperatorColumn, ...]
    has_keys: bool = False

    def column(self, name: str) -> OperatorColumn | None:
        """The column of that name."""
        return next((one for one in self.columns if one.name == name), None)


class Gap(Struct, frozen=True):
    """Why there is no answer, and the least that would have to give way for one (缺口)."""

    zh: str
    en: str
    relax: Mapping[str, float | str]  # param or input -> the nearest value with which there is an answer


class TablesDoNotFit(Exception):
    """A table handed to an operator, or given by one, does not have the columns that the operator declares."""


class Operator(PluginPart, frozen=True):
    """An analysis method; its fields are the params (算子). Members live in `operators/`.

    `run` is pure: it reads no clock, no chance, no network. What has no answer is a row with the status `infeasible` and a gap in its
    explanation, never an exception; no rows in are no rows out. Ties are broken by key in order.
    """

    version: ClassVar[str] = "1"  # moves when the same tables would give others
    takes: ClassVar[tuple[OperatorTable, ...]] = ()
    gives: ClassVar[tuple[OperatorTable, ...]] = ()

    def run(self, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """The tables of `gives` from those of `takes`."""
        raise NotImplementedError


def model_version(operator: type[Operator]) -> str:
    """What results are signed with: threshold_eta-1."""
    return f"{operator.tag}-{operator.version}"


def applied(operator: Operator, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """What the operator gives for the tables, both held against what it declares. Raises TablesDoNotFit."""
    taken = {shape.name: fitted(tables[shape.name], shape) for shape in operator.takes if shape.name in tables}
    missing = [shape.name for shape in operator.takes if shape.name not in taken]
    if missing:
        raise TablesDoNotFit(f"{operator.tag} has no input {', '.join(missing)}")
    given = operator.run(taken)
    if set(given) != {shape.name for shape in operator.gives}:
        raise TablesDoNotFit(f"{operator.tag} gave {sorted(given)}, not what it declares")
    for shape in operator.gives:
        wanted = [*(column.name for column in shape.columns), STATUS, EXPLAIN]
        names = given[shape.name].schema.names
        if names[len(names) - len(wanted) :] != wanted or (len(names) > len(wanted) and not shape.has_keys):
            raise TablesDoNotFit(f"{operator.tag} gave {names} as {shape.name}, which declares {wanted}")
    return given


def fitted(table: pa.Table, shape: OperatorTable) -> pa.Table:
    """The table with its keys first and the declared columns in their order and types, sorted by all of them. Raises TablesDoNotFit."""
    declared = [column.name for column in shape.columns]
    if missing := [name for name in declared if name not in table.schema.names]:
        raise TablesDoNotFit(f"input {shape.name} has no column {', '.join(missing)}")
    keys = [name for name in table.schema.names if name not in declared]
    if keys and not shape.has_keys:
        raise TablesDoNotFit(f"input {shape.name} does not know {', '.join(keys)}")
    arrays = [table.column(name) for name in keys]
    for column in shape.columns:
        try:
            arrays.append(table.column(column.name).cast(ARROW[column.type]))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TablesDoNotFit(f"input {shape.name}, column {column.name}: {error}") from error
    whole = pa.table(arrays, names=[*keys, *declared])
    return whole.sort_by([(name, "ascending") for name in whole.schema.names]) if whole.num_columns and whole.num_rows else whole


def key_names(table: pa.Table, shape: OperatorTable) -> tuple[str, ...]:
    """The author's key columns of a fitted table."""
    return tuple(table.schema.names[: table.num_columns - len(shape.columns)])


def groups(table: pa.Table, keys: Sequence[str]) -> Iterator[tuple[Key, pa.Table]]:
    """The rows of each key in the order of the keys; a null key is a group of its own. The table is sorted by its keys, as `fitted` does."""
    if not table.num_rows:
        return
    changes = np.zeros(table.num_rows, dtype=bool)
    changes[0] = True
    for name in keys:
        codes = table.column(name).combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
        changes[1:] |= codes[1:] != codes[:-1]
    starts = np.flatnonzero(changes).tolist()
    for start, end in zip(starts, [*starts[1:], table.num_rows], strict=True):
        yield tuple(table.column(name)[start].as_py() for name in keys), table.slice(start, end - start)


def numbers(column: pa.ChunkedArray) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """A number column as floats; what is missing or no finite number is NaN."""
    values = column.to_numpy().astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def instants(column: pa.ChunkedArray) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """A time column as microseconds; rows without a time must be gone."""
    return np.asarray(pc.cast(column, pa.int64()).to_numpy())


def made(shape: OperatorTable, keys: Sequence[pa.Field], rows: Iterable[Row]) -> pa.Table:
    """A table to give, from rows by column name: keys, declared columns, status, explanation."""
    fields = [
        *keys,
        *(pa.field(one.name, ARROW[one.type]) for one in shape.columns),
        pa.field(STATUS, pa.string()),
        pa.field(EXPLAIN, pa.string()),
    ]
    every = list(rows)
    columns = [pa.array([row.get(field.name) for row in every], field.type) for field in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def explanation(facts: Mapping[str, object], gap: Gap | None = None) -> str:
    """What a row says of itself: facts as JSON with sorted names, and the gap where there is no answer."""
    told = dict(facts) if gap is None else {**facts, "gap": {"zh": gap.zh, "en": gap.en, "relax": dict(gap.relax)}}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
