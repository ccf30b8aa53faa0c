"""A value that may stand once only: found among the rows of a reading and among those that were loaded before."""

from typing import Any

import numpy as np
import pyarrow as pa

from engine.kinds.dataset import Dataset
from engine.running.cells import Bad, none_bad
from engine.running.stored import Stored


def repeated(dataset: Dataset, column: str, rows: pa.Table, seen: dict[Any, Any], stored: Stored | None) -> Bad:
    """Every row whose value another row had first: one of this reading, or one in the warehouse.

    A row of the same key is the same row come again and repeats nothing, unless the column is the key itself: then only
    a second one in one reading is a repetition, for the next reading may well bring the row again.
    """
    values = rows[column].combine_chunks()
    key = tuple(name for name in dataset.key if name in rows.column_names)
    is_key = key == (column,)
    keys = None if is_key or len(key) != len(dataset.key) or not key else _keys(rows, key)
    bad = _in_reading(values, keys, seen)
    if is_key or stored is None:
        return bad
    found = stored.with_values(column, values, [column, *key])
    if found is None or not found.num_rows:
        return bad
    return bad | _in_warehouse(values, keys, found, column, key)


def _keys(rows: pa.Table, key: tuple[str, ...]) -> list[Any]:
    columns = [rows[name].to_pylist() for name in key]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def _in_reading(values: pa.Array, keys: list[Any] | None, seen: dict[Any, Any]) -> Bad:
    """`seen` holds the key of the first row of each value; a value whose rows have no key is repeated by any other row."""
    texts = values.to_pylist()
    fresh = dict(zip(texts, keys if keys is not None else range(len(texts)), strict=True))
    fresh.pop(None, None)
    bad = none_bad(len(texts))
    if len(fresh) == len(texts) - values.null_count and seen.keys().isdisjoint(fresh):  # the usual case, without a step for each row
        seen.update(fresh)
        return bad
    for row, value in enumerate(texts):
        if value is not None:
            own = keys[row] if keys is not None else object()
            bad[row] = seen.setdefault(value, own) != own
    return bad


def _in_warehouse(values: pa.Array, keys: list[Any] | None, found: pa.Table, column: str, key: tuple[str, ...]) -> Bad:
    owners: dict[Any, set[Any]] = {}
    for value, owner in zip(found[column].to_pylist(), _keys(found, key) if keys is not None else [None] * found.num_rows, strict=True):
        owners.setdefault(value, set()).add(owner)
    nobody = frozenset[Any]()
    own = keys if keys is not None else [object()] * len(values)
    return np.array([bool(owners.get(value, nobody) - {mine}) for value, mine in zip(values.to_pylist(), own, strict=True)], dtype=np.bool_)
