"""Code lists change: a code is judged by the day of the row that bears it, not by the day on which the row comes."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from engine.parts import Code
from engine.running.cells import Bad, none_bad


class Coded(Struct, frozen=True):
    """Codes of a column, and what did not become one (编码结果)."""

    values: pa.Array
    strange: Bad  # neither code nor title of any version
    untimely: Bad  # one of another time
    said: pa.Array  # of untimely ones: the text, and from when until when it holds


def is_versioned(codes: Sequence[Code]) -> bool:
    """Whether a code of the list holds for a time only."""
    return any(code.start is not None or code.end is not None for code in codes)


def coded_by_day(texts: pa.Array, days: pa.Array, codes: Sequence[Code]) -> Coded:
    """The code that each text (a code or a title) stands for on the row's own day (date32); without a day, any version will do."""
    found = pa.nulls(len(texts), pa.string())
    known = none_bad(len(texts))
    for code in codes:
        named = np.asarray(pc.fill_null(pc.or_(pc.equal(texts, code.code), pc.equal(texts, code.title)), False), dtype=np.bool_)
        if not named.any():
            continue
        known |= named
        holds = named & np.asarray(_holds(days, code)) & np.asarray(found.is_null())
        found = pc.if_else(pa.array(holds), pa.scalar(code.code, pa.string()), found)
    given = np.asarray(texts.is_valid())
    untimely = known & np.asarray(found.is_null())
    return Coded(found, given & ~known, untimely, _said(texts, untimely, codes))


def _holds(days: pa.Array, code: Code) -> Bad:
    after = pc.greater_equal(days, pa.scalar(code.start or date.min, pa.date32()))
    before = pc.less(days, pa.scalar(code.end, pa.date32())) if code.end is not None else pa.repeat(True, len(days))
    return np.asarray(pc.fill_null(pc.and_(after, before), True), dtype=np.bool_)


def _said(texts: pa.Array, untimely: Bad, codes: Sequence[Code]) -> pa.Array:
    said = np.full(len(texts), None, dtype=object)
    for row in np.flatnonzero(untimely).tolist():
        text = texts[row].as_py()
        said[row] = f"{text}（{'；'.join(_span(code) for code in codes if text in (code.code, code.title))}）"
    return pa.array(said, pa.string())


def _span(code: Code) -> str:
    first, end = (f"{day:%Y-%m-%d}" if day is not None else "" for day in (code.start, code.end))
    return f"{first}～{end}"
