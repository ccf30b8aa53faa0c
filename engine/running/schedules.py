"""What is scheduled: every stream, analysis and chore with a rule, read off the definitions."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.loading.catalog import Catalog
from engine.running.due import RuleIsUnreadable, due_times
from engine.state.slots import Missed, Schedule

INTAKE, ANALYSIS, RETAIN, PLATFORM = "intake", "analysis", "retain", "platform"
CHORES = (
    Schedule(RETAIN, "*", "30 3 * * *"),  # at night, and after the day's rows of sources that deliver by day
    Schedule(PLATFORM, "*", "PT1M"),
)


def schedules_of(catalog: Catalog) -> list[Schedule]:
    """Everything that comes again and again. A rule that cannot be read is left out here; the check of schedules tells of it."""
    zone = ZoneInfo(catalog.project.zone)
    return [one for one in (*_streams(catalog), *_analyses(catalog), *CHORES) if is_readable(one.timing, zone)]


def is_readable(timing: str, zone: ZoneInfo) -> bool:
    """Whether due times can be found by a rule."""
    try:
        next(due_times(timing, zone, datetime(2026, 1, 1, tzinfo=UTC)), None)
    except RuleIsUnreadable:
        return False
    return True


def _streams(catalog: Catalog) -> Iterator[Schedule]:
    """Streams from which some dataset is filled."""
    wanted = {dataset.source for id in catalog.ids("dataset") if (dataset := catalog.dataset(id)) is not None}
    for id in sorted(catalog.ids("source")):
        source = catalog.source(id)
        for stream in source.streams if source is not None else ():
            timing, name = stream.cron or stream.every, f"{id}/{stream.name}"
            if timing is not None and name in wanted:
                yield Schedule(INTAKE, name, timing, stream.missed)


def _analyses(catalog: Catalog) -> Iterator[Schedule]:
    for id in sorted(catalog.ids("analysis")):
        analysis = catalog.analysis(id)
        timing = (analysis.cron or analysis.every) if analysis is not None else None
        missed: Missed = "latest"  # it reads the newest rows: one run says all that several would
        if timing is not None:
            yield Schedule(ANALYSIS, id, timing, missed)
