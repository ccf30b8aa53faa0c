"""Forecasts by vintage: for each time that is spoken of, the newest issue that was out by as_of and early enough."""

from sqlglot import exp

from engine.compiling import nodes
from engine.compiling.clock import Clock
from engine.compiling.leaves import Reading
from engine.compiling.matching import moved_time
from engine.compiling.names import column_ref, table_ref
from engine.compiling.newest import rank_newest
from engine.compiling.periods import named_grain
from engine.compiling.reach import column_of
from engine.compiling.scan import Scan
from engine.compiling.writer import Writer
from engine.kinds.dataset import Time
from engine.modifier import Shape
from engine.parts import span_of


def newest_issues(writer: Writer, scan: Scan, clock: Clock, reading: Reading, shape: Shape) -> exp.Select:
    """The rows with `newest` = 1 for those of the newest issue of each time (and `same`), each beside the period it speaks of.

    as_of bounds the issue; the time spoken of is bounded by the period asked alone, which may lie ahead.
    """
    assert clock.time is not None and reading.issued is not None and reading.lead is not None
    source = scan.dataset_id.rpartition(".")[2]
    table = exp.alias_(table_ref(scan.dataset_id), source, table=True, copy=False)
    select = exp.Select(expressions=[exp.Column(this=exp.Star(), table=exp.Identifier(this=source))]).from_(table, copy=False)
    target, issued = column_ref(source, clock.time.column), column_ref(source, reading.issued)
    kept, scan.alias = scan.alias, source
    spoken = Clock(writer.catalog, scan, clock.time)
    issue = Clock(writer.catalog, scan, Time(name="issued", column=reading.issued))
    conditions: list[exp.Expression | None] = [
        spoken.at_or_after(shape.start) if shape.start is not None else None,
        spoken.before(shape.end) if shape.end is not None else None,
        issue.before(shape.until, is_business=False) if shape.until.year < 9999 else None,
        *_early_enough(scan, reading, spoken, issue),
    ]
    period = spoken.bucket_of(named_grain(shape.grain) or "day") if shape.grain else None
    among = [*(column_ref(source, one) for one in reading.per), target]
    rank_newest(select, among, issued, period, conditions)
    scan.alias = kept
    scan.joins.time = column_ref(scan.alias, clock.time.column)
    return select


def _early_enough(scan: Scan, reading: Reading, spoken: Clock, issue: Clock) -> list[exp.Expression]:
    """issued <= time - least lead, and >= time - greatest lead; both ends included, as in the window of a conversion."""
    assert reading.lead is not None
    least, most = (span_of(text) for text in reading.lead)
    declared = column_of(scan.dataset, reading.issued or "")
    is_date = spoken.is_date and declared is not None and declared.type == "date"

    def time(clock: Clock) -> exp.Expression:
        return clock.local() if is_date else nodes.typed(clock.local(), "timestamp")

    latest = exp.LTE(this=time(issue), expression=moved_time(time(spoken), -least, is_date))
    earliest = exp.GTE(this=time(issue), expression=moved_time(time(spoken), -most, is_date))
    return [latest, earliest]
