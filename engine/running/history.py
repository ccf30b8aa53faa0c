"""What a number was before its rows moved: each value that the chain computed, with the versions it was computed from, is kept a while."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
from sqlglot import exp

from engine.frame import Frame
from engine.loading.catalog import Catalog
from engine.parts import GRAINS
from engine.question import EVERYTHING, Period, Question
from engine.running.ask import Answer, ask
from engine.running.states import States
from engine.warehouse import Slice, Statement, Table, TableColumn, Warehouse, arrow_schema

HISTORY = Table(
    schema="chengmai",
    name="result_history",
    columns=(
        TableColumn("indicator", "text"),
        TableColumn("period", "timestamp"),  # its begin
        TableColumn("cut", "text"),  # "none": over everything
        TableColumn("grain", "text"),
        TableColumn("value", "float"),
        TableColumn("dataset_versions", "text"),  # what it was computed from: "dataset:version …"
        TableColumn("definition_version", "text"),
        TableColumn("computed_at", "timestamp"),
    ),
    key=("indicator", "period", "cut", "dataset_versions", "definition_version"),
    time="computed_at",
)
MOST = 200  # indicators of one pass of the chain; the others are computed when they are asked for
KEPT_DAYS = 90
_SPANS = {"day": "P2D", "week": "P2W", "ten_day": "P1M", "month": "P2M", "quarter": "P6M", "half_year": "P1Y", "year": "P2Y"}


def history_questions(catalog: Catalog, ids: Sequence[str]) -> list[Question]:
    """The value over everything of the last two periods of each indicator: what the catalogue shows of it."""
    questions = []
    for id in sorted(ids)[:MOST]:
        indicator = catalog.indicator(id)
        own = indicator.grain if indicator is not None and indicator.grain in GRAINS else None
        grain = own if own is not None and GRAINS.index(own) > GRAINS.index("day") else "day"
        questions.append(Question(indicators=(id,), grain=grain, period=Period(last=_SPANS.get(grain, "P2D")), edge="whole"))
    return questions


def keep_results(
    catalog: Catalog, warehouse: Warehouse, states: States | None, ids: Sequence[str], definition_version: str, now: datetime
) -> int:
    """Compute the indicators and keep their values; how many values. The same value of the same versions is kept once."""
    lines: list[dict[str, object]] = []
    for answer in ask(catalog, warehouse, history_questions(catalog, ids), EVERYTHING, now, states=states):
        if answer.frame is not None:
            lines += _lines(answer, answer.frame, definition_version, now)
    if lines:
        warehouse.load(HISTORY, [pa.RecordBatch.from_pylist(lines, schema=arrow_schema(HISTORY))], "upsert")
    return len(lines)


def _lines(answer: Answer, frame: Frame, definition_version: str, now: datetime) -> list[dict[str, object]]:
    times, values = frame.of_role("time"), frame.of_role("value")
    if not times or not values:
        return []
    versions = " ".join(f"{dataset}:{version}" for dataset, version in sorted(answer.versions.items()))
    id = answer.question.indicators[0]
    found: list[dict[str, object]] = []
    for begin, value in zip(frame.table.column(times[0].name).to_pylist(), frame.table.column(values[0].name).to_pylist(), strict=True):
        number = _number(value)
        if begin is None or number is None:
            continue
        period = begin if isinstance(begin, datetime) else datetime(begin.year, begin.month, begin.day)
        found.append(
            {"indicator": id, "period": period, "cut": "none", "grain": answer.question.grain, "value": number, "dataset_versions": versions,
             "definition_version": definition_version, "computed_at": now}
        )  # fmt: skip
    return found


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def history_of(warehouse: Warehouse, indicator: str, limit: int = 500) -> list[Mapping[str, object]]:
    """The kept values of an indicator, the latest first."""
    if warehouse.state(HISTORY) is None:
        return []
    book = exp.Table(this=exp.to_identifier(HISTORY.name), db=exp.to_identifier(HISTORY.schema))
    where = exp.EQ(this=exp.column("indicator"), expression=exp.Placeholder(this="indicator"))
    tree = exp.Select(expressions=[exp.column(one.name) for one in HISTORY.columns]).from_(book).where(where)
    tree = tree.order_by(exp.Ordered(this=exp.column("computed_at"), desc=True), exp.Ordered(this=exp.column("period"), desc=True))
    rows: list[Mapping[str, object]] = warehouse.query(Statement(tree.limit(limit), {"indicator": indicator})).to_pylist()
    return rows


def forget_results(warehouse: Warehouse, now: datetime) -> None:
    """Remove values that were computed long ago."""
    if warehouse.state(HISTORY) is not None:
        with warehouse.transaction() as transaction:
            transaction.remove(HISTORY, [Slice(None, now - timedelta(days=KEPT_DAYS))])
