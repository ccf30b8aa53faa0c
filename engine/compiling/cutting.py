"""A part of a scan that several spans share: the periods of one of them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.leaves import Cell, Cut
from engine.compiling.names import column_ref, conjunction, identifier
from engine.compiling.periods import named_grain
from engine.compiling.writer import TIME, Relation, Writer, key_columns, relation_name


def write_cuts(writer: Writer, cuts: Sequence[Cut]) -> Relation:
    """The joint relation's rows within the span, under the same column names."""
    first = cuts[0]
    joint = writer.relations_of([Cell(cut.flow) for cut in cuts])
    relation = joint[first.flow]
    names: dict[object, str] = {replace(cut.flow, shape=cut.shape): relation.columns[cut.flow] for cut in cuts}
    grain = named_grain(first.shape.grain) or "day"
    conditions: list[exp.Expression | None] = []
    if first.start is not None and first.start != first.flow.shape.start:
        conditions.append(exp.GTE(this=column_ref(None, TIME), expression=_edge(first.start, grain)))
    if first.end != first.flow.shape.end:
        conditions.append(exp.LT(this=column_ref(None, TIME), expression=_edge(first.end, grain)))
    where = conjunction(conditions)
    if where is None:
        return Relation(relation.name, first.shape, names, relation.kinds)
    columns = [column_ref(None, name) for name in (*key_columns(first.shape), *dict.fromkeys(names.values()))]
    select = exp.Select(expressions=columns).from_(exp.Table(this=identifier(relation.name)), copy=False).where(where, copy=False)
    name = writer.cte(relation_name(first.flow.dataset.rpartition(".")[2], first.shape), select)
    return Relation(name, first.shape, names, relation.kinds)


def _edge(moment: datetime, grain: str) -> exp.Expression:
    return nodes.literal_date(moment.date()) if nodes.is_date_grain(grain) else nodes.literal_timestamp(moment)
