"""Calendars of the project: a grain of their own, and days matched by their position in the cycle before."""

from sqlglot import exp

from engine.compiling.names import column_ref, conjunction, identifier, named, table_ref
from engine.compiling.refuse import refuse
from engine.compiling.scan import Scan
from engine.findings import did_you_mean
from engine.kinds.project import Calendar
from engine.loading.catalog import Catalog
from engine.modifier import Shift

NUMBERED = "numbered_days"


def calendar_of(catalog: Catalog, name: str) -> Calendar:
    """The calendar of that name; refused with the nearest."""
    found = next((one for one in catalog.project.calendars if one.name == name), None)
    if found is None:
        known = [one.name for one in catalog.project.calendars]
        advice = did_you_mean(name, known, f"可用：{'、'.join(known) or '（无）'}", f"known: {', '.join(known) or '(none)'}")
        raise refuse("unknown-calendar", f"没有名为「{name}」的日历", f"no calendar is named '{name}'", advice)
    return found


def calendar_grain(catalog: Catalog, scan: Scan, grain: str, day: exp.Expression) -> exp.Expression:
    """The bucket of fiscal.fiscal_quarter: a column of the calendar's dataset, found by the day."""
    name, _, wanted = grain.partition(".")
    calendar = calendar_of(catalog, name)
    item = next((one for one in calendar.grains if one.name == wanted), None)
    if item is None or calendar.day is None:
        known = "、".join(f"{name}.{one.name}" for one in calendar.grains) or "（无）"
        raise refuse(
            "unknown-grain",
            f"日历「{name}」没有粒度「{wanted}」，可用：{known}",
            f"calendar '{name}' has no grain '{wanted}'; known: {known}",
        )
    alias = f"{name}_day"
    table = exp.Table(**{**table_ref(calendar.dataset).args, "alias": exp.TableAlias(this=identifier(alias))})
    scan.joins.add(table, exp.EQ(this=day, expression=column_ref(alias, calendar.day)), ("calendar", name))
    return column_ref(alias, item.column)


def join_calendar(catalog: Catalog, scan: Scan, shift: Shift, day: exp.Expression) -> exp.Expression:
    """Joins each row's day to the day with the same position `cycles` cycles later, and returns that later day."""
    assert shift.calendar is not None
    calendar = calendar_of(catalog, shift.calendar)
    if calendar.day is None or calendar.cycle is None or calendar.position is None:
        raise refuse(
            "calendar-without-cycle",
            f"日历「{calendar.name}」没有声明周期与位置列，不能对齐",
            f"calendar '{calendar.name}' declares no cycle and position, so nothing can be aligned by it",
        )
    alias = f"{calendar.name}_pairs"
    pairs = _pairs(calendar, shift.cycles)
    scan.joins.add(
        pairs.subquery(alias, copy=False),
        exp.EQ(this=day, expression=column_ref(alias, "earlier_day")),
        ("pairs", calendar.name, shift.cycles),
        "INNER",
    )
    return column_ref(alias, "later_day")


def _pairs(calendar: Calendar, cycles: int) -> exp.Select:
    """Days paired by position: cycles are numbered by their first day, so their names need no order; once, whoever reads them."""
    assert calendar.day and calendar.cycle and calendar.position
    number = exp.Window(this=exp.DenseRank(), order=exp.Order(expressions=[exp.Ordered(this=column_ref("firsts", "first_day"))]))
    first = exp.Window(this=exp.Min(this=column_ref(None, calendar.day)), partition_by=[column_ref(None, calendar.cycle)])
    firsts = exp.Select(expressions=[column_ref(None, calendar.day), column_ref(None, calendar.position), named(first, "first_day")])
    firsts = firsts.from_(table_ref(calendar.dataset), copy=False)
    known = [exp.Not(this=exp.Is(this=column_ref(None, name), expression=exp.Null())) for name in (calendar.cycle, calendar.position)]
    firsts.set("where", exp.Where(this=conjunction(known)))
    numbered = exp.Select(
        expressions=[
            named(column_ref("firsts", calendar.day), "day_"),
            named(column_ref("firsts", calendar.position), "position_"),
            named(number, "cycle_no"),
        ]
    ).from_(firsts.subquery("firsts", copy=False), copy=False)
    earlier, later = (exp.Table(this=identifier(NUMBERED), alias=exp.TableAlias(this=identifier(one))) for one in ("earlier", "later"))
    select = exp.Select(expressions=[named(column_ref("earlier", "day_"), "earlier_day"), named(column_ref("later", "day_"), "later_day")])
    select = select.from_(earlier, copy=False)
    on = conjunction([
        exp.EQ(this=column_ref("later", "cycle_no"), expression=exp.Add(this=column_ref("earlier", "cycle_no"), expression=exp.Literal.number(cycles))),
        exp.EQ(this=column_ref("later", "position_"), expression=column_ref("earlier", "position_")),
    ])  # fmt: skip
    select.append("joins", exp.Join(this=later, on=on, kind="INNER"))
    return select.with_(NUMBERED, as_=numbered, copy=False)
