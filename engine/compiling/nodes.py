"""Trees that mean the same on every warehouse: where dialects disagree, the compiler builds with these and never by hand.

Conventions. Time is naive wall clock. A bucket of a day or coarser is a DATE, a finer one a TIMESTAMP, so that a date column and
a timestamp column of two datasets meet in one key. A number of the grammar is an exact DECIMAL or BIGINT until it is divided,
averaged or interpolated; from there on it is a DOUBLE. A node has one parent: give each call its own copy of a shared expression.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from sqlglot import exp

Method = Literal["continuous", "discrete", "approximate"]
SUB_DAY = ("second", "minute", "hour")
TRUNCATED = ("day", "week", "month", "quarter", "year")
CALENDAR = (*TRUNCATED, "ten_day", "half_year")
_UNIT_SECONDS = {"S": 1, "M": 60, "H": 3600, "D": 86400, "W": 604800}
BIN_ORIGIN = datetime(2000, 1, 3)  # a Monday at midnight: bins of a day or a week start where a reader expects them


def typed(expression: exp.Expression, type_name: str) -> exp.Cast:
    """CAST to a type of `engine.warehouse.ColumnType`; decimal has room for a sum: DECIMAL(38, 6)."""
    kinds = exp.DataType.Type
    simple = {
        "text": kinds.TEXT, "integer": kinds.BIGINT, "float": kinds.DOUBLE,
        "boolean": kinds.BOOLEAN, "date": kinds.DATE, "timestamp": kinds.TIMESTAMP,
    }  # fmt: skip
    if type_name == "decimal":
        return exp.Cast(this=expression, to=_decimal(38, 6))
    return exp.Cast(this=expression, to=exp.DataType(this=simple[type_name]))


def _decimal(precision: int, scale: int) -> exp.DataType:
    sizes = [exp.DataTypeParam(this=exp.Literal.number(size)) for size in (precision, scale)]
    return exp.DataType(this=exp.DataType.Type.DECIMAL, expressions=sizes)


def literal_date(day: date) -> exp.Cast:
    """A DATE constant; a bound of the column's own type keeps zone maps and partitions usable."""
    return typed(exp.Literal.string(f"{day:%Y-%m-%d}"), "date")


def literal_timestamp(moment: datetime) -> exp.Cast:
    """A TIMESTAMP constant of wall-clock time."""
    return typed(exp.Literal.string(moment.replace(tzinfo=None).isoformat(sep=" ")), "timestamp")


def whole(number: int) -> exp.Expression:
    """An integer constant, negative ones too."""
    return exp.Literal.number(number) if number >= 0 else exp.Neg(this=exp.Literal.number(-number))


def seconds_of(grain: str) -> int | None:
    """Seconds of a bin such as PT15M, PT12H or P7D; None for a named grain and for months and years."""
    if not grain.startswith("P"):
        return None
    days, _, time = grain[1:].partition("T")
    total, digits = 0, ""
    for part, units in ((days, "DW"), (time, "HMS")):
        for letter in part:
            if letter.isdigit():
                digits += letter
            elif letter in units and digits:
                total, digits = total + int(digits) * _UNIT_SECONDS[letter], ""
            else:
                return None
    return total if total and not digits else None


def is_date_grain(grain: str) -> bool:
    """True when a bucket of this grain is a DATE: a day or coarser."""
    seconds = seconds_of(grain)
    return grain in CALENDAR or (seconds is not None and seconds % 86400 == 0)


def interval(months: int = 0, days: int = 0, seconds: int = 0, microseconds: int = 0) -> exp.Expression:
    """An INTERVAL; its parts are added apart, so that a month stays a month whatever its length."""
    parts: list[exp.Expression] = [
        exp.Interval(this=exp.Literal.string(str(size)), unit=exp.Var(this=unit))
        for size, unit in ((months, "MONTH"), (days, "DAY"), (seconds, "SECOND"), (microseconds, "MICROSECOND"))
        if size
    ]
    if not parts:
        return exp.Interval(this=exp.Literal.string("0"), unit=exp.Var(this="DAY"))
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return total


def add_interval(time: exp.Expression, months: int = 0, days: int = 0, seconds: int = 0, is_date: bool = False) -> exp.Expression:
    """Time moved on the calendar; 31 March less a month is the last day of February. A date stays a date unless seconds are added."""
    if is_date and not months and not seconds:
        return exp.Add(this=time, expression=whole(days)) if days else time
    moved = exp.Add(this=time, expression=interval(months, days, seconds))
    return typed(moved, "date") if is_date and not seconds else moved


def bucket(time: exp.Expression, grain: str, is_date: bool = False, week_starts: int = 1) -> exp.Expression:
    """First instant of the period that holds `time`: DATE for a day or coarser, else TIMESTAMP.

    `grain` is one of SUB_DAY, CALENDAR, or a duration such as PT15M or P7D, counted from a Monday midnight.
    `week_starts` is the ISO number of the first day of a week. `is_date` says that `time` is a DATE.
    """
    if grain == "day":
        return time if is_date else typed(time, "date")
    if grain in SUB_DAY:
        return exp.TimestampTrunc(this=time, unit=exp.Var(this=grain.upper()))
    if grain == "week" and week_starts != 1:
        back = add_interval(time, days=1 - week_starts, is_date=is_date)
        return add_interval(bucket(back, "week", is_date), days=week_starts - 1, is_date=True)
    if grain in TRUNCATED:
        moment = typed(time, "timestamp") if is_date else time  # PostgreSQL would read a DATE as an instant of the session's zone
        return typed(exp.TimestampTrunc(this=moment, unit=exp.Var(this=grain.upper())), "date")
    if grain == "ten_day":
        day = exp.Extract(this=exp.Var(this="DAY"), expression=time.copy())
        first, second, third = whole(0), whole(10), whole(20)
        return exp.Add(this=bucket(time, "month", is_date), expression=_steps(day, ((10, first), (20, second)), third))
    if grain == "half_year":
        month = exp.Extract(this=exp.Var(this="MONTH"), expression=time.copy())
        moved = exp.Add(this=bucket(time, "year", is_date), expression=_steps(month, ((6, interval()),), interval(months=6)))
        return typed(moved, "date")
    seconds = seconds_of(grain)
    if seconds is None:
        raise ValueError(f"no grain is named {grain!r}")
    binned = exp.DateBin(
        this=interval(seconds=seconds),
        expression=typed(time, "timestamp") if is_date else time,
        origin=literal_timestamp(BIN_ORIGIN),
    )
    return typed(binned, "date") if is_date_grain(grain) else binned


def _steps(number: exp.Expression, steps: Sequence[tuple[int, exp.Expression]], above: exp.Expression) -> exp.Paren:
    chosen = exp.Case(
        ifs=[exp.If(this=exp.LTE(this=number.copy(), expression=whole(top)), true=result) for top, result in steps],
        default=above,
    )
    return exp.Paren(this=chosen)


def date_part(time: exp.Expression, part: str) -> exp.Expression:
    """Integer part of a time: year, quarter, month, week (ISO), day, day_of_year, weekday (Monday 1 … Sunday 7), hour, minute."""
    field = {"weekday": "ISODOW", "day_of_year": "DOY"}.get(part, part.upper())
    return exp.Extract(this=exp.Var(this=field), expression=time)


def seconds_between(start: exp.Expression, end: exp.Expression) -> exp.Expression:
    """Seconds from start to end as a DOUBLE, negative when end is earlier; dates count from their midnight."""
    first, last = (exp.Extract(this=exp.Var(this="EPOCH"), expression=time) for time in (start, end))
    return exp.Paren(this=exp.Sub(this=last, expression=first))


def days_between(start: exp.Expression, end: exp.Expression) -> exp.Expression:
    """Midnights passed from start to end, as an integer."""
    return exp.Paren(this=exp.Sub(this=typed(end, "date"), expression=typed(start, "date")))


def timezone_shift(time: exp.Expression, from_zone: str, to_zone: str) -> exp.Expression:
    """Wall clock of one named zone -> wall clock of another at the same instant (summer time of the zone tables included)."""
    if from_zone == to_zone:
        return time
    instant = exp.AtTimeZone(this=time, zone=exp.Literal.string(from_zone))
    return exp.AtTimeZone(this=exp.Paren(this=instant), zone=exp.Literal.string(to_zone))


def divide(numerator: exp.Expression, denominator: exp.Expression) -> exp.Expression:
    """Quotient as a DOUBLE; NULL when the denominator is zero."""
    bottom = exp.Nullif(this=typed(denominator, "float"), expression=exp.Literal.number(0))
    return exp.Div(this=typed(numerator, "float"), expression=bottom, typed=True, safe=False)


def rounded(number: exp.Expression, places: int) -> exp.Expression:
    """Rounded half away from zero, as a DOUBLE; by way of DECIMAL, because engines round binary halves differently."""
    exact = exp.Cast(this=number, to=_decimal(38, 10))
    return typed(exp.Round(this=exact, decimals=whole(places)), "float")


def same(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Equality in which NULL equals NULL: keys of leaves are aligned by it."""
    return exp.NullSafeEQ(this=left, expression=right)


def ordered(expression: exp.Expression, descending: bool = False) -> exp.Ordered:
    """An ORDER BY term with NULLs last in both directions."""
    return exp.Ordered(this=expression, desc=descending, nulls_first=False)


def filtered(aggregate: exp.Expression, condition: exp.Expression | None) -> exp.Expression:
    """aggregate FILTER (WHERE condition)."""
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition)) if condition is not None else aggregate


def percentile(expression: exp.Expression, at: float, method: Method = "continuous") -> exp.Expression:
    """Percentile as an aggregate, `at` within 0…1: continuous interpolates (DOUBLE), discrete is a value that occurred."""
    place = exp.Literal.number(repr(at))
    if method == "approximate":
        return exp.ApproxQuantile(this=typed(expression, "float"), quantile=place)
    if method == "discrete":
        return exp.WithinGroup(this=exp.PercentileDisc(this=place), expression=exp.Order(expressions=[exp.Ordered(this=expression)]))
    number = exp.Ordered(this=typed(expression, "float"))
    return exp.WithinGroup(this=exp.PercentileCont(this=place), expression=exp.Order(expressions=[number]))


def count_distinct(*expressions: exp.Expression) -> exp.Expression:
    """Number of different values; with several expressions, of combinations in which none is NULL."""
    return exp.Count(this=exp.Distinct(expressions=list(expressions)))


def any_value(expression: exp.Expression) -> exp.Expression:
    """One of the values that are not NULL; only for columns that the group key determines."""
    return exp.AnyValue(this=expression)


def bool_or(condition: exp.Expression) -> exp.Expression:
    """True when one row's condition is true; NULL when all are NULL."""
    return exp.LogicalOr(this=condition)


def bool_and(condition: exp.Expression) -> exp.Expression:
    """True when no row's condition is false; NULL when all are NULL."""
    return exp.LogicalAnd(this=condition)


def at_greatest(value: exp.Expression, by: exp.Expression) -> exp.Expression:
    """The value in the row where `by` is greatest (last by time); rows with a NULL in either do not count; `by` decides ties itself."""
    return exp.ArgMax(this=value, expression=by)


def at_least(value: exp.Expression, by: exp.Expression) -> exp.Expression:
    """The value in the row where `by` is least (first by time); rows with a NULL in either do not count."""
    return exp.ArgMin(this=value, expression=by)


def range_frame_window(
    aggregate: exp.Expression, partition: Sequence[exp.Expression], order: exp.Expression, span: exp.Expression | None = None
) -> exp.Window:
    """Aggregate over the rows whose time lies in [t - span, t]; without a span, over all rows up to and including t."""
    spec = exp.WindowSpec(kind="RANGE", start=span or "UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    return exp.Window(this=aggregate, partition_by=list(partition), order=exp.Order(expressions=[exp.Ordered(this=order)]), spec=spec)


def rolling_span(months: int = 0, days: int = 0, seconds: int = 0, is_date: bool = False) -> exp.Expression:
    """The span for `range_frame_window` that gives the half-open window (t - over, t]: less one day for dates, one microsecond else."""
    return interval(months, days - 1, seconds) if is_date else interval(months, days, seconds, -1)


def series_of_dates(
    start: date | exp.Expression, stop_exclusive: date | exp.Expression, grain: str, week_starts: int = 1, bounds: str | None = None
) -> exp.Select:
    """SELECT of one column `t`: the first instant of every period of the grain that touches [start, stop), typed as `bucket` types it.

    start and stop are dates or datetimes; or expressions over the one row of a CTE named `bounds`.
    """
    low, high = _moment(start), _moment(stop_exclusive)
    months, days, seconds = _SERIES_STEPS.get(grain, (0, 0, seconds_of(grain) or 0))
    calls = exp.GenerateSeries(
        start=typed(bucket(low, grain, week_starts=week_starts), "timestamp"),
        end=exp.Sub(this=high, expression=interval(microseconds=1)),
        step=interval(months, days, seconds),
    )
    periods = exp.TableAlias(this=exp.Identifier(this="periods"), columns=[exp.Identifier(this="moment")])
    moment = exp.Column(this=exp.Identifier(this="moment"), table=exp.Identifier(this="periods"))
    value = typed(moment, "date" if is_date_grain(grain) else "timestamp")
    select = exp.Select(expressions=[exp.Alias(this=value, alias=exp.Identifier(this="t"))])
    series = exp.Table(this=calls, alias=periods)
    select = select.from_(exp.Table(this=exp.Identifier(this=bounds)) if bounds else series, copy=False)
    if bounds:
        select.append("joins", exp.Join(this=series, kind="CROSS"))
    if grain == "ten_day":
        firsts = [whole(day) for day in (1, 11, 21)]
        select = select.where(exp.In(this=date_part(moment.copy(), "day"), expressions=firsts), copy=False)
    return select


_SERIES_STEPS = {  # (months, days, seconds) from one period to the next; ten-day periods are picked out of all days
    "second": (0, 0, 1), "minute": (0, 0, 60), "hour": (0, 0, 3600), "day": (0, 1, 0), "week": (0, 7, 0), "ten_day": (0, 1, 0),
    "month": (1, 0, 0), "quarter": (3, 0, 0), "half_year": (6, 0, 0), "year": (12, 0, 0),
}  # fmt: skip


def _moment(end: date | exp.Expression) -> exp.Expression:
    if isinstance(end, exp.Expression):
        return typed(end, "timestamp")
    return literal_timestamp(end if isinstance(end, datetime) else datetime(end.year, end.month, end.day))
