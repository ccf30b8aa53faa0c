"""Each day every source gets a score that a person can follow: how many rows were sound, in time, and as many as usual."""

from datetime import date, datetime, time, timedelta
from statistics import fmean, median

from msgspec import Struct
from sqlglot import exp

from engine.compiling.periods import day_offset
from engine.compiling.tables import default_time, table_of
from engine.kinds.dataset import Dataset, Quality
from engine.loading.catalog import Catalog
from engine.loading.meta import INGEST_TIME, LATE, QUALITY_FLAG, SUSPECT, is_meta
from engine.running.quarantine import QUARANTINE
from engine.state.scores import Score, keep_score, scores_of
from engine.state.store import Store
from engine.warehouse import Statement, Table, Value, Warehouse

WEEKS = 4  # same weekdays that a day is compared with
SOUND, TIMELY, COMPLETE = 50, 25, 25  # what each part weighs; a part of which nothing is known weighs nothing


class Volume(Struct, frozen=True):
    """A day with far more or far fewer rows than its weekday has (数据量异常)."""

    dataset: str
    day: date
    rows: int
    usual: float
    zh: str
    en: str


class _Came(Struct):
    """What came from a source on a day (当日到达)."""

    loaded: int = 0
    late: int = 0
    suspect: int = 0
    quarantined: int = 0


def score_sources(catalog: Catalog, warehouse: Warehouse, store: Store, day: date, now: datetime) -> list[Score]:
    """The scores of all sources for the rows that came on a day, kept in the state store. `now` has a zone."""
    scores = [_score(catalog, warehouse, store, source, day, now) for source in catalog.ids("source")]
    for score in scores:
        keep_score(store, score)
    return scores


def _score(catalog: Catalog, warehouse: Warehouse, store: Store, source: str, day: date, now: datetime) -> Score:
    came = _came(catalog, warehouse, source, day)
    before = scores_of(store, source=source, since=day - timedelta(weeks=WEEKS), until=day)
    usual = [one.rows_in for one in before if one.day.weekday() == day.weekday() and one.rows_in]
    expected = float(median(usual)) if usual else None
    rows_in = came.loaded + came.quarantined
    parts = (
        (SOUND, 1 - came.quarantined / rows_in if rows_in else None, "合格", "sound"),
        (TIMELY, 1 - came.late / came.loaded if came.loaded else None, "及时", "in time"),
        (COMPLETE, min(1.0, rows_in / expected) if expected else None, "齐全", "complete"),
    )
    known = [(weight, share) for weight, share, _, _ in parts if share is not None]
    total = sum(weight for weight, _ in known)
    score = round(sum(weight * share for weight, share in known) / total * 100, 1) if total else None
    odd = [one for one in volumes(catalog, warehouse, day) if source_of(catalog, one.dataset) == source]
    zh = [f"{word} {share:.1%}" for _, share, word, _ in parts if share is not None] + [one.zh for one in odd]
    en = [f"{share:.1%} {word}" for _, share, _, word in parts if share is not None] + [one.en for one in odd]
    return Score(
        source, day, score, rows_in, came.loaded, came.late, came.suspect, came.quarantined, expected,
        "；".join(zh) or "没有到达的行，也不知道该有多少", "; ".join(en) or "nothing came, and nothing is known to be due", now,
    )  # fmt: skip


def source_of(catalog: Catalog, dataset_id: str) -> str:
    """The source that a dataset's rows come from; empty when they come from none."""
    dataset = catalog.dataset(dataset_id)
    return (dataset.source or "").rpartition("/")[0] if dataset is not None else ""


def _came(catalog: Catalog, warehouse: Warehouse, source: str, day: date) -> _Came:
    came = _Came()
    start = datetime.combine(day, time())
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        if dataset is None or source_of(catalog, id) != source or not is_meta(dataset, QUALITY_FLAG):
            continue
        for flag, rows in _flags(warehouse, table_of(id, dataset), start):
            came.loaded += rows
            came.late += rows if flag == LATE else 0
            came.suspect += rows if flag == SUSPECT else 0
    came.quarantined = _set_aside(warehouse, source, start)
    return came


def _flags(warehouse: Warehouse, table: Table, start: datetime) -> list[tuple[str, int]]:
    if warehouse.state(table) is None:
        return []
    counted = exp.alias_(exp.Count(this=exp.Star()), "rows")
    tree = exp.Select(expressions=[_column(QUALITY_FLAG), counted]).from_(_source(table)).where(*_between(INGEST_TIME))
    found = warehouse.query(Statement(tree.group_by(_column(QUALITY_FLAG)), _day(start)))
    return [(str(flag), int(rows)) for flag, rows in zip(*(column.to_pylist() for column in found.columns), strict=True)]


def _set_aside(warehouse: Warehouse, source: str, start: datetime) -> int:
    """Rows, however many flaws each has and however often it was read."""
    if warehouse.state(QUARANTINE) is None:
        return 0
    begin = exp.func("SUBSTRING", _column("stream"), exp.Literal.number(1), exp.Literal.number(len(source) + 1))
    named = exp.EQ(this=begin, expression=exp.Placeholder(this="source"))
    counted = exp.Count(this=exp.Distinct(expressions=[_column("row_id")]))
    tree = exp.Select(expressions=[counted]).from_(_source(QUARANTINE)).where(named, *_between("at"))
    return int(warehouse.query(Statement(tree, {"source": f"{source}/", **_day(start)})).column(0)[0].as_py())


def volumes(catalog: Catalog, warehouse: Warehouse, day: date) -> list[Volume]:
    """Datasets of whose day the rows break their `volume` rule: compared with the same weekdays of the four weeks before that have rows."""
    found = []
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        rule = next((one for one in dataset.quality if one.rule == "volume"), None) if dataset is not None else None
        if dataset is not None and rule is not None and (volume := _volume(warehouse, id, dataset, rule, day)) is not None:
            found.append(volume)
    return found


def _volume(warehouse: Warehouse, id: str, dataset: Dataset, rule: Quality, day: date) -> Volume | None:
    table, when = table_of(id, dataset), default_time(dataset)
    if when is None or rule.within is None or warehouse.state(table) is None:
        return None
    counts = [
        _rows(warehouse, table, when.column, datetime.combine(day - timedelta(weeks=week), time()) + day_offset(when))
        for week in range(WEEKS + 1)
    ]
    usual = [count for count in counts[1:] if count]
    if not usual or rule.within[0] <= counts[0] / fmean(usual) <= rule.within[1]:
        return None
    mean = fmean(usual)
    zh = f"「{dataset.title}」{day:%Y-%m-%d} 有 {counts[0]} 行，往常同一星期几有 {mean:.0f} 行"
    en = f"'{id}' has {counts[0]} rows on {day:%Y-%m-%d}, the same weekday usually has {mean:.0f}"
    return Volume(id, day, counts[0], mean, zh, en)


def _rows(warehouse: Warehouse, table: Table, column: str, start: datetime) -> int:
    tree = exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(_source(table)).where(*_between(column))
    return int(warehouse.query(Statement(tree, _day(start))).column(0)[0].as_py())


def _between(column: str) -> list[exp.Expression]:
    return [
        exp.GTE(this=_column(column), expression=exp.Placeholder(this="start")), exp.LT(this=_column(column), expression=exp.Placeholder(this="end")),
    ]  # fmt: skip


def _day(start: datetime) -> dict[str, Value]:
    return {"start": start, "end": start + timedelta(days=1)}


def _source(table: Table) -> exp.Table:
    return exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))
