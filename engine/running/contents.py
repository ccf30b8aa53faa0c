"""Rows that nothing tells apart, from a source that may send one again: each is known by all it says, and by how often it was said."""

import hashlib
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from engine.running.cells import typed_cells

_BETWEEN, _NOTHING = "\x1f", "\x1e"


class Contents:
    """Names the rows of one reading by their content (按内容命名).

    Rows that say the same have numbers, in the order of the source: they stand together there, because they have the same cursor, and a
    later reading that begins at that cursor gives them the same names. So only rows that may still have the last cursor are remembered.
    """

    def __init__(self) -> None:
        self._last: Counter[str] = Counter()
        self._cursor: str | None = None

    def names(self, raw: pa.Table, cursor: str | None) -> pa.Array:
        """A name for each row of a batch that ends at the cursor: a digest of its cells, with a number from the second of its kind on."""
        order = sorted(raw.column_names)  # another order of the same columns is the same row
        cells = [pc.fill_null(typed_cells(raw[name], "text").values, _NOTHING) for name in order]
        joined = pc.binary_join_element_wise(*cells, _BETWEEN).to_pylist()
        names = [hashlib.blake2b(text.encode(), digest_size=12).hexdigest() for text in joined]
        before, is_same = self._last, cursor == self._cursor
        self._last, self._cursor = Counter(names), cursor
        if len(self._last) < len(names) or not before.keys().isdisjoint(self._last):
            names = self._numbered(names, before)
        if is_same:  # the whole batch has the cursor with which the one before it ended
            self._last = before | self._last
        return pa.array(names, pa.string())

    def _numbered(self, names: list[str], before: Counter[str]) -> list[str]:
        self._last = Counter({name: before[name] for name in self._last if name in before})
        numbered = []
        for name in names:
            self._last[name] += 1
            numbered.append(name if self._last[name] == 1 else f"{name}#{self._last[name]}")
        return numbered
